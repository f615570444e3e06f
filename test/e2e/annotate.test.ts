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
  wide,
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-annotate');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['ANNOTATE_SHOTS'];
/** Answered one after another; one more is skipped. */
const items = 100;
const patience = { timeout: 20_000 };
/** What a browser says about a server that is gone for a moment. */
const lostLink = /WebSocket|ERR_CONNECTION|ERR_EMPTY|Failed to (?:load|fetch)/;
let browser: Browser;
let served: Served;

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
  browser = await openBrowser();
  served = await serve(workspace);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

async function shoot(page: Page, name: string): Promise<void> {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

const counted = (page: Page, done: number) =>
  expect.poll(() => page.locator('.head .count').textContent(), patience).toMatch(new RegExp(`^${done} of`));

async function openPage(options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  const watch = await watchPage(browser, served, { expected: lostLink, ...options });
  await watch.signIn();
  return watch;
}

/** Sets a project up by keys alone and sits down as Ann. */
async function setUp({ page, visit }: Watch): Promise<void> {
  await visit('/d/1/annotate');
  await page.getByRole('heading', { name: 'Annotation', level: 1 }).waitFor();
  await settle(page);
  await tabTo(page, /New rater/);
  await page.keyboard.type('Ann');
  await page.keyboard.press('Enter');
  await tabTo(page, /New project/);
  await page.keyboard.press('Enter');
  const form = page.getByRole('form', { name: 'New project' });
  await form.getByRole('group', { name: 'Which response is better?' }).waitFor();
  await tabTo(page, /^Name/);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Hundred');
  await tabTo(page, /At most/);
  await page.keyboard.type('104');
  await tabTo(page, /Free text/);
  await page.keyboard.press('Enter');
  await shoot(page, 'setup');
  await tabTo(page, /Create project/);
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Response A' }).waitFor();
}

/** What each key says about the response on the left. */
const keys = ['1', '2', 'a', 'b', 't', 'x', '0'] as const;
const meanings: Readonly<Record<(typeof keys)[number], string>> = {
  1: 'left',
  2: 'right',
  a: 'left',
  b: 'right',
  t: 'tie',
  x: 'both_bad',
  0: 'tie',
};
const keyOf = (index: number) => keys[index % keys.length] ?? '1';

describe('a hundred items by keys alone', () => {
  it('a reload and a killed core in the middle lose neither an answer nor a letter of a draft', async () => {
    const watch = await openPage();
    const { page } = watch;
    await setUp(watch);
    const answer = async (index: number) => {
      await page.keyboard.press(keyOf(index));
      await page.keyboard.press('Enter');
      await counted(page, index + 1);
    };
    for (let index = 0; index < 7; index++) await answer(index);

    await page.keyboard.press('1');
    await page.keyboard.press('r');
    await page.keyboard.type('The left one answers the question; the right one ');
    await page.reload();
    const reason = page.getByRole('textbox', { name: /Free text/ });
    await expect
      .poll(() => reason.inputValue(), patience)
      .toBe('The left one answers the question; the right one ');
    await page.getByRole('button', { name: /A is better/, pressed: true }).waitFor();
    await counted(page, 7);

    await page.keyboard.press('r');
    await page.keyboard.press('End');
    await page.keyboard.type('does not.');
    await served.crash();
    await page.keyboard.type(' Truly.');
    await page.keyboard.press('Control+Enter');
    await counted(page, 8);
    for (let index = 8; index < items; index++) await answer(index);

    await page.keyboard.press('Backspace');
    await page.getByRole('button', { name: /B is better/, pressed: true }).waitFor();
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await counted(page, items);
    await page.keyboard.press('s');
    await page.getByRole('dialog', { name: 'Why is this item skipped?' }).waitFor();
    await shoot(page, 'skip');
    expect(await findAccessFaults(page)).toEqual([]);
    await page.keyboard.press('3');
    await counted(page, items + 1);
    expect(watch.trouble).toEqual([]);
    await watch.context.close();
  });
});

describe('the pages', () => {
  it.each([
    { viewport: wide, colorScheme: 'light' as const },
    { viewport: narrow, colorScheme: 'dark' as const },
  ])('have no access fault at $viewport.width in the $colorScheme theme', async (options) => {
    const watch = await openPage(options);
    const { page } = watch;
    const name = `${options.viewport.width}-${options.colorScheme}`;
    await watch.visit('/d/1/annotate');
    await page.getByRole('article', { name: 'Hundred' }).waitFor();
    await settle(page);
    await shoot(page, `projects-${name}`);
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByLabel('Rater', { exact: true }).selectOption('Ann');
    await watch.visit('/d/1/annotate/1');
    await page.getByRole('region', { name: 'Response A' }).waitFor();
    await page.keyboard.press('i');
    await settle(page);
    await shoot(page, `desk-${name}`);
    expect(await findAccessFaults(page)).toEqual([]);
    await watch.visit('/d/1/annotate/1/agreement');
    await page.getByRole('heading', { name: 'Agreement of Hundred' }).waitFor();
    await settle(page);
    await shoot(page, `agreement-${name}`);
    expect(await findAccessFaults(page)).toEqual([]);
    expect(watch.trouble).toEqual([]);
    await watch.context.close();
  });
});

describe('after the core was killed and stopped', () => {
  it('every answer is a vote with the sides as they were shown, and the changed one keeps its history', async () => {
    await served.stop();
    const at = ['-w', workspace];
    const said = `CASE WHEN label IN ('a', 'b') THEN CASE WHEN label = shown_first THEN 'left' ELSE 'right' END ELSE label END`;
    const rows = await readAssay<{ status: string; said: string | null }[]>(
      'sql',
      `SELECT status, ${said} AS said FROM (SELECT *, answers ->> '$.overall.label' AS label FROM annotations)
       WHERE revision = 1 ORDER BY answered_at`,
      ...at,
    );
    const expected = Array.from({ length: items }, (_, index) => ({
      status: 'submitted',
      said: index === 7 ? 'left' : meanings[keyOf(index)],
    }));
    expect(rows).toEqual([...expected, { status: 'skipped', said: null }]);
    const votes = await readAssay<{ said: string; n: number }[]>(
      'sql',
      `SELECT ${said} AS said, count(*) AS n FROM votes WHERE annotator = 'Ann' GROUP BY said ORDER BY said`,
      ...at,
    );
    const counts = new Map<string, number>([['skip', 1]]);
    for (const [index, row] of expected.entries()) {
      const last = index === items - 1 ? 'left' : row.said;
      counts.set(last, (counts.get(last) ?? 0) + 1);
    }
    expect(new Map(votes.map((vote) => [vote.said, vote.n]))).toEqual(counts);
    const [history] = await readAssay<{ reason: string; revisions: number }[]>(
      'sql',
      `SELECT (SELECT any_value(answers ->> '$.q2.text') FROM annotations WHERE answers ->> '$.q2.text' IS NOT NULL) AS reason,
         (SELECT max(revision) FROM annotations) AS revisions`,
      ...at,
    );
    expect(history).toEqual({
      reason: 'The left one answers the question; the right one does not. Truly.',
      revisions: 2,
    });
    const status = await readAssay<{ answers: number; raters: number }>(
      'annotate-project',
      'status',
      '1',
      ...at,
    );
    expect(status).toMatchObject({ answers: items + 1, raters: 1 });
  });
});
