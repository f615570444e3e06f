import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tabTo } from '../support/annotate/tab-to.ts';
import { findAccessFaults, openBrowser, settle, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-annotate-flows');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['ANNOTATE_SHOTS'];
const patience = { timeout: 20_000 };
let browser: Browser;
let served: Served;
let watch: Watch;

async function shoot(page: Page, name: string): Promise<void> {
  if (shots !== undefined) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

beforeAll(async () => {
  const at = ['-w', workspace, '-d', 'pandalm'];
  await readAssay('import', sampleFile, ...at);
  const [{ id } = { id: 0 }] = await readAssay<{ id: number }[]>(
    'sql',
    'SELECT min(annotator_id) AS id FROM annotator',
    ...['-w', workspace],
  );
  const config = path.join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      name: 'Flows',
      guidelines: 'Old guidelines',
      limit: 2,
      overlap: 2,
      gold: { count: 2, source: 'labels' },
      suggestionsFrom: id,
    }),
  );
  await readAssay('annotate-project', 'create', ...at, '--template', 'faults', '--config', config);
  writeFileSync(
    config,
    JSON.stringify({
      name: 'Marks',
      limit: 2,
      questions: [
        { id: 'marks', kind: 'span', title: 'Mark faults', labels: ['Wrong', 'Rude'] },
        { id: 'overall', kind: 'pairwise', title: 'Better?', points: 2, hasTie: true, hasBothBad: false },
      ],
    }),
  );
  await readAssay('annotate-project', 'create', ...at, '--config', config);
  browser = await openBrowser();
  served = await serve(workspace);
  watch = await watchPage(browser, served);
  await watch.signIn();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

const counted = (done: number) =>
  expect
    .poll(() => watch.page.locator('.head .count').textContent(), patience)
    .toMatch(new RegExp(`^${done} of`));

/** Adds a rater by keys, who is then the one who sits here. */
async function sitDown(name: string): Promise<void> {
  const { page, visit } = watch;
  await visit('/d/1/annotate');
  await page.getByRole('article').first().waitFor();
  await settle(page);
  await tabTo(page, /New rater/);
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect
    .poll(() => page.getByLabel('Rater', { exact: true }).locator('option:checked').textContent(), patience)
    .toMatch(new RegExp(`^\\s*${name}\\s*$`));
  await visit('/d/1/annotate/1');
  await page.getByRole('region', { name: 'Response A' }).waitFor();
}

describe('at the desk, by keys alone', () => {
  it('a question on a condition comes and goes with its answer, and holds the item back while it is open', async () => {
    await sitDown('Ann');
    const { page } = watch;
    const faults = page.getByRole('group', { name: 'What is wrong?' });
    expect(await faults.count()).toBe(0);
    await page.keyboard.press('x');
    await faults.waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('1 question is still open').waitFor();
    await counted(0);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('1');
    await expect.poll(() => faults.count(), patience).toBe(0);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('x');
    await faults.waitFor();
    await page.keyboard.press('2');
    await page.getByRole('button', { name: /Ignores the request/, pressed: true }).waitFor();
    await page.keyboard.press('Enter');
    await counted(0);
  });

  it('known answers and suggestions are told after the answer, never before; the answer then is kept as a second one', async () => {
    const { page } = watch;
    const receipt = page.getByRole('button', { name: /^Next item/ });
    let gold = 0;
    for (let done = 1; done <= 4; done++) {
      await receipt.waitFor();
      const told = (await page.locator('.told').textContent()) ?? '';
      if (/Known answer/.test(told)) gold++;
      expect(told).toMatch(/: (?:A|B|Tie)/);
      if (done === 1) await shoot(page, 'receipt');
      if (done === 1) expect(await findAccessFaults(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await counted(done);
      if (done === 4) break;
      await page.getByRole('region', { name: 'Response A' }).waitFor();
      expect(await receipt.count()).toBe(0);
      await page.keyboard.press('1');
      await page.keyboard.press('Enter');
    }
    expect(gold).toBe(2);
    await page.getByText('Nothing is left to answer').waitFor();
    await page.keyboard.press('Backspace');
    await page.getByRole('button', { name: /A is better/, pressed: true }).waitFor();
    await page.keyboard.press('2');
    await page.keyboard.press('Enter');
    await receipt.waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is left to answer').waitFor();
  });

  it('name and guidelines are revised, and the next rater reads the new ones', async () => {
    const { page, visit } = watch;
    await visit('/d/1/annotate');
    await page.getByRole('article', { name: 'Flows' }).waitFor();
    await settle(page);
    await tabTo(page, /^Name and guidelines: Flows/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Name and guidelines' }).waitFor();
    await tabTo(page, /^Name$/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('Renamed');
    await tabTo(page, /^Guidelines/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('New guidelines');
    await shoot(page, 'revise');
    expect(await findAccessFaults(page)).toEqual([]);
    await tabTo(page, /^Save$/);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Renamed' }).waitFor();
    await sitDown('Ben');
    await page.keyboard.press('i');
    await page.getByText('New guidelines').waitFor();
    for (let done = 1; done <= 4; done++) {
      await page.keyboard.press('t');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: /^Next item/ }).waitFor();
      await page.keyboard.press('Enter');
      await counted(done);
    }
  });

  it('parts of both responses are marked with a label, taken out again, and stored as offsets of the raw text', async () => {
    const { page, visit } = watch;
    await visit('/d/1/annotate/2');
    await page.getByRole('region', { name: 'Response A' }).waitFor();
    await page.keyboard.press('m');
    await page
      .getByRole('textbox', { name: 'Text of response A, to mark in' })
      .and(page.locator(':focus'))
      .waitFor();
    for (let n = 0; n < 4; n++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('1');
    const list = page.getByRole('list', { name: 'Marked' });
    await expect.poll(() => list.getByRole('listitem').count(), patience).toBe(1);
    await page.keyboard.press('1');
    await expect.poll(() => list.getByRole('listitem').count(), patience).toBe(0);
    await page.keyboard.press('1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('2');
    await expect.poll(() => list.getByRole('listitem').count(), patience).toBe(2);
    // the pane shows the marks where they stand, with their labels before them
    for (const [letter, label] of [
      ['A', 'Wrong'],
      ['B', 'Rude'],
    ] as const) {
      const mark = page.getByRole('region', { name: `Response ${letter}` }).locator('mark');
      const quoted = await list.getByRole('listitem').filter({ hasText: label }).locator('q').textContent();
      const start = (quoted ?? '').replace(/…$/, '');
      expect(await mark.allTextContents()).toEqual([expect.stringMatching(new RegExp(`^${label}`))]);
      expect((await mark.textContent())?.slice(label.length).startsWith(start)).toBe(true);
    }
    await shoot(page, 'spans');
    expect(await findAccessFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('2');
    await page.keyboard.press('Enter');
    await counted(1);
  });

  it('where raters differ is decided with a note and becomes the label of the pair', async () => {
    const { page, visit } = watch;
    await visit('/d/1/annotate/1/agreement');
    await page.getByRole('heading', { name: 'Items where raters differ' }).waitFor();
    await settle(page);
    await tabTo(page, /^Note/);
    await page.keyboard.type('Both hold.');
    await tabTo(page, /Also make it the label/);
    await page.keyboard.press('Space');
    await tabTo(page, /^Tie$/);
    await page.keyboard.press('Enter');
    await page.getByText('Ben decided: Tie').waitFor();
    await page.getByText('Both hold.').waitFor();
    await page.getByText('label of the dataset').waitFor();
    await shoot(page, 'adjudicated');
    expect(watch.trouble).toEqual([]);
    await watch.context.close();
    await served.stop();
    const rows = await readAssay(
      'sql',
      `SELECT (SELECT count(*) FROM annotations WHERE is_current AND project = 'Renamed') AS answers, (SELECT count(*) FROM annotations WHERE revision = 2 AND saw_suggestion) AS second,
         (SELECT string_agg(label) FROM votes WHERE annotator = 'Ben (adjudicator)') AS decided,
         (SELECT string_agg(answers ->> '$.faults.labels[0]') FROM annotations WHERE rater = 'Ann' AND (answers ->> '$.faults') IS NOT NULL) AS faults,
         (SELECT string_agg(p.label) FROM pairs p JOIN votes v USING (comparison_id) WHERE v.annotator = 'Ben (adjudicator)') AS label`,
      ...['-w', workspace],
    );
    expect(rows).toEqual([
      { answers: 8, second: 1, decided: 'tie', faults: 'Ignores the request', label: 'tie' },
    ]);
    const marked = await readAssay<{ spans: string; a: string; b: string; first: string }[]>(
      'sql',
      `SELECT w.answers ->> '$.marks.spans' AS spans, p.response_a AS a, p.response_b AS b, w.shown_first AS first
       FROM annotations w JOIN pairs p USING (comparison_id) WHERE w.project = 'Marks'`,
      ...['-w', workspace],
    );
    const [{ spans, a, b, first } = { spans: '[]', a: '', b: '', first: '' }] = marked;
    const texts = { a, b };
    const said = (JSON.parse(spans) as { side: 'a' | 'b'; start: number; end: number; label: string }[]).map(
      (span) => [
        span.side === first ? 'left' : 'right',
        span.label,
        texts[span.side].slice(span.start, span.end),
      ],
    );
    const [left, right] = first === 'a' ? [a, b] : [b, a];
    expect(new Set(said.map((one) => one.join('/')))).toEqual(
      new Set([`left/Wrong/${left.slice(0, 4).trim()}`, `right/Rude/${right.trim()}`]),
    );
  });
});
