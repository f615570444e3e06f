import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { baseTable } from '../views/field-table.ts';
import { nameSearchTables } from './search-tables.ts';
import { tokeniseSql } from './tokenise-sql.ts';

/** More rows than this are quicker indexed by building the index anew. */
const mostRows = 2_000;

const textsSql: Readonly<Record<Relation, Sql>> = {
  pairs: `SELECT c.comparison_id AS row_id, unnest([p.text, pb.text, a.text, b.text]) AS text
    FROM comparison c JOIN prompt p ON p.prompt_id = c.prompt_id LEFT JOIN prompt pb ON pb.prompt_id = c.prompt_b_id
    JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id
    WHERE c.comparison_id IN (SELECT row_id FROM temp.search_row)`,
  responses: `SELECT r.response_id AS row_id, unnest([p.text, r.text]) AS text
    FROM response r JOIN prompt p ON p.prompt_id = r.prompt_id WHERE r.response_id IN (SELECT row_id FROM temp.search_row)`,
};

/**
 * Brings rows of a search index up to date after their texts changed, or rows came or went: their old postings go, new
 * ones are made from the texts as they are now, and the counts of terms, documents and their mean length follow. `rows`
 * is a table (relation, row_id). Answers false, having done nothing, where there are too many: build the index anew then.
 * To be called in the write transaction that changes the rows.
 */
export async function refreshSearchRows(
  session: Session,
  { datasetId, rows }: { readonly datasetId: number; readonly rows: string },
): Promise<boolean> {
  const index = await session.find<{ relation: Relation }>(
    'SELECT relation FROM search_index WHERE dataset_id = ?',
    [datasetId],
  );
  if (!index) return true;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE search_row AS SELECT DISTINCT row_id FROM ${rows} WHERE relation = ?`,
    [index.relation],
  );
  try {
    const { n } = await session.one<{ n: number }>('SELECT count(*) AS n FROM temp.search_row');
    if (n > mostRows) return false;
    if (n > 0) await replacePostings(session, datasetId, index.relation);
    return true;
  } finally {
    await session.run('DROP TABLE IF EXISTS temp.search_row');
    await session.run('DROP TABLE IF EXISTS temp.search_term');
  }
}

async function replacePostings(session: Session, datasetId: number, relation: Relation): Promise<void> {
  const { term, posting, document } = nameSearchTables(datasetId);
  const listed = 'row_id IN (SELECT row_id FROM temp.search_row)';
  const { table, id } = baseTable[relation];
  await session.run(
    `CREATE OR REPLACE TEMP TABLE search_term AS SELECT row_id, term, count(*)::UINTEGER AS tf
     FROM (SELECT row_id, unnest(${tokeniseSql('text')}) AS term FROM (${textsSql[relation]}) WHERE text IS NOT NULL) GROUP BY ALL`,
  );
  await session.run(
    `INSERT INTO ${term} SELECT n.term, (SELECT coalesce(max(term_id), 0) FROM ${term}) + row_number() OVER (ORDER BY n.term), 0
     FROM (SELECT DISTINCT term FROM temp.search_term) n ANTI JOIN ${term} USING (term)`,
  );
  await session.run(
    `UPDATE ${term} SET df = df + d.difference FROM (
       SELECT term_id, sum(n) AS difference FROM (
         SELECT term_id, -count(*) AS n FROM ${posting} WHERE ${listed} GROUP BY term_id
         UNION ALL SELECT t.term_id, count(*) FROM temp.search_term s JOIN ${term} t USING (term) GROUP BY t.term_id)
       GROUP BY term_id HAVING sum(n) <> 0) d
     WHERE ${term}.term_id = d.term_id`,
  );
  await session.run(`DELETE FROM ${posting} WHERE ${listed}`);
  await session.run(
    `INSERT INTO ${posting} SELECT t.term_id, s.row_id, s.tf FROM temp.search_term s JOIN ${term} t USING (term) ORDER BY t.term_id, s.row_id`,
  );
  await session.run(`DELETE FROM ${document} WHERE ${listed}`);
  await session.run(
    `INSERT INTO ${document} SELECT r.row_id, coalesce(sum(s.tf), 0) FROM temp.search_row r LEFT JOIN temp.search_term s USING (row_id)
     WHERE r.row_id IN (SELECT ${id} FROM ${table}) GROUP BY r.row_id`,
  );
  await session.run(
    `UPDATE search_index SET documents = d.documents, mean_length = d.mean_length, built_at = now()
     FROM (SELECT count(*) AS documents, coalesce(avg(length), 0) AS mean_length FROM ${document}) d WHERE dataset_id = ?`,
    [datasetId],
  );
}
