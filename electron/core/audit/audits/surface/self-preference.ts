import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { normalTwoSidedP } from '../../../statistics/normal.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { familyOf } from '../model-family.ts';
import { sayMany, sayShare, sayValue } from '../wording.ts';

type AuditContext = Context<{ warn_from: number; rounds: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'self_preference', metric, title });

export const selfPreferenceAudit = defineAudit({
  id: 'self_preference',
  family: 'surface',
  title: 'Self-preference of model judges',
  description:
    'Whether a model judge favours responses of its own family: against the human label of the same pairs where there is one, otherwise as a raw win rate.',
  inputs: ['votes', 'annotator', 'model', 'label'],
  parameters: {
    /** Size of the difference from which it is a warning. */
    warn_from: z.number().min(0).max(1).default(0.1),
    rounds: z.number().int().min(100).max(10_000).default(1000),
  },
  findObstacle: (dataset) => {
    if (dataset.modelJudges === 0) return 'No annotator is a model (column annotator_kind).';
    if (dataset.votes === 0) return 'No overall votes are recorded.';
    return dataset.withModels === 0
      ? 'No labelled pair names the models of both sides (columns model_a, model_b).'
      : null;
  },
  run: async (context) => {
    const table = await storeOwnPairs(context);
    const judges = await context.session.all<{
      judge: string;
      family: string;
      pairs: number;
      withHuman: number;
    }>(
      `SELECT judge, any_value(family) AS family, count(*) AS pairs, count(human) AS "withHuman" FROM ${table} GROUP BY judge ORDER BY pairs DESC, judge LIMIT 20`,
    );
    if (judges.length === 0)
      return {
        obstacle:
          'No model judge whose family is known by its name has voted on pairs with exactly one side of its own family.',
      };
    const figures: AuditFigure[] = [];
    for (const judge of judges) figures.push(...(await measureJudge(context, table, judge)));
    const adjusted = adjustFigures(figures);
    return {
      findings: describeJudges(adjusted, context),
      figures: adjusted,
      params: { judges: judges.length, families: 'by model name', min_n: minimumItems },
    };
  },
});

/**
 * One row per overall vote of a model judge on a pair with exactly one side of its own family, with the human label:
 * the majority of the human votes on the pair, ties left out.
 */
