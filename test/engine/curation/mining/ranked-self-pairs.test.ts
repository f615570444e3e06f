import { describe, expect, it } from 'vitest';
import { rankAnswers } from '../../../../electron/core/curation/mining/ranked-answers.ts';
import { createScriptedModel } from '../../../support/judging/scripted-model.ts';
import { openTestWorkspace, storePairs } from '../../constitution/pair-workspace.ts';
import { openMiningBench } from './mining-bench.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const bradleyTerry = (utilities: readonly number[]) =>
  utilities.map((u, i) => utilities.map((v, j) => (i === j ? null : sigmoid(u - v))));

describe('ranked self-preferences', () => {
  it('Bradley-Terry utilities 2, 1, 0, −1 give six pairs: .731 ×3, .881 ×2, .953 (judging specification 2.7)', () => {
    const { pairs, intransitive } = rankAnswers(bradleyTerry([0, 2, -1, 1]), 'all');
    expect(pairs.map(({ p }) => Number(p.toFixed(3))).sort()).toEqual([
      0.731, 0.731, 0.731, 0.881, 0.881, 0.953,
    ]);
    expect(pairs[0]).toMatchObject({ chosen: 1, rejected: 3, rank_i: 1, rank_j: 2 });
    expect(intransitive).toBe(0);
  });

  it('makes the pairs of the policy only', () => {
    const matrix = bradleyTerry([2, 1, 0, -1]);
    const made = (policy: 'adjacent' | 'top_vs_rest') =>
      rankAnswers(matrix, policy).pairs.map(({ rank_i, rank_j }) => [rank_i, rank_j]);
    expect(made('adjacent')).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(made('top_vs_rest')).toEqual([
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
  });

  it('counts what contradicts the rank, and makes no pair of what is undecided', () => {
    // Scores: (.9 + .4)/2 = .65, (.1 + .95)/2 = .525, (.6 + .05)/2 = .325: the first ranks above the third, which beats it.
    const cycle = [
      [null, 0.9, 0.4],
      [0.1, null, 0.95],
      [0.6, 0.05, null],
    ];
    expect(rankAnswers(cycle, 'all')).toMatchObject({ intransitive: 1, undecided: 0 });
    expect(rankAnswers(cycle, 'all').pairs.map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(
      rankAnswers(
        [
          [null, 0.5],
          [0.5, null],
        ],
        'all',
      ),
    ).toMatchObject({ pairs: [], undecided: 1 });
    expect(
      rankAnswers(
        [
          [null, null],
          [null, null],
        ],
        'all',
      ),
    ).toMatchObject({ pairs: [], scores: [null, null] });
  });

  it('samples with a seed of their own each, counts equal samples once, and gives pairs their probability', async () => {
    const utility: Readonly<Record<string, number>> = { 'answer low': -1, 'answer mid': 0, 'answer high': 1 };
    const drafts = ['answer low', 'answer high', 'answer high', 'answer mid'];
    let written = 0;
    const model = createScriptedModel({
      generate: () => drafts[written++ % drafts.length] ?? '',
      decide: (input) => {
        const [before = '', after = ''] = input.split('[Response B]');
        const of = (text: string) =>
          Object.entries(utility).find(([draft]) => text.includes(draft))?.[1] ?? 0;
        const p = sigmoid(of(before) - of(after));
        return { A: p, B: 1 - p };
      },
    });
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'explain', a: 'x', b: 'y', label: 'a' }]);
    const bench = await openMiningBench(workspace, datasetId, { scripted: model });
    const params = { model: 'scripted' };
    const { datasetId: made } = await bench.finish('ranked-self-pairs', params);
    const { pairs, outcome } = await bench.preview('ranked-self-pairs', params);
    expect(
      pairs.map(({ chosen, rejected, detail }) => [chosen, rejected, detail['rank_i'], detail['rank_j']]),
    ).toEqual([
      ['answer high', 'answer mid', 1, 2],
      ['answer high', 'answer low', 1, 3],
      ['answer mid', 'answer low', 2, 3],
    ]);
    expect(model.calls.filter(({ operation }) => operation === 'generate')).toHaveLength(4);
    expect(model.calls.filter(({ operation }) => operation === 'decide')).toHaveLength(6);
    const rows = await workspace.database.all<{ p: number }>(
      'SELECT round(soft_label, 3) AS p FROM curation_row WHERE dataset_id = ? ORDER BY comparison_id',
      [made],
    );
    expect(rows.map(({ p }) => p)).toEqual([0.731, 0.881, 0.731]);
    // "answer high" (11 characters) is longer than both others (10).
    expect(outcome.steps[0]?.figures[0]).toMatchObject({ value: 2 / 3, n: 3 });
  });
});
