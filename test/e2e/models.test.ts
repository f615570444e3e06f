import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerAsVllm, serveEndpoint } from '../engine/models-domain/endpoint-server.ts';
import {
  findAccessFaults,
  narrow,
  openBrowser,
  settle,
  type Watch,
  watchPage,
} from '../support/e2e/browser.ts';
import { makeFolder } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';
import { writeBrokenModel } from '../support/models/broken-models.ts';
import { buildTestModel, testModelFile } from '../support/models/test-models.ts';

/** Layouts are tried for up to half a minute on an idle machine. */
const measuring = { timeout: 110_000 };

const { folder, remove } = makeFolder('assay-models');
const shelf = path.join(folder, 'models');
const shots = process.env['MODELS_SHOTS'];
const formerConfig = process.env['XDG_CONFIG_HOME'];
let browser: Browser;
let served: Served;
let watch: Watch;

beforeAll(async () => {
  process.env['XDG_CONFIG_HOME'] = path.join(folder, 'config');
  mkdirSync(path.join(shelf, 'deep'), { recursive: true });
  await buildTestModel('marker-judge', path.join(shelf, 'marker-judge.gguf'));
  await buildTestModel('embedder', path.join(shelf, 'deep', 'embedder.gguf'));
  copyFileSync(await testModelFile('random'), path.join(shelf, 'half-00001-of-00002.gguf'));
  await writeBrokenModel(path.join(shelf, 'torn.gguf'), 'cut off in the tensors');
  await writeBrokenModel(path.join(shelf, 'fatal.gguf'), 'no layers, fatal on load');
  browser = await openBrowser();
  served = await serve(path.join(folder, 'w.assay'));
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterEach(async ({ task }) => {
  if (shots !== undefined)
    await watch.page.screenshot({
      path: path.join(shots, `${task.name.slice(0, 40).replace(/\W+/g, '-')}.png`),
    });
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
  if (formerConfig === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = formerConfig;
});

const main = () => watch.page.getByRole('main');
const row = (name: string) => main().getByRole('row').filter({ hasText: name });
const engine = () => main().getByRole('region', { name: 'Inference process' });

describe.sequential('models, with the llama.cpp that is shipped', () => {
  it('without a model the page says what one is, and is without fault', async () => {
    const { page } = watch;
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByRole('heading', { name: 'No model yet' }).waitFor();
    await engine().getByText('not running').waitFor();
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('a path that is absent is told in words', async () => {
    const { page } = watch;
    await page.getByLabel('Path of a .gguf file').fill(path.join(folder, 'absent'));
    await page.keyboard.press('Enter');
    await page.getByText('Nothing was looked at').waitFor();
    await page.getByText('MODEL_FILE_MISSING').waitFor();
  });

  it('a folder is listed with what is below it; a set with a part missing cannot be chosen', async () => {
    const { page } = watch;
    await page.getByLabel('Path of a .gguf file').fill(shelf);
    await page.keyboard.press('Enter');
    await page.getByText('Found 5 models').waitFor();
    const half = page.getByRole('checkbox', { name: /^half-00001-of-00002/ });
    expect(await half.isDisabled()).toBe(true);
    await page.getByText('not complete: 1 of 2 parts missing').waitFor();
    await page.getByText('missing: half-00002-of-00002.gguf').waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('sound files are added; a torn one and one that ends the process are refused with their reason', async () => {
    const { page } = watch;
    await page.getByRole('button', { name: 'Add 4 models' }).click();
    await page.getByText('Added: 2').waitFor(measuring);
    const refused = page.locator('.refused');
    await refused.getByText(/torn\.gguf cannot be used as a model/).waitFor();
    await refused.getByText(/fatal\.gguf made the inference process end/).waitFor();
    expect(await row('marker-judge').textContent()).toMatch(
      /llama.*score, decide, write.*not loaded.*stays here/,
    );
    expect(await row('embedder').textContent()).toMatch(/embed/);
    expect(await engine().textContent()).not.toContain('repeated failures');
  });

  it('a model is loaded and measured as a job; then its speed, its layout and its memory are told', async () => {
    const { page } = watch;
    await page.getByRole('link', { name: 'marker-judge' }).last().click();
    await page.getByRole('heading', { name: 'marker-judge', level: 1 }).waitFor();
    expect(
      await main()
        .getByText(/^[0-9a-f]{64}$/)
        .count(),
    ).toBe(1);
    await page.getByRole('button', { name: 'Load and measure' }).click();
    await page
      .getByText(/tokens\/s, over \d+ tokens/)
      .first()
      .waitFor(measuring);
    await page.getByText('in use').waitFor();
    await page.getByText(/^In memory: /).waitFor();
    await page.getByText('Fits.').waitFor();
    await page.getByRole('link', { name: 'All models' }).click();
    await engine().getByText('running', { exact: true }).waitFor();
    expect(await engine().textContent()).toMatch(
      /processor \(CPU\).*threads?, .*cores?.*GiB of .*marker-judge/,
    );
    expect(await row('marker-judge').textContent()).toMatch(/(?<!not )loaded/);
  });

  it('is unloaded and loaded from the list, with its memory; refusals stay in a list of their own', async () => {
    const { page } = watch;
    const cell = row('marker-judge');
    await cell
      .getByText(/[KMG]iB$/)
      .last()
      .waitFor();
    await cell.getByRole('button', { name: /^Unload/ }).click();
    await cell.getByText('not loaded', { exact: true }).waitFor();
    await cell.getByRole('button', { name: /^Load/ }).click();
    await cell.getByText('loaded', { exact: true }).waitFor(measuring);
    const refusals = main().getByRole('group').filter({ hasText: 'Refused files and loads (2)' });
    await refusals.getByText('Refused files and loads (2)').click();
    await refusals.getByText(/torn\.gguf cannot be used as a model/).waitFor();
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    await refusals.getByText('Refused files and loads (2)').click();
  });

  it('settings that cannot fit say so before they are saved; saved ones take the model out of memory', async () => {
    const { page } = watch;
    await row('marker-judge').getByRole('link').click();
    const context = page.getByLabel('Context size (tokens)');
    await context.fill('1048576');
    await page.getByLabel('Calls side by side').selectOption('fixed');
    await page.getByRole('spinbutton', { name: 'Calls side by side' }).fill('64');
    await page.keyboard.press('Tab');
    await page.getByText(/It would be refused: about/).waitFor();
    await context.fill('512');
    await page.getByRole('spinbutton', { name: 'Calls side by side' }).fill('2');
    await page.keyboard.press('Tab');
    await page.getByText(/It would be refused/).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('Settings saved').waitFor();
    await main().getByText('not loaded', { exact: true }).waitFor();
    await page.reload();
    await settle(page);
    expect(await page.getByLabel('Context size (tokens)').inputValue()).toBe('512');
  });

  it('one model, narrow and dark, is without fault and nothing sticks out', async () => {
    const other = await watchPage(browser, served, { viewport: narrow, colorScheme: 'dark' });
    await other.signIn();
    await other.visit('/models');
    await other.page.getByRole('link', { name: 'marker-judge' }).click();
    await other.page.getByText('What the file says of itself').waitFor();
    await settle(other.page);
    expect(await findAccessFaults(other.page)).toEqual([]);
    const wider = await other.page.evaluate(
      () =>
        [...document.querySelectorAll('html, main, main > *')].filter(
          (one) => one.scrollWidth > one.clientWidth,
        ).length,
    );
    expect(wider).toBe(0);
    expect(other.trouble).toEqual([]);
    await other.context.close();
  });

  it('an address is off until it is switched on, and the bar tells it for as long', async () => {
    const { page } = watch;
    const { url, asked } = await serveEndpoint(answerAsVllm);
    await watch.visit('/models');
    await page.getByRole('button', { name: 'Add an address' }).click();
    await page.keyboard.type(url);
    await page.getByText('on this very machine').waitFor();
    await page.getByLabel('Model name at the server').fill('judge');
    await page.getByLabel('Name', { exact: true }).fill('near');
    await page.keyboard.press('Enter');
    await page.getByText('near was added').waitFor();
    expect(asked).toEqual([]);
    const bar = page.getByRole('banner').getByRole('button', { name: /leave/ });
    expect(await bar.textContent()).toMatch(/Nothing leaves this machine/);
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('yes, from chat').waitFor();
    expect(asked.length).toBeGreaterThan(0);
    await page.getByRole('switch', { name: 'Use near' }).click();
    await page.getByRole('button', { name: 'Switch on' }).click();
    await expect.poll(() => bar.textContent()).toMatch(/1 address is on/);
    await page.reload();
    await settle(page);
    await expect.poll(() => bar.textContent()).toMatch(/1 address is on/);
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByRole('switch', { name: 'Use near' }).click();
    await expect.poll(() => bar.textContent()).toMatch(/Nothing leaves this machine/);
  });

  it('a model is taken out of the list, and its file can be added again', async () => {
    const { page } = watch;
    await watch.visit('/models');
    await page.getByRole('link', { name: 'embedder' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Remove from the list' }).click();
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    await expect.poll(() => row('embedder').count()).toBe(0);
    await page.getByRole('heading', { name: 'Models', level: 1 }).click();
    await page.keyboard.press('a');
    await page.keyboard.type(path.join(shelf, 'deep'));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Add 1 model' }).click();
    await row('embedder').waitFor(measuring);
    expect(watch.trouble).toEqual([]);
  });
});
