import { describe, expect, it } from 'vitest';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';
import { openJudgingBench } from './judging-bench.ts';

const makePairs = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    prompt: `question ${index + 1}`,
    a: `answer ${index + 1} a`,
    b: `answer ${index + 1} b`,
    label: 'a' as const,
  }));

const numberIn = (text: string) => Number(/(?:answer|question) (\d+)/.exec(text)?.[1]);

describe('what a protocol computes when its run ends', () => {
  it('labels from the model’s own logits: of margins 1 … 10 exactly the smallest is smoothed at K = 10 (judging spec 1.2)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const current = createScriptedModel({
      score: (_input, text) => [text.endsWith('a') ? numberIn(text) * 10 : 0],
    });
    const initial = createScriptedModel({ score: () => [0] });
    const { run } = openJudgingBench(workspace, { current, initial });
    const { job } = await run({
      datasetId,
      protocol: 'self-labels',
      models: { current: ['current'], initial: ['initial'] },
    });
    expect(job.status).toBe('succeeded');
    const smoothed = await workspace.database.all(
      `SELECT comparison_id - ? AS n, round(margin) AS margin, (detail ->> '$.label_smoothing')::DOUBLE AS e FROM judgement ORDER BY margin`,
      [datasetId * 10_000_000],
    );
    expect(smoothed.map((row) => row.margin)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(smoothed.map((row) => row.e)).toEqual([0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('uncertainty: reliable are pairs below the median disagreement that lean clearly to a side', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(10));
    const model = createScriptedModel({
      decide: (input) => {
        const isSteady = numberIn(input) <= 4;
        const isFirst = input.indexOf(' a\n') < input.indexOf(' b\n');
        const p = isSteady || input.includes('most people') ? 0.9 : 0.3;
        return isFirst ? { A: p, B: 1 - p } : { A: 1 - p, B: p };
      },
    });
    const { run } = openJudgingBench(workspace, { m: model });
    await run({ datasetId, protocol: 'uncertainty' });
    const rows = await workspace.database.all(
      `SELECT comparison_id - ? + 1 AS n, (detail ->> '$.reliable')::BOOLEAN AS reliable FROM judgement ORDER BY n`,
      [datasetId * 10_000_000],
    );
    expect(rows.filter((row) => row.reliable === true).map((row) => row.n)).toEqual([1, 2, 3, 4]);
  });

  it('relevance: closed answers are rescaled to the range of the relevances over the run', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makePairs(2));
    await workspace.database.write((session) =>
      session.run(`UPDATE response SET extra = '{"reference": "the reference"}' WHERE dataset_id = ?`, [
        datasetId,
      ]),
    );
    // cos(prompt, response) = .2, .4, .6, .8 and cos(reference, response) = .5, .6, .7, .9, in the order of the responses.
    const place = (text: string) => 2 * (numberIn(text) - 1) + (text.endsWith('a') ? 0 : 1);
    const toPrompt = [0.2, 0.4, 0.6, 0.8];
    const toReference = [0.5, 0.6, 0.7, 0.9];
    const model = createScriptedModel({
      decide: () => ({ A: 0.1, B: 0.9 }),
      embed: (text) => {
        if (text.startsWith('question')) return [1, 0, 0];
        if (text === 'the reference') return [0, 1, 0];
        const [x, y] = [toPrompt[place(text)] ?? 0, toReference[place(text)] ?? 0];
        const rest = 1 - x * x - y * y;
        return rest >= 0 ? [x, y, Math.sqrt(rest)] : [x, y, 0];
      },
    });
    const { run } = openJudgingBench(workspace, { m: model });
    await run({ datasetId, protocol: 'relevance', models: { embedder: ['m'], judge: ['m'] } });
    const rows = await workspace.database.all<{ value: number; x: number; y: number }>(
      `SELECT g."value", (j.detail ->> '$.relevance')::DOUBLE AS x, (j.detail ->> '$.reference_relevance')::DOUBLE AS y
       FROM rating g JOIN response_judgement j USING (response_id) WHERE g.aspect = 'r3' ORDER BY response_id`,
    );
    const [x0, x1] = [Math.min(...rows.map((row) => row.x)), Math.max(...rows.map((row) => row.x))];
    const [y0, y1] = [Math.min(...rows.map((row) => row.y)), Math.max(...rows.map((row) => row.y))];
    expect(rows).toHaveLength(4);
    for (const { value, y } of rows) expect(value).toBeCloseTo(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), 5);
  });
});
