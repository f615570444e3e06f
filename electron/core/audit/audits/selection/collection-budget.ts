import { z } from 'zod';
import { isGroupColumn } from '../../selection/ordered-selections.ts';
import {
  allocateBudget,
  allocateEvenly,
  type BudgetGroup,
  type BudgetShare,
} from '../../../statistics/budget.ts';
import { type CurvePoint, predictLossInterval } from '../../../statistics/learning-curve.ts';
import { fitLogistic, predictLogistic } from '../../../statistics/logistic.ts';
import { createRandom, shuffle } from '../../../statistics/random.ts';
import { type AuditContext, defineAudit, makeFigure } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { sayCount } from '../wording.ts';

const groupColumns = ['subset', 'topic', 'language', 'source_file'] as const;
const leastGroup = 100;
const mostGroups = 8;
const mostPairs = 2000;
const repetitions = 5;
const trainingSizes = [20, 40, 80, 160, 320, 640, 1280];

interface Params {
  by: string;
  budget: number;
  max_min: boolean;
}
type Context = AuditContext<Params>;

export const collectionBudgetAudit = defineAudit({
  id: 'collection_budget',
  family: 'selection',
  title: 'Collection budget',
  description:
    'Which groups should get the next votes, by how fast the held-out error of a small scorer falls with more of their pairs (our design).',
  inputs: ['label', 'text', 'subset', 'topic', 'language'],
  parameters: {
    /** Column of the groups; empty = the first of subset, topic, language, source_file with two groups. */
    by: z.string().default(''),
    /** Pairs to collect. */
    budget: z.number().int().positive().default(1000),
    /** Lower the highest loss instead of the mean loss. */
    max_min: z.boolean().default(false),
  },
  findObstacle: (dataset) =>
    dataset.labelled >= 2 * leastGroup
      ? null
      : `There are not ${2 * leastGroup} pairs with a preferred side.`,
  run: async (context) => {
    const found = await findGroups(context);
    if (typeof found === 'string') return { obstacle: found };
    const groups: BudgetGroup[] = [];
    for (const { group, n } of found.groups) {
      const points = await measureCurve(context, { by: found.by, group });
      groups.push({ name: group, cost: 1, weight: 1, points, collected: n });
    }
    const { budget, max_min } = context.params;
    const shares = allocateBudget(groups, { budget, objective: max_min ? 'max_min' : 'weighted' });
    const equal = allocateEvenly(groups, budget, 'equal');
    const proportional = allocateEvenly(groups, budget, 'proportional');
    const figures = shares.map((share, index) =>
      describeShare(share, { by: found.by, now: groups[index]?.collected ?? 0 }),
    );
    const extra = shares.map((share, index) => share.n - (groups[index]?.collected ?? 0));
    const top = extra.indexOf(Math.max(...extra));
    return {
      findings: [
        makeFinding({
          id: 'next',
          sentence: `Of ${sayCount(budget)} pairs to collect ${sayCount(extra[top] ?? 0)} should go to ${found.by} ${shares[top]?.name ?? ''}; equal shares would give it ${sayCount(equal[top] ?? 0)}.`,
          figure: figures[top] ?? null,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
        }),
      ],
      figures,
      tables: [
        {
          id: 'shares',
          title: 'Pairs to collect',
          columns: ['Group', 'There now', 'To collect', 'Equal', 'Proportional', 'Basis', 'Loss then'],
          rows: shares.map((share, index) => [
            share.name,
            groups[index]?.collected ?? 0,
            extra[index] ?? 0,
            equal[index] ?? 0,
            proportional[index] ?? 0,
            share.basis,
            share.loss,
          ]),
        },
      ],
      series: groups.map(drawCurve),
      params: {
        by: found.by,
        scorer: 'logistic regression on surface features of both sides',
        cost_of_a_pair: 1,
      },
    };
  },
});

function describeShare(share: BudgetShare, { by, now }: { by: string; now: number }) {
  const interval = share.curve && predictLossInterval(share.curve, share.n);
  const isKnown = interval && interval.status !== 'undefined';
  return makeFigure(
    { audit: 'collection_budget', metric: 'predicted_loss', title: 'Held-out log-loss after collecting' },
    {
      value: share.loss,
      ci_lo: isKnown ? interval.lower : null,
      ci_hi: isKnown ? interval.upper : null,
      n_items: now,
      status: share.loss === null ? 'undefined' : 'ok',
      slice_dim: by,
      slice_value: share.name,
    },
  );
}

const drawCurve = (group: BudgetGroup) => ({
  id: `curve_${group.name}`,
  title: `Held-out log-loss of ${group.name}`,
  x_title: 'Pairs the scorer saw',
  y_title: 'Log-loss',
  points: group.points.map((point) => ({
    label: String(point.n),
    x: point.n,
    y: point.loss,
    ci_lo: null,
    ci_hi: null,
    n: point.n,
  })),
});

