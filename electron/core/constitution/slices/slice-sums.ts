import type { Session } from '../../../../native/duckdb/session.ts';
import type { ClusterMoments } from '../../statistics/ratio.ts';
import type { VoteSums } from '../vote-table.ts';
import type { VoteSource } from './vote-source.ts';

/** Groups shown and tested, the largest first. */
export const mostGroups = 40;

export interface SliceInput {
  readonly source: VoteSource;
  /** Table of slice, row_id, comparison_id, own. */
  readonly slices: string;
  /** Scratch tables to make, quoted. */
  readonly votes: string;
  readonly grouped: string;
  readonly isRater: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface GroupHead {
  readonly groupNo: number;
  readonly value: string;
  readonly n: number;
  readonly prompts: number;
}

/**
 * Votes by group and their sums by prompt. `votes`: group_no, row_id, place, cluster, is_test, own and vote, seen
 * from the side that the label of the row names. Group −1 is all rows, each once.
 */
export async function groupVotes(
  session: Session,
  input: SliceInput,
): Promise<{ groups: GroupHead[]; leftOut: number }> {
  const { source, slices, votes, grouped, isRater, signal } = input;
  const heads = await session.all<GroupHead & { total: number }>(
    `WITH pair AS (SELECT DISTINCT comparison_id, cluster FROM ${source.table}),
     counted AS (SELECT slice AS value, count(*) AS n, count(DISTINCT cluster) AS prompts FROM ${slices} JOIN pair USING (comparison_id) GROUP BY slice)
     SELECT row_number() OVER (ORDER BY n DESC, value) - 1 AS "groupNo", value, n, prompts, count(*) OVER () AS total
     FROM counted ORDER BY "groupNo" LIMIT ${mostGroups}`,
    [],
    { signal },
  );
  const named = JSON.stringify(heads.map(({ groupNo, value }) => ({ groupNo, value })));
  // Of a pair's own label nothing is turned: it is the one its votes were counted by.
  const own = isRater ? 's.own' : 'v.y';
  await session.run(
    `CREATE OR REPLACE TABLE ${votes} AS
     WITH head AS (SELECT unnest(from_json(?::JSON, '[{"groupNo":"INTEGER","value":"VARCHAR"}]'), recursive := true)),
     labelled AS (SELECT h."groupNo" AS group_no, s.row_id, s.comparison_id, s.own FROM ${slices} s JOIN head h ON h.value = s.slice
       UNION ALL ${wholeOf(input)})
     SELECT s.group_no, s.row_id, v.place, v.cluster, v.is_test, ${own} AS own, (${own} * v.y * v.vote)::INTEGER AS vote
     FROM labelled s JOIN ${source.table} v USING (comparison_id)`,
    [named],
    { signal },
  );
  await session.run(
    `CREATE OR REPLACE TABLE ${grouped} AS
     SELECT group_no, place, cluster, count(*) AS n, sum(vote) AS s, sum(abs(vote)) AS m,
       count(*) FILTER (vote = 1 AND own = 1) AS fa, count(*) FILTER (vote = -1 AND own = 1) AS aa
     FROM ${votes} GROUP BY ALL`,
    [],
    { signal },
  );
  const [first] = heads;
  return { groups: heads, leftOut: first ? first.total - heads.length : 0 };
}

/** A pair may lie in several groups, and counts once in the whole. */
const wholeOf = ({ slices }: SliceInput) => `SELECT DISTINCT -1, row_id, comparison_id, own FROM ${slices}`;

/** Sums by group and place; group −1 is the whole. */
export async function sumGroups(
  session: Session,
  { grouped, signal }: SliceInput,
): Promise<Map<string, VoteSums>> {
  const rows = await session.all<Record<string, number>>(
    `SELECT group_no, place, sum(n) AS n, count(*) AS clusters, max(n) AS largest, sum(s) AS s, sum(m) AS m, sum(n * n) AS nn,
       sum(s * s) AS ss, sum(s * n) AS sn, sum(m * m) AS mm, sum(m * n) AS mn, sum(fa) AS fa, sum(aa) AS aa
     FROM ${grouped} GROUP BY ALL`,
    [],
    { signal },
  );
  return new Map(
    rows.map((row) => {
      const get = (name: string) => Number(row[name] ?? 0);
      const sums: VoteSums = {
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
      return [sumsKey(get('group_no'), get('place')), sums];
    }),
  );
}

export const sumsKey = (groupNo: number, place: number) => `${groupNo} ${place}`;

/** Σ over shared prompts of the residuals of two groups' strengths, by place: what their estimates have in common. */
export async function sumSharedResiduals(
  session: Session,
  { grouped, signal }: SliceInput,
): Promise<{ place: number; first: number; second: number; sum: number }[]> {
  const { shared } = await session.one<{ shared: number }>(
    `SELECT count(*) AS shared FROM (SELECT cluster FROM ${grouped} WHERE group_no >= 0 GROUP BY cluster HAVING count(DISTINCT group_no) > 1)`,
    [],
    { signal },
  );
  if (shared === 0) return [];
  return session.all(
    `WITH total AS (SELECT group_no, place, sum(s) / sum(n) AS strength, sum(n) AS n FROM ${grouped} WHERE group_no >= 0 GROUP BY ALL),
     residual AS (SELECT g.group_no, g.place, g.cluster, (g.s - t.strength * g.n) / t.n AS u FROM ${grouped} g JOIN total t USING (group_no, place))
     SELECT a.place, a.group_no AS first, b.group_no AS second, sum(a.u * b.u) AS sum
     FROM residual a JOIN residual b ON a.place = b.place AND a.cluster = b.cluster AND a.group_no < b.group_no GROUP BY ALL`,
    [],
    { signal },
  );
}

/** Cluster sums of the weighted vote's held-out accuracy in each group; a vote that gives no side counts one half. */
export async function sumAccuracies(
  session: Session,
  { votes, signal }: SliceInput,
  weights: readonly { readonly place: number; readonly weight: number }[],
): Promise<Map<number, ClusterMoments>> {
  const rows = await session.all<Record<string, number>>(
    `WITH weight AS (SELECT unnest(from_json(?::JSON, '[{"place":"INTEGER","weight":"DOUBLE"}]'), recursive := true)),
     scored AS (
       SELECT group_no, row_id, cluster, sum(weight * vote) AS score FROM ${votes} JOIN weight USING (place)
       WHERE is_test AND group_no >= 0 GROUP BY ALL),
     graded AS (
       SELECT group_no, cluster, sum(CASE WHEN abs(score) < 1e-12 THEN 0.5 WHEN score > 0 THEN 1 ELSE 0 END) AS y, count(*) AS x
       FROM scored GROUP BY ALL)
     SELECT group_no, count(*) AS clusters, sum(y) AS "sumY", sum(x) AS "sumX", sum(y * y) AS "sumYY", sum(x * y) AS "sumXY", sum(x * x) AS "sumXX"
     FROM graded GROUP BY group_no`,
    [JSON.stringify(weights)],
    { signal },
  );
  const get = (row: Record<string, number>, name: string) => Number(row[name] ?? 0);
  return new Map(
    rows.map((row) => [
      get(row, 'group_no'),
      {
        clusters: get(row, 'clusters'),
        sumY: get(row, 'sumY'),
        sumX: get(row, 'sumX'),
        sumYY: get(row, 'sumYY'),
        sumXY: get(row, 'sumXY'),
        sumXX: get(row, 'sumXX'),
      },
    ]),
  );
}
