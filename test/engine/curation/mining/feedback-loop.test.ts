import { describe, expect, it } from 'vitest';
import { findExtremes } from '../../../../electron/core/curation/mining/feedback-loop.ts';
import { createScriptedModel, type Script } from '../../../support/judging/scripted-model.ts';
import { openTestWorkspace, storePairs } from '../../constitution/pair-workspace.ts';
import { openMiningBench } from './mining-bench.ts';

const drafts = ['draft zero', 'draft one', 'draft two'];
const isReview = (input: string) => input.includes('"score": 0.0');

/** Writes the drafts in order; prefers a draft by the number of its quality. */
function writeDrafts(quality: Readonly<Record<string, number>>, reviewAt: (count: number) => string): Script {
  let reviews = 0;
  return {
    generate: (input) => {
      if (isReview(input)) return reviewAt(++reviews);
      const last = drafts.findLastIndex((draft) => input.includes(draft));
      return drafts[last + 1] ?? 'draft two';
    },
    decide: (input) => {
      const [before = '', after = ''] = input.split('[Response B]');
      const of = (text: string) => Object.entries(quality).find(([draft]) => text.includes(draft))?.[1] ?? 0;
      const difference = of(before) - of(after);
      return { A: 0.5 + 0.4 * Math.sign(difference), B: 0.5 - 0.4 * Math.sign(difference) };
    },
  };
}

const review = (score: number) => JSON.stringify({ evaluation: 'so so', score, feedback: 'be clearer' });
const params = { model: 'scripted' };

async function loop(script: Script, makesDataset = true) {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, [{ prompt: 'explain', a: 'x', b: 'y', label: 'a' }]);
  const model = createScriptedModel(script);
  const bench = await openMiningBench(workspace, datasetId, { scripted: model });
  const result = await bench.finish('feedback-loop', params, makesDataset);
  return { ...(await bench.preview('feedback-loop', params)), model, result, workspace };
}

describe('feedback loop', () => {
  it('three answers, two reviews with one decimal, the best against the worst (judging specification 5.2)', async () => {
    const { pairs, model, outcome, result, workspace } = await loop(
      writeDrafts({ 'draft zero': 1, 'draft one': 2, 'draft two': 3 }, (count) => review(5.04 + count)),
    );
    expect(pairs).toMatchObject([
      {
        prompt: 'explain',
        chosen: 'draft two',
        rejected: 'draft zero',
        why: 'iteration 2 against 0',
        detail: {
          reviews: [
            { iteration: 1, score: 6, feedback: 'be clearer' },
            { iteration: 2, score: 7 },
          ],
        },
      },
    ]);
    expect(model.calls.filter(({ operation }) => operation === 'generate')).toHaveLength(5);
    expect(model.calls.filter(({ operation }) => operation === 'decide')).toHaveLength(6);
    expect(outcome.steps[0]?.figures.map(({ value, n }) => [value, n])).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
    ]);
    const rows = await workspace.database.all(
      'SELECT method, detail FROM curation_row WHERE dataset_id = ?',
      [result.datasetId],
    );
    expect(rows).toMatchObject([{ method: 'feedback-loop' }]);
  });

  it('a reviewer that fails once skips that iteration, and the row is kept (judging specification 5.2)', async () => {
    // The first review is unusable twice (one call and its repetition), the second is fine.
    const { pairs, outcome } = await loop(
      writeDrafts({ 'draft zero': 1, 'draft one': 2 }, (count) => (count <= 2 ? 'no JSON' : review(7))),
    );
    expect(pairs).toMatchObject([
      {
        chosen: 'draft one',
        rejected: 'draft zero',
        detail: {
          iteration_w: 2,
          iteration_l: 0,
          reviews: [
            { iteration: 1, score: null },
            { iteration: 2, score: 7 },
          ],
        },
      },
    ]);
    expect(outcome.steps[0]?.notes).toContain('1 of 2 reviews failed; their iterations were skipped.');
  });

  it('stops at a revision that changes nothing, and makes no pair where the judge sees a tie', async () => {
    const always: Script = {
      ...writeDrafts({}, () => review(9)),
      generate: (input) => (isReview(input) ? review(9) : 'always this'),
    };
    const same = await loop(always, false);
    expect(same.pairs).toEqual([]);
    expect(same.model.calls.filter(({ operation }) => operation === 'decide')).toHaveLength(0);
    expect(
      (
        await loop(
          writeDrafts({}, () => review(9)),
          false,
        )
      ).pairs,
    ).toEqual([]);
  });

  it('of equal answers the earliest is the best and the latest the worst (judging specification 5.2)', () => {
    const verdict = (a: number, b: number, label: string) => ({ a, b, label });
    expect(findExtremes([0, 1, 2], [verdict(0, 1, 'tie'), verdict(0, 2, 'a'), verdict(1, 2, 'a')])).toEqual({
      best: 0,
      worst: 2,
    });
    expect(findExtremes([0, 1, 2], [verdict(0, 1, 'b'), verdict(0, 2, 'tie'), verdict(1, 2, 'tie')])).toEqual(
      { best: 1, worst: 2 },
    );
    expect(findExtremes([0, 1], [verdict(0, 1, 'invalid')])).toBeNull();
  });
});
