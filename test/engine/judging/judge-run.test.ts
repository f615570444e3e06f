import { describe, expect, it } from 'vitest';
import { AppError } from '../../../electron/contract/app-error.ts';
import type { Clause } from '../../../electron/contract/filter.contract.ts';
import { judgeRequestSchema } from '../../../electron/contract/judging.contract.ts';
import { previewItem } from '../../../electron/core/judging/judge-preview.ts';
import { createScriptedModel, type ScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openJudgingBench } from './judging-bench.ts';

/** Pair n: the response with “good” is a on even rows; the label says so but on every fifth row. */
const makePairs = (count: number): PairRow[] =>
  Array.from({ length: count }, (_, index) => {
    const isA = index % 2 === 0;
    const label = (index % 5 === 0) !== isA ? 'a' : 'b';
    return {
      prompt: `question ${index}`,
      a: isA ? `good ${index}` : `poor ${index}`,
      b: isA ? `poor ${index}` : `good ${index}`,
      label,
    };
  });

const questionOf = (input: string) => Number(/question (\d+)/.exec(input)?.[1]);

const decideGood = (input: string) =>
  input.indexOf('good') < input.indexOf('poor') ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };

function countQuestions(model: ScriptedModel): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { input } of model.calls) {
    const question = questionOf(input);
    counts.set(question, (counts.get(question) ?? 0) + 1);
  }
  return counts;
}

