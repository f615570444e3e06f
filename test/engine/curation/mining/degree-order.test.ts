import { describe, expect, it } from 'vitest';
import { CurateJob } from '../../../../electron/core/curation/curate.job.ts';
import { measureDegreeOrder } from '../../../../electron/core/curation/mining/degree-order.ts';
import { openCuration } from '../curation-bench.ts';

const words = ['alpha', 'bravo', 'charlie', 'delta', 'echoes', 'foxtrot', 'golfing', 'hotels'];
const text = (no: number) => `${words.map((word) => `The ${word}${no} is in`).join('. ')}. And so on.`;

/** Degraded versions of three responses as a dataset, with a judge run whose p for the better side SQL says. */
async function judge(p: string, pairs = 'all') {
  const rows = [1, 2, 3].map((no) => ({ prompt: `p${no}`, a: text(no), b: 'poor', label: 'a' as const }));
  const { workspace, datasetId } = await openCuration(rows);
  const { database } = workspace;
  const made = await new CurateJob(database, async () => undefined).run(
    {
      jobId: 'one',
      attempt: 1,
      progress: () => undefined,
      spec: {
        datasetId,
        name: 'degrees',
        seed: 1,
        steps: [{ step: 'degraded-pairs', enabled: true, params: { pairs } }],
      },
    },
    new AbortController().signal,
  );
  await database.write((session) =>
    session.run(
      `INSERT INTO judgement BY NAME SELECT 7 AS judge_run_id, c.dataset_id, c.comparison_id, 'a' AS label, CASE c.label WHEN 'b' THEN 1 - p ELSE p END AS p_a,
         2 AS calls, 0 AS invalid_calls, false AS is_truncated, 0 AS prompt_tokens, 0 AS reused_tokens, 0 AS generated_tokens, 0 AS ms
       FROM (SELECT *, (${p})::DOUBLE AS p FROM (SELECT c.*, (q.detail->>'$.degree_w')::INTEGER AS w, (q.detail->>'$.degree_l')::INTEGER AS l FROM comparison c JOIN curation_row q USING (comparison_id) WHERE c.dataset_id = ?)) c`,
      [made.datasetId],
    ),
  );
  return measureDegreeOrder(database, 7);
}

describe('order of degraded responses', () => {
  it('an oracle has Spearman 1 and every neighbour right, its opposite −1 and none (judging specification 5.3)', async () => {
    expect(await judge('0.9')).toMatchObject({
      degreeSpearman: { value: 1, n: 3 },
      adjacentAccuracy: { value: 1, n: 12 },
    });
    expect(await judge('0.2')).toMatchObject({
      degreeSpearman: { value: -1, n: 3 },
      adjacentAccuracy: { value: 0, n: 12 },
    });
  });

  it('a judge that takes degree 4 for the best and is right otherwise: places 2, 3, 4, 5, 1 of 1 to 5 have Spearman 0 (hand count)', async () => {
    // Differences of ranks 1, 1, 1, 1, 4: 1 − 6 · 20 / (5 · 24) = 0.
    const report = await judge('CASE WHEN l = 4 THEN 0.1 ELSE 0.9 END');
    expect(report.degreeSpearman.value).toBeCloseTo(0, 12);
    expect(report.adjacentAccuracy).toMatchObject({ value: 0.75, n: 12 });
  });

  it('pairs of neighbours alone give no Spearman, for the middle versions cannot be told apart by them', async () => {
    expect(await judge('0.9', 'adjacent')).toMatchObject({
      degreeSpearman: { value: null, n: 0 },
      adjacentAccuracy: { value: 1, n: 12 },
    });
  });
});
