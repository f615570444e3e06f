import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { familyOf, selfNaming } from '../model-family.ts';
import { measureShares } from '../slices.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ folds: number; warn_gain: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'model_leakage', metric, title });

export const modelLeakageAudit = defineAudit({
  id: 'model_leakage',
  family: 'surface',
  title: 'Annotator and model leakage',
  description:
    'How much of the label the two model names alone predict, how often a judge met its own family, and what responses that name their maker win.',
  inputs: ['label', 'model', 'text', 'annotator'],
  parameters: {
    folds: z.number().int().min(2).max(20).default(5),
    /** Accuracy beyond the majority from which predictability is a warning. */
    warn_gain: z.number().min(0).max(1).default(0.2),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeNamed(context);
    const named = await measureShares(context, {
      head: headOf('self_naming_wins', 'The side that names its maker wins'),
      from,
      outcome: 'CASE WHEN chosen_named <> rejected_named THEN chosen_named END',
    });
    const share = await measureShares(context, {
      head: headOf('self_naming_share', 'A side names its maker'),
      from,
      outcome: '(chosen_named + rejected_named > 0)::INTEGER',
      neutral: null,
    });
    const predicted = context.dataset.withModels > 0 ? await measurePredictability(context) : [];
    const own =
      context.dataset.modelJudges > 0 && context.dataset.withModels > 0
        ? await measureOwnFamily(context)
        : [];
    const figures = adjustFigures([...predicted, ...own, ...named, ...share]);
    return {
      findings: await describeLeaks(context, figures, from),
      figures,
      params: { min_n: minimumItems },
    };
  },
});

async function storeNamed(context: AuditContext): Promise<string> {
  const { session, pairs, signal } = context;
  const table = context.scratch('named');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH text AS (SELECT text, list(response_id) AS ids FROM response WHERE response_id IN (SELECT response_a_id FROM ${pairs} UNION SELECT response_b_id FROM ${pairs}) GROUP BY text),
       named AS (SELECT unnest(ids) AS response_id FROM text WHERE regexp_matches(lower(replace(text, '’', '''')), ?))
     SELECT x.*, (x.chosen_id IN (SELECT response_id FROM named))::INTEGER AS chosen_named, (x.rejected_id IN (SELECT response_id FROM named))::INTEGER AS rejected_named
     FROM ${pairs} x WHERE label IN ('a', 'b')`,
    [selfNaming],
    { signal },
  );
  return table;
}

/**
 * Accuracy of predicting the winner from the two model names, cross-validated over prompts: the more frequent winner of
 * the same two models in the other folds (½ where they are tied or never met), minus ½, which is what a guess gets
 * where sides are exchangeable.
 */
async function measurePredictability(context: AuditContext): Promise<AuditFigure[]> {
  const { session, pairs, signal, params, seed } = context;
  const scored = `(WITH x AS (SELECT cluster, least(chosen_model, rejected_model) AS low, greatest(chosen_model, rejected_model) AS high,
        (chosen_model < rejected_model)::INTEGER AS low_wins, (md5_number_lower(cluster || '.' || ${Number(seed)}) % ${params.folds})::INTEGER AS fold
      FROM ${pairs} WHERE label IN ('a', 'b') AND chosen_model <> rejected_model),
    f AS (SELECT low, high, fold, count(*) AS n, sum(low_wins) AS wins FROM x GROUP BY ALL),
    t AS (SELECT *, sum(n) OVER (PARTITION BY low, high) - n AS other_n, sum(wins) OVER (PARTITION BY low, high) - wins AS other_wins FROM f)
    SELECT NULL AS slice, x.cluster, CASE WHEN 2 * t.other_wins > t.other_n THEN x.low_wins WHEN 2 * t.other_wins < t.other_n THEN 1 - x.low_wins ELSE 0.5 END - 0.5 AS outcome
    FROM x JOIN t USING (low, high, fold))`;
  const [moments] = await sumClusterMoments(session, scored, { parameters: [], signal });
  return [
    makeFigure(
      headOf('predictability_gain', 'Accuracy of predicting the label from the two model names, minus ½'),
      {
        ...measureMean(moments),
        neutral: 0,
      },
    ),
  ];
}

/** The share of a judge's votes that are on pairs with a side of its own family. */
async function measureOwnFamily(context: AuditContext): Promise<AuditFigure[]> {
  const { session, dataset, signal } = context;
  const rows = await session.all<{ judge: string; n: number; own: number }>(
    `SELECT n.name AS judge, count(*) AS n, count(*) FILTER (${familyOf('n.name')} IN (${familyOf('c.model_a')}, ${familyOf('c.model_b')})) AS own
     FROM vote v JOIN annotator n USING (annotator_id) JOIN comparison c USING (comparison_id)
     WHERE v.dataset_id = ? AND v.aspect IS NULL AND n.kind = 'model' AND ${familyOf('n.name')} IS NOT NULL GROUP BY n.name ORDER BY n DESC, judge LIMIT 20`,
    [dataset.datasetId],
    { signal },
  );
  return rows.map(({ judge, n, own }) =>
    makeFigure(headOf('own_family_share', 'Votes on pairs with a side of the judge’s own family'), {
      slice_dim: 'judge',
      slice_value: judge,
      value: own / n,
      n_items: n,
      status: n < minimumItems ? 'too_small' : 'ok',
    }),
  );
}

async function describeLeaks(
  context: AuditContext,
  figures: readonly AuditFigure[],
  from: string,
): Promise<Finding[]> {
  const find = (metric: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_dim === null && figure.value !== null);
  const gain = find('predictability_gain');
  const named = find('self_naming_wins');
  const findings: Finding[] = [];
  if (gain) {
    const accuracy = {
      value: 0.5 + (gain.value ?? 0),
      ci_lo: gain.ci_lo === null ? null : 0.5 + gain.ci_lo,
      ci_hi: gain.ci_hi === null ? null : 0.5 + gain.ci_hi,
    };
    findings.push(
      makeFinding({
        id: 'predictability',
        sentence: `The two model names alone predict ${sayShare(accuracy)} of ${sayMany(gain.n_items, 'label')}, cross-validated.`,
        figure: gain,
        scale: 'share',
        warnFrom: 2 * context.params.warn_gain,
        noticeFrom: 0.1,
      }),
    );
  }
  if (named) {
    findings.push(
      makeFinding({
        id: 'self_naming',
        sentence: `Where one side names its maker (“as ChatGPT”, “made by …”), it wins ${sayShare(named)} of ${sayMany(named.n_items, 'pair')}.`,
        figure: named,
        scale: 'share',
        warnFrom: 0.3,
        rows: await context.keepRows({
          set: 'self_naming',
          relation: 'pairs',
          sql: `SELECT DISTINCT comparison_id AS row_id FROM ${from} WHERE chosen_named + rejected_named > 0 ORDER BY row_id`,
        }),
      }),
    );
  }
  return findings;
}