describe('a judge run', () => {
  it('stores each judgement with its label under an annotator of its own, and measures itself', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(100));
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ decide: decideGood }) });
    const { judgeRunId, job } = await bench.run({ datasetId });
    expect(job).toMatchObject({ status: 'succeeded', result: { done: 100, invalid: 0 } });
    const run = await bench.judging.get(judgeRunId);
    expect(run).toMatchObject({ planned: 100, done: 100, isFinished: true });
    // 20 of 100 labels contradict the judge; Wilson for 80/100: [0.7112, 0.8666].
    expect(run.accuracy.value).toBeCloseTo(0.8, 12);
    expect(run.accuracy.low).toBeCloseTo(0.7112, 4);
    expect(run.accuracy.high).toBeCloseTo(0.8666, 4);
    const votes = await workspace.database.one<{ n: number; right: number; kinds: string }>(
      `SELECT count(*) AS n, count(*) FILTER ((label = 'a') = (comparison_id % 2 = 0)) AS "right", any_value(n.kind) AS kinds
       FROM vote v JOIN annotator n USING (annotator_id)`,
    );
    expect(votes).toEqual({ n: 100, right: 100, kinds: 'model' });
    expect(run.record.models[0]).toMatchObject({ modelId: 'm', name: 'scripted' });
    expect(Object.keys(run.record.templates)).toEqual(['verdict']);
  });

  it('is filtered by in the grid: verdict, agreement and probability are fields', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(50));
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ decide: decideGood }) });
    const { judgeRunId } = await bench.run({ datasetId });
    const { annotatorId } = await bench.judging.get(judgeRunId);
    const fields = await bench.views.listFields('pairs', datasetId);
    expect(fields.map((field) => field.id)).toEqual(
      expect.arrayContaining([
        `vote:${annotatorId}`,
        `vote:${annotatorId}:agrees`,
        `vote:${annotatorId}:p_a`,
      ]),
    );
    const open = async (field: string, values: (string | boolean)[]) =>
      (
        await bench.views.open({
          datasetId,
          relation: 'pairs',
          filter: { clauses: [{ op: 'in', field, values }] },
          sort: [{ field: `vote:${annotatorId}:p_a`, direction: 'desc' }],
        })
      ).count;
    expect(await open(`vote:${annotatorId}:agrees`, [false])).toBe(10);
    expect(await open(`vote:${annotatorId}`, ['a'])).toBe(25);
  });

  it('judges a seeded sample of a filtered view, the same one again', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(200));
    const model = createScriptedModel({ decide: decideGood });
    const bench = openJudgingBench(workspace, { m: model });
    const filter = { clauses: [{ op: 'in' as const, field: 'label', values: ['a'] }] };
    const items = async (seed: number) => {
      const { judgeRunId } = await bench.run({ datasetId, filter, limit: 20, seed });
      return workspace.database.all<{ id: number; label: string }>(
        `SELECT j.comparison_id AS id, c.label FROM judgement j JOIN comparison c USING (comparison_id) WHERE judge_run_id = ? ORDER BY id`,
        [judgeRunId],
      );
    };
    const [first, again, other] = [await items(7), await items(7), await items(8)];
    expect(first).toHaveLength(20);
    expect(first.every((row) => row.label === 'a')).toBe(true);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('scores both responses of the pairs a filter leaves (would take pair numbers for response numbers)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const model = createScriptedModel({ generate: () => '{"aspect_coverage": 50}' });
    const bench = openJudgingBench(workspace, { m: model });
    const [third] = await workspace.database.all<{ id: number; a: number; b: number }>(
      'SELECT comparison_id AS id, response_a_id AS a, response_b_id AS b FROM comparison ORDER BY 1 OFFSET 3',
    );
    const features = [{ name: 'Aspect coverage', definition: 'Covers it.' }];
    const { judgeRunId } = await bench.run({
      datasetId,
      protocol: 'domain-features',
      params: { features },
      filter: { clauses: [{ op: 'ids', ids: [third?.id ?? 0] }] },
    });
    const scored = await workspace.database.all<{ id: number }>(
      'SELECT response_id AS id FROM response_judgement WHERE judge_run_id = ? ORDER BY 1',
      [judgeRunId],
    );
    expect(scored.map(({ id }) => id)).toEqual([third?.a, third?.b]);
    const { annotatorId } = await bench.judging.get(judgeRunId);
    const opened = await bench.views.open({
      datasetId,
      relation: 'pairs',
      filter: { clauses: [{ op: 'not_null', field: `judged:${annotatorId}` }] },
      sort: [],
    });
    expect(opened.count).toBe(1);
  });

  it('opens in the grid by what came of each row: answered, without a valid answer, not asked', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(20));
    // Both readings without coverage: no valid answer (spec 0.1, P2) where the question ends in 7.
    const decide = (input: string) =>
      questionOf(input) % 10 === 7 ? { A: 0.01, B: 0.01, other: 0.98 } : decideGood(input);
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ decide }) });
    const ids = (
      await workspace.database.all<{ id: number }>('SELECT comparison_id AS id FROM comparison ORDER BY 1')
    )
      .map(({ id }) => id)
      .slice(0, 12);
    const { judgeRunId } = await bench.run({ datasetId, filter: { clauses: [{ op: 'ids', ids }] } });
    const { annotatorId, invalid } = await bench.judging.get(judgeRunId);
    const field = `judged:${annotatorId}`;
    const count = async (clause: Clause) =>
      (await bench.views.open({ datasetId, relation: 'pairs', filter: { clauses: [clause] }, sort: [] }))
        .count;
    expect(await count({ op: 'not_null', field })).toBe(12);
    expect(await count({ op: 'is_null', field })).toBe(8);
    expect(await count({ op: 'in', field, values: ['no valid answer'] })).toBe(invalid);
    expect(invalid).toBe(1);
  });

  it('shows an unsaved prompt on a row as the core renders it, asks with it, and keeps nothing of it', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(2));
    const model = createScriptedModel({ decide: decideGood });
    const { judging } = openJudgingBench(workspace, { m: model });
    const request = judgeRequestSchema.parse({
      datasetId,
      protocol: 'pairwise-logits',
      models: { judge: ['m'] },
    });
    const show = (text: string, ask = false) =>
      previewItem(judging, workspace.database, { ...request, ask, texts: { verdict: text } });
    const text = '[[user]]\nBe kind. {{prompt}} {{response_1}} or {{response_2}}?\n[[answer]]\nIt is';
    const { prompts } = await show(text);
    expect(prompts[0]?.text).toBe('[user]\nBe kind. question 0 good 0 or poor 0?\n\n[assistant]\nIt is');
    expect(model.calls).toHaveLength(0);
    expect((await show(text, true)).result).toMatchObject({ calls: 2 });
    expect(model.calls[0]?.input).toContain('Be kind.');
    await expect(show('[[user]]\n{{mood}}')).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' });
    expect(await judging.templates.list('pairwise-logits')).toEqual([]);
  });

  it('names the newest of its jobs (would catch run 1 taken for run 12, and an old job shown after a resume)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(4));
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ decide: decideGood }) });
    const ids = new Map<number, string>();
    for (let index = 0; index < 12; index += 1) {
      const { judgeRunId, jobId } = await bench.start({ datasetId });
      await bench.jobs.wait(jobId);
      ids.set(judgeRunId, jobId);
    }
    const again = await bench.jobs.start('judge', { judgeRunId: 12 });
    await bench.jobs.wait(again);
    expect((await bench.judging.get(1)).jobId).toBe(ids.get(1));
    expect((await bench.judging.get(12)).jobId).toBe(again);
    await workspace.database.write((session) => session.run('DELETE FROM job WHERE job_id = ?', [again]));
    expect((await bench.judging.list(datasetId)).map((run) => run.jobId)).toEqual(
      [...ids.values()].reverse(),
    );
  });

  it('goes on after a cancel with what is left: every pair has one result and none was asked twice', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(600));
    let stop: () => void = () => undefined;
    const model = createScriptedModel({
      decide: (input) => {
        if (model.calls.length === 500) stop();
        return decideGood(input);
      },
    });
    const bench = openJudgingBench(workspace, { m: model });
    const { judgeRunId, jobId } = await bench.start({ datasetId });
    const cancelled = new Promise<void>((resolve) => {
      stop = () => void bench.jobs.cancel(jobId).then(() => resolve());
    });
    await cancelled;
    expect((await bench.jobs.get(jobId)).status).toBe('cancelled');
    const { done } = await bench.judging.get(judgeRunId);
    expect(done).toBeGreaterThan(100);
    expect(done).toBeLessThan(600);
    const job = await bench.jobs.wait(await bench.jobs.start('judge', { judgeRunId }));
    expect(job).toMatchObject({ status: 'succeeded', result: { done: 600 } });
    const stored = await workspace.database.one<{ n: number; distinct: number; votes: number }>(
      `SELECT count(*) AS n, count(DISTINCT comparison_id) AS "distinct", (SELECT count(*) FROM vote) AS votes FROM judgement`,
    );
    expect(stored).toEqual({ n: 600, distinct: 600, votes: 600 });
    // In flight at the cancel were at most four pairs; only they may have been asked again.
    const repeated = [...countQuestions(model).values()].filter((count) => count > 2);
    expect(repeated.length).toBeLessThanOrEqual(4);
  });

  it('finds the pair that kills the engine, gives it up after two deaths, and judges all others', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(60));
    let deaths = 0;
    let poisoned = false;
    const model = createScriptedModel({
      decide: (input) => {
        if (questionOf(input) === 31) {
          deaths++;
          poisoned = true;
        }
        if (poisoned) throw new AppError('ENGINE_DIED', 'The engine died.');
        return decideGood(input);
      },
    });
    const bench = openJudgingBench(workspace, { m: model });
    const acquire = bench.judging.prepare.bind(bench.judging);
    bench.judging.prepare = async (...request) => {
      poisoned = false;
      return acquire(...request);
    };
    const { judgeRunId, job } = await bench.run({ datasetId, order: 'random_single' });
    expect(job).toMatchObject({ status: 'succeeded', result: { done: 60, invalid: 1 } });
    expect(deaths).toBe(2);
    const failed = await workspace.database.all(
      `SELECT j.label, j.fail_reason LIKE '%died twice%' AS told, c.example_id AS id FROM judgement j JOIN comparison c USING (comparison_id)
       WHERE judge_run_id = ? AND j.fail_reason IS NOT NULL`,
      [judgeRunId],
    );
    expect(failed).toEqual([{ label: 'invalid', told: true, id: '31' }]);
    expect(await workspace.database.one('SELECT count(*) AS n FROM vote')).toEqual({ n: 59 });
  });

  it('marks a pair that does not fit the context instead of cutting it', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const model = createScriptedModel({
      decide: (input) => {
        if (questionOf(input) === 3)
          throw new AppError('INPUT_TOO_LONG', 'It needs 5,000 tokens; the model has 4,096.');
        return decideGood(input);
      },
    });
    const bench = openJudgingBench(workspace, { m: model });
    const { judgeRunId } = await bench.run({ datasetId });
    const marked = await workspace.database.all(
      'SELECT label, is_truncated, fail_reason FROM judgement WHERE judge_run_id = ? AND is_truncated',
      [judgeRunId],
    );
    expect(marked).toEqual([
      { label: 'invalid', is_truncated: true, fail_reason: 'It needs 5,000 tokens; the model has 4,096.' },
    ]);
  });

  it('refuses a model without the capability, an unknown protocol, and bad parameters, before anything is stored', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(2));
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ embed: () => [1] }) });
    await expect(bench.start({ datasetId })).rejects.toMatchObject({ code: 'MODEL_LACKS_CAPABILITY' });
    await expect(bench.start({ datasetId, protocol: 'nonesuch' })).rejects.toMatchObject({
      code: 'PROTOCOL_UNKNOWN',
    });
    await expect(bench.start({ datasetId, params: { criterion: '' } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(await workspace.database.one('SELECT count(*) AS n FROM judge_run')).toEqual({ n: 0 });
  });

  it('is removed with its labels and its annotator', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const bench = openJudgingBench(workspace, { m: createScriptedModel({ decide: decideGood }) });
    const { judgeRunId } = await bench.run({ datasetId });
    await bench.judging.runs.remove(await bench.judging.runs.get(judgeRunId));
    for (const table of ['judge_run', 'judge_item', 'judgement', 'vote', 'annotator'])
      expect(await workspace.database.one(`SELECT count(*) AS n FROM ${table}`), table).toEqual({ n: 0 });
  });
});
