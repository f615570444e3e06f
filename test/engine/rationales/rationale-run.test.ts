import { describe, expect, it } from 'vitest';
import { AppError } from '../../../electron/contract/app-error.ts';
import { planRationales, previewRationale } from '../../../electron/core/rationales/plan-rationales.ts';
import { rationaleRequestSchema } from '../../../electron/contract/rationale.contract.ts';
import { listRowRationales } from '../../../electron/core/rationales/row-rationales.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openRationaleBench, readWritingPrompt } from './rationale-bench.ts';

const makePairs = (count: number): PairRow[] =>
  Array.from({ length: count }, (_, index) => ({
    prompt: `question ${index}`,
    a: `alpha ${index} of the city`,
    b: `beta ${index} of the town`,
    label: index % 2 === 0 ? 'a' : 'b',
  }));

const praise = (slot: number, quote: string) =>
  `Response ${slot} is better because it says “${quote}”, which answers what was asked.`;

/** Says the winner it was told and quotes from it. */
const obedient = (input: string) => {
  const { winner, texts } = readWritingPrompt(input);
  return praise(winner, texts[winner - 1] ?? '');
};

describe('a run that writes rationales', () => {
  it('shows the chosen response first in half of 1,000 prompts and stores one rationale a pair (judging spec 4.1; would catch the repository’s position leak)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(1_000));
    const model = { ...createScriptedModel({ generate: obedient }), concurrency: 64 };
    const bench = openRationaleBench(workspace, { m: model });
    const { rationaleRunId, job } = await bench.run({ datasetId, kind: 'specific' });
    expect(job).toMatchObject({ status: 'succeeded', result: { done: 1_000, invalid: 0 } });
    const run = await bench.rationales.get(rationaleRunId);
    expect(run.chosenFirst?.n).toBe(1_000);
    expect(run.chosenFirst?.value).toBeGreaterThanOrEqual(0.45);
    expect(run.chosenFirst?.value).toBeLessThanOrEqual(0.55);
    expect(
      await workspace.database.one(
        `SELECT count(*) AS n, count(DISTINCT comparison_id) AS "distinct", any_value(text) LIKE 'Response _ is better%' AS said,
           (SELECT count(*) FROM vote) AS votes, (SELECT count(*) FROM rationale_lint WHERE len(findings) = 0) AS clean FROM rationale`,
      ),
    ).toEqual({ n: 1_000, distinct: 1_000, said: true, votes: 0, clean: 1_000 });
  });

  it('tells the model the right winner in every order (would catch a label flipped with the order)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(60));
    const model = createScriptedModel({ generate: obedient });
    await openRationaleBench(workspace, { m: model }).run({ datasetId });
    for (const { input } of model.calls) {
      const { winner, question, texts } = readWritingPrompt(input);
      expect(texts[winner - 1]).toContain(question % 2 === 0 ? 'alpha' : 'beta');
    }
  });

  it('skips ties and pairs without a label, and refuses a dataset of nothing else', async () => {
    const workspace = await openTestWorkspace();
    const ties: PairRow[] = makePairs(6).map((pair, index) => ({ ...pair, label: index < 3 ? 'tie' : null }));
    const datasetId = await storePairs(workspace, [...ties, ...makePairs(4)]);
    const bench = openRationaleBench(workspace, { m: createScriptedModel({ generate: obedient }) });
    const { rationaleRunId } = await bench.run({ datasetId });
    expect(await bench.rationales.get(rationaleRunId)).toMatchObject({ planned: 4, done: 4 });
    const onlyTies = await storePairs(workspace, ties);
    await expect(bench.start({ datasetId: onlyTies })).rejects.toMatchObject({ code: 'DATASET_EMPTY' });
  });

  it('asks once more after an empty or contradicting answer, then gives null with the reason', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(4));
    const model = createScriptedModel({
      generate: (input, { attempt }) => {
        const { winner, question, texts } = readWritingPrompt(input);
        if (question === 0) return attempt === 1 ? '' : obedient(input);
        if (question === 1) return praise(3 - winner, texts[2 - winner] ?? '');
        if (question === 2) return '   ';
        return obedient(input);
      },
    });
    const bench = openRationaleBench(workspace, { m: model });
    const { rationaleRunId } = await bench.run({ datasetId });
    const rows = await workspace.database.all(
      `SELECT comparison_id % 10 AS q, text IS NULL AS is_null, fail_reason, calls, invalid_calls FROM generated_rationale ORDER BY q`,
    );
    expect(rows).toEqual([
      { q: 0, is_null: false, fail_reason: null, calls: 2, invalid_calls: 1 },
      {
        q: 1,
        is_null: true,
        fail_reason: 'No rationale after two answers: it speaks for the response that was not chosen.',
        calls: 2,
        invalid_calls: 2,
      },
      {
        q: 2,
        is_null: true,
        fail_reason: 'No rationale after two answers: it was empty.',
        calls: 2,
        invalid_calls: 2,
      },
      { q: 3, is_null: false, fail_reason: null, calls: 1, invalid_calls: 0 },
    ]);
    expect(await bench.rationales.get(rationaleRunId)).toMatchObject({ done: 4, invalid: 2 });
    expect(await workspace.database.one('SELECT count(*) AS n FROM rationale')).toEqual({ n: 2 });
  });

  it('flags a quote that stands in neither response, and the grid filters by it', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const model = createScriptedModel({
      generate: (input) =>
        readWritingPrompt(input).question === 7
          ? praise(readWritingPrompt(input).winner, 'gamma of the village')
          : obedient(input),
    });
    const bench = openRationaleBench(workspace, { m: model });
    await bench.run({ datasetId, kind: 'specific' });
    const fields = await bench.views.listFields('pairs', datasetId);
    expect(fields.map((field) => field.id)).toContain('rationale_findings');
    const view = await bench.views.open({
      datasetId,
      relation: 'pairs',
      sort: [],
      filter: { clauses: [{ field: 'rationale_findings', op: 'in', values: ['absent_quote'] }] },
    });
    expect(view).toMatchObject({ count: 1, total: 10 });
    const [only] = await workspace.database.all<{ id: number }>(
      `SELECT comparison_id AS id FROM rationale_lint WHERE len(findings) > 0`,
    );
    expect(await listRowRationales(workspace.database, only?.id ?? 0)).toMatchObject([
      {
        kind: 'specific',
        findings: ['absent_quote'],
        annotator: { kind: 'model' },
        model: { name: 'scripted' },
      },
    ]);
  });

  it('goes on after a cancel without asking about a pair twice, and draws the same orders', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(40));
    let isHeld = true;
    const model = createScriptedModel({
      generate: (input) => {
        if (isHeld && model.calls.length > 20)
          throw new AppError('ENGINE_UNAVAILABLE', 'The engine is gone.');
        return obedient(input);
      },
    });
    const bench = openRationaleBench(workspace, { m: model });
    const { rationaleRunId, jobId } = await bench.start({ datasetId });
    for (let tries = 0; tries < 200 && (await bench.jobs.get(jobId)).status !== 'paused'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const { done } = await bench.rationales.get(rationaleRunId);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(40);
    isHeld = false;
    await bench.jobs.resume(jobId);
    expect(await bench.jobs.wait(jobId)).toMatchObject({
      status: 'succeeded',
      result: { done: 40, invalid: 0 },
    });
    expect(
      await workspace.database.one(
        'SELECT count(*) AS n, count(DISTINCT comparison_id) AS "distinct" FROM generated_rationale',
      ),
    ).toEqual({ n: 40, distinct: 40 });
    const again = openRationaleBench(workspace, { m: model });
    const other = await again.run({ datasetId });
    expect(
      await workspace.database.one(
        `SELECT count(*) AS n FROM generated_rationale x JOIN generated_rationale y USING (comparison_id, shown_first)
         WHERE x.rationale_run_id = ? AND y.rationale_run_id = ?`,
        [rationaleRunId, other.rationaleRunId],
      ),
    ).toEqual({ n: 40 });
  });

  it('records model, template, seed and settings, and is removed with all it wrote', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(5));
    const bench = openRationaleBench(workspace, { m: createScriptedModel({ generate: obedient }) });
    const saved = await bench.rationales.saveTemplate({
      name: 'general',
      title: 'Short',
      text: '[[user]]\n{{prompt}}\n[Response 1]\n{{response_1}}\n\n[Response 2]\n{{response_2}}\n[End]\nResponse {{winner}} was preferred. Why?',
    });
    const { rationaleRunId, job } = await bench.run({ datasetId, template: saved.hash, seed: 9, limit: 3 });
    const run = await bench.rationales.get(rationaleRunId);
    expect(run).toMatchObject({
      planned: 3,
      jobId: job.jobId,
      record: {
        request: { seed: 9, kind: 'general', maxTokens: 200, temperature: 0 },
        model: { modelId: 'm', name: 'scripted' },
        templates: { general: saved.hash },
      },
    });
    await expect(
      bench.rationales.saveTemplate({ name: 'general', title: 'No', text: '[[user]]\n{{prompt}}' }),
    ).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' });
    await bench.rationales.runs.remove(run);
    for (const table of [
      'rationale_run',
      'rationale_item',
      'generated_rationale',
      'rationale',
      'rationale_lint',
      'annotator',
    ])
      expect(await workspace.database.one(`SELECT count(*) AS n FROM ${table}`), table).toEqual({ n: 0 });
  });

  it('plans and previews without a model where none is asked for', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [
      ...makePairs(8),
      { prompt: 'q', a: 'x', b: 'y', label: 'tie' },
    ]);
    const model = createScriptedModel({ generate: obedient });
    const { rationales } = openRationaleBench(workspace, { m: model });
    const request = rationaleRequestSchema.parse({ datasetId, modelId: 'm', maxTokens: 100 });
    expect(await planRationales(rationales, { ...request, calibrate: false })).toMatchObject({
      items: 8,
      calls: 8,
      generatedTokens: 800,
      minutes: null,
      warnings: ['1 pairs of the dataset are skipped: they have no chosen response, or are not in the view.'],
    });
    expect((await previewRationale(rationales, request)).text).toMatch(/Response [12] was preferred/);
    expect(model.calls).toEqual([]);
    const timed = await planRationales(rationales, { ...request, calibrate: true });
    expect(timed.calibratedOn).toBe(4);
    expect(timed.minutes).not.toBeNull();
    expect(await workspace.database.one('SELECT count(*) AS n FROM rationale')).toEqual({ n: 0 });
  });
});
