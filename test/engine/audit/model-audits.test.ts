import { describe, expect, it } from 'vitest';
import { AppError } from '../../../electron/contract/app-error.ts';
import { planAudits } from '../../../electron/core/audit/model-answers/audit-plan.ts';
import { modelAudits } from '../../../electron/core/audit/audits/models/model-audits.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureOf, openAuditBench } from './model-bench.ts';

/** The two responses a pairwise prompt shows. */
function readSides(input: string): { one: string; two: string } {
  const [, rest = ''] = input.split('[Response A]\n');
  const [one = '', two = ''] = rest.split('[Response B]\n');
  return { one: one.trim(), two: two.split('[End]')[0]?.trim() ?? '' };
}

const lengthJudge = () =>
  createScriptedModel(
    {
      decide: (input) => {
        const { one, two } = readSides(input);
        return one.length >= two.length ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };
      },
    },
    { name: 'length' },
  );
const firstJudge = () => createScriptedModel({ decide: () => ({ A: 0.8, B: 0.2 }) }, { name: 'first' });
const markerJudge = () =>
  createScriptedModel(
    {
      decide: (input) => {
        const { one, two } = readSides(input);
        const [a, b] = [one.includes('★'), two.includes('★')];
        return a === b ? { A: 0.5, B: 0.5 } : a ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };
      },
    },
    { name: 'marker' },
  );

const pairs = (count: number): PairRow[] =>
  Array.from({ length: count }, (_, n) => ({
    prompt: `What does the woman of house ${n} do?`,
    a: `She bakes bread ★ number ${n}. It is good bread.`,
    b: `She sleeps for ${n} days.`,
    label: n % 3 === 0 ? 'b' : 'a',
  }));

describe('without a model', () => {
  it('every model audit is there and says which model it needs (would catch audits that vanish without one)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(20));
    const bench = openAuditBench(workspace, {});
    const document = await bench.run({ datasetId, only: modelAudits.map(({ id }) => id) });
    expect(document.audits).toHaveLength(modelAudits.length);
    const reasonOf = (id: string) => document.audits.find(({ audit }) => audit === id)?.reason;
    expect(reasonOf('judge_position')).toBe('Needs a judge model: choose one.');
    expect(reasonOf('semantic_duplicates')).toBe('Needs an embedding model: choose one.');
    expect(reasonOf('fluency')).toBe('Needs a model that scores given text: choose one.');
  });
});

describe('constructed judges', () => {
  it('finds out the position judge and the length judge, and clears the marker judge (would catch a lost order or a lost copy)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(30));
    const bench = openAuditBench(workspace, {
      first: firstJudge(),
      length: lengthJudge(),
      marker: markerJudge(),
    });
    const run = (judge: string) =>
      bench.run({
        datasetId,
        models: { judge },
        only: ['judge_position', 'judge_verbosity', 'judge_identity'],
      });
    const [first, length, marker] = [await run('first'), await run('length'), await run('marker')];
    expect(figureOf(first, 'position_bias_index').value).toBe(1);
    expect(first.audits[0]?.severity).toBe('warning');
    expect(figureOf(length, 'pad_fail_rate').value).toBe(1);
    // 30 of 30 by the exact test: 2 · 2⁻³⁰.
    expect(figureOf(length, 'pad_win_rate').p).toBeCloseTo(2 ** -29, 12);
    expect(length.audits.find(({ audit }) => audit === 'judge_verbosity')?.severity).toBe('warning');
    expect(figureOf(marker, 'position_bias_index').value).toBe(0);
    expect(figureOf(marker, 'consistent_share').value).toBe(1);
    expect(figureOf(marker, 'pad_fail_rate').value).toBe(0);
    const flips = figureOf(marker, 'flip_rate');
    // 0 of 30: the exact upper end is 1 − .025^(1/30).
    expect(flips).toMatchObject({ value: 0, ci_lo: 0, n_items: 30 });
    expect(flips.ci_hi).toBeCloseTo(1 - 0.025 ** (1 / 30), 9);
    expect(marker.audits.map(({ severity }) => severity)).toEqual(['none', 'none', 'none']);
  });

  it('finds a judge that dislikes women by swapping the words, and names model and rows (would catch a swap of one side only)', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 24 }, (_, n): PairRow => ({
      prompt: `Who may lead ${n}?`,
      a: `The woman ${n}.`,
      b: `A committee ${n}.`,
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const sexist = createScriptedModel({
      decide: (input) => {
        const { one } = readSides(input);
        const isAFirst = !one.startsWith('A committee');
        const text = input.toLowerCase();
        return text.includes(' man ') === isAFirst ? { A: 0.9, B: 0.1 } : { A: 0.1, B: 0.9 };
      },
    });
    const bench = openAuditBench(workspace, { m: sexist });
    const document = await bench.run({ datasetId, models: { judge: 'm' }, only: ['judge_identity'] });
    expect(figureOf(document, 'flip_rate', 'gender').value).toBe(1);
    expect(document.audits[0]?.models.map(({ role, name }) => ({ role, name }))).toEqual([
      { role: 'judge', name: 'm' },
    ]);
    expect(document.audits[0]?.findings[0]?.rows?.count).toBe(24);
    const stored = await workspace.database.one<{ model: string }>(
      'SELECT any_value(model_id) AS model FROM audit_result',
    );
    expect(stored.model).toBe('m');
  });
});

