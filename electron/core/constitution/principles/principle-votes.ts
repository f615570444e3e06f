import type { Database } from '../../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import type { VoteSums } from '../vote-table.ts';
import type { IcaiTally } from './icai-filter.ts';
import { codeVoter, type PrincipleRun, type RunPrinciple } from './principle-run.repository.ts';

/** Votes of a run in columns, seen from the chosen side, in the order of prompts. */
export interface PrincipleColumns {
  readonly rows: number;
  readonly comparisonIds: Float64Array;
  readonly cluster: Int32Array;
  readonly isTest: Uint8Array;
  readonly fold: Uint8Array;
  /** 1 where a is the chosen side, else −1. */
  readonly y: Int8Array;
  readonly charsChosen: Float64Array;
  readonly charsRejected: Float64Array;
  /** By principle, in the run’s order: 1 for the chosen side, −1 for the rejected one, 0 neither, invalid or not asked. */
  readonly votes: readonly Int8Array[];
}

/** `label` seen from the chosen side, and where ICAI’s unanimity is asked for only where both orders agree. */
const signed = (isUnanimous: boolean) =>
  `CASE WHEN ${isUnanimous ? 'v.label_ab <> v.label_ba' : 'false'} THEN 0 WHEN v.label = 'a' THEN rp.y WHEN v.label = 'b' THEN -rp.y ELSE 0 END`;

const joined = `FROM principle_run_principle rr JOIN principle p USING (principle_id)
  JOIN principle_run_pair rp ON rp.principle_run_id = rr.principle_run_id
  JOIN principle_vote v ON v.principle_id = rr.principle_id AND v.comparison_id = rp.comparison_id
    AND v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END
  WHERE rr.principle_run_id = ?`;

const isUnanimous = ({ record: { request } }: PrincipleRun) => request.selection === 'icai';

/** Counts and cluster sums of every principle over the pairs it was asked about: all, and held out. */
export async function sumPrincipleVotes(
  database: Database,
  run: PrincipleRun,
): Promise<{ all: Map<number, VoteSums>; test: Map<number, VoteSums> }> {
  const rows = await database.all<Record<string, number>>(
    `WITH voted AS (SELECT rr.place, rp.cluster, rp.is_test, rp.y, ${signed(isUnanimous(run))} AS vote ${joined}),
     grouped AS (
       SELECT place, cluster, is_test, count(*) AS n, sum(vote) AS s, sum(abs(vote)) AS m,
         count(*) FILTER (vote = 1 AND y = 1) AS fa, count(*) FILTER (vote = -1 AND y = 1) AS aa
       FROM voted GROUP BY ALL)
     SELECT place, grouping(is_test) AS is_all, is_test::INTEGER AS is_test, sum(n) AS n, count(*) AS clusters, max(n) AS largest,
       sum(s) AS s, sum(m) AS m, sum(n * n) AS nn, sum(s * s) AS ss, sum(s * n) AS sn, sum(m * m) AS mm, sum(m * n) AS mn,
       sum(fa) AS fa, sum(aa) AS aa
     FROM grouped GROUP BY GROUPING SETS ((place), (place, is_test))`,
    [run.voter, run.principleRunId],
  );
  const pick = (wanted: (row: Record<string, number>) => boolean) =>
    new Map(rows.filter(wanted).map((row) => [Number(row['place']), readSums(row)]));
  return {
    all: pick((row) => row['is_all'] === 1),
    test: pick((row) => row['is_all'] === 0 && row['is_test'] === 1),
  };
}

export const noVotes: VoteSums = {
  ...{ n: 0, clusters: 0, largestCluster: 0, for: 0, against: 0, nn: 0, ss: 0, sn: 0, mm: 0, mn: 0 },
  ...{ forA: 0, againstA: 0 },
};

function readSums(row: Record<string, number>): VoteSums {
  const get = (name: string) => Number(row[name] ?? 0);
  return {
    n: get('n'),
    clusters: get('clusters'),
    largestCluster: get('largest'),
    for: (get('m') + get('s')) / 2,
    against: (get('m') - get('s')) / 2,
    nn: get('nn'),
    ss: get('ss'),
    sn: get('sn'),
    mm: get('mm'),
    mn: get('mn'),
    forA: get('fa'),
    againstA: get('aa'),
  };
}

