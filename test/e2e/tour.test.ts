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
import { makeFolder } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-tour-page');
const shots = process.env['TOUR_SHOTS'];
const formerSetting = process.env['ASSAY_STARTER'];
const patience = 300_000;
let browser: Browser;
let served: Served;
let watch: Watch;

/** resources/sample/README.md: what the labels of the planted corpus reward, the most frequent first. */
const planted = ['uses more emojis', 'ends with a follow-up question', 'provides a numbered list format'];

async function shoot(name: string): Promise<void> {
  if (shots === undefined) return;
  const { page } = watch;
  for (const colorScheme of ['light', 'dark'] as const)
    for (const size of [wide, narrow]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      await page.waitForTimeout(150);
      await page.screenshot({ path: path.join(shots, `${name}-${colorScheme}-${size.width}.png`) });
    }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(wide);
}

async function expectNoFaults(): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await watch.page.emulateMedia({ colorScheme });
    await settle(watch.page);
    expect(await findAccessFaults(watch.page), colorScheme).toEqual([]);
  }
}

beforeAll(async () => {
  process.env['ASSAY_STARTER'] = 'on';
  browser = await openBrowser();
  served = await serve(path.join(folder, 'new.assay'));
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
  process.env['ASSAY_STARTER'] = formerSetting;
});

const card = () => watch.page.getByRole('region', { name: 'First steps' });
const step = (title: string) =>
  card()
    .getByRole('listitem')
    .filter({ has: watch.page.getByRole('heading', { name: title }) });
const isDone = (title: string) =>
  step(title)
    .getByRole('heading', { name: `${title} (done)` })
    .waitFor({ timeout: patience });

describe.sequential('a first run with the bundled sample and the starter model', () => {
  it('one click on the welcome card brings both datasets and the first steps', async () => {
    const { page } = watch;
    const go = page.getByRole('button', { name: 'Try it on the bundled sample' });
    await go.waitFor();
    await expectNoFaults();
    await shoot('welcome');
    await go.click();
    await card().waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: 'planted', exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: 'pandalm', exact: true }).waitFor();
    await card().getByText('0 of 6 done').waitFor();
    await expectNoFaults();
    await shoot('start');
  });

  it('the first step opens the rows, and its mark is there on the way back', async () => {
    const { page } = watch;
    await step('Look at the rows').getByRole('button').click();
    await page.getByRole('grid', { name: /^Rows of / }).waitFor();
    await watch.visit('/');
    await isDone('Look at the rows');
  });

  it('what the labels reward is found without a model, by the keyboard alone', async () => {
    const { page } = watch;
    const go = step('Find what the labels reward').getByRole('button', { name: /^Find it/ });
    await go.focus();
    await page.keyboard.press('Enter');
    await isDone('Find what the labels reward');
    await step('Find what the labels reward')
      .getByText(/^\s*Rewarded: /)
      .waitFor();
  });

  it(
    'the starter finds the planted principles in order, and the Constitution page shows the same list',
    async () => {
      const { page } = watch;
      const own = step('Let the starter model find the planted principles');
      await own.getByRole('button', { name: /^Find them/ }).click();
      await own.getByText('At work:').waitFor();
      await shoot('work');
      await isDone('Let the starter model find the planted principles');
      const found = await own.locator('.found b').allTextContents();
      expect(found).toEqual(planted);
      expect(await own.locator('.found .muted').first().textContent()).toMatch(
        /95 % interval \+0\.\d\d to \+0\.\d\d, n = 117/,
      );
      await own.getByRole('button', { name: 'See the constitution' }).click();
      await page.locator('ol .rank').first().waitFor();
      const names = (await page.locator('ol li .rank + .name').allTextContents()).map((text) =>
        text.replace('Select the response that ', '').trim(),
      );
      expect(names).toEqual(found);
      await expectNoFaults();
      await watch.visit('/');
    },
    patience,
  );

  it(
    'judges 20 pairs and writes a rationale, each with a way to see it',
    async () => {
      const { page } = watch;
      const judging = step('Judge 20 pairs with the starter model');
      await judging.getByRole('button', { name: /^Judge them/ }).click();
      await isDone('Judge 20 pairs with the starter model');
      expect(await judging.textContent()).toMatch(/Agrees with the labels on .*n = (\d|1\d|20),/);
      const writing = step('Write a rationale');
      await writing.getByRole('button', { name: /^Write one/ }).click();
      await isDone('Write a rationale');
      const text = await writing.getByText(/Response [12] is better because it/).textContent();
      await card().getByText('5 of 6 done').waitFor();
      await expectNoFaults();
      await shoot('done');
      await writing.getByRole('button', { name: 'See the row' }).click();
      const pane = page.getByRole('complementary', { name: 'Row' });
      await pane.getByText(text?.trim() ?? 'no text').waitFor();
    },
    patience,
  );

  it('the limits of the starter model are one click away, and so is a real model', async () => {
    const { page } = watch;
    await watch.visit('/');
    await card().getByRole('link', { name: 'its limits' }).click();
    await page.getByText('What it cannot do').first().waitFor();
    await watch.visit('/');
    await step('Add a real model').getByRole('button').click();
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
  });

  it('a closed card stays closed over a reload and comes back when asked for, with its results', async () => {
    const { page } = watch;
    await watch.visit('/');
    await card().getByRole('button', { name: 'Close the first steps' }).click();
    await page.reload();
    await settle(page);
    await page.getByRole('button', { name: 'First steps' }).waitFor();
    expect(await card().count()).toBe(0);
    await page.getByRole('button', { name: 'First steps' }).click();
    await card().getByText('5 of 6 done').waitFor();
  });

  it('asked nobody but its own server, and broke no rule of the page', () => {
    expect(watch.trouble).toEqual([]);
  });
});
