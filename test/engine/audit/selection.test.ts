import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditDocument, AuditResult } from '../../../electron/contract/audit.contract.ts';
import { auditDocumentSchema } from '../../../electron/contract/audit.contract.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { selectionAudits } from '../../../electron/core/audit/audits/selection/selection-audits.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';

type Params = Record<string, Record<string, string | number | boolean>>;

async function runAudit(
  workspace: Workspace,
  datasetId: number,
  audit: string,
  params?: Params,
): Promise<AuditResult> {
  const document: AuditDocument = await new AuditService(workspace.database).run({
    datasetId,
    only: [audit],
    seed: 1,
    ...(params ? { params } : {}),
  });
  auditDocumentSchema.parse(document);
  const [result] = document.audits;
  if (!result) throw new Error('no result');
  if (result.failure !== null) throw new Error(result.failure);
  return result;
}

const figure = (result: AuditResult, metric: string, slice: string | null = null) =>
  result.figures.find((one) => one.metric === metric && one.slice_value === slice);

/** 300 pairs: a is longer and wins in the first 200 rows (subset one), and loses in the last 100 (subset two). */
async function storeTwoSubsets() {
  const workspace = await openTestWorkspace();
  const random = createRandom(3);
  const rows = Array.from({ length: 300 }, (_, i) => ({
    prompt: `question number ${i} about a thing`,
    a: `a long answer with many words ${'more '.repeat(1 + random.nextBelow(9))}`,
    b: `short one ${i}`,
    label: i < 200 || random.next() >= 0.9 ? ('a' as const) : ('b' as const),
    modelA: `m${i % 4}`,
    modelB: `m${(i + 1) % 4}`,
  }));
  const datasetId = await storePairs(workspace, rows);
  await workspace.database.write((session) =>
    session.run(
      `UPDATE comparison SET subset = CASE WHEN source_row <= 200 THEN 'one' ELSE 'two' END, strength = (source_row % 10) / 10.0,
         language = CASE WHEN source_row % 3 = 0 THEN 'de' ELSE 'en' END`,
    ),
  );
  return { workspace, datasetId };
}

async function importEpisodes(...files: string[]) {
  const bench = await openImportBench();
  const { datasetId } = await bench.load({
    files: files.map((file) => path.resolve('test/fixtures/formats', file)),
    dataset: 'episodes',
  });
  return { workspace: bench.workspace, datasetId };
}

