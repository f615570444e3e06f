import type { CurationOutcome, RecipeStep } from '../../../electron/contract/curation.contract.ts';
import { runSteps } from '../../../electron/core/curation/run-steps.ts';
import { pairsOf, promptsOf, responsesOf } from '../../../electron/core/curation/work.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';

export interface LeftPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  readonly label: string | null;
  readonly strength: number | null;
  readonly weight: number;
  readonly soft_label: number | null;
  readonly margin: number | null;
  readonly place: number | null;
  readonly stage: number | null;
  readonly split: string | null;
  readonly route: string | null;
  readonly goal_score: number | null;
  readonly is_relabelled: boolean;
  readonly messages: { role: string; content: string }[] | null;
}

export interface StoredPair extends PairRow {
  /** Overall votes, each by an annotator of its own: v0, v1, … */
  readonly votes?: readonly ('a' | 'b' | 'tie')[];
  readonly strength?: number;
}

/** Pairs with votes and strengths, and ratings of the aspect “overall” by response text. */
export async function openCuration(
  rows: readonly StoredPair[],
  ratings: Readonly<Record<string, number>> = {},
  workspace?: Workspace,
) {
  const own = workspace ?? (await openTestWorkspace());
  const datasetId = await storePairs(
    own,
    rows.map(({ votes: _votes, strength: _strength, ...row }) => row),
  );
  await own.database.write(async (session) => {
    const most = Math.max(1, ...rows.map((row) => row.votes?.length ?? 0));
    for (let no = 0; no < most; no++)
      await session.run(`INSERT INTO annotator VALUES (?, ?, ?, 'human', NULL, 1)`, [
        datasetId * 100 + no,
        datasetId,
        `v${no}`,
      ]);
    for (const [at, { votes = [], strength }] of rows.entries()) {
      const id = datasetId * 10_000_000 + at;
      for (const [no, label] of votes.entries())
        await session.run('INSERT INTO vote VALUES (?, ?, ?, NULL, ?, NULL, NULL, NULL, 1)', [
          id,
          datasetId,
          datasetId * 100 + no,
          label,
        ]);
      if (strength !== undefined)
        await session.run('UPDATE comparison SET strength = ? WHERE comparison_id = ?', [strength, id]);
    }
    for (const [text, value] of Object.entries(ratings))
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, ?, 'overall', ?, NULL, 0, 10, 1 FROM response WHERE dataset_id = ? AND text = ?`,
        [datasetId * 100, value, datasetId, text],
      );
  });
  return {
    workspace: own,
    datasetId,
    run: (
      steps: readonly { step: string; params?: Record<string, unknown>; enabled?: boolean }[],
      seed = 1,
    ) => runOn(own, datasetId, { steps, seed }),
  };
}

async function runOn(
  workspace: Workspace,
  datasetId: number,
  { steps, seed }: { steps: readonly Partial<RecipeStep>[]; seed: number },
): Promise<{ outcome: CurationOutcome; pairs: LeftPair[] }> {
  const whole = steps.map(({ step = '', enabled = true, params = {} }) => ({ step, enabled, params }));
  return workspace.database.withReader((session) =>
    runSteps(session, { spec: { datasetId, seed, steps: whole } }, async (work, outcome) => ({
      outcome,
      pairs: await session.all<LeftPair>(
        `SELECT p.text AS prompt, CASE k.label WHEN 'b' THEN rb.text ELSE ra.text END AS chosen, CASE k.label WHEN 'b' THEN ra.text ELSE rb.text END AS rejected,
           k.label, k.strength, k.weight, k.soft_label, k.margin, k.place, k.stage, k.split, k.route, k.goal_score, k.is_relabelled, p.messages
         FROM ${pairsOf(work)} k JOIN ${promptsOf(work)} p USING (prompt_id) JOIN ${responsesOf(work)} ra ON ra.response_id = k.response_a_id
         JOIN ${responsesOf(work)} rb ON rb.response_id = k.response_b_id ORDER BY k.place NULLS LAST, k.candidate_id`,
      ),
    })),
  );
}

/** Pairs that are all alike but for their number. */
export const numbered = (
  count: number,
  change: (no: number) => Partial<StoredPair> = () => ({}),
): StoredPair[] =>
  Array.from({ length: count }, (_, no) => ({
    prompt: `question number ${no}`,
    a: `good answer ${no}`,
    b: `bad answer ${no}`,
    label: 'a' as const,
    ...change(no),
  }));
