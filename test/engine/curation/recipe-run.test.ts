import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Core, openCore } from '../../../electron/core/boot.ts';
import type { CurateResult } from '../../../electron/core/curation/curate.job.ts';
import { openRecipe, type RecipeTools, runRecipe } from '../../../electron/core/curation/recipe-run.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { sampleFile } from '../../support/e2e/command.ts';

async function openTools(workspace?: string) {
  const folder = await makeTemporaryDirectory();
  const core = await openCore({
    workspace: workspace ?? path.join(folder, 'w.assay'),
    version: 'test',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    runsQueue: false,
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await core.close();
    isOpen = false;
  };
  onTestFinished(close);
  return { core, tools: toolsOf(core), folder, close };
}

const toolsOf = (core: Core): RecipeTools => ({
  database: core.database,
  datasets: core.services.datasets,
  judging: core.services.judging,
  principles: core.services.principles,
  version: 'test',
  startJob: (type, spec) => core.services.jobs.start(type, spec),
  waitForJob: async <Result>(jobId: string) => {
    const job = await core.services.jobs.wait(jobId);
    if (job.status !== 'succeeded')
      throw Object.assign(new Error(job.error?.message), { code: job.error?.code });
    return job.result as Result;
  },
  readAudit: (auditRunId) => core.services.audits.get(auditRunId),
  readConstitution: async (id) => (await core.services.constitutions.get(id)).document,
  tell: () => undefined,
});

const runJob = async <Result>(tools: RecipeTools, type: string, spec: unknown): Promise<Result> =>
  tools.waitForJob<Result>(await tools.startJob(type, spec));

const readLines = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a recipe from import to export', () => {
  it('the shipped example runs; its record run again, in the same and in a new workspace, gives the same numbers', async () => {
    const { core, tools, folder } = await openTools();
    const out = path.join(folder, 'out');
    const { record, file, differences } = await runRecipe(
      tools,
      openRecipe('resources/recipes/clean-and-split.yml', out),
    );
    expect(differences).toBeNull();
    const outcome = record.figures.curate;
    if (!outcome) throw new Error('nothing was curated');
    for (const step of outcome.steps) expect(step.out).toBe(step.in + step.added - step.dropped);
    for (const [at, step] of outcome.steps.entries())
      expect(step.in).toBe(outcome.steps[at - 1]?.out ?? outcome.source);
    expect(outcome.pairs).toBe(outcome.steps.at(-1)?.out);
    expect(record.inputs[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);

    const train = readLines(path.join(out, 'dpo', 'train.jsonl'));
    const rows =
      train.length +
      readLines(path.join(out, 'dpo', 'validation.jsonl')).length +
      readLines(path.join(out, 'dpo', 'test.jsonl')).length;
    expect(rows).toBe(outcome.pairs);
    const [row] = await core.database.all<{ weight: number; margin: number; soft: number }>(
      `SELECT weight, margin, soft_label AS soft FROM curated WHERE split = 'train' ORDER BY place LIMIT 1`,
    );
    expect(train[0]?.['weight']).toBeCloseTo(row?.weight ?? Number.NaN, 9);
    expect(train[0]?.['margin']).toBeCloseTo(row?.margin ?? Number.NaN, 9);
    expect(train[0]?.['label_smoothing']).toBeCloseTo(1 - (row?.soft ?? Number.NaN), 9);

    expect(readLines(path.join(out, 'reward.jsonl')).length).toBe(train.length);

    const again = await runRecipe(tools, openRecipe(file));
    expect(again.differences).toEqual([]);
    const other = await openTools();
    expect(
      (await runRecipe(other.tools, openRecipe(file, path.join(other.folder, 'other')))).differences,
    ).toEqual([]);
  });

  it('another seed or a changed input is told as a difference, not taken for the same run', async () => {
    const { tools, folder } = await openTools();
    const place = path.join(folder, 'recipe');
    mkdirSync(place);
    copyFileSync(sampleFile, path.join(place, 'data.json'));
    const recipe = (seed: number) =>
      `version: 1\nseed: ${seed}\nimport: { files: [data.json], dataset: d }\ncurate:\n  dataset: c\n  steps:\n    - { step: budget, params: { size: 50 } }\n`;
    writeFileSync(path.join(place, 'r.yml'), recipe(1));
    const { file } = await runRecipe(tools, openRecipe(path.join(place, 'r.yml')));
    const former = JSON.parse(readFileSync(file, 'utf8')) as { recipe: { seed: number } };
    writeFileSync(file, JSON.stringify({ ...former, recipe: { ...former.recipe, seed: 2 } }));
    const { differences } = await runRecipe(tools, openRecipe(file));
    expect(differences?.map((one) => one.path)).toContain('figures.curate.manifest');
    writeFileSync(
      path.join(place, 'data.json'),
      readFileSync(sampleFile, 'utf8').replace('Grammarly', 'Grammarly!'),
    );
    await expect(runRecipe(tools, openRecipe(file))).rejects.toMatchObject({ code: 'DATASET_NAME_TAKEN' });
  });

  it('goes on with the import of a run killed before it was noted; would catch a dataset of its own taken for foreign', async () => {
    const { core, tools, folder } = await openTools();
    const place = path.join(folder, 'recipe');
    mkdirSync(place);
    copyFileSync(sampleFile, path.join(place, 'data.json'));
    const recipe = path.join(place, 'r.yml');
    writeFileSync(
      recipe,
      'version: 1\nseed: 1\nimport: { files: [data.json], dataset: d }\nexport:\n  - { format: trl, to: p.jsonl, container: jsonl }\n',
    );
    const killed: RecipeTools = {
      ...tools,
      waitForJob: async (jobId) => {
        await tools.waitForJob(jobId);
        throw new Error('killed');
      },
    };
    await expect(runRecipe(killed, openRecipe(recipe))).rejects.toThrow('killed');
    const [made] = await core.services.datasets.list();
    const { record } = await runRecipe(tools, openRecipe(recipe));
    expect(record.figures.source).toMatchObject({ pairs: made?.pairs });
    expect((await core.services.datasets.list()).map((one) => one.datasetId)).toEqual([made?.datasetId]);

    const other = await openTools();
    await runJob(other.tools, 'import', { files: [sampleFile], dataset: 'd' });
    await expect(runRecipe(other.tools, openRecipe(recipe))).rejects.toMatchObject({
      code: 'DATASET_NAME_TAKEN',
    });
  });

  it('an output outside the folder of the recipe is refused, by path and through a link; a foreign file is not overwritten', async () => {
    const folder = await makeTemporaryDirectory();
    const place = path.join(folder, 'recipe');
    mkdirSync(place);
    symlinkSync(folder, path.join(place, 'link'));
    const write = (output: string) => {
      writeFileSync(
        path.join(place, 'r.yml'),
        `version: 1\noutput: ${output}\ndataset: d\nexport:\n  - { format: trl, to: x.jsonl }\n`,
      );
      return path.join(place, 'r.yml');
    };
    for (const output of ['..', '../elsewhere', folder, 'link/inside'])
      expect(() => openRecipe(write(output)), output).toThrow(
        expect.objectContaining({ code: 'RECIPE_INVALID' }),
      );
    expect(openRecipe(write('deep/er')).output).toBe(path.join(place, 'deep', 'er'));
    const { tools, core } = await openTools();
    await runJob(tools, 'import', { files: [sampleFile], dataset: 'd' });
    mkdirSync(path.join(place, 'own'));
    writeFileSync(path.join(place, 'own', 'x.jsonl'), 'precious');
    await expect(runRecipe(tools, openRecipe(write('own')))).rejects.toMatchObject({ code: 'EXPORT_EXISTS' });
    expect(readFileSync(path.join(place, 'own', 'x.jsonl'), 'utf8')).toBe('precious');
    expect((await core.services.datasets.list()).length).toBe(1);
  });
});

