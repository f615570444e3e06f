import { z } from 'zod';
import { chooseSubset } from '../../selection/subset-selection.ts';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure, shareFigure } from '../plain-figures.ts';
import { sayCount, sayMany, sayShare } from '../wording.ts';

export const subsetChoiceAudit = defineAudit({
  id: 'subset_choice',
  family: 'selection',
  title: 'Representative subset',
  description:
    'How well a few pairs chosen to represent all (facility location) cover the dataset, against a random choice.',
  inputs: ['text'],
  parameters: {
    size: z.number().int().min(1).max(2000).default(50),
    /** Rows the choice is made from; every row is compared with all others. */
    pool: z.number().int().min(2).max(4000).default(1000),
  },
  findObstacle: (dataset) => (dataset.pairs > 1 ? null : 'There are not two pairs to choose from.'),
  run: async (context) => {
    const into = context.scratch('subset');
    const report = await chooseSubset(
      {
        session: context.session,
        datasetId: context.dataset.datasetId,
        into,
        seed: context.seed,
        signal: context.signal,
      },
      { size: context.params.size, poolSize: context.params.pool },
    );
    const headOf = (metric: string, title: string) => ({ audit: 'subset_choice', metric, title });
    const chosen = countFigure(
      headOf('coverage', 'Mean similarity to the nearest chosen pair'),
      report.coverage,
      report.pool,
    );
    return {
      findings: [
        makeFinding({
          id: 'coverage',
          sentence: `${sayMany(report.kept, 'pair')} chosen out of ${sayCount(report.pool)} cover them at mean similarity ${report.coverage.toFixed(3)}; as many at random reach ${report.randomCoverage.toFixed(3)}.`,
          figure: chosen,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
          rows: await context.keepRows({
            set: 'chosen',
            relation: 'pairs',
            sql: `SELECT comparison_id AS row_id FROM ${into} WHERE keep ORDER BY place`,
          }),
        }),
      ],
      figures: [
        chosen,
        countFigure(
          headOf('random_coverage', 'The same for a random choice'),
          report.randomCoverage,
          report.pool,
        ),
      ],
      params: { vectors: 'words hashed into 256 places, inverse document frequency' },
    };
  },
});

interface RerankParams {
  aspect: string;
  beta: number;
}

export const rerankingAudit = defineAudit({
  id: 'reranking',
  family: 'selection',
  title: 'Re-ranking candidates',
  description:
    'How often the best-rated response of a prompt is not the first one, and what choosing it gains.',
  inputs: ['ratings', 'text'],
  parameters: {
    /** Rating aspect that scores the candidates; empty = the first. */
    aspect: z.string().default(''),
    /** Temperature of p ∝ exp(score/β). */
    beta: z.number().positive().default(1),
  },
  findObstacle: (dataset) => (dataset.ratings > 0 ? null : 'No response has a rating.'),
  run: async (context) => {
    const aspect = context.params.aspect || (context.dataset.aspects[0] ?? '');
    const rows = await rerankPrompts(context, aspect);
    const { changed = new Float64Array(0), best = changed, expected = changed } = rows;
    if (changed.length === 0)
      return { obstacle: `No prompt has two different responses with a rating of ${aspect}.` };
    const headOf = (metric: string, title: string) => ({ audit: 'reranking', metric, title });
    const share = shareFigure(
      headOf('changed_share', 'Prompts whose first candidate is not the best'),
      changed.reduce((sum, one) => sum + one, 0),
      changed.length,
    );
    const ones = new Float64Array(changed.length).fill(1);
    const gain = async (metric: string, title: string, values: Float64Array) =>
      estimateFigure(
        { ...headOf(metric, title), neutral: 0 },
        await bootstrapClusters([values, ones], ([sum = 0, n = 0]) => sum / n, {
          seed: context.seed,
          ...(context.signal ? { signal: context.signal } : {}),
        }),
        values.length,
      );
    const top = await gain('best_gain', 'Score of the best − mean of the candidates', best);
    return {
      findings: [
        makeFinding({
          id: 'changed',
          sentence: `Re-ranking by ${aspect} replaces the first candidate of ${sayShare(share)} of ${sayMany(changed.length, 'prompt')} and gains ${(top.value ?? 0).toPrecision(3)} over the mean candidate.`,
          figure: share,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
        }),
      ],
      figures: [
        share,
        top,
        await gain('sampled_gain', 'Expected score when drawn by p ∝ exp(score/β) − mean', expected),
      ],
      params: { scored_by: aspect },
    };
  },
});

/** One row a prompt with two different rated responses; equal texts are one candidate, with the score of the first. */
async function rerankPrompts(
  { session, dataset, params, signal }: AuditContext<RerankParams>,
  aspect: string,
): Promise<Record<string, Float64Array>> {
  return session.columns(
    `WITH scored AS (SELECT r.prompt_id, r.response_id, r.position, md5(r.text) AS same, avg(g."value") AS score FROM response r JOIN rating g USING (response_id)
         WHERE r.dataset_id = ? AND g.aspect = ? AND g."value" IS NOT NULL GROUP BY ALL),
       distinct_ones AS (SELECT prompt_id, same, arg_min(score, position) AS score, min(position) AS position FROM scored GROUP BY ALL),
       weighed AS (SELECT *, exp((score - max(score) OVER (PARTITION BY prompt_id)) / ?) AS mass FROM distinct_ones)
     SELECT (arg_max(position, (score, -position)) <> min(position))::INTEGER AS changed, max(score) - avg(score) AS best,
       sum(mass * score) / sum(mass) - avg(score) AS expected
     FROM weighed GROUP BY prompt_id HAVING count(*) >= 2 ORDER BY prompt_id`,
    [dataset.datasetId, aspect, params.beta],
    { signal },
  );
}
