import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-analysis');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;
let watch: Watch;

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
  browser = await openBrowser();
  served = await serve(workspace);
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

const navigate = (name: string) =>
  watch.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();

/** Puts a statement into the editor and runs it with the keys the page names. */
async function runSql(sql: string): Promise<void> {
  const { page } = watch;
  const editor = page.getByRole('textbox', { name: /SQL statement/ });
  await editor.waitFor();
  await editor.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(sql);
  await page.keyboard.press('Control+Enter');
}

describe.sequential('from the console to a report', () => {
  it('the SQL console answers with rows', async () => {
    const { page } = watch;
    await navigate('SQL');
    await runSql('SELECT label, count(*) AS n FROM pairs GROUP BY label ORDER BY label');
    const result = page.getByRole('grid', { name: 'Result' });
    await result.waitFor();
    const cells = result.getByRole('gridcell');
    await expect.poll(() => cells.count()).toBe(6);
    const texts = (await cells.allTextContents()).map((text) => text.trim());
    // The code that a query names, and beside it the word for it.
    expect([texts[0], texts[2], texts[4]]).toEqual(['a A is better', 'b B is better', 'tie Tie']);
    const sum = [1, 3, 5].reduce((total, at) => total + Number(texts[at]), 0);
    expect(sum).toBe(999);
  });

  it('a wrong statement names its place, and a change is refused while changes are off', async () => {
    const { page } = watch;
    await runSql('SELECT nonsense FROM pairs');
    const alert = page.getByRole('alert').filter({ hasText: 'The statement was not run' });
    await alert.waitFor();
    await expect.poll(() => alert.textContent()).toContain('nonsense');
    await runSql('DELETE FROM comparison');
    await expect.poll(() => alert.textContent()).toMatch(/read-only|Allow changes/i);
    await runSql('SELECT count(*) AS n FROM pairs');
    await expect
      .poll(() => page.getByRole('grid', { name: 'Result' }).getByRole('gridcell').allTextContents())
      .toEqual([expect.stringMatching(/^\s*999\s*$/)]);
  });

  it('a constitution is found, and a click on a count opens exactly those rows', async () => {
    const { page } = watch;
    await navigate('Constitution');
    await page.getByRole('button', { name: 'Find the constitution' }).click();
    const table = page.getByRole('grid', { name: 'All principles' });
    await table.waitFor({ timeout: 90_000 });
    const figure = table.getByRole('row').nth(1).locator('button.cell').first();
    const shown = Number((await figure.textContent())?.replaceAll(/\D/g, ''));
    expect(shown).toBeGreaterThan(0);
    await figure.click();
    await page.getByRole('grid', { name: 'Rows of pandalm' }).waitFor();
    const bar = page.locator('header').getByText(/of 999 pairs/);
    await expect
      .poll(async () => Number((await bar.textContent())?.trim().split(/\s/)[0]?.replaceAll(',', '')))
      .toBe(shown);
    await page.goBack();
    await table.waitFor();
  });

  it('the report opens inside the page, as text that cannot run', async () => {
    const { page } = watch;
    await page.getByRole('button', { name: 'Write report' }).click();
    const frame = page.getByTitle('Report on pandalm');
    await frame.waitFor({ timeout: 30_000 });
    expect(await frame.getAttribute('sandbox')).toBe('');
    await page
      .frameLocator('iframe[title="Report on pandalm"]')
      .getByRole('heading', { name: /What the labels of pandalm reward/ })
      .waitFor();
  });

  it('audits run and state their findings with n', async () => {
    const { page } = watch;
    await navigate('Audits');
    await page.getByRole('button', { name: 'Run the audits' }).click();
    await page.getByRole('button', { name: 'Run again' }).waitFor({ timeout: 90_000 });
    await expect.poll(() => page.getByRole('heading', { name: /length/i }).count()).toBeGreaterThan(0);
  });

  it('an export ends with the file and its rows', async () => {
    const { page } = watch;
    await watch.visit('/d/1/export');
    await page.getByRole('button', { name: 'Write the files' }).click();
    await page.getByRole('heading', { name: 'The files are written' }).waitFor({ timeout: 60_000 });
  });

  it('asked nobody but its own server, and broke no rule of the page', () => {
    expect(watch.trouble).toEqual([]);
  });
});
