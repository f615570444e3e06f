import type { Database } from '../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { traitTable } from './trait-columns.ts';
import { surfaceTraits } from './traits/surface-traits.ts';

/** Share of the prompts that are held out. */
const testShare = 0.3;
/** Parts of the training prompts for cross-validation. */
export const foldCount = 5;
/** Columns fetched at once, so that the driver's copy of them stays small. */
const columnsAtOnce = 20;

/**
 * The labelled pairs of a dataset in columns, seen from the chosen side and ordered by prompt. A vote is 1 where the
 * trait is larger on the chosen side, −1 where it is larger on the rejected one, 0 where equal or unknown.
 */
export interface PairColumns {
  readonly rows: number;
  /** Number of the prompt, ascending. */
  readonly cluster: Int32Array;
  readonly isTest: Uint8Array;
  readonly fold: Uint8Array;
  readonly charsChosen: Float64Array;
  readonly charsRejected: Float64Array;
  /** By trait, in the order of `surfaceTraits`. */
  readonly votes: readonly Int8Array[];
}

/** Sums over prompts g of one trait, with n_g pairs, s_g = for − against and m_g = for + against in prompt g. */
export interface VoteSums {
  readonly n: number;
  readonly clusters: number;
  readonly largestCluster: number;
  readonly for: number;
  readonly against: number;
  readonly nn: number;
  readonly ss: number;
  readonly sn: number;
  readonly mm: number;
  readonly mn: number;
  /** Of the pairs labelled a: votes for, votes against. */
  readonly forA: number;
  readonly againstA: number;
}

/** {@link VoteSums} of every trait, over all labelled pairs and over the held-out ones. */
export interface TraitSums {
  readonly all: ReadonlyMap<string, VoteSums>;
  readonly test: ReadonlyMap<string, VoteSums>;
}

const voteColumn = (traitId: string) => quoteIdentifier(`vote_${traitId}`);

/**
 * Makes a scratch table of votes, lends its quoted name to `work`, and drops it. Needs current trait columns.
 *
 * Pairs belong together by prompt; where the prompt is blank, by the two texts, so that the same pair never lies on
 * both sides of the split. Prompts are put in the order of md5(key:seed); the first 30 % are held out.
 */
export async function withVoteTable<T>(
  database: Database,
  options: { datasetId: number; seed: number; key: string; signal?: AbortSignal | undefined },
  work: (table: string) => Promise<T>,
): Promise<T> {
  const { datasetId, seed, signal } = options;
  const table = `scratch.${quoteIdentifier(`vote_${options.key}`)}`;
  try {
    await database.withReader(async (session) => {
      const blank = await session.find(
        `SELECT 1 FROM prompt WHERE dataset_id = ? AND trim(text) = '' LIMIT 1`,
        [datasetId],
      );
      await session.run(buildVoteTable(table, datasetId, blank !== undefined), [seed], { signal });
    });
    return await work(table);
  } finally {
    await database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
  }
}

const keyedByTexts = `
      UNION ALL
      SELECT l.*, md5(least(a.text, b.text) || chr(30) || greatest(a.text, b.text))
      FROM labelled l JOIN prompted p USING (prompt_id)
      JOIN response a ON a.response_id = l.response_a_id JOIN response b ON b.response_id = l.response_b_id
      WHERE is_blank`;

/** Reading every text is slow, so it is left out where no prompt is blank. */
function buildVoteTable(table: string, datasetId: number, hasBlankPrompts: boolean): string {
  const votes = surfaceTraits.map((trait) => {
    const column = quoteIdentifier(trait.id);
    return `coalesce(y * sign(ta.${column} - tb.${column}), 0)::TINYINT AS ${voteColumn(trait.id)}`;
  });
  return `CREATE OR REPLACE TABLE ${table} AS
    WITH labelled AS (
      SELECT comparison_id, prompt_id, response_a_id, response_b_id, CASE label WHEN 'a' THEN 1 ELSE -1 END AS y,
        CASE label WHEN 'a' THEN chars_a ELSE chars_b END AS chars_chosen,
        CASE label WHEN 'a' THEN chars_b ELSE chars_a END AS chars_rejected
      FROM comparison WHERE dataset_id = ${datasetId} AND label IN ('a', 'b')),
    prompted AS (
      SELECT prompt_id, md5(text) AS key, trim(text) = '' AS is_blank FROM prompt WHERE dataset_id = ${datasetId}),
    keyed AS (
      SELECT l.*, p.key FROM labelled l JOIN prompted p USING (prompt_id) WHERE NOT is_blank
      ${hasBlankPrompts ? keyedByTexts : ''}),
    clustered AS MATERIALIZED (
      SELECT *, dense_rank() OVER (ORDER BY key) - 1 AS cluster,
        dense_rank() OVER (ORDER BY md5(concat(key, ':', ?::BIGINT)), key) - 1 AS place
      FROM keyed)
    SELECT comparison_id, cluster, place < (SELECT round(${testShare} * (max(place) + 1)) FROM clustered) AS is_test,
      place % ${foldCount} AS fold, y, chars_chosen, chars_rejected, ${votes.join(', ')}
    FROM clustered
    JOIN ${traitTable(datasetId)} ta ON ta.response_id = clustered.response_a_id
    JOIN ${traitTable(datasetId)} tb ON tb.response_id = clustered.response_b_id
    ORDER BY cluster, comparison_id`;
}