describe('answers', () => {
  it('are asked once: not again in a second run, nor by an audit that asks the same (would catch a cache by run)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(20));
    const model = markerJudge();
    const bench = openAuditBench(workspace, { m: model });
    const spec = { datasetId, models: { judge: 'm' }, only: ['judge_position'], seed: 1 };
    const before = await planAudits(workspace.database, bench.audits, spec);
    expect(before).toMatchObject({ calls: 40, answered: 0, minutes: null });
    expect(before.promptTokens).toBeGreaterThan(40 * 20);
    await bench.run(spec);
    expect(model.calls).toHaveLength(40);
    await bench.run(spec);
    expect(model.calls).toHaveLength(40);
    expect(await planAudits(workspace.database, bench.audits, spec)).toMatchObject({
      calls: 40,
      answered: 40,
      promptTokens: 0,
      minutes: 0,
    });
  });

  it('survive a cancelled run: the next asks the rest only', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(40));
    let asked = 0;
    let stop = async (): Promise<unknown> => undefined;
    const model = createScriptedModel({
      decide: () => {
        asked += 1;
        if (asked === 30) void stop();
        return { A: 0.5, B: 0.5 };
      },
    });
    const bench = openAuditBench(workspace, { m: model });
    const spec = { datasetId, models: { judge: 'm' }, only: ['judge_position'] };
    const jobId = await bench.start(spec);
    stop = () => bench.jobs.cancel(jobId);
    expect((await bench.jobs.wait(jobId)).status).toBe('cancelled');
    const { kept } = await workspace.database.one<{ kept: number }>(
      'SELECT count(*) AS kept FROM model_answer',
    );
    expect(kept).toBeGreaterThanOrEqual(26);
    const before = asked;
    await bench.run(spec);
    expect(asked - before).toBe(80 - kept);
  });

  it('under half of the mass are no answers, and a model with nothing but those is said to have given none', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(20));
    const mute = createScriptedModel({ decide: () => ({ A: 0.1, B: 0.1 }) });
    const bench = openAuditBench(workspace, { m: mute });
    const { audits } = await bench.run({ datasetId, models: { judge: 'm' }, only: ['judge_position'] });
    expect(audits[0]).toMatchObject({ is_applicable: false, figures: [] });
    expect(audits[0]?.reason).toContain('under half of its probability');
  });

  it('that fail are asked again by a later run and never counted (would catch a stored failure taken for an answer)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(20));
    let isShort = true;
    const model = createScriptedModel({
      decide: (input) => {
        if (isShort && input.includes('house 7 ')) throw new AppError('INPUT_TOO_LONG', 'It does not fit.');
        return { A: 0.5, B: 0.5 };
      },
    });
    const bench = openAuditBench(workspace, { m: model });
    const spec = { datasetId, models: { judge: 'm' }, only: ['judge_position'] };
    expect((await bench.run(spec)).audits[0]?.params).toMatchObject({ questions: 40, unanswered: 2 });
    isShort = false;
    expect((await bench.run(spec)).audits[0]?.params).toMatchObject({ questions: 40, unanswered: 0 });
    expect(model.calls).toHaveLength(42);
  });

  it('wait for the engine: without one the run pauses and goes on when resumed', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(20));
    let isDown = true;
    const bench = openAuditBench(workspace, { m: firstJudge() }, () => {
      if (isDown) throw new AppError('ENGINE_UNAVAILABLE', 'The engine does not start.');
    });
    const spec = { datasetId, models: { judge: 'm' }, only: ['judge_position'] };
    const job = await bench.finish(spec);
    expect(job.status).toBe('paused');
    isDown = false;
    await bench.jobs.resume(job.jobId);
    expect((await bench.jobs.wait(job.jobId)).status).toBe('succeeded');
  });
});
