import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  findAccessFaults,
  narrow,
  openBrowser,
  settle,
  type Watch,
  watchPage,
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-editing');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['EDITING_SHOTS'];
let browser: Browser;
let served: Served;
let watch: Watch;

const at = ['-w', workspace, '-d', 'pandalm'];

async function open(place: string, options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  watch = await watchPage(browser, served, options);
  await watch.signIn();
  await watch.visit(place);
  await settle(watch.page);
  return watch;
}

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) await watch.page.screenshot({ path: path.join(shots, `${name}.png`) });
}

/** Opens the first row by keys alone. */
async function openFirstRow(options: Parameters<typeof watchPage>[2] = {}) {
  const { page } = await open('/d/1/browse', options);
  const grid = page.getByRole('grid', { name: /^Rows of / });
  await grid.getByRole('gridcell').first().click();
  const pane = page.getByRole('complementary', { name: 'Row', exact: true });
  await pane.getByRole('article').first().waitFor();
  return { page, pane, grid };
}

const notice = (text: string | RegExp) => watch.page.locator('.notices').getByText(text).first().waitFor();
const patience = { timeout: 20_000 };

beforeAll(async () => {
  await readAssay('import', sampleFile, ...at);
  browser = await openBrowser();
  served = await serve(workspace);
}, 120_000);
afterEach(async () => {
  expect(watch.trouble).toEqual([]);
  await watch.context.close();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

describe('one row, by keys alone', () => {
  it('E edits a text, Esc guards what is unsaved, Ctrl+Enter saves, Ctrl+Z takes it back', async () => {
    const { page, pane } = await openFirstRow();
    const article = pane.getByRole('article').filter({ hasText: 'A' }).first();
    await expect.poll(() => article.innerText(), patience).toMatch(/chars\s+\S/);
    const before = await article.innerText();
    await page.keyboard.press('e');
    const editor = pane.getByRole('region', { name: 'Edit text' });
    await editor.getByRole('textbox', { name: /^Text of/ }).waitFor();
    await page.keyboard.press('Control+Home');
    await page.keyboard.insertText('Repaired: ');
    await page.keyboard.press('Escape');
    await editor.getByRole('alert').waitFor();
    await shoot('edit-text');
    expect(await findAccessFaults(page)).toEqual([]);
    await editor.getByRole('textbox', { name: /^Text of/ }).focus();
    await page.keyboard.press('Control+Enter');
    await notice(/^Edit response a/);
    await pane
      .getByText(/^Repaired: /)
      .first()
      .waitFor();
    await page.keyboard.press('Control+z');
    await notice(/^Undone: Edit response a/);
    await expect.poll(() => pane.getByText(/^Repaired: /).count(), patience).toBe(0);
    await expect.poll(() => article.innerText(), patience).toBe(before);
    await page.keyboard.press('Control+Shift+z');
    await notice(/^Redone: Edit response a/);
    await pane
      .getByText(/^Repaired: /)
      .first()
      .waitFor();
  });

  it('leaves the editor without saving on a second Esc', async () => {
    const { page, pane } = await openFirstRow();
    await page.keyboard.press('e');
    const editor = pane.getByRole('region', { name: 'Edit text' });
    await editor.getByRole('textbox', { name: /^Text of/ }).waitFor();
    await page.keyboard.insertText('zzunsaved ');
    await page.keyboard.press('Escape');
    await editor.getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await editor.waitFor({ state: 'hidden' });
    expect(await pane.getByText(/zzunsaved/).count()).toBe(0);
  });

  it('2, 0, N and H label, note and hide; the row goes, and comes back by Ctrl+Z', async () => {
    const { page, pane } = await openFirstRow();
    const total = page.locator('header').getByText(/of [\d,]+ pairs?/);
    const row = pane.getByRole('heading', { level: 2 });
    await page.keyboard.press('0');
    await notice('label = tie (1 row)');
    await pane.getByRole('button', { name: 'Tie', exact: true, pressed: true }).waitFor();
    await page.keyboard.press('n');
    await pane.getByRole('textbox', { name: 'Note on this row' }).waitFor();
    await page.keyboard.type('check the source');
    await page.keyboard.press('Control+Enter');
    await pane.getByText('check the source').waitFor();
    await page.keyboard.press('Control+z');
    await notice(/^Undone: Write note/);
    await row.click();
    await page.keyboard.press('h');
    const dialog = page.getByRole('dialog', { name: 'Hide this row?' });
    await dialog.waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await dialog.getByLabel('Why').fill('spam');
    await page.keyboard.press('Enter');
    await expect.poll(() => total.textContent(), patience).toMatch(/998\s+of 998/);
    await page.keyboard.press('Control+z');
    await expect.poll(() => total.textContent(), patience).toMatch(/999\s+of 999/);
  });

  it('Y shows the history of the row with word differences', async () => {
    const { page, pane } = await openFirstRow();
    await page.keyboard.press('y');
    await pane.getByRole('heading', { name: 'History of this row' }).waitFor();
    await pane.locator('.row-history ins').filter({ hasText: 'Repaired' }).first().waitFor();
    await shoot('row-history');
    expect(await findAccessFaults(page)).toEqual([]);
  });
});

describe('many rows', () => {
  it('are changed from the view after a preview, and Ctrl+Z takes all of it back', async () => {
    const { page } = await open('/d/1/browse');
    await page.keyboard.press('Shift+E');
    const dialog = page.getByRole('dialog', { name: 'Edit rows' });
    await dialog.getByLabel('What to do').selectOption('topic');
    await dialog.getByLabel('Value').fill('checked');
    await dialog.getByText('999 of 999 rows change (999 values)').waitFor();
    await shoot('bulk-edit');
    expect(await findAccessFaults(page)).toEqual([]);
    await dialog.getByLabel('Why').fill('first pass');
    await dialog.getByRole('button', { name: 'Change 999 rows' }).click();
    await notice('topic = checked (999 rows)');
    await page.keyboard.press('Control+z');
    await notice('Undone: topic = checked (999 rows)');
  });

  it('are replaced in with examples before and after', async () => {
    const { page } = await open('/d/1/browse', { colorScheme: 'dark', viewport: narrow });
    await page.keyboard.press('Control+h');
    const dialog = page.getByRole('dialog', { name: 'Find and replace' });
    await dialog.getByLabel('Find', { exact: true }).fill('the');
    await dialog.getByLabel('Replace by').fill('THE');
    await dialog.getByRole('region', { name: 'What will change' }).locator('ins').first().waitFor();
    await shoot('replace-dark-narrow');
    expect(await findAccessFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });

  it('are edited from a selection', async () => {
    const { page, grid } = await openFirstRow();
    await page.keyboard.press('Escape');
    await grid.focus();
    await page.keyboard.press('Control+a');
    const bar = page.getByRole('region', { name: 'Tags' });
    await bar.getByRole('button', { name: 'Edit selected rows' }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit rows' });
    await dialog.getByLabel('What to do').selectOption('flip_label');
    await dialog.getByText(/of 999 rows change/).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  });
});

describe('the history page', () => {
  it('lists operations, undoes one by its button, and takes and compares snapshots', async () => {
    const { page } = await open('/d/1/history');
    await page.getByRole('heading', { name: 'History', level: 1 }).waitFor();
    await page.getByLabel('Name of the snapshot').fill('before');
    await page.getByRole('button', { name: 'Take a snapshot' }).click();
    await page.getByText('before', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Undo: Edit response a/ }).click();
    await notice(/^Undone: Edit response a/);
    await page.getByLabel('Compare before with').selectOption('now');
    await page.locator('.diff del').filter({ hasText: 'Repaired' }).first().waitFor();
    await shoot('history');
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Restore before' }).click();
    const dialog = page.getByRole('dialog', { name: 'Bring the dataset back to before?' });
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await notice(/^Restore snapshot “before” \(1 row\)/);
    await page.getByText('Nothing has changed.').waitFor();
  });

  it('looks the same in the dark and at 1024 × 700', async () => {
    const { page } = await open('/d/1/history', { colorScheme: 'dark', viewport: narrow });
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
    await settle(page);
    await shoot('history-dark-narrow');
    expect(await findAccessFaults(page)).toEqual([]);
  });
});
