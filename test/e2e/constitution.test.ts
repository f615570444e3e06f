import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findAccessFaults,
  openBrowser,
  settle,
  type Watch,
  watchPage,
  wide,
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-constitution');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;

/** English pairs prefer the longer text, German ones the shorter. */
beforeAll(async () => {
  const rows = Array.from({ length: 120 }, (_, index) => {
    const language = index % 2 === 0 ? 'en' : 'de';
    const [long, short] = [`Answer ${index}. ${'It goes on for a while. '.repeat(4)}`, `Answer ${index}.`];
    const [chosen, rejected] = language === 'en' ? [long, short] : [short, long];
    return JSON.stringify({ prompt: `Question ${index}?`, chosen, rejected, language });
  });
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, '--workspace', workspace, '--dataset', 'pairs');
  await readAssay(
    ...['constitution', '--workspace', workspace, '--dataset', 'pairs', '--slice', 'language'],
    ...['--out', path.join(folder, 'report')],
  );
  browser = await openBrowser();
  served = await serve(workspace);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

async function openSlices({ page, visit }: Watch): Promise<void> {
  await visit('/d/1/constitution');
  await page.getByRole('grid', { name: 'All principles' }).waitFor({ timeout: 60_000 });
  await page.locator('summary', { hasText: 'By group' }).click();
  await page.getByRole('img', { name: /Strength of \d+ principles in 2 groups of language/ }).waitFor();
}

describe.each(['light', 'dark'] as const)('the constitution by group, %s', (colorScheme) => {
  let watch: Watch;
  beforeAll(async () => {
    watch = await watchPage(browser, served, { colorScheme, viewport: wide });
    await watch.signIn();
    await openSlices(watch);
  }, 90_000);
  afterAll(() => watch.page.context().close());

  it('axe finds no fault with heat map and table open', async () => {
    await watch.page.locator('summary', { hasText: 'The same figures as a table' }).click();
    await watch.page.locator('summary', { hasText: 'What embeddings can tell' }).click();
    await watch.page.getByText('There is no embedding model in this workspace').waitFor();
    await watch.page.locator('summary', { hasText: 'More settings' }).click();
    await settle(watch.page);
    expect(await findAccessFaults(watch.page)).toEqual([]);
  }, 60_000);

  it('a figure of the table opens exactly the pairs of its group, by keyboard', async () => {
    const { page } = watch;
    await page.getByRole('button', { name: 'that differ most' }).click();
    const figure = page.getByRole('button', { name: / in en: / }).first();
    await figure.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('grid', { name: 'Rows of pairs' }).waitFor();
    await page
      .locator('header')
      .getByText(/60 of 120 pairs/)
      .waitFor();
  }, 60_000);
});
