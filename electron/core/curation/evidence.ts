import { z } from 'zod';
import type { Binder } from '../audit/selection/selection-table.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { decidedOf, type Work } from './work.ts';

/** Parameters of a step that needs the probability that a label is right. */
export const evidenceShape = {
  from: z
    .enum(['votes', 'judge', 'strength', 'ratings', 'constant'])
    .default('votes')
    .describe(
      'Where the probability is from: the votes of the annotators, one judge, the recorded strength, the ratings of both responses, or one flip rate for all.',
    ),
  judge: z.string().min(1).max(200).optional().describe('Name of the judge or annotator (for “judge”).'),
  aspect: z.string().min(1).max(200).optional().describe('Aspect of the ratings (for “ratings”).'),
  scale: z.number().gt(0).default(1).describe('Rating points that make the odds e to 1 (for “ratings”).'),
  flipRate: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0.1)
    .describe('Share of labels that are flipped (for “constant”); 0.1 until estimated.'),
  minVotes: z.number().int().min(1).default(2).describe('Votes a pair needs to count (for “votes”).'),
};
export type Evidence = z.infer<z.ZodObject<typeof evidenceShape>>;

export function findEvidenceFault({
  from,
  judge,
  aspect,
}: Pick<Evidence, 'from' | 'judge' | 'aspect'>): string | null {
  if (from === 'judge' && judge === undefined) return '“from: judge” needs the name of a judge (key judge)';
  if (from === 'ratings' && aspect === undefined) return '“from: ratings” needs an aspect (key aspect)';
  return null;
}

/**
 * SQL of candidate_id, p, n: the probability in [0, 1] that the chosen response of a live candidate with label a or b is the better one, and
 * the votes it rests on. Pairs without evidence are absent.
 *
 * votes: (agreeing + ½ ties + 1) / (n + 2), Laplace's rule; judge: mean of its probabilities over the orders it ran, or its vote;
 * strength: (1 + s) / 2, the inverse of s = |2p − 1|; ratings: σ(gap / scale), Bradley-Terry; constant: 1 − ε. Votes about a pair that a
 * step built do not exist, so such pairs have evidence by ratings or constant only. All but constant and strength are our operationalisation.
 */
export function labelEvidence(work: Work, evidence: Evidence, binder: Binder): Sql {
  const decided = decidedOf(work);
  const voted = (who: Sql): Sql => `SELECT k.candidate_id, count(*) AS n,
      sum(CASE WHEN v.label = k.label THEN 1 WHEN v.label IN ('tie', 'both_bad') THEN 0.5 ELSE 0 END) AS agreeing
    FROM ${decided} k JOIN vote v ON v.comparison_id = k.comparison_id AND v.aspect IS NULL AND v.label <> 'skip' ${who} GROUP BY ALL`;
  switch (evidence.from) {
    case 'votes':
      return `SELECT candidate_id, (agreeing + 1) / (n + 2) AS p, n FROM (${voted('')}) WHERE n >= ${evidence.minVotes}`;
    case 'judge': {
      const name = binder.bind(evidence.judge ?? '', 'VARCHAR');
      const annotator = `SELECT annotator_id FROM annotator WHERE dataset_id = ${work.datasetId} AND name = ${name}`;
      return `SELECT candidate_id, coalesce(any_value(judged), any_value(said)) AS p, 1 AS n FROM (
          SELECT k.candidate_id, avg(CASE k.label WHEN 'a' THEN j.p_a ELSE 1 - j.p_a END) AS judged, NULL AS said
          FROM ${decided} k JOIN judgement j USING (comparison_id) JOIN judge_run u USING (judge_run_id)
          WHERE u.annotator_id IN (${annotator}) AND j.p_a IS NOT NULL GROUP BY ALL
          UNION ALL SELECT candidate_id, NULL, agreeing / n FROM (${voted(`AND v.annotator_id IN (${annotator})`)}))
        GROUP BY candidate_id`;
    }
    case 'strength':
      return `SELECT candidate_id, (1 + strength) / 2 AS p, 1 AS n FROM ${decided} WHERE strength IS NOT NULL`;
    case 'ratings': {
      const aspect = binder.bind(evidence.aspect ?? '', 'VARCHAR');
      const rated = (side: Sql) =>
        `(SELECT avg(g."value") FROM rating g WHERE g.response_id = k.${side} AND g.aspect = ${aspect})`;
      return `SELECT candidate_id, 1 / (1 + exp(-gap / ${Number(evidence.scale)})) AS p, 1 AS n FROM (
          SELECT k.candidate_id, ${rated('chosen_id')} - ${rated('rejected_id')} AS gap FROM ${decided} k) WHERE gap IS NOT NULL`;
    }
    case 'constant':
      return `SELECT candidate_id, ${1 - evidence.flipRate} AS p, 1 AS n FROM ${decided}`;
  }
}
