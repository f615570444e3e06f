import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePng } from '../support/annotate/png.ts';
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

const { folder, remove } = makeFolder('assay-images');
const home = path.join(folder, 'home.assay');
const away = path.join(folder, 'away.assay');
const shots = process.env['ANNOTATE_SHOTS'];
const patience = { timeout: 20_000 };
let browser: Browser;
let served: Served;

beforeAll(async () => {
  const images = path.join(folder, 'images');
  for (const model of ['painter', 'drawer']) mkdirSync(path.join(images, model), { recursive: true });
  writeFileSync(path.join(images, 'painter', '1.png'), makePng(320, 240, [190, 60, 40]));
  writeFileSync(path.join(images, 'drawer', '1.png'), makePng(240, 320, [40, 80, 190]));
  const file = path.join(images, 'pairs.json');
  const pair = { file_path: ['painter/1.png', 'drawer/1.png'], human_preference: [1, 0] };
  writeFileSync(file, JSON.stringify(['a red barn', 'a blue lake'].map((prompt) => ({ ...pair, prompt }))));
  await readAssay('import', file, '-w', home, '-d', 'gallery');
  await readAssay('annotate-project', 'create', '-w', home, '-d', 'gallery', '--name', 'Images');
  const pack = path.join(folder, 'images.assaypack');
  await readAssay('pack', 'create', '1', '-w', home, '-r', 'Ann', '-o', pack);
  await readAssay('pack', 'open', pack, '-w', away);
  browser = await openBrowser();
  served = await serve(away);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

async function sitDown(options: Parameters<typeof watchPage>[2] = {}): Promise<Watch> {
  const watch = await watchPage(browser, served, options);
  await watch.signIn();
  await watch.visit('/d/1/annotate/1');
  return watch;
}

describe('image pairs on another machine', () => {
  it('are shown side by side from the pack, come close by Z and by a click, and are answered by keys', async () => {
    const watch = await sitDown();
    const { page } = watch;
    await page.getByLabel('Rater', { exact: true }).selectOption({ label: 'Ann' });
    const first = page.getByRole('img', { name: 'Image of response A' });
    const second = page.getByRole('img', { name: 'Image of response B' });
    await first.waitFor();
    await second.waitFor();
    const sizes = async () =>
      Promise.all(
        [first, second].map((one) =>
          one.evaluate((img: HTMLImageElement) => `${img.naturalWidth}x${img.naturalHeight}`),
        ),
      );
    expect((await sizes()).sort()).toEqual(['240x320', '320x240']);
    expect(await page.locator('main').innerText()).not.toMatch(/painter|drawer/);
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    const fits = async () => {
      const pane = await page.getByRole('group', { name: 'Image of response A' }).boundingBox();
      const image = await first.boundingBox();
      return (image?.width ?? 0) <= (pane?.width ?? 0) && (image?.height ?? 0) <= (pane?.height ?? 0);
    };
    expect(await fits()).toBe(true);
    await page.keyboard.press('z');
    await expect.poll(fits, patience).toBe(false);
    await page.getByRole('button', { name: 'Zoom the image of response A', pressed: true }).click();
    await expect.poll(fits, patience).toBe(true);
    if (shots !== undefined) await page.screenshot({ path: path.join(shots, 'images.png') });
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.head .count').textContent(), patience).toMatch(/^1 of 2/);
    expect(watch.trouble).toEqual([]);
    await watch.context.close();

    const small = await sitDown({ viewport: narrow, colorScheme: 'dark' });
    await small.page.getByLabel('Rater', { exact: true }).selectOption({ label: 'Ann' });
    await small.page.getByRole('img', { name: 'Image of response B' }).waitFor();
    await small.page.keyboard.press('z');
    await settle(small.page);
    expect(await findAccessFaults(small.page)).toEqual([]);
    if (shots !== undefined)
      await small.page.screenshot({ path: path.join(shots, 'images-narrow-dark.png') });
    await small.page.keyboard.press('b');
    await small.page.keyboard.press('Enter');
    await small.page.getByText('Nothing is left to answer').waitFor();
  });
});