describe('the derived dataset', () => {
  it('stands beside an untouched source with lineage, votes and browse fields, and can be curated again', async () => {
    const { core, tools } = await openTools();
    const { database, services } = core;
    const { datasetId } = await runJob<{ datasetId: number }>(tools, 'import', {
      files: [sampleFile],
      dataset: 'd',
    });
    const fingerprint = () =>
      database.one(`SELECT bit_xor(hash(c)) AS pairs, count(*) AS n FROM comparison c WHERE dataset_id = ?`, [
        datasetId,
      ]);
    const before = await fingerprint();
    const steps = [
      { step: 'budget', params: { size: 40 } },
      { step: 'soft-labels', params: { from: 'votes' } },
      { step: 'split', params: { train: 0.5, validation: 0, test: 0.5 } },
    ];
    const made = await runJob<CurateResult>(tools, 'curate', { datasetId, name: 'small', steps });
    expect(await fingerprint()).toEqual(before);
    expect(made).toMatchObject({ dataset: 'small', outcome: { pairs: 40 } });
    const { kept, votes, origin, same } = await database.one<
      Record<'kept' | 'votes' | 'origin' | 'same', number>
    >(
      `SELECT count(*) AS kept, (SELECT count(*) FROM vote WHERE dataset_id = ?) AS votes, count(l.parent_row_id) AS origin,
         count(*) FILTER (a.text = oa.text AND p.text = op.text AND c.label IS NOT DISTINCT FROM o.label AND a.prompt_id = c.prompt_id) AS same
       FROM comparison c JOIN lineage l ON l.dataset_id = c.dataset_id AND l.row_id = c.comparison_id
       JOIN comparison o ON o.comparison_id = l.parent_row_id AND o.dataset_id = l.parent_dataset_id
       JOIN response a ON a.response_id = c.response_a_id JOIN response oa ON oa.response_id = o.response_a_id
       JOIN prompt p ON p.prompt_id = c.prompt_id JOIN prompt op ON op.prompt_id = o.prompt_id WHERE c.dataset_id = ?`,
      [made.datasetId, made.datasetId],
    );
    expect({ kept, votes, origin, same }).toEqual({ kept: 40, votes: 120, origin: 40, same: 40 });
    const fields = await services.views.listFields('pairs', made.datasetId);
    expect(fields.map((field) => field.id)).toContain('recipe_soft_label');
    expect(
      (await services.views.listFields('pairs', datasetId)).some((field) => field.id.startsWith('recipe_')),
    ).toBe(false);

    const twice = await runJob<CurateResult>(tools, 'curate', {
      datasetId: made.datasetId,
      name: 'small',
      steps: [
        { step: 'filter', params: { clauses: [{ op: 'in', field: 'recipe_split', values: ['test'] }] } },
      ],
    });
    expect(twice.dataset).toBe('small 2');
    expect(twice.outcome.splits).toEqual([{ split: 'test', pairs: twice.outcome.pairs }]);
    await runJob(tools, 'remove-dataset', { datasetId: made.datasetId });
    const { left } = await database.one<{ left: number }>(
      `SELECT (SELECT count(*) FROM curation_row WHERE dataset_id = ?) + (SELECT count(*) FROM curation_run WHERE dataset_id = ?) AS left`,
      [made.datasetId, made.datasetId],
    );
    expect(left).toBe(0);
  });

  it('a cancelled run, a failed step and steps that leave nothing make no dataset and leave no table behind', async () => {
    const { core, tools } = await openTools();
    const { datasetId } = await runJob<{ datasetId: number }>(tools, 'import', {
      files: [sampleFile],
      dataset: 'd',
    });
    const { jobs, datasets } = core.services;
    const spec = { datasetId, name: 'never', steps: [{ step: 'near-duplicates' }, { step: 'split' }] };
    const jobId = await jobs.start('curate', spec);
    const stop = jobs.onChange((job) => {
      if (job.jobId === jobId && job.status === 'running' && job.done >= 1) void jobs.cancel(jobId);
    });
    const job = await jobs.wait(jobId);
    stop();
    expect(job.status).toBe('cancelled');
    await expect(
      runJob(tools, 'curate', {
        ...spec,
        steps: [{ step: 'filter', params: { clauses: [{ op: 'ids', ids: [] }] } }],
      }),
    ).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
    await expect(
      runJob(tools, 'curate', { ...spec, steps: [{ step: 'contamination', params: { against: ['x'] } }] }),
    ).rejects.toMatchObject({ code: 'DATASET_MISSING' });
    expect((await datasets.list()).map((one) => one.name)).toEqual(['d']);
    const { tables } = await core.database.one<{ tables: number }>(
      `SELECT count(*) AS tables FROM duckdb_tables() WHERE table_name LIKE 'curate%' OR table_name LIKE 'curated%'`,
    );
    expect(tables).toBe(0);
  });
});