describe('selection audits', () => {
  it('have ids of their own and say why they cannot run where a column is missing', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'x', b: 'y', label: 'a' }]);
    expect(new Set(selectionAudits.map((audit) => audit.id)).size).toBe(selectionAudits.length);
    for (const audit of selectionAudits) {
      const result = await runAudit(workspace, datasetId, audit.id);
      expect([audit.id, result.is_applicable || (result.reason ?? '').length > 10]).toEqual([audit.id, true]);
    }
  });

  it('filter pipeline: 90 of 300 kept at the top .3, repeats 3.333, and its removed rows can be opened', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    const result = await runAudit(workspace, datasetId, 'filter_pipeline');
    expect(figure(result, 'kept_share')).toMatchObject({ value: 0.3, n_items: 300 });
    expect(figure(result, 'repeats')?.value).toBeCloseTo(3.3333, 4);
    expect(result.findings[0]?.rows?.count).toBe(210);
    expect(result.tables[0]?.rows.at(-1)?.slice(1, 4)).toEqual([300, 90, 90]);
    const few = await runAudit(workspace, datasetId, 'filter_pipeline', {
      filter_pipeline: { fraction: 0.1, samples_seen: 300 },
    });
    expect(few.findings[0]).toMatchObject({ severity: 'notice' });
  });

  it('filter pipeline: a language that loses most of its rows is flagged', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    await workspace.database.write((session) =>
      session.run(`UPDATE comparison SET strength = CASE language WHEN 'de' THEN 0.1 ELSE 0.9 END`),
    );
    const result = await runAudit(workspace, datasetId, 'filter_pipeline');
    expect(result.findings.find((finding) => finding.id === 'survival')?.sentence).toContain(
      'language de: 0 of 100 kept',
    );
  });

  it('matched comparison: subsets at 100 pairs each differ in who wins, by what was planted', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    const result = await runAudit(workspace, datasetId, 'matched_comparison');
    expect(figure(result, 'longer_win_rate', 'one')).toMatchObject({ value: 1, n_items: 100 });
    const difference = figure(result, 'longer_win_rate_difference', 'two');
    expect(difference?.value).toBeLessThan(-0.8);
    expect(difference?.ci_hi).toBeLessThan(-0.7);
    expect(result.findings[0]).toMatchObject({ certainty: 'clear' });
    const sliced = await runAudit(workspace, datasetId, 'matched_comparison', {
      matched_comparison: { by: 'nonsense' },
    });
    expect(sliced.is_applicable).toBe(false);
  });

  it('curriculum: ratings 9,7,4,2 of a prompt make three stages with gaps 7, 5, 2', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    const byStrength = await runAudit(workspace, datasetId, 'curriculum');
    expect(byStrength.figures.map((one) => one.n_items)).toEqual([100, 100, 100]);
    await workspace.database.write(async (session) => {
      await session.run(
        'UPDATE response SET prompt_id = (SELECT min(prompt_id) FROM prompt) WHERE response_id IN (SELECT response_id FROM response ORDER BY response_id LIMIT 4)',
      );
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'quality', [9, 7, 4, 2][row_number() OVER (ORDER BY response_id)], NULL, 0, 10, 1
         FROM (SELECT * FROM response ORDER BY response_id LIMIT 4)`,
      );
    });
    const staged = await runAudit(workspace, datasetId, 'curriculum', { curriculum: { aspect: 'quality' } });
    expect(staged.figures.map((one) => one.value)).toEqual([7, 5, 2]);
    expect(staged.figures.every((one) => one.status === 'too_small')).toBe(true);
  });

  it('re-ranking: the best candidate is not the first in one of two prompts; equal texts count once', async () => {
    const workspace = await openTestWorkspace();
    const rows = [
      { prompt: 'p1', a: 'low', b: 'high', label: 'b' as const },
      { prompt: 'p2', a: 'best', b: 'worse', label: 'a' as const },
      { prompt: 'p3', a: 'same', b: 'same', label: 'a' as const },
    ];
    const datasetId = await storePairs(workspace, rows);
    await workspace.database.write((session) =>
      session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'q', CASE text WHEN 'low' THEN 1 WHEN 'high' THEN 3 WHEN 'best' THEN 5 ELSE 4 END, NULL, 0, 5, 1 FROM response`,
      ),
    );
    const result = await runAudit(workspace, datasetId, 'reranking');
    expect(figure(result, 'changed_share')).toMatchObject({ value: 0.5, n_items: 2 });
    // Best − mean: 3 − 2 and 5 − 4.5.
    expect(figure(result, 'best_gain')?.value).toBeCloseTo(0.75, 9);
  });

  it('reward filter: R² of exact lines is 1 under every strategy', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    await workspace.database.write(async (session) => {
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'reward', response_id % 97, NULL, NULL, NULL, 1 FROM response`,
      );
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'gold', 3 + 2 * (response_id % 97), NULL, NULL, NULL, 1 FROM response`,
      );
    });
    const result = await runAudit(workspace, datasetId, 'reward_filter', {
      reward_filter: { reward: 'reward', gold: 'gold' },
    });
    for (const one of result.figures) expect(one.value).toBeCloseTo(1, 9);
    expect(figure(result, 'r2', 'best of N')?.n_items).toBe(300);
  });

  it('return or regret: the first pair of the specification prefers the second by both; too few pairs leave it undecided', async () => {
    const { workspace, datasetId } = await importEpisodes('episode-pairs.jsonl');
    const result = await runAudit(workspace, datasetId, 'return_or_regret');
    expect(result.finding).toContain('do not decide');
    expect(figure(result, 'return_accuracy')?.n_items).toBe(2);
    expect(result.params).toMatchObject({ unequal_lengths: 1, pairs_without_values: 0 });
  });

  it('trajectory profile: policies named random and expert give TQ (5.5 − 1) / (10 − 1) = .5, uncut', async () => {
    const { workspace, datasetId } = await importEpisodes('episodes.jsonl');
    const result = await runAudit(workspace, datasetId, 'trajectory_profile');
    expect(figure(result, 'trajectory_quality')?.value).toBeCloseTo(0.5, 12);
    expect(figure(result, 'd4rl_score')?.value).toBeCloseTo(50, 9);
    // Five steps, all in different states or actions; three of them by the random policy.
    expect(figure(result, 'state_action_coverage', 'random')?.value).toBeCloseTo(0.6, 12);
    const weights = await runAudit(workspace, datasetId, 'episode_weights', {
      episode_weights: { temperature: 0.5 },
    });
    expect(weights.is_applicable).toBe(true);
    expect(figure(weights, 'positive_side_variance')?.value).toBeCloseTo(4.5 ** 2 / 2, 9);
  });

  it('off-policy: r=(1,0), w=(2,.5) gives IPS 1 and SNIPS .8; an episode without propensity is invalid (C8)', async () => {
    const { workspace, datasetId } = await importEpisodes('episodes.d4rl.jsonl');
    expect((await runAudit(workspace, datasetId, 'off_policy')).is_applicable).toBe(false);
    await workspace.database.write(async (session) => {
      await session.run('UPDATE trajectory SET total_reward = CASE WHEN steps = 2 THEN 1 ELSE 0 END');
      await session.run(
        'UPDATE step SET propensity = 0.5, target_propensity = CASE WHEN trajectory_id = (SELECT max(trajectory_id) FROM trajectory) THEN 0.25 WHEN step_no = 0 THEN 1 ELSE 0.5 END',
      );
    });
    const result = await runAudit(workspace, datasetId, 'off_policy');
    expect(figure(result, 'ips')).toMatchObject({ value: 1, status: 'too_small', n_items: 2 });
    expect(figure(result, 'snips')?.value).toBeCloseTo(0.8, 12);
    expect(figure(result, 'effective_size')?.value).toBeCloseTo(1.471, 3);
  });

  it('subset choice covers more than a random choice, and budget sends pairs to the group that is harder to predict', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    const subset = await runAudit(workspace, datasetId, 'subset_choice', {
      subset_choice: { size: 10, pool: 200 },
    });
    expect(figure(subset, 'coverage')?.value).toBeGreaterThan(figure(subset, 'random_coverage')?.value ?? 1);
    expect(subset.findings[0]?.rows?.count).toBe(10);
    const budget = await runAudit(workspace, datasetId, 'collection_budget', {
      collection_budget: { budget: 100 },
    });
    expect(budget.is_applicable).toBe(true);
    const rows = budget.tables[0]?.rows ?? [];
    expect(rows.reduce((sum, row) => sum + Number(row[2]), 0)).toBeLessThanOrEqual(100);
    expect(rows.map((row) => row[1])).toEqual([200, 100]);
  });

  it('routing and verdicts: votes of a model and of people on the same pairs give the planted disagreement', async () => {
    const { workspace, datasetId } = await storeTwoSubsets();
    await workspace.database.write(async (session) => {
      await session.run(
        `INSERT INTO annotator VALUES (1, ?, 'person', 'human', NULL, 1), (2, ?, 'judge', 'model', NULL, 1)`,
        [datasetId, datasetId],
      );
      await session.run(
        `INSERT INTO vote SELECT comparison_id, dataset_id, 1, NULL, label, NULL, NULL, NULL, 1 FROM comparison`,
      );
      await session.run(
        `INSERT INTO vote SELECT comparison_id, dataset_id, 2, NULL, 'a', NULL, NULL, NULL, 1 FROM comparison`,
      );
    });
    const routing = await runAudit(workspace, datasetId, 'human_routing', { human_routing: { budget: 30 } });
    const { wrong } = await workspace.database.one<{ wrong: number }>(
      `SELECT count(*) AS wrong FROM comparison WHERE label = 'b'`,
    );
    expect(figure(routing, 'differing_share')?.value).toBeCloseTo(wrong / 300, 12);
    expect(routing.findings[0]?.rows?.count).toBe(30);
    const verdicts = await runAudit(workspace, datasetId, 'judge_uncertainty');
    // Two opposite certain votes: H(½) − 0 = ln 2; equal votes 0.
    expect(figure(verdicts, 'mean_bald')?.value).toBeCloseTo((wrong / 300) * Math.LN2, 9);
    const risk = await runAudit(workspace, datasetId, 'ranking_risk');
    expect(risk.is_applicable).toBe(true);
    expect(risk.figures.map((one) => one.slice_value)).toEqual(['2', '3', '4']);
  });
});
