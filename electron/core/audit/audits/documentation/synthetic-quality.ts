import { z } from 'zod';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { jensenShannon, normalisedEntropy, numericJensenShannon } from '../../../statistics/divergence.ts';
import { hashedVectors } from '../../selection/subset-selection.ts';
import { Binder } from '../../selection/selection-table.ts';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure, shareFigure } from '../plain-figures.ts';
import { sayMany, sayShare } from '../wording.ts';
import { responseFields } from './response-fields.ts';
import { compileRule, type DataRule, lensOf, nameRule, parseRules } from './data-rules.ts';

interface Params {
  brief: string;
  rules: string;
  real: string;
  sample: number;
}
type Context = AuditContext<Params>;

const headOf = (metric: string, title: string) => ({ audit: 'synthetic_quality', metric, title });
/** Responses whose bigrams are counted; the ratio depends on how much text is read. */
const bigramSample = 5000;
const categories = ['language', 'topic', 'subset', 'model'] as const;

export const syntheticQualityAudit = defineAudit({
  id: 'synthetic_quality',
  family: 'documentation',
  title: 'Quality of synthetic data',
  description:
    'Diversity, relevance and coherence of the responses, and how far their columns are from a real dataset.',
  inputs: ['text', 'extra', 'language', 'topic', 'subset', 'model'],
  parameters: {
    /** What the data were to be about, in words; empty = relevance by rules only. */
    brief: z.string().max(10_000).default(''),
    /** Rules over extra fields as JSON: range, enum, product, order, monotone. */
    rules: z.string().max(50_000).default(''),
    /** Name of a dataset of the workspace to compare with. */
    real: z.string().default(''),
    /** Responses compared with each other. */
    sample: z.number().int().min(10).max(2000).default(400),
  },
  findObstacle: (dataset) => (dataset.responses > 0 ? null : 'There are no responses.'),
  run: async (context) => {
    const rules = parseRules(context.params.rules);
    const diversity = await measureDiversity(context);
    const cosine = await measureCosine(context);
    const checked = await checkRules(context, rules);
    const distances = await compareWithReal(context);
    const broken = checked.filter((one) => one.figure.value !== null && one.figure.value > 0);
    return {
      figures: [...diversity, ...cosine, ...checked.map((one) => one.figure), ...distances],
      findings: [
        sayDiversity(cosine),
        ...broken.map((one) =>
          makeFinding({
            id: `rule_${one.place}`,
            sentence: `${sayShare(one.figure)} of ${sayMany(one.figure.n_items, 'row')} break the ${one.lens} rule “${one.name}”.`,
            figure: one.figure,
            scale: 'amount',
            isDescriptive: true,
            warnFrom: 0.05,
            rows: one.rows,
          }),
        ),
      ],
      params: {
        formulas: 'our operationalisation of the three lenses',
        vectors: 'words hashed into 256 places',
      },
    };
  },
});

function sayDiversity(figures: readonly AuditFigure[]) {
  const distance = figures.find((figure) => figure.metric === 'mean_cosine_distance') ?? null;
  const brief = figures.find((figure) => figure.metric === 'brief_cosine');
  return makeFinding({
    id: 'diversity',
    sentence: `${
      distance?.value == null
        ? 'How far responses are apart is not known'
        : `Two responses are on average ${distance.value.toFixed(3)} apart in cosine distance`
    } over ${sayMany(distance?.n_items ?? 0, 'response')}${brief?.value == null ? '' : `, and ${brief.value.toFixed(3)} similar to the brief`}.`,
    figure: distance,
    scale: 'amount',
    isDescriptive: true,
    noticeFrom: Number.POSITIVE_INFINITY,
  });
}

/** Normalised entropy of each categorical column and distinct bigrams over all bigrams. */
async function measureDiversity({ session, dataset, seed, signal }: Context) {
  const figures = [];
  for (const column of categories) {
    const counts = await session.columns(
      `SELECT count(*) AS n FROM (${responseFields('$1')}) WHERE ${column} IS NOT NULL GROUP BY ${column}`,
      [dataset.datasetId],
      { signal },
    );
    const n = counts['n'] ?? new Float64Array(0);
    const outcome = normalisedEntropy(n);
    if (n.length === 0) continue;
    figures.push(
      countFigure(
        {
          ...headOf('normalised_entropy', 'Normalised entropy of a column'),
          slice_dim: 'column',
          slice_value: column,
        },
        outcome.status === 'undefined' ? null : outcome.value,
        n.reduce((sum, one) => sum + one, 0),
      ),
    );
  }
  const { kinds, total, read } = await session.one<{ kinds: number; total: number; read: number }>(
    `WITH sample AS (SELECT text FROM response WHERE dataset_id = ? ORDER BY md5(response_id || '.' || ?), response_id LIMIT ${bigramSample}),
       words AS (SELECT regexp_extract_all(lower(text), '[\\p{L}\\p{N}]+') AS w FROM sample),
       bigrams AS (SELECT unnest(list_transform(range(1, len(w)), lambda i: w[i] || ' ' || w[i + 1])) AS bigram FROM words)
     SELECT approx_count_distinct(bigram) AS kinds, count(*) AS total, (SELECT count(*) FROM sample) AS read FROM bigrams`,
    [dataset.datasetId, seed],
    { signal },
  );
  const distinct = total === 0 ? null : Math.min(1, kinds / total);
  const head = headOf('distinct_2', 'Distinct bigrams over all bigrams (count within 2 %)');
  return [...figures, countFigure(head, distinct, read)];
}

