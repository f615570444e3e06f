import { z } from 'zod';
import type { AuditFigure, AuditResult, AuditTable } from '../../../../contract/audit.contract.ts';
import { rateGlicko2, unrated } from '../../../statistics/glicko2.ts';
import { fitRasch, type RaschFit, type Responses } from '../../../statistics/irt.ts';
import {
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  maximumSlices,
  minimumItems,
} from '../audit.ts';
import { describeProportion } from '../proportion.ts';
import { makeFinding } from '../finding.ts';
import { createVoteTable, withOthers } from '../raters/vote-table.ts';
import { sayMany } from '../wording.ts';

type AuditContext = Context<{ min_respondents: number; hard_from: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'item-difficulty', metric, title });

/** Rows moved into the database at a time. */
const chunk = 5000;

export const itemDifficultyAudit = defineAudit({
  id: 'item-difficulty',
  family: 'rankings',
  title: 'Item difficulty',
  description:
    'How hard each pair is to judge and how able each annotator is, from who agrees with the consensus: one-parameter item response model and Glicko-2.',
  inputs: ['votes', 'annotator', 'label'],
  parameters: {
    min_respondents: z.number().int().min(1).default(3),
    /** Pairs harder than this (in logits above the mean annotator) are listed. */
    hard_from: z.number().default(0),
  },
  findObstacle: (dataset) =>
    dataset.pairsWithTwoVotes === 0 || dataset.annotators < 2
      ? 'No pair has votes of two annotators (column annotator): who is right cannot be told from who is able.'
      : null,
  run: async (context) => {
    const responses = context.scratch('responses');
    await prepare(context, responses);
    const data = await readResponses(context, responses);
    if (data.items === 0)
      return {
        obstacle:
          'No vote has a consensus of the others or a recorded label to hold it against (columns annotator, label).',
      };
    const fit = await fitRasch(data, { signal: context.signal });
    const items = context.scratch('items');
    await storeItems(context, { responses, items, fitted: context.scratch('fit'), fit });
    const figures = [
      ...(await describeItems(context, items)),
      ...(await describeRaters(context, { responses, data, fit })),
    ];
    return {
      figures,
      findings: await conclude(context, { items, figures, fit }),
      series: [await drawQuantiles(context, items)],
      tables: await tablesOf(context, { items, responses, fit }),
      params: {
        consensus: 'majority of the other annotators, else the recorded label',
        respondents: data.respondents,
        is_connected: fit.isConnected,
      },
    };
  },
});

