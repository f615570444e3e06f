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
  wide,
} from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';
import { testModelFile } from '../support/models/test-models.ts';
import { MARKER } from '../support/models/vocabulary.ts';

const { folder, remove } = makeFolder('assay-rationales');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['RATIONALE_SHOTS'];
let browser: Browser;
let served: Served;
let watch: Watch;

/** One imported rationale a pair, half of them for the wrong side. */
function writePairs(): string {
  const file = path.join(folder, 'steer.jsonl');
  const lines = Array.from({ length: 20 }, (_, index) => {
    const [star, plain] = [`the answer ${index} ${MARKER}`, `the other answer ${index}`];
    const named = index % 2 === 0 ? 1 : 2;
    return JSON.stringify({
      domain: 'general',
      language: 'english',
      context: [{ role: 'user', content: `what is ${index}` }],
      response1: star,
      response2: plain,
      overall_preference: -2,
      individual_preference: [
        {
          score: -2,
          reasoning: `Response ${named} is better because it gives the star that had been asked for.`,
        },
      ],
    });
  });
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function shoot(name: string): Promise<void> {
  if (shots === undefined) return;
  await settle(watch.page);
  await watch.page.screenshot({ path: path.join(shots, `${name}.png`) });
}
const choose = (view: string) =>
  watch.page
    .getByRole('group', { name: 'Parts of rationales' })
    .getByRole('button', { name: view, exact: true })
    .click();

beforeAll(async () => {
  await readAssay('import', writePairs(), '-w', workspace, '-d', 'steer');
  await readAssay('models', 'add', await testModelFile('marker-judge'), '--name', 'marker', '-w', workspace);
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

describe.sequential('rationales with a model on this machine', () => {
  it('shows the prompt on a row before anything runs, then writes one rationale a pair', async () => {
    const { page } = watch;
    await watch.visit('/d/1/judge?view=rationales');
    await page
      .getByRole('group', { name: 'Prompt' })
      .getByText(/Response [12] was preferred/)
      .waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('new');
    await page.getByRole('button', { name: 'Start the run' }).click();
    const run = page.getByRole('article').filter({ hasText: 'marker · general rationale' });
    await run.getByText('finished', { exact: true }).waitFor({ timeout: 90_000 });
    expect(await run.textContent()).toContain('20 of 20');
    await shoot('runs');
  });

  it('lints imported and written ones, with rows behind each finding', async () => {
    const { page } = watch;
    await choose('Lint');
    await page.getByRole('button', { name: 'Read the rest' }).click();
    const imported = page.getByRole('article').filter({ hasText: 'rater 1' });
    // Ten of the twenty imported ones name the response that was not chosen.
    await expect
      .poll(() => imported.getByRole('row', { name: /speaks for the other response/ }).textContent(), {
        timeout: 30_000,
      })
      .toContain('50.0');
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('lint');
  });

  it('checks them with a blind judge and reports own against shuffled', async () => {
    const { page } = watch;
    await choose('New run');
    await page.getByLabel('Task').selectOption('check');
    await page.getByLabel('Whose rationales').selectOption({ label: 'rater 1' });
    await page.getByRole('button', { name: 'Start the run' }).click();
    const run = page.getByRole('article').filter({ hasText: 'rationale check' });
    await run.getByText('finished', { exact: true }).waitFor({ timeout: 90_000 });
    await run.getByRole('button', { name: /What it found/ }).click();
    const row = page.getByRole('row', { name: /own rationale/ });
    await row.waitFor();
    // The judge goes by the star, which the chosen response always has: all labels, with any rationale.
    expect(await row.textContent()).toContain('100.0');
    await page.getByText('it goes by the responses').waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('check');
  });

  it('stand on the row, and a new one is written there and kept on request alone', async () => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    await page
      .getByRole('grid', { name: /^Rows of / })
      .getByRole('gridcell')
      .first()
      .click();
    const pane = page.getByRole('complementary', { name: 'Row' });
    await pane.getByRole('heading', { name: 'Rationales' }).scrollIntoViewIfNeeded();
    await pane.getByText('rater 1').first().waitFor();
    await pane.getByRole('button', { name: 'Write one' }).click();
    await pane.getByRole('button', { name: 'Keep' }).waitFor({ timeout: 60_000 });
    await shoot('row');
    expect(await findAccessFaults(page)).toEqual([]);
    await pane.getByRole('button', { name: 'Keep' }).click();
    await pane.getByText('marker · general rationale, kept').waitFor();
  });

  it('fits a small window in the dark', async () => {
    const { page } = watch;
    await page.setViewportSize(narrow);
    await page.emulateMedia({ colorScheme: 'dark' });
    await watch.visit('/d/1/judge?view=rationales&part=lint');
    await page.getByRole('article').first().waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('lint-narrow-dark');
    await watch.visit('/d/1/judge?view=rationales');
    await page.getByRole('group', { name: 'Prompt' }).waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await shoot('new-narrow-dark');
    await page.setViewportSize(wide);
  });
});