async function storeOwnPairs(context: AuditContext): Promise<string> {
  const { session, dataset, signal, judge } = context;
  const table = context.scratch('own_pairs');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH human AS (SELECT v.comparison_id, sum(CASE v.label WHEN 'a' THEN 1 WHEN 'b' THEN -1 ELSE 0 END) AS lean
         FROM vote v JOIN annotator n USING (annotator_id) WHERE v.dataset_id = $1 AND v.aspect IS NULL AND n.kind = 'human' GROUP BY v.comparison_id),
       voted AS (SELECT n.name AS judge, ${familyOf('n.name')} AS family, v.comparison_id, v.label, ${familyOf('c.model_a')} AS family_a,
           ${familyOf('c.model_b')} AS family_b, CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster, h.lean
         FROM vote v JOIN annotator n USING (annotator_id) JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id) LEFT JOIN human h USING (comparison_id)
         WHERE v.dataset_id = $1 AND v.aspect IS NULL AND n.kind = 'model' AND v.label IN ('a', 'b') ${judge === null ? '' : 'AND n.name = $2'})
     SELECT judge, family, comparison_id, cluster, (label = CASE WHEN family_a = family THEN 'a' ELSE 'b' END)::INTEGER AS own,
       CASE WHEN lean > 0 THEN (family_a = family)::INTEGER WHEN lean < 0 THEN (family_b = family)::INTEGER END AS human
     FROM voted WHERE family IS NOT NULL AND (family_a = family) <> coalesce(family_b = family, false) AND family_a IS NOT NULL AND family_b IS NOT NULL`,
    judge === null ? [dataset.datasetId] : [dataset.datasetId, judge],
    { signal },
  );
  return table;
}

async function measureJudge(
  context: AuditContext,
  table: string,
  { judge, withHuman }: { judge: string; withHuman: number },
): Promise<AuditFigure[]> {
  const { session, signal, params, seed } = context;
  const slice = { slice_dim: 'judge', slice_value: judge };
  const [moments] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, own AS outcome FROM ${table} WHERE judge = ?)`,
    { parameters: [judge], signal },
  );
  const raw = makeFigure(headOf('own_win_rate', 'The judge picks its own family (uncontrolled)'), {
    ...slice,
    ...measureShare(moments),
    neutral: 0.5,
  });
  if (withHuman === 0) return [raw];
  const columns = await session.columns(
    `SELECT sum((human = 1)::INTEGER) AS own_n, sum((human = 1 AND own = 1)::INTEGER) AS own_yes,
       sum((human = 0)::INTEGER) AS other_n, sum((human = 0 AND own = 0)::INTEGER) AS other_yes
     FROM ${table} WHERE judge = ? AND human IS NOT NULL GROUP BY cluster ORDER BY cluster`,
    [judge],
    { signal },
  );
  const of = (name: string) => columns[name] ?? new Float64Array(0);
  const outcome = await bootstrapClusters(
    [of('own_yes'), of('own_n'), of('other_yes'), of('other_n')],
    ([ownYes = 0, ownN = 0, otherYes = 0, otherN = 0]) =>
      equalOpportunity({ ownYes, ownN, otherYes, otherN }),
    { seed, rounds: params.rounds, ...(signal ? { signal } : {}) },
  );
  const isKnown = outcome.status !== 'undefined';
  return [
    raw,
    makeFigure(
      headOf('self_preference', 'Own picked where people pick own, minus other where people pick other'),
      {
        ...slice,
        value: isKnown ? outcome.estimate : null,
        ci_lo: isKnown ? outcome.lower : null,
        ci_hi: isKnown ? outcome.upper : null,
        p: isKnown ? twoSided(outcome.estimate, outcome.standardError) : null,
        n_items: withHuman,
        n_clusters: of('own_n').length,
        status: isKnown ? statusOf(withHuman) : 'undefined',
        neutral: 0,
      },
    ),
  ];
}

/**
 * P(judge picks own | people pick own) − P(judge picks other | people pick other), −1..1. The equal-opportunity reading
 * of self-preference; the formula is from memory of the literature and not confirmed.
 */
export function equalOpportunity(counts: {
  ownYes: number;
  ownN: number;
  otherYes: number;
  otherN: number;
}): number {
  return counts.ownYes / counts.ownN - counts.otherYes / counts.otherN;
}

function twoSided(estimate: number, standardError: number): number | null {
  if (!(standardError > 0)) return null;
  return normalTwoSidedP(estimate / standardError);
}

function describeJudges(figures: readonly AuditFigure[], { params }: AuditContext): Finding[] {
  const controlled = figures.filter((figure) => figure.metric === 'self_preference' && figure.value !== null);
  const chosen =
    controlled.length > 0 ? controlled : figures.filter((figure) => figure.metric === 'own_win_rate');
  const [worst] = [...chosen].sort(
    (a, b) => Math.abs((b.value ?? 0) - (b.neutral ?? 0)) - Math.abs((a.value ?? 0) - (a.neutral ?? 0)),
  );
  if (!worst) return [];
  const isControlled = worst.metric === 'self_preference';
  return [
    makeFinding({
      id: isControlled ? 'controlled' : 'uncontrolled',
      sentence: isControlled
        ? `${worst.slice_value ?? 'The judge'} agrees with people ${sayValue(worst)} more often on its own family than on others, over ${sayMany(worst.n_items, 'pair')} with human votes.`
        : `${worst.slice_value ?? 'The judge'} picks its own family in ${sayShare(worst)} of ${sayMany(worst.n_items, 'pair')}; without human labels this may be quality.`,
      figure: worst,
      scale: isControlled ? 'difference' : 'share',
      ...(isControlled ? { warnFrom: params.warn_from } : {}),
    }),
  ];
}
