import { z } from 'zod';
import { fitLogistic, type LogisticFit, predictLogistic } from '../../../statistics/logistic.ts';
import { routingCurve } from '../../../statistics/routing.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { describeCoefficient } from '../coefficient-figure.ts';
import { makeFigure } from '../audit.ts';
import { shareFigure } from '../plain-figures.ts';
import { sayMany, sayShare } from '../wording.ts';

interface Params {
  budget: number;
}
type Context = AuditContext<Params>;

const featureNames = {
  prompt_length: 'Prompt length (log characters)',
  length_difference: 'Difference of lengths (log ratio)',
  shorter_length: 'Length of the shorter response (log characters)',
  shared_words: 'Words both responses share (Jaccard)',
  turns: 'Turns before the responses',
} as const;
type Feature = keyof typeof featureNames;
const features = Object.keys(featureNames) as Feature[];

export const humanRoutingAudit = defineAudit({
  id: 'human_routing',
  family: 'selection',
  title: 'Which pairs deserve a person',
  description:
    'Where a model judge and people disagree, by what can be seen of a pair: a proxy for the gain of asking a person.',
  inputs: ['votes', 'annotator', 'text'],
  parameters: {
    /** Pairs to send to people. */
    budget: z.number().int().positive().default(100),
  },
  findObstacle: (dataset) => {
    if (dataset.modelJudges === 0) return 'No annotator is a model.';
    return dataset.humans > 0 ? null : 'No annotator is a person.';
  },
  run: async (context) => {
    const table = context.scratch('features');
    await createFeatures(context, table);
    const data = await readFeatures(context, table, 'differs IS NOT NULL');
    const n = data.differs.length;
    if (n < 40)
      return { obstacle: `Only ${n} pairs have a label of people and one of a model; 40 are needed.` };
    const wrong = data.differs.reduce((sum, one) => sum + one, 0);
    const share = shareFigure(
      { audit: 'human_routing', metric: 'differing_share', title: 'Model and people differ' },
      wrong,
      n,
    );
    const fit = await fitLogistic(
      { features: data.columns, outcome: data.differs, clusters: data.clusters },
      context.signal ? { signal: context.signal } : {},
    );
    if (!('slopes' in fit))
      return { obstacle: 'Model and people never differ (or always), so there is nothing to learn from.' };
    const all = await readFeatures(context, table, 'true');
    const gains = predictLogistic(fit, all.columns);
    const curve = routingCurve(gains, 10);
    const rows = await keepRouted(context, { ids: all.ids, gains });
    const reached = curve.find((point) => point.rows >= context.params.budget) ?? curve.at(-1);
    return {
      findings: [
        makeFinding({
          id: 'differing',
          sentence: `Model and people differ on ${sayShare(share)} of ${sayMany(n, 'pair')} both labelled; sending the ${sayMany(reached?.rows ?? 0, 'pair')} most likely to differ is expected to meet ${(reached?.routed ?? 0).toFixed(0)} disagreements, at random ${(reached?.random ?? 0).toFixed(0)} (proxy).`,
          figure: share,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: 0.2,
          series: 'routing',
          rows,
        }),
      ],
      figures: [share, ...describeTerms(fit, n)],
      series: [drawCurve(curve)],
      params: { target: 'proxy: P(people and model differ); gains of the paper need measured model quality' },
    };
  },
});

function describeTerms(fit: LogisticFit, n: number) {
  return features.map((name, i) =>
    makeFigure(
      {
        audit: 'human_routing',
        metric: name,
        title: `Log-odds of differing: ${featureNames[name]}`,
      },
      { ...describeCoefficient(fit.coefficients[i], n), neutral: 0, n_items: n, n_clusters: fit.clusters },
    ),
  );
}

const drawCurve = (curve: ReturnType<typeof routingCurve>) => ({
  id: 'routing',
  title: 'Disagreements met, best first',
  x_title: 'Pairs sent to people',
  y_title: 'Expected disagreements',
  points: curve.map((point) => ({
    label: String(point.rows),
    x: point.rows,
    y: point.routed,
    ci_lo: null,
    ci_hi: null,
    n: point.rows,
  })),
});

/** Majority of people and of models on a pair, and what can be seen of it. */
async function createFeatures({ session, dataset, pairs, signal }: Context, table: string): Promise<void> {
  const side = (kind: string) => `mode(v.label) FILTER (n.kind = '${kind}' AND v.label IN ('a', 'b', 'tie'))`;
  const words = (text: string) => `list_distinct(regexp_extract_all(lower(${text}), '[\\p{L}\\p{N}]+'))`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH
       judged AS (SELECT v.comparison_id, ${side('human')} AS human, ${side('model')} AS model FROM vote v JOIN annotator n USING (annotator_id)
         WHERE v.dataset_id = ? AND v.aspect IS NULL GROUP BY v.comparison_id),
       lists AS (SELECT x.comparison_id, x.cluster, x.prompt_chars, x.chars_a, x.chars_b, x.turns, ${words('a.text')} AS wa, ${words('b.text')} AS wb
         FROM (SELECT DISTINCT comparison_id, cluster, prompt_chars, chars_a, chars_b, turns, response_a_id, response_b_id FROM ${pairs}) x
         JOIN response a ON a.response_id = x.response_a_id JOIN response b ON b.response_id = x.response_b_id)
     SELECT l.comparison_id, l.cluster, CASE WHEN j.human IS NOT NULL AND j.model IS NOT NULL THEN (j.human <> j.model)::INTEGER END AS differs,
       j.human IS NOT NULL AS has_human, ln(1 + prompt_chars) AS prompt_length, abs(ln(1 + chars_a) - ln(1 + chars_b)) AS length_difference,
       ln(1 + least(chars_a, chars_b)) AS shorter_length, turns::DOUBLE AS turns,
       coalesce(len(list_intersect(wa, wb)) / nullif(len(list_distinct(list_concat(wa, wb))), 0), 0)::DOUBLE AS shared_words
     FROM lists l LEFT JOIN judged j USING (comparison_id) ORDER BY l.comparison_id`,
    [dataset.datasetId],
    { signal },
  );
}

async function readFeatures({ session, signal }: Context, table: string, where: string) {
  const columns = await session.columns(
    `SELECT comparison_id, cluster, differs, ${features.join(', ')} FROM ${table} WHERE ${where} ORDER BY comparison_id`,
    [],
    { signal },
  );
  const empty = new Float64Array(0);
  return {
    ids: columns['comparison_id'] ?? empty,
    clusters: columns['cluster'] ?? empty,
    differs: columns['differs'] ?? empty,
    columns: features.map((name) => columns[name] ?? empty),
  };
}

/** The pairs of the budget with the highest expected gain, best first. */
async function keepRouted(context: Context, { ids, gains }: { ids: Float64Array; gains: Float64Array }) {
  const order = Array.from(ids, (id, i) => ({ id, gain: gains[i] ?? 0 })).sort(
    (a, b) => b.gain - a.gain || a.id - b.id,
  );
  const chosen = JSON.stringify(order.slice(0, context.params.budget));
  return context.keepRows({
    set: 'to_people',
    relation: 'pairs',
    sql: `SELECT one.id AS row_id FROM (SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","gain":"DOUBLE"}]')) AS one) ORDER BY one.gain DESC, row_id`,
    parameters: [chosen],
  });
}