/** One row per vote with a consensus to hold it against: item, respondent (codes), comparison_id, annotator, agrees. */
async function prepare(context: AuditContext, table: string): Promise<void> {
  const votes = await createVoteTable(context);
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT comparison_id, annotator, cluster, dense_rank() OVER (ORDER BY comparison_id) - 1 AS item, dense_rank() OVER (ORDER BY annotator_id) - 1 AS respondent,
       (label = truth)::INTEGER AS agrees
     FROM (SELECT *, CASE WHEN n_a + n_b + n_tie >= 3 THEN coalesce(rest, recorded) ELSE recorded END AS truth FROM ${withOthers(votes)}) WHERE truth IS NOT NULL
     ORDER BY item, respondent`,
    [],
    { signal: context.signal },
  );
}

async function readResponses({ session, signal }: AuditContext, table: string): Promise<Responses> {
  const columns = await session.columns(
    `SELECT item, respondent, agrees FROM ${table} ORDER BY item, respondent`,
    [],
    { signal },
  );
  const {
    item = new Float64Array(0),
    respondent = new Float64Array(0),
    agrees = new Float64Array(0),
  } = columns;
  const highest = (codes: Float64Array) => codes.reduce((most, code) => Math.max(most, code + 1), 0);
  return {
    ...{ items: highest(item), respondents: highest(respondent) },
    ...{ item, respondent, right: agrees, asked: agrees.map(() => 1) },
  };
}

async function storeItems(
  { session, signal }: AuditContext,
  { responses, items, fitted, fit }: { responses: string; items: string; fitted: string; fit: RaschFit },
): Promise<void> {
  await session.run(`CREATE OR REPLACE TABLE ${fitted} (item INTEGER, difficulty DOUBLE, se DOUBLE)`);
  for (let from = 0; from < fit.difficulties.length; from += chunk) {
    const rows = Array.from(fit.difficulties.subarray(from, from + chunk), (difficulty, index) => [
      from + index,
      difficulty,
      fit.errors[from + index] ?? 0,
    ]);
    await session.run(
      `INSERT INTO ${fitted} SELECT (r[1])::INTEGER, r[2], r[3] FROM (SELECT unnest(from_json(?::JSON, '["DOUBLE[]"]')) AS r)`,
      [JSON.stringify(rows)],
      { signal },
    );
  }
  await session.run(
    `CREATE OR REPLACE TABLE ${items} AS
     SELECT comparison_id, any_value(cluster) AS cluster, count(*) AS n, sum(agrees) AS agreeing, any_value(f.difficulty) AS difficulty, any_value(f.se) AS se,
       percent_rank() OVER (ORDER BY any_value(f.difficulty)) AS quantile
     FROM ${responses} JOIN ${fitted} f USING (item) GROUP BY comparison_id ORDER BY comparison_id`,
    [],
    { signal },
  );
}

async function describeItems(
  { session, signal, params }: AuditContext,
  items: string,
): Promise<AuditFigure[]> {
  const row = await session.one<{
    n: number;
    few: number;
    mean: number | null;
    sd: number | null;
    hard: number;
  }>(
    `SELECT count(*) AS n, count(*) FILTER (n < $1) AS few, avg(difficulty) FILTER (n >= $1) AS mean, stddev(difficulty) FILTER (n >= $1) AS sd,
       count(*) FILTER (n >= $1 AND difficulty > $2) AS hard FROM ${items}`,
    [params.min_respondents, params.hard_from],
    { signal },
  );
  const n = row.n - row.few;
  const half = row.sd === null || n < 2 ? null : (1.959964 * row.sd) / Math.sqrt(n);
  const status =
    n === 0 ? ('undefined' as const) : n < minimumItems ? ('too_small' as const) : ('ok' as const);
  return [
    makeFigure(headOf('mean_difficulty', 'Mean difficulty of a pair, in logits above the mean annotator'), {
      value: row.mean,
      ci_lo: half === null ? null : (row.mean ?? 0) - half,
      ci_hi: half === null ? null : (row.mean ?? 0) + half,
      n_items: n,
      status,
      neutral: 0,
    }),
    makeFigure(headOf('too_few_respondents', 'Pairs with too few annotators for a difficulty'), {
      ...describeProportion(row.few, row.n),
    }),
    makeFigure(headOf('hard_share', 'Pairs that the mean annotator gets wrong more often than right'), {
      ...describeProportion(row.hard, n),
    }),
  ];
}

async function describeRaters(
  { session, signal }: AuditContext,
  { responses, data, fit }: { responses: string; data: Responses; fit: RaschFit },
): Promise<AuditFigure[]> {
  const information = new Float64Array(data.respondents).fill(1);
  for (let k = 0; k < data.item.length; k++) {
    const code = data.respondent[k] ?? 0;
    const p = 1 / (1 + Math.exp((fit.difficulties[data.item[k] ?? 0] ?? 0) - (fit.abilities[code] ?? 0)));
    information[code] = (information[code] ?? 0) + p * (1 - p);
  }
  const raters = await session.all<{ annotator: string; respondent: number; n: number; prompts: number }>(
    `SELECT annotator, respondent, count(*) AS n, count(DISTINCT cluster) AS prompts FROM ${responses} GROUP BY ALL ORDER BY n DESC, annotator LIMIT ${10 * maximumSlices}`,
    [],
    { signal },
  );
  return raters.map(({ annotator, respondent, n, prompts }) => {
    const value = fit.abilities[respondent] ?? 0;
    const half = 1.959964 / Math.sqrt(information[respondent] ?? 1);
    return makeFigure(headOf('ability', 'Ability of an annotator, in logits from the mean'), {
      slice_dim: 'annotator',
      slice_value: annotator,
      value,
      ci_lo: value - half,
      ci_hi: value + half,
      n_items: n,
      n_clusters: prompts,
      status: n < minimumItems ? 'too_small' : 'ok',
      neutral: 0,
    });
  });
}

async function conclude(
  context: AuditContext,
  { items, figures, fit }: { items: string; figures: readonly AuditFigure[]; fit: RaschFit },
) {
  const { params } = context;
  const hard = figures.find((figure) => figure.metric === 'hard_share');
  const few = figures.find((figure) => figure.metric === 'too_few_respondents');
  if (!hard || !few) return [];
  const left = few.value
    ? ` ${sayMany(Math.round(few.value * few.n_items), 'pair')} with fewer than ${params.min_respondents} annotators left out.`
    : '';
  const apart = fit.isConnected
    ? ''
    : ' Annotators and pairs fall into groups without a link, so difficulties of different groups cannot be compared.';
  return [
    makeFinding({
      id: 'hard_pairs',
      sentence:
        hard.value === null
          ? `No pair has ${params.min_respondents} annotators with a consensus.${apart}`
          : `${sayMany(Math.round(hard.value * hard.n_items), 'pair')} of ${hard.n_items} are harder than ${params.hard_from} logits.${left}${apart}`,
      figure: hard,
      scale: 'amount',
      isDescriptive: true,
      noticeFrom: 0.25,
      series: 'difficulty_quantiles',
      rows: await context.keepRows({
        set: 'hard',
        relation: 'pairs',
        sql: `SELECT comparison_id AS row_id FROM ${items} WHERE n >= ? AND difficulty > ? ORDER BY difficulty DESC, comparison_id`,
        parameters: [params.min_respondents, params.hard_from],
      }),
    }),
  ];
}

async function drawQuantiles(
  { session, signal, params }: AuditContext,
  items: string,
): Promise<AuditResult['series'][number]> {
  const rows = await session.all<{ tenth: number; n: number; difficulty: number; se: number }>(
    `SELECT tenth, count(*) AS n, avg(difficulty) AS difficulty, avg(se) AS se FROM (
       SELECT *, ntile(10) OVER (ORDER BY difficulty, comparison_id) AS tenth FROM ${items} WHERE n >= ?) GROUP BY tenth ORDER BY tenth`,
    [params.min_respondents],
    { signal },
  );
  return {
    id: 'difficulty_quantiles',
    title: 'Difficulty by tenth of the pairs (interval: of a single pair)',
    x_title: 'Tenth of the pairs, easiest first',
    y_title: 'Difficulty in logits',
    points: rows.map(({ tenth, n, difficulty, se }) => ({
      ...{ label: String(tenth), x: tenth, y: difficulty, n },
      ...{ ci_lo: difficulty - 1.959964 * se, ci_hi: difficulty + 1.959964 * se },
    })),
  };
}

async function tablesOf(
  context: AuditContext,
  what: { items: string; responses: string; fit: RaschFit },
): Promise<AuditTable[]> {
  return [await listHardest(context, what.items), await listAnnotators(context, what)];
}

const digits = (value: number) => Number(value.toFixed(3));

async function listHardest({ session, signal, params }: AuditContext, items: string): Promise<AuditTable> {
  const hardest = await session.all<{
    example: string;
    n: number;
    agreeing: number;
    difficulty: number;
    se: number;
    quantile: number;
  }>(
    `SELECT c.example_id AS example, n, agreeing, difficulty, se, quantile FROM ${items} JOIN comparison c USING (comparison_id) WHERE n >= ?
     ORDER BY difficulty DESC, comparison_id LIMIT 50`,
    [params.min_respondents],
    { signal },
  );
  return {
    id: 'hardest',
    title: 'Hardest pairs',
    columns: [
      ...['Example', 'Difficulty', 'Error', 'Quantile', 'Agree with the consensus', 'Annotators'],
      ...['Glicko-2 rating', 'Glicko-2 deviation'],
    ],
    rows: hardest.map(({ example, n, agreeing, difficulty, se, quantile }) => [
      ...[example, digits(difficulty), digits(se), digits(quantile), agreeing, n],
      ...rateGames(n - agreeing, agreeing),
    ]),
  };
}

async function listAnnotators(
  { session, signal }: AuditContext,
  { responses, fit }: { responses: string; fit: RaschFit },
): Promise<AuditTable> {
  const counts = await session.all<{ annotator: string; respondent: number; n: number; agreeing: number }>(
    `SELECT annotator, respondent, count(*) AS n, sum(agrees) AS agreeing FROM ${responses} GROUP BY ALL ORDER BY annotator LIMIT ${10 * maximumSlices}`,
    [],
    { signal },
  );
  return {
    id: 'annotators',
    title: 'Annotators',
    columns: [
      'Annotator',
      'Ability',
      'Agree with the consensus',
      'Votes',
      'Glicko-2 rating',
      'Glicko-2 deviation',
    ],
    rows: counts.map(({ annotator, respondent, n, agreeing }) => [
      ...[annotator, digits(fit.abilities[respondent] ?? 0), agreeing, n],
      ...rateGames(agreeing, n - agreeing),
    ]),
  };
}

/** Glicko-2 after one period of games against unrated opponents, the whole import being the period. */
function rateGames(won: number, lost: number): [number, number] {
  const { rating, deviation } = rateGlicko2(unrated, [
    { opponent: unrated, score: 1, count: won },
    { opponent: unrated, score: 0, count: lost },
  ]);
  return [Math.round(rating), Math.round(deviation)];
}
