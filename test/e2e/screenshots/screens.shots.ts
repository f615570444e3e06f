import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, settle, type Watch, watchPage, wide } from '../../support/e2e/browser.ts';
import { readAssay, sampleFile } from '../../support/e2e/command.ts';
import { serve, type Served } from '../../support/e2e/served.ts';
import { views } from '../../support/e2e/views.ts';

const largest = 400_000;
const target = path.resolve('docs/screenshots');

/** Screens with a picture, and the name of its file where it differs. */
const pictures: Readonly<Record<string, string>> = {
  browse: 'browse',
  detail: 'detail',
  'overview of a dataset': 'overview',
  sql: 'sql',
  constitution: 'constitution',
  audits: 'audits',
  reports: 'report',
  import: 'import',
};

/** A short neutral place, because pictures show paths. */
const folder = path.join(tmpdir(), 'preferences');
const sample = path.join(folder, path.basename(sampleFile));
const workspace = path.join(folder, 'demo.assay');
let browser: Browser;
let served: Served;

beforeAll(async () => {
  mkdirSync(target, { recursive: true });
  mkdirSync(folder);
  copyFileSync(sampleFile, sample);
  await readAssay('import', sample, '-w', workspace, '-d', 'pandalm');
  await readAssay('audit', '-w', workspace, '-d', 'pandalm');
  await readAssay('constitution', '-w', workspace, '-d', 'pandalm', '-o', path.join(folder, 'report'));
  browser = await openBrowser();
  served = await serve(workspace);
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['light', 'dark'] as const)('pictures, %s', (colorScheme) => {
  let watch: Watch;
  beforeAll(async () => {
    watch = await watchPage(browser, served, { colorScheme, viewport: wide });
    await watch.signIn();
  });
  afterAll(async () => {
    await watch?.context.close();
  });

  it.each(views(sample).filter(({ name }) => name in pictures))('$name', async ({ name, open }) => {
    const file = path.join(target, `${pictures[name]}-${colorScheme}.png`);
    await open(watch);
    await settle(watch.page);
    await watch.page.mouse.move(0, 0);
    await watch.page.waitForTimeout(400);
    await watch.page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
    expect(statSync(file).size, `${file} is too large to keep`).toBeLessThan(largest);
  });
});
