import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { dropTables, nameBuildTables, nameSearchTables } from './search-tables.ts';
import { tokeniseSql } from './tokenise-sql.ts';

/** What a build is about; `characters` is how much text one batch may hold. */
export interface SearchBuild {
  readonly database: Database;
  readonly datasetId: number;
  readonly relation: Relation;
  readonly characters: number;
  readonly signal: AbortSignal;
}

/** Tables in the shared in-memory database; each build has its own. */
function nameScratch(datasetId: number) {
  const name = (part: string) => `scratch.search_${part}_${datasetId}`;
  return {
    /** (row_id, bucket, prompt_id, prompt_b_id, response_a_id, response_b_id), NULL where there is none. */
    plan: name('plan'),
    /** (text_id, row_id) of a batch: prompts are negative, responses positive. */
    use: name('use'),
    /** (piece, piece_no): distinct stretches between spaces. */
    piece: name('piece'),
    pieceTerm: name('piece_term'),
    pieceIds: name('piece_ids'),
    /** (term, term_id) of all batches so far. */
    term: name('term'),
    textPosting: name('text_posting'),
    posting: [name('posting_0'), name('posting_1')],
    frequency: name('frequency'),
  } as const;
}

const planSql: Readonly<Record<Relation, Sql>> = {
  pairs: `SELECT comparison_id AS row_id, prompt_id, prompt_b_id, response_a_id, response_b_id, prompt_chars + chars_a + chars_b AS chars
    FROM comparison WHERE dataset_id = ?`,
  responses: `SELECT r.response_id AS row_id, r.prompt_id, NULL::BIGINT AS prompt_b_id, r.response_id AS response_a_id,
    NULL::BIGINT AS response_b_id, r.chars + p.chars AS chars
    FROM response r JOIN prompt p ON p.prompt_id = r.prompt_id WHERE r.dataset_id = ?`,
};

/**
 * Cuts the rows into batches of bounded text. Rows of one prompt lie together, so a prompt and the responses to it are
 * tokenised once, or once more where a batch ends among them. Answers the number of batches.
 */
export async function planBatches(session: Session, build: SearchBuild): Promise<number> {
  const { plan, term } = nameScratch(build.datasetId);
  const { signal } = build;
  const budget = await chooseBudget(session, build);
  await session.run(
    `CREATE OR REPLACE TABLE ${plan} AS
     SELECT row_id, prompt_id, prompt_b_id, response_a_id, response_b_id,
       (coalesce(sum(chars + 1) OVER (ORDER BY prompt_id, row_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) // ${budget})::INTEGER AS bucket
     FROM (${planSql[build.relation]})`,
    [build.datasetId],
    { signal },
  );
  await session.run(`CREATE OR REPLACE TABLE ${term} (term VARCHAR, term_id INTEGER)`);
  const { batches } = await session.one<{ batches: number }>(
    `SELECT coalesce(max(bucket) + 1, 0) AS batches FROM ${plan}`,
  );
  return batches;
}

/** Scripts of several bytes a character give up to one term a character, so their batches hold fewer characters. */
async function chooseBudget(session: Session, build: SearchBuild): Promise<number> {
  const { width } = await session.one<{ width: number | null }>(
    `SELECT sum(strlen(text)) / nullif(sum(length(text)), 0) AS width
     FROM (SELECT text, dataset_id FROM response TABLESAMPLE SYSTEM (1%) REPEATABLE (1)) WHERE dataset_id = ?`,
    [build.datasetId],
    { signal: build.signal },
  );
  return Math.max(1, Math.floor(build.characters / (1 + 2 * Math.max(0, (width ?? 1) - 1))));
}

/**
 * The texts a batch uses, cut at spaces: (text_id, piece). Responses come in two halves because a batch often lies inside
 * one row group, which DuckDB would read with one thread.
 */
function selectPieces(use: Sql, middle: number): Sql {
  const responses = (half: Sql) =>
    `SELECT response_id AS text_id, text FROM response WHERE response_id ${half}
     AND response_id IN (SELECT text_id FROM ${use} WHERE text_id > 0 AND text_id ${half})`;
  return `SELECT text_id, unnest(string_split(lower(text), ' ')) AS piece FROM (
    SELECT -prompt_id AS text_id, text FROM prompt WHERE prompt_id IN (SELECT -text_id FROM ${use} WHERE text_id < 0)
    UNION ALL ${responses(`<= ${middle}`)} UNION ALL ${responses(`> ${middle}`)})`;
}

/**
 * Makes the postings of one batch, (term_id, row_id, tf), in one of two scratch tables that batches use in turn.
 * Numbers terms that no earlier batch has met.
 */