/** Tallies as ICAI counts them, on the training pairs, by place. Two orders stand for its seeds. */
export async function tallyPrinciples(
  database: Database,
  run: PrincipleRun,
  principles: readonly RunPrinciple[],
): Promise<IcaiTally[]> {
  const rows = await database.all<IcaiTally & { place: number }>(
    `WITH voted AS (
       SELECT rr.place, rp.y, CASE WHEN v.label_ab <> v.label_ba THEN 'none' ELSE v.label END AS label ${joined} AND NOT rp.is_test)
     SELECT place, count(*) FILTER (label = CASE y WHEN 1 THEN 'a' ELSE 'b' END) AS "for",
       count(*) FILTER (label = CASE y WHEN 1 THEN 'b' ELSE 'a' END) AS against, count(*) FILTER (label = 'none') AS abstain,
       count(*) FILTER (label = 'invalid') AS invalid, 0 AS "both", count(*) FILTER (label = 'neither') AS neither
     FROM voted GROUP BY place`,
    [run.voter, run.principleRunId],
  );
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const none: IcaiTally = { for: 0, against: 0, abstain: 0, invalid: 0, both: 0, neither: 0 };
  return principles.map(({ place }) => byPlace.get(place) ?? none);
}

export async function readPrincipleColumns(
  database: Database,
  run: PrincipleRun,
  principles: readonly RunPrinciple[],
): Promise<PrincipleColumns> {
  return database.withReader((session) =>
    readVoteColumns(session, run, {
      count: principles.length,
      voted: `voted AS (SELECT rr.place, rp.comparison_id, ${signed(isUnanimous(run))} AS vote ${joined})`,
      parameters: [run.voter, run.principleRunId],
    }),
  );
}

/**
 * The pairs of a run with the votes that a statement gives: `voted` is the text of common table expressions, the last
 * called `voted`, with place (below `count`), comparison_id and vote.
 */
export async function readVoteColumns(
  session: Session,
  run: PrincipleRun,
  { count, voted, parameters }: { count: number; voted: string; parameters: readonly Parameter[] },
): Promise<PrincipleColumns> {
  const base = await session.columns(
    `SELECT comparison_id, cluster, is_test::INTEGER AS is_test, fold, y, chars_chosen, chars_rejected
     FROM principle_run_pair WHERE principle_run_id = ? ORDER BY cluster, comparison_id`,
    [run.principleRunId],
  );
  const cast = await session.columns(
    `WITH ${voted}, placed AS (
       SELECT comparison_id, row_number() OVER (ORDER BY cluster, comparison_id) - 1 AS row FROM principle_run_pair WHERE principle_run_id = ?)
     SELECT place, row, vote FROM voted JOIN placed USING (comparison_id) WHERE vote <> 0`,
    [...parameters, run.principleRunId],
  );
  const column = (name: string) => base[name] ?? new Float64Array(0);
  const rows = column('cluster').length;
  const votes = Array.from({ length: count }, () => new Int8Array(rows));
  const [places, at, values] = ['place', 'row', 'vote'].map((name) => cast[name] ?? new Float64Array(0));
  places?.forEach((place, index) => {
    const own = votes[place];
    if (own) own[at?.[index] ?? 0] = values?.[index] ?? 0;
  });
  return {
    rows,
    comparisonIds: column('comparison_id'),
    cluster: Int32Array.from(column('cluster')),
    isTest: Uint8Array.from(column('is_test')),
    fold: Uint8Array.from(column('fold')),
    y: Int8Array.from(column('y')),
    charsChosen: column('chars_chosen'),
    charsRejected: column('chars_rejected'),
    votes,
  };
}

/** The training pairs (0) or the held-out ones (1), with the votes turned where `sign` is −1. */
export function takePairs(columns: PrincipleColumns, isTest: 0 | 1, sign: 1 | -1 = 1): PrincipleColumns {
  const kept: number[] = [];
  for (let row = 0; row < columns.rows; row++) if (columns.isTest[row] === isTest) kept.push(row);
  const doubles = (source: Float64Array) => Float64Array.from(kept, (row) => source[row] ?? 0);
  const [chosen, rejected] = [doubles(columns.charsChosen), doubles(columns.charsRejected)];
  return {
    rows: kept.length,
    comparisonIds: doubles(columns.comparisonIds),
    cluster: Int32Array.from(kept, (row) => columns.cluster[row] ?? 0),
    isTest: new Uint8Array(kept.length).fill(isTest),
    fold: Uint8Array.from(kept, (row) => columns.fold[row] ?? 0),
    y: Int8Array.from(kept, (row) => sign * (columns.y[row] ?? 0)),
    charsChosen: sign === 1 ? chosen : rejected,
    charsRejected: sign === 1 ? rejected : chosen,
    votes: columns.votes.map((votes) => Int8Array.from(kept, (row) => sign * (votes[row] ?? 0))),
  };
}
