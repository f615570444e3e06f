import { z } from 'zod';
import { orderByScore, orderCurriculum } from '../../selection/ordered-selections.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFigure } from '../audit.ts';
import { sayCount, sayMany } from '../wording.ts';
import { findScore } from './filter-pipeline.ts';

interface Params {
  aspect: string;
  stages: number;
}

export const curriculumAudit = defineAudit({
  id: 'curriculum',
  family: 'selection',
  title: 'Curriculum',
  description: 'How the pairs split into stages from clear to close, by the rating gap or the strength.',
  inputs: ['ratings', 'strength'],
  parameters: {
    /** Rating aspect that orders the responses; empty = the first aspect. */
    aspect: z.string().default(''),
    stages: z.number().int().min(2).max(10).default(3),
  },
  findObstacle: (dataset) =>
    (dataset.ratings > 0 && dataset.promptsWithThree > 0) || findScore(dataset) !== ''
      ? null
      : 'No prompt has three rated responses, and no pair has a strength or ratings to order it by.',
  run: async (context) => {
    const into = context.scratch('stages');
    const aspect = context.params.aspect || (context.dataset.aspects[0] ?? '');
    const fromResponses = context.dataset.promptsWithThree > 0 && context.dataset.ratings > 0;
    const input = {
      session: context.session,
      datasetId: context.dataset.datasetId,
      into,
      seed: context.seed,
      signal: context.signal,
    };
    const score = findScore(context.dataset);
    const summary = fromResponses
      ? await orderCurriculum(input, { aspect, stages: context.params.stages })
      : await orderByScore(input, { score, stages: context.params.stages });
    if (summary.kept === 0)
      return { obstacle: `No pair has a rating of ${aspect || 'any aspect'} or a ${score}.` };
    const measure = fromResponses ? 'gap' : 'score';
    const moments = await sumClusterMoments(
      context.session,
      `(SELECT s.curriculum_stage AS slice, ${fromResponses ? 's.prompt_id' : 'c.prompt_id'} AS cluster, s.${measure}::DOUBLE AS outcome
        FROM ${into} s ${fromResponses ? '' : 'JOIN comparison c USING (comparison_id)'} WHERE s.keep)`,
      { parameters: [], signal: context.signal },
    );
    const figures = moments.map((stage) =>
      makeFigure(
        {
          audit: 'curriculum',
          metric: `mean_${measure}`,
          title: fromResponses ? 'Mean rating gap' : `Mean ${score}`,
        },
        { ...measureMean(stage), p: null, slice_dim: 'stage', slice_value: String(stage.slice) },
      ),
    );
    return {
      findings: [await describe(context, { summary, figures, fromResponses })],
      figures,
      series: [
        {
          id: 'stages',
          title: 'Mean gap by stage',
          x_title: 'Stage (1 = clearest)',
          y_title: fromResponses ? `Gap in ${aspect}` : score,
          points: figures.map((figure) => ({
            label: figure.slice_value ?? '',
            x: Number(figure.slice_value),
            y: figure.value,
            ci_lo: figure.ci_lo,
            ci_hi: figure.ci_hi,
            n: figure.n_items,
          })),
        },
      ],
      params: {
        ordered_by: fromResponses ? `gap in ${aspect}` : score,
        recipe: 'pair recipe not confirmed in the paper',
      },
    };
  },
});

async function describe(
  context: AuditContext<Params>,
  found: {
    summary: { kept: number; rows: number };
    figures: readonly ReturnType<typeof makeFigure>[];
    fromResponses: boolean;
  },
) {
  const sizes = found.figures.map((figure) => sayCount(figure.n_items)).join(', ');
  const last = found.figures.at(-1) ?? null;
  return makeFinding({
    id: 'stages',
    sentence: `${sayMany(found.summary.kept, 'pair')} ${found.fromResponses ? 'of the best response with each worse one ' : ''}fall into ${found.figures.length} stages of ${sizes} from clear to close.`,
    figure: last,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: Number.POSITIVE_INFINITY,
    series: 'stages',
    rows: await context.keepRows({
      set: 'in_order',
      relation: 'pairs',
      sql: `SELECT comparison_id AS row_id FROM ${context.scratch('stages')} WHERE keep AND comparison_id IS NOT NULL ORDER BY place`,
    }),
  });
}
