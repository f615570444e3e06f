import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Difference, RunRecord } from '../../../electron/core/curation/run-record.ts';
import { writeBigFiles } from '../../support/e2e/big-files.ts';
import { makeFolder, readAssay, runAssay, startAssay } from '../../support/e2e/command.ts';
import { seeded } from '../../support/seeded.ts';

const { folder, remove } = makeFolder('assay-run');
const workspace = path.join(folder, 'w.assay');
const recipe = path.join(folder, 'recipe.yml');
const random = seeded(20_261_123);
let rows = 0;

const run = ['run', recipe, '--workspace', workspace];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
interface Ran {
  record: RunRecord;
  file: string;
  differences: Difference[] | null;
}

/** Rows of every table that a derived dataset has, by dataset; a half dataset would have pairs without texts or decisions. */
const countParts = () =>
  readAssay<{ name: string; pairs: number; decided: number; whole: number }[]>(
    'sql',
    `SELECT d.name, count(*) AS pairs, count(q.comparison_id) AS decided, count(a.response_id) AS whole FROM dataset d JOIN comparison c USING (dataset_id)
     LEFT JOIN curation_row q USING (comparison_id) LEFT JOIN response a ON a.response_id = c.response_a_id AND a.dataset_id = d.dataset_id
     WHERE d.format = 'curated' GROUP BY d.name ORDER BY d.name`,
    '-w',
    workspace,
  );

beforeAll(async () => {
  const { files, sound } = await writeBigFiles(folder, 1, 6_000);
  rows = sound;
  writeFileSync(
    recipe,
    `version: 1
seed: 5
import:
  files: [${files.map((file) => path.basename(file)).join(', ')}]
  dataset: big
curate:
  dataset: big-clean
  steps:
    - step: duplicates
    - step: split
export:
  - { format: trl, to: pairs.jsonl, container: jsonl }
`,
  );
}, 120_000);
afterAll(remove);

describe.sequential('assay run', () => {
  it.each(Array.from({ length: 4 }, (_, no) => Math.round(600 + no * 700 + random() * 500)))(
    'killed after %i ms (seeded) leaves no half dataset, and the next run finishes',
    async (delay) => {
      const { child, finished } = startAssay(run);
      await sleep(delay);
      child.kill('SIGKILL');
      await finished;
      for (const { pairs, decided, whole } of await countParts())
        expect([decided, whole]).toEqual([pairs, pairs]);
    },
  );

  it('ends with a record whose run again, in a workspace of its own, gives the same numbers', async () => {
    const { record, file } = await readAssay<Ran>(...run);
    expect(record.figures.curate?.source).toBe(rows);
    expect(record.figures.source).toMatchObject({ pairs: rows });
    for (const { pairs, decided, whole } of await countParts())
      expect([decided, whole]).toEqual([pairs, pairs]);
    const lines = readFileSync(path.join(folder, 'out', 'pairs.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.length).toBe(record.figures.export[0]?.rows);
    const again = await runAssay(['run', file]);
    expect(again.stdout).toContain('Run again: every number is the same.');
    expect(again.code).toBe(0);
  });

  it('a changed record is told with what differs and ends with status 1; a fault in a recipe names file and line, status 1', async () => {
    const file = path.join(folder, 'out', 'run-record.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
    const changed = path.join(folder, 'out', 'changed.json');
    writeFileSync(
      changed,
      JSON.stringify({
        ...record,
        figures: { ...record.figures, source: { ...record.figures.source, pairs: 1 } },
      }),
    );
    const told = await runAssay(['run', changed]);
    expect(told.code).toBe(1);
    expect(told.stdout).toContain(`figures.source.pairs\t1 → ${rows}`);
    const broken = path.join(folder, 'broken.yml');
    writeFileSync(broken, 'version: 1\ndataset: big\ncurate:\n  dataset: x\n  steps:\n    - step: nope\n');
    const refused = await runAssay(['run', broken, '-w', workspace]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('broken.yml:6: “curate.steps[0].step” names no step: nope');
  });
});
