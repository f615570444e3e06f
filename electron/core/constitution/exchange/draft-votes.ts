import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { WrittenPrinciple } from '../../../contract/constitution-exchange.ts';
import { codeVoter, type PrincipleRun } from '../principles/principle-run.repository.ts';
import { noVotes, type PrincipleColumns, readVoteColumns } from '../principles/principle-votes.ts';
import type { VoteSums } from '../vote-table.ts';
import { oppositeOf, spellPrinciple } from './written-text.ts';

type Entry = Pick<WrittenPrinciple, 'text' | 'polarity'>;

export interface DraftVotes {
  /** Votes by place in the list, seen from the chosen side; the other side’s where a wording is known the other way round. */
  readonly columns: PrincipleColumns;
  readonly sums: ReadonlyMap<number, VoteSums>;
}

/** The wordings of a list as parameters of `votedSql`. */
const listEntries = (entries: readonly Entry[]) =>
  JSON.stringify(
    entries.map((entry, place) => ({
      place,
      text: spellPrinciple(entry),
      opposite: spellPrinciple(oppositeOf(entry)),
    })),
  );

/**
 * SQL: place, comparison_id and vote (1 chosen, −1 rejected, 0 neither) of every vote that is known. A vote on “do not select”
 * is the opposite vote on “select”, so one stands for the other; its own comes first.
 */
const votedSql = (run: PrincipleRun) => {
  const isUnanimous = run.record.request.selection === 'icai';
  return `entry AS (SELECT unnest(from_json(?::JSON, '[{"place":"INTEGER","text":"VARCHAR","opposite":"VARCHAR"}]'), recursive := true)),
  known AS (
    SELECT e.place, p.principle_id, p.trait_id, CASE WHEN lower(p.text) = lower(e.text) THEN 1 ELSE -1 END AS sign
    FROM entry e JOIN principle p ON p.dataset_id = ? AND lower(p.text) IN (lower(e.text), lower(e.opposite))),
  voted AS (
    SELECT k.place, rp.comparison_id, rp.cluster, rp.is_test, rp.y, arg_max(k.sign * CASE
      WHEN ${isUnanimous} AND v.label_ab <> v.label_ba THEN 0 WHEN v.label = 'a' THEN rp.y WHEN v.label = 'b' THEN -rp.y ELSE 0 END, k.sign) AS vote
    FROM known k JOIN principle_vote v ON v.principle_id = k.principle_id AND v.dataset_id = ?
      AND v.voter = CASE WHEN k.trait_id IS NULL THEN ? ELSE '${codeVoter}' END
    JOIN principle_run_pair rp ON rp.principle_run_id = ? AND rp.comparison_id = v.comparison_id GROUP BY ALL)`;
};

const bind = (run: PrincipleRun, entries: readonly Entry[]) => [
  listEntries(entries),
  run.datasetId,
  run.datasetId,
  run.voter,
  run.principleRunId,
];

/** Counts the votes known on a list of wordings over the pairs of a run. Asks no model. */
export async function readDraftVotes(
  database: Database,
  run: PrincipleRun,
  entries: readonly Entry[],
): Promise<DraftVotes> {
  return database.withReader(async (session) => ({
    columns: await readVoteColumns(session, run, {
      count: entries.length,
      voted: votedSql(run),
      parameters: bind(run, entries),
    }),
    sums: await readSums(session, run, entries),
  }));
}

async function readSums(
  session: Session,
  run: PrincipleRun,
  entries: readonly Entry[],
): Promise<Map<number, VoteSums>> {
  const rows = await session.all<Omit<VoteSums, 'for' | 'against'> & { place: number; s: number; m: number }>(
    `WITH ${votedSql(run)}, grouped AS (
       SELECT place, cluster, count(*) AS n, sum(vote) AS s, sum(abs(vote)) AS m FROM voted GROUP BY ALL)
     SELECT place::INTEGER AS place, sum(n)::DOUBLE AS n, count(*)::DOUBLE AS clusters, max(n)::DOUBLE AS "largestCluster", sum(s)::DOUBLE AS s, sum(m)::DOUBLE AS m,
       sum(n * n)::DOUBLE AS nn, sum(s * s)::DOUBLE AS ss, sum(s * n)::DOUBLE AS sn
     FROM grouped GROUP BY place`,
    bind(run, entries),
  );
  return new Map(
    rows.map(({ place, s, m, ...row }) => [
      place,
      { ...noVotes, ...row, for: (m + s) / 2, against: (m - s) / 2 },
    ]),
  );
}
