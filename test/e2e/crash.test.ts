import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBigFiles } from '../support/e2e/big-files.ts';
import { openBrowser, settle, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-crash');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;

/** What a browser says about a server that is gone for a moment. */
const lostLink = /WebSocket|ERR_CONNECTION|ERR_EMPTY|Failed to (?:load|fetch)/;

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
  browser = await openBrowser();
  served = await serve(workspace);
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

describe('the core dies under an open page', () => {
  it('the page says so, comes back by itself, and what was done before is there', async () => {
    const watch = await watchPage(browser, served, { expected: lostLink });
    const { page } = watch;
    await watch.signIn();
    await watch.visit('/d/1/browse');
    const grid = page.getByRole('grid', { name: 'Rows of pandalm' });
    await grid.waitFor();
    await settle(page);
    await grid.getByRole('gridcell').first().click();
    await page.getByLabel('Add a tag').fill('before the crash');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove the tag before the crash' }).waitFor();
    await settle(page);
    const interrupted = page.getByText('The connection to the core is interrupted', { exact: false });
    const told = interrupted.waitFor();
    const former = served.pid();
    await served.crash();
    await told;
    await interrupted.waitFor({ state: 'hidden', timeout: 30_000 });
    expect(served.pid()).not.toBe(former);
    expect(served.told()).toContain('was ended by SIGKILL');

    await page.getByRole('button', { name: 'Next row' }).click();
    const heading = page.getByRole('complementary', { name: 'Row' }).getByRole('heading', { level: 2 });
    await expect.poll(() => heading.textContent()).toMatch(/2 of 999/);
    await page.getByRole('button', { name: 'Previous row' }).click();
    await page.getByRole('button', { name: 'Remove the tag before the crash' }).waitFor();
    await page
      .getByRole('complementary', { name: 'Charts' })
      .getByRole('button', { name: /^tie \d/i })
      .click();
    await expect
      .poll(() =>
        page
          .locator('header')
          .getByText(/of 999 pairs/)
          .textContent(),
      )
      .not.toMatch(/^\s*999/);
    expect(watch.trouble).toEqual([]);
    await watch.context.close();
  });

  it('a job goes on when its page is closed and is found by the next one, also after a crash', async () => {
    const { files, sound } = await writeBigFiles(folder, 3, 40_000);
    const first = await watchPage(browser, served, { expected: lostLink });
    await first.signIn();
    await first.visit('/import');
    await first.page.getByLabel('Files or folders on this machine').fill(files.join('\n'));
    await first.page.getByRole('button', { name: 'Preview' }).click();
    await first.page.getByLabel('Name of the dataset').fill('large');
    await first.page.getByRole('button', { name: 'Import', exact: true }).click();
    await first.page
      .getByRole('progressbar', { name: /^Import part-0/ })
      .first()
      .waitFor();
    await first.context.close();

    const second = await watchPage(browser, served, { expected: lostLink });
    await second.signIn();
    await second.visit('/jobs');
    const job = second.page.getByRole('article').filter({ hasText: 'Import part-0.jsonl and 2 more' });
    await job.getByText('Running', { exact: true }).waitFor();
    await served.crash();
    await job.getByText('attempt 2').waitFor({ timeout: 30_000 });
    await job.getByText('Done', { exact: true }).waitFor({ timeout: 90_000 });
    await second.visit('/');
    const row = second.page.getByRole('row').filter({ hasText: 'large' });
    await expect.poll(() => row.textContent()).toContain(sound.toLocaleString('en'));
    expect(second.trouble).toEqual([]);
    await second.context.close();
    for (const file of files) rmSync(file);
  });
});
