import type { AuditContext } from '../audit.ts';

type Context = Pick<
  AuditContext<{ min_pairs: number }>,
  'session' | 'dataset' | 'signal' | 'pairs' | 'scratch' | 'params'
>;

export interface Scorers {
  /** Scratch table: comparison_id, cluster, label, m (scorers counted), mu, sigma, vote_share. */
  readonly strengths: string;
  readonly scorers: readonly {
    scorer: string;
    party: string;
    pairs: number;
    rms: number;
    agreeing: number;
  }[];
  /** Scorers that count, those that agree almost wholly taken as one. */
  readonly parties: number;
  readonly source: string;
  /** Whether votes of people count, which may have made the labels. */
  readonly isCircular: boolean;
}

/** Scorers correlated above this count as one. */
const sameAbove = 0.95;
/** Scorers at most, those with the most pairs. */
const maximumScorers = 100;

/** Aspects that are no judgement of quality. */
const notQuality = `lower(g.aspect) NOT LIKE 'logp%' AND lower(g.aspect) NOT IN ('shown', 'impression', 'n_tokens')`;

/**
 * The strength of every pair's label by several scorers: differences d = score(chosen) − score(rejected) of each annotator and
 * aspect of the ratings, and ±strength of the overall votes of model judges (of everybody where that leaves fewer than three).
 * Each scorer's d is divided by its own RMS over the dataset and never centred; scorers of RMS 0 are dropped, scorers correlated
 * above .95 are averaged into one. Pairs with fewer than two scorers are left out. Undefined with fewer than three scorers.
 */
export async function scorePairs(context: Context): Promise<Scorers | undefined> {
  const { session, scratch, signal } = context;
  const given = scratch('differences');
  await collect(context, given, `n.kind = 'model'`);
  const isCircular = (await countScorers(context, given)) < 3;
  const source = isCircular ? 'ratings and the votes of all annotators' : 'ratings and model judges';
  if (isCircular) await collect(context, given, 'true');
  const scaled = scratch('scaled');
  await session.run(
    `CREATE OR REPLACE TABLE ${scaled} AS
     WITH scale AS (SELECT scorer, sqrt(avg(d * d)) AS rms, count(*) AS n FROM ${given} GROUP BY scorer HAVING count(*) >= ? AND sqrt(avg(d * d)) > 0
       ORDER BY n DESC, scorer LIMIT ${maximumScorers})
     SELECT g.*, d / rms AS z, rms FROM ${given} g JOIN scale USING (scorer)`,
    [context.params.min_pairs],
    { signal },
  );
  const parties = await groupScorers(context, scaled);
  const names = new Set(parties.values());
  if (names.size < 3) return undefined;
  return { ...(await combine(context, { scaled, parties })), parties: names.size, source, isCircular };
}

async function countScorers({ session, params }: Context, table: string): Promise<number> {
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT scorer FROM ${table} GROUP BY scorer HAVING count(*) >= ? AND sum(d * d) > 0)`,
    [params.min_pairs],
  );
  return n;
}

async function collect(
  { session, dataset, signal, pairs }: Context,
  table: string,
  voters: string,
): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH pair AS (SELECT DISTINCT ON (comparison_id) comparison_id, cluster, label, chosen_id, rejected_id FROM ${pairs} WHERE label IN ('a', 'b') ORDER BY comparison_id),
       rated AS (SELECT g.response_id, n.name || ' · ' || g.aspect AS scorer, avg(g."value") AS score FROM rating g JOIN annotator n USING (annotator_id)
         WHERE g.dataset_id = $1 AND g."value" IS NOT NULL AND ${notQuality} GROUP BY ALL)
     SELECT p.comparison_id, p.cluster, p.label, x.scorer, x.score - y.score AS d
     FROM pair p JOIN rated x ON x.response_id = p.chosen_id JOIN rated y ON y.response_id = p.rejected_id AND y.scorer = x.scorer
     UNION ALL
     SELECT p.comparison_id, p.cluster, p.label, n.name, avg(CASE WHEN v.label = p.label THEN 1 WHEN v.label IN ('a', 'b') THEN -1 ELSE 0 END * coalesce(v.strength, 1))
     FROM pair p JOIN vote v USING (comparison_id) JOIN annotator n USING (annotator_id)
     WHERE v.dataset_id = $1 AND v.aspect IS NULL AND v.label IN ('a', 'b', 'tie', 'both_bad') AND ${voters} GROUP BY ALL`,
    [dataset.datasetId],
    { signal },
  );
}

