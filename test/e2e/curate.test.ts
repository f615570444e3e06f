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
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-curate');
const workspace = path.join(folder, 'w.assay');
const shots = process.env['CURATE_SHOTS'];
let browser: Browser;
let served: Served;
let watch: Watch;

async function shoot(name: string): Promise<void> {
  if (shots !== undefined) await watch.page.screenshot({ path: path.join(shots, `${name}.png`) });
}

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'sample');
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

const steps = () => watch.page.getByRole('region', { name: 'Steps', exact: true });
const counts = () => watch.page.getByRole('region', { name: 'Counts at each step' });

describe.sequential('curating a dataset', () => {
  it('shows what each step does while the recipe is put together, by keyboard too', async () => {
    const { page } = watch;
    await watch.visit('/d/1/curate');
    const add = steps().getByRole('combobox', { name: 'Add a step…' });
    for (const step of ['budget', 'split']) await add.selectOption(step);
    const settings = page.getByRole('region', { name: 'Settings of Splits' });
    await settings.waitFor();
    await steps().getByRole('button', { name: '1 Budget' }).click();
    await page.getByLabel('Size', { exact: true }).fill('100');
    await page.keyboard.press('Tab');
    await counts().getByText('999 → 100 pairs').waitFor();
    expect(await counts().getByRole('button').allTextContents()).toEqual([
      expect.stringContaining('899 dropped'),
      expect.stringContaining('100 changed'),
    ]);
    const rows = page.getByRole('region', { name: 'Rows at this step' });
    await rows.getByText('over the budget').first().waitFor();
    await steps().getByRole('button', { name: '1 Budget' }).focus();
    await page.keyboard.press('Alt+ArrowDown');
    await counts()
      .getByRole('button', { name: /^1 Splits.*999 changed/ })
      .waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('2 Budget');
    await shoot('curate-light');
  });

  it('makes the dataset, links to it, and the source stays as it is', async () => {
    const { page } = watch;
    await page.getByRole('textbox', { name: 'Name of the new dataset' }).fill('small');
    await page.getByRole('button', { name: 'Make the dataset' }).click();
    await page.getByRole('status').getByRole('link', { name: 'small' }).waitFor({ timeout: 60_000 });
    const found = await page.getByRole('region', { name: 'Made from this dataset' }).textContent();
    expect(found).toContain('999 → 100');
    await page.getByRole('status').getByRole('link', { name: 'small' }).click();
    await page.waitForURL(/\/d\/2\/browse/);
    await page.getByText('100', { exact: false }).first().waitFor();
  });

  it('opens a YAML file and tells line and key of a fault; a saved recipe is there again', async () => {
    const { page } = watch;
    await watch.visit('/d/1/curate');
    const [good, broken] = [path.join(folder, 'good.yml'), path.join(folder, 'broken.yml')];
    const text =
      'version: 1\nseed: 9\ndataset: sample\ncurate:\n  dataset: from file\n  steps:\n    - step: duplicates\n';
    writeFileSync(good, text);
    writeFileSync(broken, text.replace('duplicates', 'doublets'));
    const input = page.locator('input[type=file]');
    await input.setInputFiles(broken);
    await page.getByText('curate.steps[0].step').first().waitFor();
    await input.setInputFiles(good);
    await steps().getByRole('button', { name: '1 Duplicates and conflicts' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Seed' }).inputValue()).toBe('9');
    await page.getByRole('textbox', { name: 'Name of the recipe' }).fill('mine');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: /^mine/ }).waitFor();
  });

  it('has no accessibility fault in both themes and at 1024 × 700', async () => {
    const { page } = watch;
    await steps().getByRole('combobox', { name: 'Add a step…' }).selectOption('filter');
    await page.getByRole('button', { name: 'Add a condition' }).click();
    await counts().waitFor();
    await page.locator('[aria-label][aria-busy="false"]').first().waitFor();
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    await page.setViewportSize(narrow);
    await page.evaluate(() => (document.documentElement.dataset['theme'] = 'dark'));
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('curate-dark-narrow');
  });
});
