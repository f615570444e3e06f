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
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';
import { testModelFile } from '../support/models/test-models.ts';
import { MARKER } from '../support/models/vocabulary.ts';

const { folder, remove } = makeFolder('assay-judge');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['JUDGE_SHOTS'];
const pairs = 30;
const against = 6;
let browser: Browser;
let served: Served;
let watch: Watch;

/** The marker judge prefers the response with a star: on every fifth pair that is the one the label rejects. */
function writePairs(): string {
  const file = path.join(folder, 'starred.jsonl');
  const lines = Array.from({ length: pairs }, (_, index) => {
    const isStarChosen = index % 5 !== 0;
    const [star, plain] = [`the answer ${index} ${MARKER}`, `the other answer ${index}`];
    return JSON.stringify({
      prompt: `what is ${index}`,
      chosen: isStarChosen ? star : plain,
      rejected: isStarChosen ? plain : star,
    });
  });
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function shoot(name: string): Promise<void> {
  if (shots === undefined) return;
  await watch.page.screenshot({ path: path.join(shots, `${name}.png`) });
}

const choose = (view: string) =>
  watch.page
    .getByRole('group', { name: 'Parts of judging' })
    .getByRole('button', { name: view, exact: true })
    .click();
const articleOf = (name: string) => watch.page.getByRole('article').filter({ hasText: name });

beforeAll(async () => {
  await readAssay('import', writePairs(), '-w', workspace, '-d', 'starred');
  await readAssay('models', 'add', await testModelFile('marker-judge'), '--name', 'marker', '-w', workspace);
  await readAssay('models', 'add', await testModelFile('embedder'), '--name', 'vectors', '-w', workspace);
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

describe.sequential('judging with a model on this machine', () => {
  it('offers the model that can decide and greys the one out that cannot, with the reason', async () => {
    const { page } = watch;
    await watch.visit('/d/1/judge');
    const judge = page.getByRole('group', { name: /^Judge has to give/ });
    await judge.getByRole('radio', { name: /^marker/ }).waitFor();
    expect(await judge.getByRole('radio', { name: /^marker/ }).isChecked()).toBe(true);
    expect(await judge.getByRole('radio', { name: /^vectors/ }).isDisabled()).toBe(true);
    expect(await judge.textContent()).toContain('cannot give the probability of an answer');
  });

  it('tries a row: the model’s own answer, with tokens and time', async () => {
    const { page } = watch;
    await page.getByRole('group', { name: 'Prompt 1: Verdict' }).getByText('[Response A]').waitFor();
    await page.getByLabel('Row', { exact: true }).fill('2');
    await expect
      .poll(() => page.getByRole('group', { name: 'Prompt 1: Verdict' }).textContent())
      .toContain('what is 1');
    await page.getByRole('button', { name: 'Try on this row' }).click();
    const answer = page.locator('.answer');
    await answer.waitFor({ timeout: 60_000 });
    // P = s(4) = 0.982 for the side with the star, in both orders (the model is made so).
    expect(await answer.textContent()).toMatch(/P\(A is better\)\s*0\.(98|02)/);
    expect(await answer.textContent()).toMatch(/Calls\s*2/);
    await shoot('tried');
  });

  it('keeps an edited prompt as a version, shows it on the row before it is saved, and refuses a stray value', async () => {
    const { page } = watch;
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const editor = page.getByRole('textbox', { name: 'Prompt template Verdict' });
    await editor.waitFor();
    await editor.focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.insertText('Be kind. {{mood}} ');
    await page.getByRole('alert').getByText('{{mood}}').waitFor();
    expect(await page.getByRole('button', { name: 'Save as version' }).isDisabled()).toBe(true);
    for (let press = 0; press < '{{mood}} '.length; press += 1) await page.keyboard.press('Backspace');
    await expect
      .poll(() => page.getByRole('group', { name: 'Prompt 1: Verdict' }).textContent())
      .toContain('Be kind. You are');
    await page.getByLabel('Name of the version').fill('kind');
    await shoot('edited');
    await page.getByRole('button', { name: 'Save as version' }).click();
    await page.getByText(/^Saved as version [0-9a-f]{16}/).waitFor();
    expect(await page.getByRole('combobox', { name: 'Version' }).textContent()).toContain('kind');
  });

  it('counts the cost, measures the time, and runs to the end with the agreement the labels imply', async () => {
    const { page } = watch;
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('marker judge');
    await page.getByRole('button', { name: 'Measure the time' }).click();
    await page.getByText('from 4 items judged now').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Start the run' }).click();
    const run = articleOf('marker judge');
    await run.getByText('finished', { exact: true }).waitFor({ timeout: 90_000 });
    const text = (await run.textContent()) ?? '';
    expect(text).toContain('30 of 30');
    // 24 of 30 agree; Wilson 95 %: [62.7 %, 90.5 %].
    expect(text).toContain('80.0\u{A0}%');
    expect(text).toContain('[62.7\u{A0}%, 90.5\u{A0}%]');
    expect(text).toContain('n = 30');
    await shoot('runs');
  });

  it('judges exactly the rows of the grid’s filter, and of a selection, handed over by a button and a key', async () => {
    const { page } = watch;
    const filter = encodeURIComponent(
      JSON.stringify([{ op: 'contains', field: 'prompt', text: 'what is 1' }]),
    );
    await watch.visit(`/d/1/browse?f=${filter}`);
    const grid = page.getByRole('grid', { name: /^Rows of / });
    await grid.waitFor();
    await page.getByRole('button', { name: 'Judge', exact: true }).click();
    const rows = page.getByRole('combobox', { name: 'Rows' });
    await expect.poll(() => rows.inputValue(), { timeout: 20_000 }).toBe('address');
    const cost = page.getByRole('region', { name: 'Cost' });
    // “what is 1” and “what is 10” to “what is 19”.
    await expect.poll(() => cost.textContent(), { timeout: 20_000 }).toMatch(/Items\s*11/);
    await page.goBack();
    await grid.focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.getByRole('region', { name: 'Tags' }).getByText('2 rows selected').waitFor();
    await shoot('selection');
    await page.keyboard.press('Shift+J');
    await expect.poll(() => cost.textContent(), { timeout: 20_000 }).toMatch(/Items\s*2/);
    await watch.visit('/d/1/judge?view=runs');
  });

  it('opens exactly the rows where judge and label differ', async () => {
    const { page } = watch;
    await articleOf('marker judge')
      .getByRole('link', { name: /^Disagreements/ })
      .click();
    await page.getByRole('grid', { name: /^Rows of / }).waitFor();
    const bar = page.locator('header').getByText(`of ${pairs} pairs`);
    await expect.poll(async () => Number((await bar.textContent())?.trim().split(/\s/)[0])).toBe(against);
    await page.goBack();
    await articleOf('marker judge').waitFor();
  });

  it('reports agreement, order and length, and lists the disagreements', async () => {
    const { page } = watch;
    await articleOf('marker judge')
      .getByRole('button', { name: /^Report/ })
      .click();
    const row = page.getByRole('row', { name: /Accuracy, ties left out/ }).first();
    await row.waitFor();
    expect(await row.textContent()).toContain('80.0\u{A0}%');
    const consistent = page.getByRole('row', { name: /Same choice in both orders/ }).first();
    expect(await consistent.textContent()).toContain('100.0\u{A0}%');
    await page.getByRole('link', { name: `Open all ${against} in the corpus` }).waitFor();
    await shoot('report');
  });

  it.each(['light', 'dark'] as const)('has no fault of access in any part, %s', async (colorScheme) => {
    const other = await watchPage(browser, served, { colorScheme, viewport: narrow });
    await other.signIn();
    for (const view of ['', '?view=runs', '?view=report']) {
      await other.visit(`/d/1/judge${view}`);
      await settle(other.page);
      expect(await findAccessFaults(other.page)).toEqual([]);
      const overflow = await other.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
    }
    expect(other.trouble).toEqual([]);
    await other.context.close();
  });

  it('removes the run with its labels after the question', async () => {
    const { page } = watch;
    await page.keyboard.press('Alt+2');
    await page.getByRole('button', { name: 'Remove: marker judge' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'No run yet' }).waitFor();
    await choose('Report');
    // what is left are the labels the file came with
    await expect.poll(() => page.getByRole('combobox', { name: 'Rater' }).inputValue()).toBe('label');
  });

  it('asked nobody but its own server, and broke no rule of the page', () => {
    expect(watch.trouble).toEqual([]);
  });
});
