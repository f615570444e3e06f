import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, settle, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-keys');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;
let watch: Watch;

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
  browser = await openBrowser();
  served = await serve(workspace);
});
beforeEach(async () => {
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterEach(async () => {
  expect(watch.trouble).toEqual([]);
  await watch.context.close();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

const count = () => watch.page.locator('header').getByText(/of [\d,]+ pairs?/);

describe('without a mouse', () => {
  it('Ctrl+K finds a command by its words and goes there', async () => {
    const { page } = watch;
    await page.keyboard.press('Control+k');
    const dialog = page.getByRole('dialog', { name: 'Command palette' });
    await dialog.waitFor();
    await page.keyboard.type('open dataset pandalm');
    await expect.poll(() => dialog.getByRole('option').count()).toBe(1);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('grid', { name: 'Rows of pandalm' }).waitFor();
  });

  it('? shows the keys, and Esc gives the page back', async () => {
    const { page } = watch;
    await page.keyboard.press('Shift+?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.getByText('Command palette').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('every place of the navigation is reached by its two keys', async () => {
    const { page } = watch;
    for (const [keys, place] of [
      ['gc', /browse/],
      ['gs', /sql/],
      ['gp', /constitution/],
      ['ga', /audits/],
      ['gj', /jobs/],
      ['gi', /import/],
      ['gd', /#\/$/],
    ] as const) {
      await page.locator('#content').focus();
      for (const key of keys) await page.keyboard.press(key);
      await expect.poll(() => page.url(), { message: keys }).toMatch(place);
    }
  });

  it('a filter is set, and taken away, by keys alone', async () => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    await expect.poll(() => count().textContent()).toMatch(/999\s+of 999/);
    const bar = page.getByRole('complementary', { name: 'Charts' }).getByRole('button', { name: /^tie \d/i });
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      if (await bar.evaluate((element) => element === element.ownerDocument.activeElement)) break;
    }
    await page.keyboard.press('Space');
    await expect.poll(() => count().textContent()).not.toMatch(/^\s*999\s/);
    await page.keyboard.press('Shift+X');
    await expect.poll(() => count().textContent()).toMatch(/999\s+of 999/);
  });

  it('/ goes to the search, and letters typed there are no commands', async () => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    await page.getByRole('grid', { name: 'Rows of pandalm' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('gd jko?');
    expect(await page.getByRole('textbox', { name: 'Search words in all texts' }).inputValue()).toBe(
      'gd jko?',
    );
    expect(page.url()).toContain('browse');
  });

  it('the first Tab offers to skip the navigation', async () => {
    const { page } = watch;
    await page.reload();
    await settle(page);
    await page.keyboard.press('Tab');
    const link = page.getByRole('link', { name: 'Skip to the content' });
    expect(await link.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    expect(await page.locator('#content').evaluate((e) => e === e.ownerDocument.activeElement)).toBe(true);
  });
});

describe('what stays', () => {
  it('the theme is switched, drawn, and kept over a reload', async () => {
    const { page } = watch;
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const theme = () => page.locator('html').getAttribute('data-theme');
    const light = await background();
    await page.getByRole('button', { name: 'Theme: as the system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    expect(await theme()).toBe('dark');
    expect(await background()).not.toBe(light);
    await page.reload();
    await settle(page);
    expect(await theme()).toBe('dark');
  });

  it('a reload keeps the session, the filter, the sort and the open row, which stand in the address', async () => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    const chart = page.getByRole('complementary', { name: 'Charts' });
    await chart
      .getByRole('button', { name: /^tie \d/i })
      .first()
      .click();
    const grid = page.getByRole('grid', { name: 'Rows of pandalm' });
    await expect.poll(() => count().textContent()).not.toMatch(/^\s*999\s/);
    await grid.locator('[role=columnheader][aria-sort]').first().getByRole('button').first().click();
    await expect.poll(() => page.url()).toMatch(/[?&]s=/);
    await settle(page);
    await grid.getByRole('gridcell').first().click();
    const pane = page.getByRole('complementary', { name: 'Row' });
    await pane
      .getByRole('heading', { level: 2 })
      .getByText(/^\s*\d+ of /)
      .waitFor();
    await settle(page);
    const shown = await count().textContent();
    const address = page.url();
    const text = await pane.getByRole('article').first().textContent();
    await page.reload();
    await settle(page);
    await expect.poll(() => count().textContent()).toBe(shown);
    await expect.poll(() => pane.getByRole('article').first().textContent()).toBe(text);
    expect(page.url()).toBe(address);
  });

  it('an address that was used opens nothing in another browser', async () => {
    const other = await watchPage(browser, served, { expected: /401|session/ });
    const address = await served.address();
    await other.page.goto(address);
    await other.page.getByRole('navigation', { name: 'Main' }).waitFor();
    const third = await watchPage(browser, served, { expected: /401|session/ });
    await third.page.goto(address);
    await third.page.getByText('This page may not talk to the core').waitFor();
    expect(await third.page.getByRole('navigation').count()).toBe(0);
    await other.context.close();
    await third.context.close();
  });
});
