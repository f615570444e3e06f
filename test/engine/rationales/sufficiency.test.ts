import { describe, expect, it } from 'vitest';
import { reportSufficiency } from '../../../electron/core/rationales/sufficiency.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { openRationaleBench } from './rationale-bench.ts';

const pairs = 400;
/** Pair n has words of its own on each side, so that a rationale points to one of them by what it says. */
const rows: PairRow[] = Array.from({ length: pairs }, (_, index) => ({
  prompt: `question ${Math.floor(index / 2)}`,
  a: `left${index}x`,
  b: `right${index}x`,
  label: index % 2 === 0 ? 'a' : 'b',
}));

/** Rationales by a person: three of four speak for the chosen response, the fourth for the other one. */
async function importRationales(workspace: Workspace, datasetId: number): Promise<void> {
  await workspace.database.write(async (session) => {
    await session.run(
      `INSERT INTO annotator (annotator_id, dataset_id, name, kind, import_id) VALUES (7, ?, 'someone', 'human', 1)`,
      [datasetId],
    );
    await session.run(
      `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, text, import_id)
       SELECT dataset_id, comparison_id, 7, 'Response 1 and Response 2 differ; the winner is the one with ' ||
         CASE WHEN (comparison_id % 4 = 3) = (label = 'a') THEN 'right' ELSE 'left' END || (comparison_id % 1000) || 'x in it.', 1 FROM comparison WHERE dataset_id = ?`,
      [datasetId],
    );
  });
}

/** A judge that goes by the explanation alone: the response that holds the word it names, else undecided. */
const readsExplanation = (input: string) => {
  const [, first = '', second = '', said = ''] =
    /\[Response A\]\n([^]*?)\n\n\[Response B\]\n([^]*?)\n\n\[Explanation\]\n([^]*?)\n\[End\]/.exec(input) ??
    [];
  const word = /(?:left|right)\d+x/.exec(said)?.[0] ?? '';
  if (first === word) return { A: 0.9, B: 0.1 };
  if (second === word) return { A: 0.1, B: 0.9 };
  return { A: 0.5, B: 0.5 };
};

/** A judge that knows the labels and never reads the explanation: it always takes the side of the even rows’ a. */
const knowsLabels = (input: string) => {
  const [, first = ''] = /\[Response A\]\n([^]*?)\n\n/.exec(input) ?? [];
  const [, side, index] = /(left|right)(\d+)x/.exec(first) ?? [];
  return (side === 'left') === (Number(index) % 2 === 0) ? { A: 0.8, B: 0.2 } : { A: 0.2, B: 0.8 };
};

describe('whether a rationale suffices', () => {
  it('recovers the planted share from the own rationale and chance from a shuffled one', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows);
    await importRationales(workspace, datasetId);
    const bench = openRationaleBench(workspace, { m: createScriptedModel({ decide: readsExplanation }) });
    const { rationaleRunId } = await bench.run({ datasetId, task: 'check' });
    const report = await reportSufficiency(bench.rationales, rationaleRunId);
    // Three of four rationales speak for the label: 300 / 400.
    expect(report.own.accuracy.value).toBeCloseTo(0.75, 12);
    expect(report.own.accuracy.n).toBe(pairs);
    expect(report.own.accuracy.low).toBeLessThan(0.75);
    expect(report.own.accuracy.high).toBeGreaterThan(0.75);
    // No pair’s words stand in another’s texts, so the judge is undecided: one half.
    expect(report.shuffled).toMatchObject({ accuracy: { value: 0.5, n: pairs }, undecided: pairs });
    expect(report.difference.value).toBeCloseTo(0.25, 12);
    expect(report.difference.low).toBeGreaterThan(0);
    expect(report.prompts).toBe(pairs / 2);
    expect(
      await workspace.database.one(
        `SELECT count(*) FILTER (rationale_supports) AS yes, count(*) FILTER (NOT rationale_supports) AS no FROM rationales`,
      ),
    ).toEqual({ yes: 300, no: 100 });
  });

  it('shows a judge that never reads the explanation as such: no difference, and a warning (would catch a test without control)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows.slice(0, 100));
    await importRationales(workspace, datasetId);
    const bench = openRationaleBench(workspace, { m: createScriptedModel({ decide: knowsLabels }) });
    const { rationaleRunId } = await bench.run({ datasetId, task: 'check' });
    const report = await reportSufficiency(bench.rationales, rationaleRunId);
    expect(report.own.accuracy.value).toBe(1);
    // Wilson for 50 of 50 prompts: 50 / (50 + 1.96²) = 0.9287; a bootstrap would claim certainty.
    expect(report.own.accuracy.low).toBeCloseTo(0.9287, 3);
    expect(report.shuffled.accuracy.value).toBe(1);
    expect(report.difference.value).toBe(0);
    expect(report.warnings.join(' ')).toContain('goes by the responses');
  });

  it('gives every pair the rationale of another pair of another prompt, each once (a derangement)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows);
    await importRationales(workspace, datasetId);
    const bench = openRationaleBench(workspace, { m: createScriptedModel({ decide: readsExplanation }) });
    const { rationaleRunId } = await bench.start({ datasetId, task: 'check', seed: 3 });
    expect(
      await workspace.database.one(
        `SELECT count(*) AS n, count(DISTINCT donor_id) AS donors, count(*) FILTER (c.prompt_id = d.prompt_id) AS same
         FROM rationale_item i JOIN comparison c USING (comparison_id) JOIN comparison d ON d.comparison_id = i.donor_id WHERE rationale_run_id = ?`,
        [rationaleRunId],
      ),
    ).toEqual({ n: pairs, donors: pairs, same: 0 });
  });

  it('never shows the judge the label or the names of the responses in the explanation, and asks both orders of both', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows.slice(0, 4));
    await importRationales(workspace, datasetId);
    const model = createScriptedModel({ decide: readsExplanation });
    await openRationaleBench(workspace, { m: model }).run({ datasetId, task: 'check' });
    expect(model.calls).toHaveLength(16);
    for (const { input } of model.calls) {
      const [, said = ''] = /\[Explanation\]\n([^]*?)\n\[End\]/.exec(input) ?? [];
      expect(said).toMatch(/^\[…\] and \[…\] differ; \[…\] is the one with (left|right)\d+x in it\.$/);
    }
  });

  it('has no accuracy where the judge gives no valid answer, rather than a tie (judging spec 0.3)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, rows.slice(0, 6));
    await importRationales(workspace, datasetId);
    const model = createScriptedModel({ decide: () => ({ A: 0.1, B: 0.1 }) });
    const bench = openRationaleBench(workspace, { m: model });
    const { rationaleRunId } = await bench.run({ datasetId, task: 'check' });
    const { own } = await reportSufficiency(bench.rationales, rationaleRunId);
    expect(own).toMatchObject({ accuracy: { value: null, n: 0 }, invalid: 6, undecided: 0 });
  });
});
