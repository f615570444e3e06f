import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tabTo } from '../support/annotate/tab-to.ts';
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

const { folder, remove } = makeFolder('assay-packs-page');
const home = path.join(folder, 'home.assay');
const away = path.join(folder, 'away.assay');
const shots = process.env['ANNOTATE_SHOTS'];
const patience = { timeout: 20_000 };
const passphrase = 'correct horse';
let browser: Browser;
let atHome: Served;
let atAway: Served;

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', home, '-d', 'pandalm');
  await readAssay(
    'annotate-project',
    'create',
    '-w',
    home,
    '-d',
    'pandalm',
    '-n',
    '3',
    '--name',
    'Study',
    '--overlap',
    '2',
  );
  browser = await openBrowser();
  atHome = await serve(home);
  atAway = await serve(away);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await atHome?.stop();
  await atAway?.stop();
  remove();
});

async function shoot(page: Page, name: string): Promise<void> {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

async function openPage(served: Served, options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  const watch = await watchPage(browser, served, options);
  await watch.signIn();
  return watch;
}

/** Adds Ann where there is nobody, and chooses her. */
async function sitDown({ page, visit }: Watch): Promise<void> {
  await visit('/d/1/annotate');
  await page.getByRole('article', { name: 'Study' }).waitFor();
  await settle(page);
}

async function type(page: Page, field: RegExp, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

describe('a hand-off by keys alone', () => {
  it('goes out under a passphrase, is answered elsewhere, comes back with a conflict, is merged and undone', async () => {
    const first = await openPage(atHome);
    await sitDown(first);
    await tabTo(first.page, /New rater/);
    await first.page.keyboard.type('Ann');
    await first.page.keyboard.press('Enter');
    await first.page.getByLabel('Rater', { exact: true }).waitFor();
    await first.visit('/d/1/annotate/1/packs');
    await first.page.getByRole('checkbox', { name: 'Ann' }).waitFor();
    await tabTo(first.page, /^Ann/);
    await first.page.keyboard.press('Space');
    await type(first.page, /^Passphrase$/, passphrase);
    await type(first.page, /^Passphrase again/, passphrase);
    await type(first.page, /^Folder/, folder);
    await type(first.page, /^File name/, 'items');
    await first.page.keyboard.press('Enter');
    await first.page.getByRole('table').getByText('items.assaypack').waitFor();
    await shoot(first.page, 'hand-off-wide');
    expect(await findAccessFaults(first.page)).toEqual([]);
    const words = await first.page.locator('form code.words').textContent();

    const second = await openPage(atAway, { viewport: narrow, colorScheme: 'dark' });
    await second.visit('/packs');
    await second.page.getByRole('heading', { name: 'Open a pack', level: 1 }).waitFor();
    await type(second.page, /^Pack$/, path.join(folder, 'items.assaypack'));
    await second.page.keyboard.press('Enter');
    await expect.poll(() => second.page.locator('form code.words').textContent(), patience).toBe(words);
    await type(second.page, /^Passphrase$/, 'wrong horse');
    await second.page.keyboard.press('Enter');
    await second.page.getByText('PACK_PASSPHRASE_WRONG').waitFor();
    await second.page.getByLabel('Passphrase').fill(passphrase);
    await second.page.keyboard.press('Enter');
    await second.page.getByText('Which response is better?').waitFor();
    await shoot(second.page, 'open-pack-narrow-dark');
    expect(await findAccessFaults(second.page)).toEqual([]);
    await tabTo(second.page, /^Open as a project/);
    await second.page.keyboard.press('Enter');
    await second.page.getByText('The project is in the dataset pandalm.').waitFor();
    await second.visit('/d/1/annotate');
    await second.page.getByLabel('Rater', { exact: true }).selectOption('Ann');
    await answerThree(second, '2');
    await second.visit('/d/1/annotate/1/packs');
    await second.page.getByRole('form', { name: 'Give the answers back' }).waitFor();
    await type(second.page, /^Folder/, folder);
    await type(second.page, /^File name/, 'answers');
    await second.page.keyboard.press('Enter');
    await second.page.getByText('answers.assaypack').waitFor();
    expect(second.trouble).toEqual([]);
    await second.context.close();
    await mergeAtHome(first);
  });
});

async function answerThree({ page, visit }: Watch, key: string): Promise<void> {
  await visit('/d/1/annotate/1');
  await page.getByRole('region', { name: 'Response A' }).waitFor();
  for (let done = 1; done <= 3; done++) {
    await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await expect
      .poll(() => page.locator('.head .count').textContent(), patience)
      .toMatch(new RegExp(`^${done} of`));
  }
}

/** Ann says the left one is better here of one item, a tie there: one conflict at least. */
async function mergeAtHome({ page, visit, context, trouble }: Watch): Promise<void> {
  await visit('/d/1/annotate/1');
  await page.getByRole('region', { name: 'Response A' }).waitFor();
  await page.keyboard.press('t');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('.head .count').textContent(), patience).toMatch(/^1 of/);
  await visit('/d/1/annotate/1/packs');
  const panel = page.getByRole('form', { name: 'Merge answers' });
  await panel.waitFor();
  await type(page, /^Pack$/, path.join(folder, 'answers.assaypack'));
  await page.keyboard.press('Enter');
  await panel.getByText('3 answers: 2 would be taken, 0 are here already, 1 are left out.').waitFor();
  await tabTo(page, /^Resolution: another answer here, Ann/);
  await page.keyboard.type('keep both');
  await panel.getByText('3 answers: 3 would be taken, 0 are here already, 0 are left out.').waitFor();
  await shoot(page, 'merge-wide');
  expect(await findAccessFaults(page)).toEqual([]);
  await panel.getByRole('button', { name: 'Merge 3 answers' }).focus();
  await page.keyboard.press('Enter');
  await panel.getByText('3 answers: 3 taken, 0 were here already, 0 left out.').waitFor();
  await page.getByRole('heading', { name: 'Merged', level: 2 }).waitFor();
  await tabTo(page, /^Undo 1/);
  await page.keyboard.press('Enter');
  await page.getByText('undone', { exact: true }).waitFor();
  expect(trouble).toEqual([]);
  await context.close();
  await atHome.stop();
  const votes = await readAssay(
    'sql',
    `SELECT annotator, label FROM votes WHERE annotator LIKE 'Ann%'`,
    '-w',
    home,
  );
  expect(votes).toEqual([{ annotator: 'Ann', label: 'tie' }]);
}