export async function buildBatch(session: Session, build: SearchBuild, batch: number): Promise<void> {
  const names = nameScratch(build.datasetId);
  const run = (sql: Sql) => session.run(sql, [], { signal: build.signal });
  const target = names.posting[batch % 2] ?? '';
  await run(`CREATE OR REPLACE TABLE ${names.use} AS
    SELECT text_id, row_id FROM (SELECT unnest([-prompt_id, -prompt_b_id, response_a_id, response_b_id]) AS text_id, row_id
      FROM ${names.plan} WHERE bucket = ${batch}) WHERE text_id IS NOT NULL`);
  const { middle } = await session.one<{ middle: number }>(
    `SELECT coalesce((min(text_id) + max(text_id)) // 2, 0) AS middle FROM ${names.use} WHERE text_id > 0`,
  );
  const pieces = selectPieces(names.use, middle);
  await run(`CREATE OR REPLACE TABLE ${names.piece} AS
    SELECT piece, row_number() OVER ()::INTEGER AS piece_no FROM (SELECT DISTINCT piece FROM (${pieces}))`);
  await run(`CREATE OR REPLACE TABLE ${names.pieceTerm} AS
    SELECT piece_no, unnest(${tokeniseSql('piece')}) AS term FROM ${names.piece}`);
  await run(`INSERT INTO ${names.term}
    SELECT term, (SELECT count(*) FROM ${names.term})::INTEGER + row_number() OVER ()::INTEGER
    FROM (SELECT DISTINCT term FROM ${names.pieceTerm}) ANTI JOIN ${names.term} USING (term)`);
  await run(`CREATE OR REPLACE TABLE ${names.pieceIds} AS
    SELECT piece, ids FROM (SELECT piece_no, list(term_id) AS ids FROM ${names.pieceTerm} JOIN ${names.term} USING (term) GROUP BY piece_no)
    JOIN ${names.piece} USING (piece_no)`);
  await run(`CREATE OR REPLACE TABLE ${names.textPosting} AS
    SELECT text_id, term_id, count(*)::UINTEGER AS tf
    FROM (SELECT text_id, unnest(ids) AS term_id FROM (${pieces}) JOIN ${names.pieceIds} USING (piece))
    GROUP BY text_id, term_id`);
  await run(`CREATE OR REPLACE TABLE ${target} AS
    SELECT term_id, row_id, sum(tf)::UINTEGER AS tf FROM ${names.use} JOIN ${names.textPosting} USING (text_id)
    GROUP BY term_id, row_id`);
}

/** Creates the hidden tables, empty. */
export async function createBuildTables({ database, datasetId }: SearchBuild): Promise<void> {
  const tables = nameBuildTables(datasetId);
  await database.write(async (session) => {
    await dropTables(session, tables);
    await session.run(
      `CREATE TABLE ${tables.term} (term VARCHAR NOT NULL, term_id INTEGER NOT NULL, df BIGINT NOT NULL)`,
    );
    await session.run(
      `CREATE TABLE ${tables.posting} (term_id INTEGER NOT NULL, row_id BIGINT NOT NULL, tf UINTEGER NOT NULL)`,
    );
    await session.run(`CREATE TABLE ${tables.document} (row_id BIGINT NOT NULL, length BIGINT NOT NULL)`);
  });
}

/** Adds a batch to the hidden tables, sorted by term, in one short transaction. */
export async function storeBatch(build: SearchBuild, batch: number): Promise<void> {
  const { database, datasetId, signal } = build;
  const names = nameScratch(datasetId);
  const tables = nameBuildTables(datasetId);
  const source = names.posting[batch % 2] ?? '';
  await database.write(async (session) => {
    await session.run(
      `INSERT INTO ${tables.posting} SELECT term_id, row_id, tf FROM ${source} ORDER BY term_id, row_id`,
      [],
      { signal },
    );
    await session.run(
      `INSERT INTO ${tables.document} SELECT row_id, coalesce(length, 0)
       FROM (SELECT row_id FROM ${names.plan} WHERE bucket = ${batch})
       LEFT JOIN (SELECT row_id, sum(tf) AS length FROM ${source} GROUP BY row_id) USING (row_id) ORDER BY row_id`,
      [],
      { signal },
    );
  });
}

/** Counts in how many documents each term is; reads what the batches have stored. */
export async function countFrequencies(session: Session, build: SearchBuild): Promise<void> {
  const { frequency, term } = nameScratch(build.datasetId);
  const { posting } = nameBuildTables(build.datasetId);
  await session.run(
    `CREATE OR REPLACE TABLE ${frequency} AS SELECT term, term_id, df
     FROM (SELECT term_id, count(*) AS df FROM ${posting} GROUP BY term_id) JOIN ${term} USING (term_id)`,
    [],
    { signal: build.signal },
  );
}

export interface IndexCounts {
  readonly documents: number;
  readonly terms: number;
  readonly postings: number;
}

/** Puts the hidden tables in the place of the former index, in one transaction. */
export async function publishIndex(build: SearchBuild): Promise<IndexCounts> {
  const { database, datasetId, relation, signal } = build;
  const built = nameBuildTables(datasetId);
  const tables = nameSearchTables(datasetId);
  await database.write(async (session) => {
    await session.run(
      `INSERT INTO ${built.term} SELECT term, term_id, df FROM ${nameScratch(datasetId).frequency} ORDER BY term`,
      [],
      { signal },
    );
  });
  return database.write(async (session) => {
    const counts = await session.one<IndexCounts>(
      `SELECT (SELECT count(*) FROM ${built.document}) AS documents, (SELECT count(*) FROM ${built.term}) AS terms,
         (SELECT count(*) FROM ${built.posting}) AS postings`,
    );
    await dropTables(session, tables);
    await session.run('DELETE FROM search_index WHERE dataset_id = ?', [datasetId]);
    await session.run(
      `INSERT INTO search_index (dataset_id, relation, documents, mean_length)
       SELECT ?, ?, count(*), coalesce(avg(length), 0) FROM ${built.document}`,
      [datasetId, relation],
    );
    for (const part of ['term', 'posting', 'document'] as const)
      await session.run(`ALTER TABLE ${built[part]} RENAME TO ${tables[part]}`);
    return counts;
  });
}

export async function dropScratch(session: Session, datasetId: number): Promise<void> {
  for (const table of Object.values(nameScratch(datasetId)).flat())
    await session.run(`DROP TABLE IF EXISTS ${table}`);
}
