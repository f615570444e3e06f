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
import { makeFolder, readAssay, runAssay } from '../support/e2e/command.ts';
import { serve, type Served } from '../support/e2e/served.ts';
import { testModelFile } from '../support/models/test-models.ts';

const { folder, remove } = makeFolder('assay-mining');
const workspace = path.join(folder, 'w.assay');
let browser: Browser;
let served: Served;
let watch: Watch;

const talk = (no: number) => ({
  conversations: [
    { from: 'human', value: `Question ${no}?` },
    { from: 'gpt', value: 'An answer.' },
    { from: 'human', value: 'That is wrong.' },
    { from: 'gpt', value: 'Another answer.' },
  ],
});
const tree = {
  tree_id: 't',
  prompt: 'task',
  nodes: [
    { id: 'r', parent: null },
    { id: 'a', parent: 'r', text: 'go left', q: 0.9, success: true },
    { id: 'b', parent: 'r', text: 'go right', q: -1, success: false },
  ],
};
const recipe = `version: 1
seed: 3
import: { files: [trees.jsonl], dataset: trees }
curate:
  dataset: tree-pairs
  steps:
    - step: tree-success-pairs
export:
  - { format: trl, to: pairs.jsonl, container: jsonl }
`;

beforeAll(async () => {
  const talks = path.join(folder, 'talks.jsonl');
  writeFileSync(talks, Array.from({ length: 5 }, (_, no) => JSON.stringify(talk(no))).join('\n'));
  writeFileSync(path.join(folder, 'trees.jsonl'), JSON.stringify(tree));
  writeFileSync(path.join(folder, 'recipe.yml'), recipe);
  await readAssay('import', talks, '-w', workspace, '-d', 'talks');
  await readAssay('models', 'add', await testModelFile('marker-judge'), '--name', 'marker', '-w', workspace);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  remove();
});

describe.sequential('mining pairs', () => {
  it('a recipe imports trees, mines pairs of them and exports them', async () => {
    const { code, stdout } = await runAssay(['run', path.join(folder, 'recipe.yml'), '-w', workspace]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('tree-success-pairs: 1 added')]);
  });

  it('a recipe whose step names a model asks it, in a job of its own kind', async () => {
    const file = path.join(folder, 'ask.yml');
    const params = '{ model: marker, maxTokens: 16, limit: 2 }';
    writeFileSync(
      file,
      `version: 1\nseed: 3\ndataset: talks\ncurate:\n  dataset: said\n  steps:\n    - { step: conversation-feedback, params: ${params} }\n`,
    );
    await runAssay(['run', file, '-w', workspace]);
    const count = (sql: string) => readAssay<{ n: number }[]>('sql', sql, '-w', workspace);
    expect(await count(`SELECT count(*) AS n FROM job WHERE type = 'mine'`)).toEqual([{ n: 1 }]);
    expect(await count('SELECT count(*) AS n FROM mined_item')).toEqual([{ n: 2 }]);
  });

  it('the screen offers the models, tells what is to be asked, and asks; without an accessibility fault', async () => {
    browser = await openBrowser();
    served = await serve(workspace);
    watch = await watchPage(browser, served);
    await watch.signIn();
    const { page } = watch;
    await watch.visit('/d/1/curate');
    const steps = page.getByRole('region', { name: 'Steps', exact: true });
    await steps.getByRole('combobox', { name: 'Add a step…' }).selectOption('conversation-feedback');
    await page.getByRole('region', { name: 'Settings of What users say in conversations' }).waitFor();
    const asking = page.getByRole('region', { name: 'Models to ask' });
    expect(await asking.count()).toBe(0);
    await page.getByLabel('Model', { exact: true }).selectOption('marker');
    await asking.getByText('0 of 5 asked, by marker').waitFor();
    await asking.getByText('At most 25 calls').waitFor();
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
    await asking.getByRole('button', { name: 'Ask now' }).click();
    await asking.getByText('5 of 5 asked, by marker').waitFor({ timeout: 60_000 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize(narrow);
    await settle(page);
    expect(await findAccessFaults(page)).toEqual([]);
  });
});
