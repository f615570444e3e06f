import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { fitRunWeights } from '../../../electron/core/judging/feature-weights.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openJudgingBench } from './judging-bench.ts';

const truth = [3, 0, -2];
const features = ['One', 'Two', 'Three'].map((name) => ({ name, definition: `Has ${name}.` }));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Responses that say their own features in per cent; labels drawn by s(w · (f(a) − f(b))). */
function plant(count: number, seed: number): { pairs: PairRow[]; best: number } {
  const random = createRandom(seed);
  let right = 0;
  const pairs = Array.from({ length: count }, (_, index): PairRow => {
    const draw = () => truth.map(() => Math.round(random.next() * 100));
    const [a, b] = [draw(), draw()];
    const z = truth.reduce((sum, w, k) => sum + (w * ((a[k] ?? 0) - (b[k] ?? 0))) / 100, 0);
    const isA = random.next() < sigmoid(z);
    right += isA === z > 0 ? 1 : 0;
    return { prompt: `question ${index}`, a: a.join(' '), b: b.join(' '), label: isA ? 'a' : 'b' };
  });
  return { pairs, best: right / count };
}

const readFeatures = () =>
  createScriptedModel({
    generate: (input) => {
      const [, one, two, three] = /(\d+) (\d+) (\d+)/.exec(input) ?? [];
      return JSON.stringify({ one: Number(one), two: Number(two), three: Number(three) });
    },
  });

describe('weights of domain features (judging spec 3.5)', () => {
  it('recovers w = (3, 0, -2) from 400 pairs with intervals, and held-out accuracy near that of the true weights', async () => {
    const workspace = await openTestWorkspace();
    const { pairs, best } = plant(500, 7);
    const datasetId = await storePairs(workspace, pairs);
    const bench = openJudgingBench(workspace, { m: readFeatures() });
    const { judgeRunId } = await bench.run({ datasetId, protocol: 'domain-features', params: { features } });
    const run = await bench.judging.runs.get(judgeRunId);
    const fit = await fitRunWeights(workspace.database, run, { trainShare: 0.8, seed: 1 });
    expect(fit).toMatchObject({ trained: 400, tested: 100, leftOut: 0, isSeparated: false });
    const [one, two, three] = fit.features.map(({ weight }) => weight);
    expect(one?.low).toBeGreaterThan(0);
    expect(Math.abs(two?.value ?? 9)).toBeLessThan(0.7);
    expect(three?.high).toBeLessThan(0);
    for (const [index, weight] of [one, two, three].entries()) {
      const { value, low, high } = weight ?? {};
      const standardError = ((high ?? 9) - (low ?? 0)) / (2 * 1.96);
      expect(Math.abs((value ?? 9) - (truth[index] ?? 0))).toBeLessThan(3 * standardError);
    }
    // Three standard errors of a share of 100.
    expect(Math.abs((fit.heldOut.value ?? 0) - best)).toBeLessThan(3 * Math.sqrt((best * (1 - best)) / 100));
    expect(fit.curve.map(({ pairs: size }) => size)).toEqual([25, 50, 100, 200, 400]);
    expect(fit.curve.at(-1)?.accuracy).toEqual(fit.heldOut);
  });

  it('leaves pairs with a missing feature out and counts them (would read an absent value as 0)', async () => {
    const workspace = await openTestWorkspace();
    const { pairs } = plant(60, 3);
    const datasetId = await storePairs(workspace, pairs);
    const bench = openJudgingBench(workspace, { m: readFeatures() });
    const { judgeRunId } = await bench.run({ datasetId, protocol: 'domain-features', params: { features } });
    await workspace.database.write((session) =>
      session.run(
        `DELETE FROM rating WHERE aspect = 'f_two' AND response_id IN (SELECT response_a_id FROM comparison ORDER BY comparison_id LIMIT 7)`,
      ),
    );
    const run = await bench.judging.runs.get(judgeRunId);
    const fit = await fitRunWeights(workspace.database, run, { trainShare: 0.8, seed: 1 });
    expect(fit.leftOut).toBe(7);
    expect(fit.trained + fit.tested).toBe(53);
  });

  it('refuses a run of another protocol, and too few labels', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, plant(6, 1).pairs);
    const bench = openJudgingBench(workspace, { m: readFeatures() });
    const { judgeRunId } = await bench.run({ datasetId, protocol: 'domain-features', params: { features } });
    const run = await bench.judging.runs.get(judgeRunId);
    const options = { trainShare: 0.8, seed: 1 };
    await expect(fitRunWeights(workspace.database, run, options)).rejects.toMatchObject({
      code: 'DATASET_EMPTY',
    });
    await expect(
      fitRunWeights(workspace.database, { ...run, protocol: 'pairwise-logits' }, options),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('gives scores and labels in a run with weights, once also where it is concluded again', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [
      { prompt: 'q', a: '100 0 0', b: '0 0 0', label: 'a' },
      { prompt: 'r', a: '0 0 50', b: '0 0 0', label: 'a' },
      { prompt: 's', a: '10 0 15', b: '0 0 0', label: 'b' },
    ]);
    const bench = openJudgingBench(workspace, { m: readFeatures() });
    const weighted = features.map((feature, index) => ({ ...feature, weight: truth[index] }));
    const { judgeRunId } = await bench.run({
      datasetId,
      protocol: 'domain-features',
      params: { features: weighted },
    });
    await bench.judging.conclude(await bench.judging.runs.get(judgeRunId));
    const rows = await workspace.database.all<{ label: string; p: number; vote: string }>(
      `SELECT j.label, j.p_a AS p, v.label AS vote FROM judgement j JOIN vote v USING (comparison_id) WHERE judge_run_id = ? ORDER BY comparison_id`,
      [judgeRunId],
    );
    // s(3) = .9526, s(-1) = .2689, s(.3 - .3) = .5: a tie.
    expect(rows.map(({ label }) => label)).toEqual(['a', 'b', 'tie']);
    expect(rows.map(({ vote }) => vote)).toEqual(['a', 'b', 'tie']);
    expect(rows[0]?.p).toBeCloseTo(0.9526, 4);
    expect(rows[1]?.p).toBeCloseTo(0.2689, 4);
    // One of two decided pairs agrees with its label.
    expect((await bench.judging.get(judgeRunId)).accuracy).toMatchObject({ value: 0.5, n: 2 });
  });
});