async function findGroups(
  context: Context,
): Promise<{ by: string; groups: { group: string; n: number }[] } | string> {
  const wanted = context.params.by;
  if (wanted !== '' && !isGroupColumn(wanted)) return `“${wanted}” is no column of a group.`;
  for (const by of wanted === '' ? groupColumns : [wanted]) {
    const groups = await context.session.all<{ group: string; n: number }>(
      `SELECT ${by}::VARCHAR AS "group", count(DISTINCT comparison_id) AS n FROM ${context.pairs} WHERE ${by} IS NOT NULL AND label IN ('a', 'b')
       GROUP BY ALL HAVING count(DISTINCT comparison_id) >= ${leastGroup} ORDER BY n DESC, "group" LIMIT ${mostGroups}`,
    );
    if (groups.length >= 2) return { by, groups };
  }
  return `No column (${wanted || groupColumns.join(', ')}) has two groups of ${leastGroup} labelled pairs.`;
}

/** What the scorer sees of a text. */
const features = [
  'length(TEXT)',
  "length(TEXT) - length(replace(TEXT, chr(10), ''))",
  "len(regexp_extract_all(TEXT, '(?m)^\\s*(?:[-*•]|\\d+\\.)\\s'))",
  "len(regexp_extract_all(TEXT, '\\d'))",
  "len(regexp_extract_all(TEXT, '[?!]'))",
  "len(regexp_extract_all(TEXT, '\\*\\*'))",
];

interface Scored {
  readonly columns: Float64Array[];
  readonly outcome: Float64Array;
}

/** Mean held-out log-loss of the scorer by the number of pairs it was fitted on, over several shuffles. */
async function measureCurve(
  context: Context,
  { by, group }: { by: string; group: string },
): Promise<CurvePoint[]> {
  const data = await readFeatures(context, { by, group });
  const random = createRandom(context.seed);
  const rows = data.outcome.length;
  const held = Math.min(500, Math.floor(rows * 0.3));
  const sizes = trainingSizes.filter((size) => size <= rows - held);
  const sums = new Float64Array(sizes.length);
  for (let round = 0; round < repetitions; round++) {
    const order = shuffle(
      Array.from({ length: rows }, (_, i) => i),
      random,
    );
    const test = take(data, order.slice(0, held));
    for (const [place, size] of sizes.entries()) {
      const train = take(data, order.slice(held, held + size));
      sums[place] = (sums[place] ?? 0) + (await heldOutLoss(train, test, context.signal));
    }
  }
  return sizes.map((n, place) => ({ n, loss: (sums[place] ?? 0) / repetitions }));
}

async function readFeatures(context: Context, { by, group }: { by: string; group: string }): Promise<Scored> {
  const parts = features.map((feature, index) => {
    const [a, b] = ['a.text', 'b.text'].map((text) => `(${feature.replaceAll('TEXT', text)})`);
    return `ln(1 + ${a}) - ln(1 + ${b}) AS f${index}`;
  });
  const columns = await context.session.columns(
    `WITH drawn AS MATERIALIZED (SELECT label, response_a_id, response_b_id, md5(row_id || '.' || ?) AS place, row_id FROM ${context.pairs}
       WHERE ${by}::VARCHAR = ? AND label IN ('a', 'b') ORDER BY place, row_id LIMIT ${mostPairs})
     SELECT (x.label = 'a')::INTEGER AS won, ${parts.join(', ')} FROM drawn x JOIN response a ON a.response_id = x.response_a_id
       JOIN response b ON b.response_id = x.response_b_id ORDER BY x.place, x.row_id`,
    [context.seed, group],
    { signal: context.signal },
  );
  const outcome = columns['won'] ?? new Float64Array(0);
  return {
    columns: features.map((_, index) => columns[`f${index}`] ?? new Float64Array(outcome.length)),
    outcome,
  };
}

const take = ({ columns, outcome }: Scored, rows: readonly number[]): Scored => ({
  columns: columns.map((column) => Float64Array.from(rows, (row) => column[row] ?? 0)),
  outcome: Float64Array.from(rows, (row) => outcome[row] ?? 0),
});

async function heldOutLoss(train: Scored, test: Scored, signal?: AbortSignal): Promise<number> {
  const fit = await fitLogistic(
    { features: train.columns, outcome: train.outcome },
    { intercept: false, ridge: 1, ...(signal ? { signal } : {}) },
  );
  if (!('slopes' in fit)) return Math.LN2;
  const predicted = predictLogistic(fit, test.columns);
  const losses = test.outcome.map((y, i) => {
    const p = Math.min(1 - 1e-9, Math.max(1e-9, predicted[i] ?? 0.5));
    return -(y * Math.log(p) + (1 - y) * Math.log(1 - p));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