/** The party of each scorer: its own name, or that of the first of those it is almost the same as. */
async function groupScorers(
  { session, signal, params }: Context,
  scaled: string,
): Promise<Map<string, string>> {
  const scorers = await session.all<{ scorer: string }>(
    `SELECT DISTINCT scorer FROM ${scaled} ORDER BY scorer`,
  );
  const same = await session.all<{ x: string; y: string }>(
    `SELECT x.scorer AS x, y.scorer AS y FROM ${scaled} x JOIN ${scaled} y ON x.comparison_id = y.comparison_id AND x.scorer < y.scorer
     GROUP BY x.scorer, y.scorer HAVING count(*) >= ? AND corr(x.z, y.z) > ${sameAbove} ORDER BY x, y`,
    [params.min_pairs],
    { signal },
  );
  const parties = new Map(scorers.map(({ scorer }) => [scorer, scorer]));
  for (const { x, y } of same) {
    const [keep, gone] = [parties.get(x) ?? x, parties.get(y) ?? y];
    for (const [scorer, party] of parties) if (party === gone) parties.set(scorer, keep);
  }
  return parties;
}

async function combine(
  { session, signal, scratch }: Context,
  { scaled, parties }: { scaled: string; parties: ReadonlyMap<string, string> },
): Promise<Pick<Scorers, 'strengths' | 'scorers'>> {
  const strengths = scratch('strengths');
  const named = `(SELECT unnest(from_json(?::JSON, '[{"scorer":"VARCHAR","party":"VARCHAR"}]'), recursive := true))`;
  const json = JSON.stringify(Array.from(parties, ([scorer, party]) => ({ scorer, party })));
  await session.run(
    `CREATE OR REPLACE TABLE ${strengths} AS
     WITH counted AS (SELECT comparison_id, any_value(cluster) AS cluster, any_value(label) AS label, party, avg(z) AS z FROM ${scaled} JOIN ${named} USING (scorer) GROUP BY comparison_id, party),
       pair AS (SELECT comparison_id, any_value(cluster) AS cluster, any_value(label) AS label, count(*) AS m, avg(z) AS mu, stddev_pop(z) AS sigma,
         avg(CASE WHEN z > 0 THEN 1 WHEN z = 0 THEN 0.5 ELSE 0 END) AS vote_share FROM counted GROUP BY comparison_id HAVING count(*) >= 2)
     SELECT *, CASE WHEN place <= 0.2 THEN 'likely_wrong' WHEN place <= 0.4 THEN 'ambiguous' WHEN place > 0.9 THEN 'very_easy' ELSE 'normal' END AS band
     FROM (SELECT *, row_number() OVER (ORDER BY mu, comparison_id) / count(*) OVER () AS place FROM pair) ORDER BY comparison_id`,
    [json],
    { signal },
  );
  const scorers = await session.all<Scorers['scorers'][number]>(
    `SELECT scorer, party, count(*) AS pairs, any_value(rms) AS rms, avg(CASE WHEN z > 0 THEN 1 WHEN z = 0 THEN 0.5 ELSE 0 END) AS agreeing
     FROM ${scaled} JOIN ${named} USING (scorer) GROUP BY scorer, party ORDER BY pairs DESC, scorer`,
    [json],
    { signal },
  );
  return { strengths, scorers };
}