/** Mean pairwise cosine distance of a sample, from the length of the summed unit vectors, and cosine to the brief. */
async function measureCosine({ session, dataset, params, seed, signal }: Context) {
  const cells = await session.columns(
    `WITH sample AS (SELECT response_id AS id, text FROM response WHERE dataset_id = ? AND trim(text) <> '' ORDER BY md5(response_id || '.' || ?), response_id LIMIT ?),
       texts AS (SELECT * FROM sample UNION ALL SELECT -1, ?),
       vectors AS (SELECT * FROM (${hashedVectors('SELECT * FROM texts')}) ORDER BY id)
     SELECT id, unnest(vec) AS cell FROM vectors`,
    [dataset.datasetId, seed, params.sample, params.brief],
    { signal },
  );
  const { id = new Float64Array(0), cell = new Float64Array(0) } = cells;
  const width = 256;
  const rows = Array.from({ length: id.length / width }, (_, i) => ({
    id: id[i * width] ?? 0,
    vec: cell.subarray(i * width, (i + 1) * width),
  }));
  const brief = rows.find((row) => row.id === -1);
  const vectors = rows.filter((row) => row.id !== -1).map((row) => row.vec);
  const n = vectors.length;
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const options = { seed, ...(signal ? { signal } : {}) };
  const means = Float64Array.from(
    vectors,
    (vec, i) =>
      vectors.reduce((sum, other, j) => (i === j ? sum : sum + 1 - dot(vec, other)), 0) / Math.max(1, n - 1),
  );
  const ones = new Float64Array(n).fill(1);
  const meanOf = (values: Float64Array) =>
    bootstrapClusters([values, ones], ([sum = 0, count = 0]) => sum / count, options);
  const distance = estimateFigure(
    headOf('mean_cosine_distance', 'Mean cosine distance of two responses'),
    await meanOf(means),
    n,
  );
  if (!brief || params.brief.trim() === '') return [distance];
  const similar = Float64Array.from(vectors, (vec) => dot(vec, brief.vec));
  return [
    distance,
    estimateFigure(headOf('brief_cosine', 'Mean cosine similarity to the brief'), await meanOf(similar), n),
  ];
}

async function checkRules(context: Context, rules: readonly DataRule[]) {
  const checked = [];
  for (const [index, rule] of rules.entries()) {
    const binder = new Binder();
    const relation = `(SELECT response_id AS row_id, extra FROM (${responseFields(binder.bind(context.dataset.datasetId, 'INTEGER'))}) WHERE extra IS NOT NULL AND json_valid(extra))`;
    const table = context.scratch(`rule_${index}`);
    await context.session.run(
      `CREATE OR REPLACE TABLE ${table} AS SELECT row_id, ${compileRule(rule, binder)} AS passes FROM ${relation}`,
      binder.parameters,
      { signal: context.signal },
    );
    const { failing, n } = await context.session.one<{ failing: number; n: number }>(
      `SELECT count(*) FILTER (NOT passes) AS failing, count(passes) AS n FROM ${table}`,
    );
    checked.push({
      place: index + 1,
      name: nameRule(rule),
      lens: lensOf(rule),
      figure: shareFigure(
        {
          ...headOf(`${lensOf(rule)}_failures`, `Rows that break a ${lensOf(rule)} rule`),
          slice_dim: 'rule',
          slice_value: nameRule(rule),
        },
        failing,
        n,
      ),
      rows: await context.keepRows({
        set: `rule_${index + 1}`,
        relation: 'responses',
        sql: `SELECT row_id FROM ${table} WHERE NOT passes ORDER BY row_id`,
      }),
    });
  }
  return checked;
}

/** Jensen-Shannon divergence of each column from the real dataset, in nats. */
async function compareWithReal({ session, dataset, params, signal }: Context) {
  if (params.real === '') return [];
  const real = await session.find<{ id: number }>(
    'SELECT dataset_id AS id FROM dataset WHERE name = ? AND is_ready',
    [params.real],
  );
  if (!real) return [];
  const figures = [];
  for (const column of categories) {
    const counts = await session.columns(
      `SELECT count(*) FILTER (side = 0) AS here, count(*) FILTER (side = 1) AS there FROM (
         SELECT 0 AS side, ${column} AS v FROM (${responseFields('$1')}) UNION ALL SELECT 1, ${column} FROM (${responseFields('$2')})) WHERE v IS NOT NULL GROUP BY v`,
      [dataset.datasetId, real.id],
      { signal },
    );
    const { here = new Float64Array(0), there = new Float64Array(0) } = counts;
    const [left, right] = [here, there].map((one) => one.reduce((sum, n) => sum + n, 0));
    if (!left || !right) continue;
    figures.push(
      countFigure(
        {
          ...headOf('js_divergence', `Jensen-Shannon divergence from ${params.real} (nats)`),
          slice_dim: 'column',
          slice_value: column,
        },
        jensenShannon(here, there),
        left + right,
      ),
    );
  }
  const chars = async (id: number) =>
    (
      await session.columns('SELECT chars FROM response WHERE dataset_id = ? ORDER BY response_id', [id], {
        signal,
      })
    )['chars'] ?? new Float64Array(0);
  const [mine, theirs] = [await chars(dataset.datasetId), await chars(real.id)];
  const lengths = numericJensenShannon(mine, theirs);
  return [
    ...figures,
    countFigure(
      {
        ...headOf('js_divergence', `Jensen-Shannon divergence from ${params.real} (nats)`),
        slice_dim: 'column',
        slice_value: 'length',
      },
      lengths.status === 'undefined' ? null : lengths.value,
      mine.length + theirs.length,
    ),
  ];
}
