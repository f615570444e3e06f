import { writeFileSync } from 'node:fs';
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
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay, runAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-compare');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['EDITING_SHOTS'];
let browser: Browser;
let served: Served;

const turn = (role: string, content: string) => ({ role, content });
const rows = [
  {
    prompt: [
      turn('user', 'What is tea?'),
      turn('assistant', 'A drink made of leaves in hot water.'),
      turn('user', 'And mate?'),
    ],
    chosen: [turn('assistant', 'A drink of the leaves of yerba mate, drunk from a gourd through a straw.')],
    rejected: [turn('assistant', 'A friend.')],
  },
  {
    prompt: [turn('user', 'Name a river.')],
    chosen: [turn('assistant', 'The Nile.')],
    rejected: [turn('assistant', 'A sea.')],
  },
];

async function importRows(name: string, own: readonly object[]): Promise<void> {
  const file = path.join(folder, `${name}.jsonl`);
  writeFileSync(file, own.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await readAssay('import', file, '-w', workspace, '-d', name);
}

beforeAll(async () => {
  await importRows('before', rows);
  const [first, second] = rows;
  const flipped = { ...second, chosen: second?.rejected, rejected: second?.chosen };
  const fresh = { ...second, prompt: [turn('user', 'Name a sea.')] };
  await importRows('after', [first ?? {}, flipped, fresh]);
  browser = await openBrowser();
  served = await serve(workspace);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

async function open(place: string, options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  const watch = await watchPage(browser, served, options);
  await watch.signIn();
  await watch.visit(place);
  return watch;
}

describe('two datasets and one conversation', () => {
  it('are compared with counts and word differences that lead to the row, in both themes and sizes', async () => {
    for (const options of [{}, { viewport: narrow, colorScheme: 'dark' as const }]) {
      const { page, trouble, context } = await open('/d/1/history', options);
      const compare = page.getByRole('region', { name: 'Compare with another dataset' });
      await compare.getByRole('combobox', { name: 'Choose a dataset' }).selectOption('after');
      await compare.getByText('2 in both, 1 values changed, 1 added there, 0 only here.').waitFor();
      const line = compare.getByRole('row').filter({ hasText: 'label' });
      expect((await line.locator('del').allTextContents()).join(' ')).toContain('The Nile.');
      expect((await line.locator('ins').allTextContents()).join(' ')).toContain('A sea.');
      await compare.getByRole('row').filter({ hasText: 'Name a sea.' }).waitFor();
      await settle(page);
      expect(await findAccessFaults(page)).toEqual([]);
      const name = `compare${'viewport' in options ? '-narrow-dark' : ''}.png`;
      if (shots !== undefined) await page.screenshot({ path: path.join(shots, name) });
      await line.getByRole('link').first().click();
      await page.getByRole('complementary', { name: 'Row' }).getByText('The Nile.').first().waitFor();
      expect(trouble).toEqual([]);
      await context.close();
    }
  });

  it('is split in the row and taken back; would catch a split that only the core can do', async () => {
    const { page, trouble } = await open('/d/1/browse');
    const cell = page.getByRole('grid', { name: /^Rows of / }).getByRole('gridcell');
    await cell.filter({ hasText: 'mate' }).first().click();
    const pane = page.getByRole('complementary', { name: 'Row' });
    await pane.getByRole('button', { name: 'Split…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Split the conversation' });
    await dialog.getByRole('radio', { name: /And mate/ }).waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    if (shots !== undefined) await page.screenshot({ path: path.join(shots, 'split.png') });
    await dialog.getByRole('button', { name: 'Split: 2 messages before, 1 stay' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => pane.getByText('What is tea?').count()).toBe(0);
    await pane.getByText('And mate?').first().waitFor();
    expect(trouble).toEqual([]);
    await served.stop();
    const place = ['-w', workspace, '-d', 'before'];
    expect(await readAssay('undo', ...place)).toMatchObject({ rows: 1 });
    const again = await runAssay([
      'edit',
      '--sql',
      'SELECT min(comparison_id) AS comparison_id FROM pairs',
      '--split',
      '2',
      ...place,
    ]);
    expect(again.stderr + again.stdout).toMatch(/Split/);
    const diff = await readAssay<{ onlyLeft: number }>('diff', '--with', 'after', ...place);
    expect(diff.onlyLeft).toBe(1);
  });
});
