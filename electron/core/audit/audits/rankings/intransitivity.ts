import { z } from 'zod';
import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, adjustFigures, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { type ComparisonGraph, createComparisonGraph, storeResponseKeys } from './edge-table.ts';
import { measureModelCycles } from './model-cycles.ts';
import { readModelGames } from './model-games.ts';
import { measureCyclicRatios, measurePromptCycles, measureSkipped } from './prompt-cycles.ts';

type AuditContext = Context<{ rounds: number; warn_from: number }>;

export const intransitivityAudit = defineAudit({
  id: 'intransitivity',
  family: 'rankings',
  title: 'Intransitivity',
  description:
    'Preferences that go in circles: within prompts with three compared responses, by annotator, and between models.',
  inputs: ['label', 'model', 'votes', 'annotator', 'text'],
  parameters: {
    rounds: z.number().int().min(100).max(10_000).default(2000),
    /** Cyclic share of the triads from which on a warning is given. */
    warn_from: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) =>
    dataset.promptsWithThree === 0 && dataset.models < 3
      ? 'No prompt has three responses (column response) and no three models are compared (columns model_a and model_b): there is no circle to find.'
      : null,
  run: async (context) => {
    const { pairs, dataset } = context;
    const keys = await storeResponseKeys(context, dataset.datasetId);
    const graph = await createComparisonGraph(context, {
      name: 'edges',
      keys,
      source: `(SELECT 'all' AS scope, cluster, label, response_a_id, response_b_id FROM ${pairs})`,
    });
    const prompts = await measurePromptCycles(context, graph, {
      metric: 'cyclic_share',
      title: 'Cyclic share of the triads of responses to one prompt',
      scope: null,
    });
    const figures = [
      ...prompts,
      await measureSkipped(context, graph),
      await measureCyclicRatios(context, graph),
    ];
    if (dataset.votes > 0) figures.push(...(await measureRaters(context, keys)));
    const tables: AuditTable[] = [];
    if (dataset.models >= 3) {
      const models = await measureModelCycles(context, await readModelGames(context));
      figures.push(...models.figures);
      tables.push(models.table);
    }
    if (!figures.some(isShare))
      return {
        obstacle:
          'No three responses to a prompt, and no three models, are all compared with each other (columns response and model).',
      };
    const adjusted = adjustFigures(figures);
    return { figures: adjusted, tables, findings: await conclude(context, { figures: adjusted, graph }) };
  },
});

/** A share that exists: some triad was complete. */
const isShare = ({ metric, value }: AuditFigure) =>
  (metric === 'cyclic_share' || metric === 'model_cyclic_share') && value !== null;

/** Triads of one annotator's own votes: what remains of the cycles when annotators are not mixed. */
async function measureRaters(context: AuditContext, keys: string): Promise<AuditFigure[]> {
  const graph = await createComparisonGraph(context, {
    name: 'rater_edges',
    keys,
    source: `(SELECT n.name AS scope, CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster, v.label, c.response_a_id, c.response_b_id
      FROM vote v JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) JOIN annotator n USING (annotator_id)
      WHERE v.dataset_id = ? AND v.aspect IS NULL)`,
    parameters: [context.dataset.datasetId],
  });
  return measurePromptCycles(context, graph, {
    metric: 'rater_cyclic_share',
    title: 'Cyclic share of the triads of one annotator’s votes on one prompt',
    scope: 'annotator',
  });
}

async function conclude(
  context: AuditContext,
  { figures, graph }: { figures: readonly AuditFigure[]; graph: ComparisonGraph },
) {
  const of = (metric: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_value === null);
  const [prompts, models, expected] = [
    of('cyclic_share'),
    of('model_cyclic_share'),
    of('model_cyclic_share_expected'),
  ];
  const findings = [];
  if (prompts && prompts.value !== null) {
    findings.push(
      makeFinding({
        id: 'prompt_cycles',
        sentence: `${sayShare(prompts)} of ${sayMany(prompts.n_items, 'triad')} of responses to one prompt go in a circle (chance alone: 25 %). Do not collapse those prompts to scores; export pairs.`,
        figure: { ...prompts, neutral: 0 },
        scale: 'amount',
        isDescriptive: true,
        noticeFrom: context.params.warn_from / 2,
        warnFrom: context.params.warn_from,
        rows: await context.keepRows({
          set: 'cyclic_prompts',
          relation: 'pairs',
          sql: `SELECT row_id FROM ${context.pairs} JOIN (SELECT cluster, sum(cyclic) AS cycles FROM ${graph.triads} GROUP BY cluster HAVING sum(cyclic) > 0) USING (cluster)
            ORDER BY cycles DESC, row_id`,
        }),
      }),
    );
  }
  if (models && models.value !== null) {
    findings.push(
      makeFinding({
        id: 'model_cycles',
        sentence: `${sayShare(models)} of ${sayMany(models.n_items, 'triad')} of models go in a circle; if ratings held, noise alone would give ${expected ? sayShare(expected) : 'an unknown share'}.`,
        figure: { ...models, neutral: 0 },
        scale: 'amount',
        isDescriptive: true,
        noticeFrom: Math.max(context.params.warn_from / 2, expected?.ci_hi ?? 0),
        warnFrom: Math.max(context.params.warn_from, expected?.ci_hi ?? 0),
      }),
    );
  }
  return findings;
}
