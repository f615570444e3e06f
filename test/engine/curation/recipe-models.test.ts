import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Core, openCore } from '../../../electron/core/boot.ts';
import { openRecipe, type RecipeTools, runRecipe } from '../../../electron/core/curation/recipe-run.ts';
import type { RunRecord } from '../../../electron/core/curation/run-record.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { testModelFile } from '../../support/models/test-models.ts';

async function openTools() {
  const folder = await makeTemporaryDirectory();
  const core = await openCore({
    workspace: path.join(folder, 'w.assay'),
    version: 'test',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    runsQueue: false,
  });
  onTestFinished(() => core.close());
  return { core, tools: toolsOf(core), folder };
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

/** A folder with 30 pairs, a third of them with the mark the judge prefers on the rejected side, a judge and an embedder. */
async function writeRecipe(folder: string, isShort = false): Promise<string> {
  const place = path.join(folder, 'recipe');
  mkdirSync(place);
  const rows = Array.from({ length: 30 }, (_, index) => {
    const [marked, plain] = [`She bakes ★ bread ${index}.`, `He reads a book of ${index} pages.`];
    const isRight = index % 3 !== 0;
    return JSON.stringify({
      prompt: `What is done in house ${index}?`,
      chosen: isRight ? marked : plain,
      rejected: isRight ? plain : marked,
    });
  });
  writeFileSync(path.join(place, 'pairs.jsonl'), rows.join('\n'));
  copyFileSync(await testModelFile('marker-judge'), path.join(place, 'judge.gguf'));
  copyFileSync(await testModelFile('embedder'), path.join(place, 'embedder.gguf'));
  writeFileSync(
    path.join(place, 'r.yml'),
    `version: 1
seed: 3
import: { files: [pairs.jsonl], dataset: d }
models: { marker: judge.gguf, vectors: embedder.gguf }
judges:
  - { name: by-mark, protocol: pairwise-logits, models: marker }
${isShort ? '' : analysis}`,
  );
  return path.join(place, 'r.yml');
}

const analysis = `curate:
  dataset: c
  steps:
    - { step: soft-labels, params: { from: votes } }
audits:
  of: source
  only: [length, judge_position, semantic_diversity]
  params: { judge_position: { sample: 10 }, semantic_diversity: { sample: 10 } }
  models: { judge: marker, embedder: vectors }
constitution:
  of: source
  top: 3
  principles: { model: marker, propose: texts, texts: [Select the response with a star, Select the longer response], sample: 30, executor: majority }
`;

interface Figure {
  readonly metric: string;
  readonly value: number;
  readonly n_items: number;
}

const figuresOf = ({ figures }: RunRecord) => {
  const { audits } = (
    figures.audits as { source: { audits: { figures: Figure[]; reason: string | null }[] } }
  ).source;
  return audits.flatMap((audit) => audit.figures);
};

describe('a recipe with models', () => {
  it('judges, audits and proposes with the model files it names; again, here and in a new workspace, the numbers are the same (would catch a model left out of a run)', async () => {
    const { core, tools, folder } = await openTools();
    const { record, file } = await runRecipe(tools, openRecipe(await writeRecipe(folder)));
    expect(record.inputs.map((input) => input.file)).toEqual(['pairs.jsonl', 'judge.gguf', 'embedder.gguf']);
    const [judge] = record.figures.judges ?? [];
    // The judge prefers the mark: right on 20 of 30.
    expect(judge).toMatchObject({ name: 'by-mark', planned: 30, done: 30, invalid: 0 });
    expect((judge?.['accuracy'] as { value: number }).value).toBeCloseTo(2 / 3, 9);
    const consistent = figuresOf(record).find(({ metric }) => metric === 'consistent_share');
    expect(consistent).toMatchObject({ value: 1, n_items: 10 });
    // The judge's votes are there when the steps are run.
    expect(record.figures.curate?.steps[0]?.changed).toBe(30);
    const constitution = (record.figures.constitution as { source: { run: { votes: number } } }).source;
    expect(constitution.run.votes).toBe(60);

    const again = await runRecipe(tools, openRecipe(file));
    expect(again.differences).toEqual([]);
    const { runs } = await core.database.one<{ runs: number }>('SELECT count(*) AS runs FROM judge_run');
    expect(runs).toBe(1);
    const other = await openTools();
    const elsewhere = await runRecipe(other.tools, openRecipe(file, path.join(other.folder, 'out')));
    expect(elsewhere.differences).toEqual([]);
  });

  it('another judge under the same name is a difference or an error, never taken for the first', async () => {
    const { tools, folder } = await openTools();
    const place = await writeRecipe(folder, true);
    const { file } = await runRecipe(tools, openRecipe(place));
    copyFileSync(await testModelFile('position-judge'), path.join(folder, 'recipe', 'judge.gguf'));
    await expect(runRecipe(tools, openRecipe(file))).rejects.toMatchObject({ code: 'DATASET_NAME_TAKEN' });
    const other = await openTools();
    const { differences } = await runRecipe(other.tools, openRecipe(file, path.join(other.folder, 'out')));
    const paths = differences?.map((one) => one.path) ?? [];
    expect(paths).toContain('inputs.1.sha256');
    expect(paths).toContain('figures.judges.0.verdicts');
  });

  it('a model that is not there is told before anything is judged', async () => {
    const { tools, folder } = await openTools();
    const place = await writeRecipe(folder, true);
    const text = readFileSync(place, 'utf8');
    writeFileSync(place, text.replace('models: marker }', 'models: nobody }'));
    await expect(runRecipe(tools, openRecipe(place))).rejects.toMatchObject({ code: 'MODEL_MISSING' });
    writeFileSync(place, text.replace('judge.gguf', 'absent.gguf'));
    await expect(runRecipe(tools, openRecipe(place))).rejects.toMatchObject({ code: 'IMPORT_FILE_MISSING' });
  });
});