/** Counts and cluster sums of every trait in one pass. */
export async function sumVotes(
  session: Session,
  table: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<TraitSums> {
  const inner = surfaceTraits.flatMap(({ id }, index) => {
    const vote = voteColumn(id);
    return [
      `sum(${vote}) AS s${index}`,
      `sum(abs(${vote})) AS m${index}`,
      `count(*) FILTER (${vote} = 1 AND y = 1) AS fa${index}`,
      `count(*) FILTER (${vote} = -1 AND y = 1) AS aa${index}`,
    ];
  });
  const outer = surfaceTraits.flatMap((_, index) => [
    `sum(s${index}) AS s_${index}`,
    `sum(m${index}) AS m_${index}`,
    `sum(s${index} * s${index}) AS ss_${index}`,
    `sum(s${index} * n) AS sn_${index}`,
    `sum(m${index} * m${index}) AS mm_${index}`,
    `sum(m${index} * n) AS mn_${index}`,
    `sum(fa${index}) AS fa_${index}`,
    `sum(aa${index}) AS aa_${index}`,
  ]);
  const rows = await session.all<Record<string, number>>(
    `SELECT grouping(is_test) AS is_all, is_test::INTEGER AS is_test, sum(n) AS n, sum(n * n) AS nn, count(*) AS clusters, max(n) AS largest,
       ${outer.join(', ')}
     FROM (SELECT cluster, is_test, count(*) AS n, ${inner.join(', ')} FROM ${table} GROUP BY cluster, is_test)
     GROUP BY GROUPING SETS ((), (is_test))`,
    [],
    { signal },
  );
  return {
    all: readSums(rows.find((row) => row.is_all === 1)),
    test: readSums(rows.find((row) => row.is_all === 0 && row.is_test === 1)),
  };
}

function readSums(row: Record<string, number> | undefined): Map<string, VoteSums> {
  const get = (name: string) => Number(row?.[name] ?? 0);
  return new Map(
    surfaceTraits.map(({ id }, index) => {
      const signed = get(`s_${index}`);
      const votes = get(`m_${index}`);
      const sums: VoteSums = {
        n: get('n'),
        clusters: get('n') === 0 ? 0 : get('clusters'),
        largestCluster: get('largest'),
        for: (votes + signed) / 2,
        against: (votes - signed) / 2,
        nn: get('nn'),
        ss: get(`ss_${index}`),
        sn: get(`sn_${index}`),
        mm: get(`mm_${index}`),
        mn: get(`mn_${index}`),
        forA: get(`fa_${index}`),
        againstA: get(`aa_${index}`),
      };
      return [id, sums];
    }),
  );
}

/** All columns of the vote table as typed arrays. */
export async function readPairColumns(
  session: Session,
  table: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<PairColumns> {
  const read = (list: readonly string[]) =>
    session.columns(`SELECT ${list.join(', ')} FROM ${table} ORDER BY rowid`, [], { signal });
  const base = await read([
    'cluster',
    'is_test::INTEGER AS is_test',
    'fold',
    'chars_chosen',
    'chars_rejected',
  ]);
  const votes: Int8Array[] = [];
  for (let from = 0; from < surfaceTraits.length; from += columnsAtOnce) {
    const part = surfaceTraits.slice(from, from + columnsAtOnce).map(({ id }) => voteColumn(id));
    votes.push(...Object.values(await read(part)).map((column) => Int8Array.from(column)));
  }
  const column = (name: string) => base[name] ?? new Float64Array(0);
  return {
    rows: column('cluster').length,
    cluster: Int32Array.from(column('cluster')),
    isTest: Uint8Array.from(column('is_test')),
    fold: Uint8Array.from(column('fold')),
    charsChosen: column('chars_chosen'),
    charsRejected: column('chars_rejected'),
    votes,
  };
}
