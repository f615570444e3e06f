import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAccessFaults, openBrowser, settle, type Watch, watchPage } from '../support/e2e/browser.ts';
import { makeFolder, readAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';

const { folder, remove } = makeFolder('assay-starter-page');
const workspace = path.join(folder, 'w.assay');
const planted = path.resolve('resources/sample/planted/planted.jsonl');
const shots = process.env['STARTER_SHOTS'];
const formerSetting = process.env['ASSAY_STARTER'];
let browser: Browser;
let served: Served;
let watch: Watch;

async function shoot(name: string): Promise<void> {
  if (shots === undefined) return;
  await settle(watch.page);
  await watch.page.screenshot({ path: path.join(shots, `${name}.png`) });
}

beforeAll(async () => {
  process.env['ASSAY_STARTER'] = 'on';
  await readAssay('import', planted, '-w', workspace, '-d', 'planted');
  browser = await openBrowser();
  served = await serve(workspace);
  watch = await watchPage(browser, served);
  await watch.signIn();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
  process.env['ASSAY_STARTER'] = formerSetting;
});

describe.sequential('a first run with the model that came with Assay', () => {
  it('is in the list with its limits one click away', async () => {
    const { page } = watch;
    await watch.visit('/models');
    await page.getByRole('link', { name: 'Limits of starter', exact: true }).click();
    await page
      .getByRole('heading', { name: 'Starter model: it knows surface and style, not meaning' })
      .waitFor();
    await page.getByText('What it cannot do').first().waitFor();
    expect(await findAccessFaults(page)).toEqual([]);
    await shoot('limits');
  });

  it('judges pairs through llama.cpp, with nothing added before', async () => {
    const { page } = watch;
    await watch.visit('/d/1/judge');
    const judge = page.getByRole('group', { name: /^Judge has to give/ });
    await judge
      .getByRole('radio', { name: /^starter/ })
      .first()
      .waitFor();
    expect(
      await judge
        .getByRole('radio', { name: /^starter/ })
        .first()
        .isChecked(),
    ).toBe(true);
    await page.getByRole('button', { name: 'Try on this row' }).click();
    const answer = page.locator('.answer');
    await answer.waitFor({ timeout: 60_000 });
    expect(await answer.textContent()).toMatch(/P\(A is better\)\s*[01]\.\d/);
    await shoot('judged');
  });

  it('writes a rationale that names a principle', async () => {
    const { page } = watch;
    await watch.visit('/d/1/browse');
    await page
      .getByRole('grid', { name: /^Rows of / })
      .getByRole('gridcell')
      .first()
      .click();
    const pane = page.getByRole('complementary', { name: 'Row' });
    await pane.getByRole('heading', { name: 'Rationales' }).scrollIntoViewIfNeeded();
    await pane.getByRole('button', { name: 'Write one' }).click();
    await pane.getByRole('button', { name: 'Keep' }).waitFor({ timeout: 60_000 });
    expect(await pane.textContent()).toMatch(/Response [12] is better because it/);
    await shoot('rationale');
  });
});
