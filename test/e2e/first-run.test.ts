import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, settle, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-first');
let browser: Browser;
let served: Served;
let watch: Watch;

beforeAll(async () => {
  browser = await openBrowser();
  served = await serve(path.join(folder, 'new.assay'));
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

/** The figure in the bar: how many rows the view shows. */
const count = () => watch.page.locator('header').getByText(/of [\d,]+ pairs?/);
const grid = () => watch.page.getByRole('grid', { name: /^Rows of / });
const pane = () => watch.page.getByRole('complementary', { name: 'Row' });

describe.sequential('a first run, from an empty workspace to a tag', () => {
  it('an empty workspace says what to do, and the token is gone from the address', async () => {
    const { page } = watch;
    await page.getByRole('heading', { name: 'Look into preference data' }).waitFor();
    expect(page.url()).not.toContain('token');
    await page.getByRole('button', { name: 'Import files' }).click();
    await page.getByRole('heading', { name: 'Import', level: 1 }).waitFor();
  });

  it('a path that is absent is told in words, and the page goes on', async () => {
    const { page } = watch;
    await page.getByLabel('Files or folders on this machine').fill(path.join(folder, 'absent.jsonl'));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('The files could not be previewed').waitFor();
    await page.getByText('IMPORT_FILE_MISSING').waitFor();
  });

  it('a path is previewed as records of the recognised format before anything is loaded', async () => {
    const { page } = watch;
    await page.getByLabel('Files or folders on this machine').fill(sampleFile);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('heading', { name: 'Records these rows become' }).waitFor();
    const format = page.getByRole('combobox', { name: 'Format' });
    expect(await format.locator('option:checked').textContent()).toMatch(/PandaLM/i);
    await page.getByLabel('Name of the dataset').fill('pandalm');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('heading', { name: 'pandalm is ready' }).waitFor({ timeout: 60_000 });
    const sums = page.locator('dl').filter({ hasText: 'Source rows' });
    // resources/sample/README.md: 999 instructions, all sound
    expect((await sums.locator('dd').allTextContents()).map((text) => text.trim())).toEqual([
      '999',
      '999',
      '0',
      '0',
    ]);
  });

  it('the rows open with their count', async () => {
    const { page } = watch;
    await page.getByRole('button', { name: 'Browse' }).click();
    await grid().waitFor();
    await expect.poll(() => count().textContent()).toMatch(/999\s+of 999 pairs/);
    expect(await grid().getAttribute('aria-rowcount')).toBe('1000');
  });

  it('a click on a bar of a chart filters the rows, and its chip takes the filter away', async () => {
    const { page } = watch;
    const chart = page.getByRole('complementary', { name: 'Charts' });
    const bar = chart.getByRole('button', { name: /^tie \d/i }).first();
    const expected = /(\d[\d,]*)\s*$/.exec((await bar.textContent()) ?? '')?.[1] ?? 'no figure';
    await bar.click();
    await expect.poll(() => count().textContent()).toMatch(new RegExp(`^\\s*${expected}\\s+of 999 pairs`));
    expect(Number(expected)).toBeGreaterThan(0);
    expect(Number(expected)).toBeLessThan(999);
    await page
      .getByRole('group', { name: 'Filter' })
      .getByRole('button', { name: /^Remove: / })
      .click();
    await expect.poll(() => count().textContent()).toMatch(/999\s+of 999 pairs/);
  });

  it('a search shows the rows with the words, and marks them in the row', async () => {
    const { page } = watch;
    await expect
      .poll(() => page.getByRole('button', { name: 'Build the word index' }).count(), { timeout: 30_000 })
      .toBe(0);
    const box = page.getByRole('textbox', { name: 'Search words in all texts' });
    await box.fill('grammar');
    await box.press('Enter');
    await expect.poll(() => count().textContent()).not.toMatch(/^\s*999\s/);
    const found = Number((await count().textContent())?.trim().split(/\s/)[0]);
    expect(found).toBeGreaterThan(0);
    await settle(page);
    await grid().getByRole('gridcell').first().click();
    await pane().waitFor();
    await expect
      .poll(() => pane().locator('mark').allTextContents())
      .toContainEqual(expect.stringMatching(/grammar/i));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear all' }).click();
    await expect.poll(() => count().textContent()).toMatch(/999\s+of 999 pairs/);
  });

  it('Enter opens the row, J and K and the arrows step, Esc closes and gives the focus back', async () => {
    const { page } = watch;
    const heading = () => pane().getByRole('heading', { level: 2 }).textContent();
    await settle(page);
    await grid().focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Enter');
    await expect.poll(heading).toMatch(/^\s*1 of 999/);
    await page.keyboard.press('j');
    await expect.poll(heading).toMatch(/^\s*2 of 999/);
    await page.keyboard.press('j');
    await expect.poll(heading).toMatch(/^\s*3 of 999/);
    await page.keyboard.press('k');
    await expect.poll(heading).toMatch(/^\s*2 of 999/);
    await page.keyboard.press('ArrowDown');
    await expect.poll(heading).toMatch(/^\s*3 of 999/);
    await page.keyboard.press('Escape');
    await pane().waitFor({ state: 'hidden' });
    expect(await grid().evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });

  it('a tag is kept, can be filtered by, and is there after the page is loaded anew', async () => {
    const { page } = watch;
    await grid().getByRole('gridcell').first().click();
    await pane().getByLabel('Add a tag').fill('odd one');
    await page.keyboard.press('Enter');
    await pane().getByRole('button', { name: 'Remove the tag odd one' }).waitFor();
    await page.reload();
    await settle(page);
    await pane().getByRole('button', { name: 'Remove the tag odd one' }).waitFor();
    await page.keyboard.press('Escape');
    const chart = page.getByRole('complementary', { name: 'Charts' });
    const more = chart.getByRole('button', { name: /^Show (one|\d+) more/ });
    const tag = chart.getByRole('button', { name: /^odd one/ });
    await more.or(tag).first().waitFor();
    if ((await more.count()) > 0) await more.click();
    await tag.click();
    await expect.poll(() => count().textContent()).toMatch(/^\s*1\s+of 999 pairs/);
  });

  it('rows that were set aside are listed with their reason', async () => {
    const { page } = watch;
    const file = path.join(folder, 'torn.jsonl');
    writeFileSync(file, '{"prompt":"p","chosen":"a","rejected":"b"}\n{"prompt": "torn off');
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await page.getByLabel('Files or folders on this machine').fill(file);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('heading', { name: /is ready$/ }).waitFor();
    await page.locator('dl').getByRole('link', { name: '1' }).click();
    await page.getByRole('heading', { name: /^Rows set aside/ }).waitFor();
    await page.getByText('torn off').waitFor();
  });

  it('asked nobody but its own server, and broke no rule of the page', () => {
    expect(watch.trouble).toEqual([]);
  });
});
