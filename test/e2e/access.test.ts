import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
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
import { makeFolder, readAssay, sampleFile } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';
import { views } from '../support/e2e/views.ts';

const { folder, remove } = makeFolder('assay-access');
const workspace = path.join(folder, 'demo/demo.assay');
let browser: Browser;
let served: Served;
let empty: Served;

beforeAll(async () => {
  await readAssay('demo', '--out', path.join(folder, 'demo'));
  const torn = path.join(folder, 'torn.jsonl');
  writeFileSync(torn, '{"prompt":"p","chosen":"a","rejected":"b"}\n{"prompt": "torn');
  await readAssay('import', torn, '-w', workspace, '-d', 'torn');
  browser = await openBrowser();
  served = await serve(workspace);
  empty = await serve(path.join(folder, 'empty.assay'));
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await empty?.stop();
  remove();
});

/** The document, the content and its page, where what they hold is wider than they are. */
const listOverflows = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main, main > *')]
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map(
        (element) =>
          `${element.tagName} ${element.className}: ${element.scrollWidth} px in ${element.clientWidth}`,
      ),
  );

const settings = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [wide, narrow].map((viewport) => ({ colorScheme, viewport })),
);

describe.each(settings)(
  'axe finds no fault, $colorScheme, $viewport.width wide',
  ({ colorScheme, viewport }) => {
    let watch: Watch;
    beforeAll(async () => {
      watch = await watchPage(browser, served, { colorScheme, viewport });
      await watch.signIn();
    });
    afterAll(async () => {
      await watch?.context.close();
    });

    it.each(views(sampleFile))('$name', async ({ open }) => {
      await open(watch);
      await settle(watch.page);
      expect(await findAccessFaults(watch.page)).toEqual([]);
      expect(await listOverflows(watch.page), 'nothing sticks out to the side').toEqual([]);
      expect(watch.trouble).toEqual([]);
    });

    it('the report as the file that is handed on', async () => {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      await page.goto(pathToFileURL(path.join(folder, 'demo/report/report.html')).href);
      expect(await findAccessFaults(page)).toEqual([]);
      await context.close();
    });

    it('an empty workspace', async () => {
      const first = await watchPage(browser, empty, { colorScheme, viewport });
      await first.signIn();
      await first.page.getByRole('heading', { name: 'Look into preference data' }).waitFor();
      expect(await findAccessFaults(first.page)).toEqual([]);
      await first.context.close();
    });
  },
);
