import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findAccessFaults,
  narrow,
  openBrowser,
  settle,
  type Watch,
  watchPage,
  wide,
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-constitution-text');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;

/** Nine of ten pairs prefer the longer text. */
beforeAll(async () => {
  const rows = Array.from({ length: 120 }, (_, index) => {
    const [long, short] = [`Answer ${index}. ${'It goes on for a while. '.repeat(4)}`, `Answer ${index}.`];
    const [chosen, rejected] = index % 10 === 0 ? [short, long] : [long, short];
    return JSON.stringify({ prompt: `Question ${index}?`, chosen, rejected });
  });
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, '--workspace', workspace, '--dataset', 'pairs');
  await readAssay(
    ...['constitution', '--workspace', workspace, '--dataset', 'pairs'],
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

async function openText({ page, visit }: Watch): Promise<void> {
  await visit('/d/1/constitution');
  await page.getByRole('grid', { name: 'All principles' }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Edit as text' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Held-out labels rebuilt').waitFor({ timeout: 60_000 });
}

describe.each([
  ['light', wide],
  ['dark', narrow],
] as const)('a constitution as text, %s', (colorScheme, viewport) => {
  let watch: Watch;
  beforeAll(async () => {
    watch = await watchPage(browser, served, { colorScheme, viewport });
    await watch.signIn();
    await openText(watch);
  }, 90_000);
  afterAll(() => watch.page.context().close());

  it('axe finds no fault in editor, figures, export and import', async () => {
    const { page } = watch;
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    for (const name of ['Export', 'Import']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('dialog').waitFor();
      await settle(page);
      expect(await findAccessFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
    }
  }, 90_000);

  it('marks a fault at its line, counts known votes at a pause, and says where there are none', async () => {
    const { page } = watch;
    await page.locator('.monaco-editor').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type(`- is signed in a ${colorScheme} hand {loud}`);
    await page.getByRole('button', { name: /Line \d+: “loud”/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Save as a new constitution' }).isDisabled()).toBe(true);
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type(`- is signed in a ${colorScheme} hand`);
    await page.getByText('no votes yet').last().waitFor();
    expect(await page.getByRole('button', { name: /^Vote on \d without votes/ }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'YAML' }).click();
    await page.locator('.view-line', { hasText: 'principles:' }).waitFor();
    await page.getByRole('button', { name: 'Save as a new constitution' }).click();
    await page.getByText(/Edited by hand from constitution \d+/).waitFor();
    expect(watch.trouble).toEqual([]);
  }, 90_000);
});

it('the command writes an ICAI folder of a constitution and reads it back with its votes', async () => {
  await served.stop();
  const out = path.join(folder, 'icai');
  const place = ['--workspace', workspace];
  await readAssay('constitution', 'export', '1', ...place, '--format', 'icai', '--out', out);
  expect(JSON.parse(readFileSync(path.join(out, '060_constitution.json'), 'utf8'))).toMatch(/^1\. Select/);
  const made = await readAssay<{ principles: number }>(
    ...['constitution', 'import', out, ...place, '--dataset', 'pairs'],
  );
  expect(made).toMatchObject({ matched: 120, rows: 120, votes: 120 * made.principles });
}, 120_000);
