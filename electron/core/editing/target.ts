import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { EditTarget } from '../../contract/editing.contract.ts';
import type { SearchService } from '../corpus/search/search.service.ts';
import { compileClauses, explainPatternError } from '../corpus/views/compile-filter.ts';
import { fromClause } from '../corpus/views/field-table.ts';
import { rowTables } from './cells.ts';

/** DuckDB's number for a SELECT statement. */
const selectKind = 1;

export interface TargetRequest {
  readonly datasetId: number;
  readonly relation: Relation;
  readonly target: EditTarget;
}

/** The rows an edit is about, as a scratch table of their ids that every session sees. */
export interface ResolvedTarget {
  readonly table: string;
  readonly count: number;
}

interface Statement {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

async function compileSql(session: Session, sql: string, id: string): Promise<Statement> {
  const failed = (why: string) => new AppError('EDIT_INVALID', `Nothing was edited: ${why}`);
  const body = sql.replace(/;\s*$/, '');
  try {
    const kinds = await session.statementKinds(body);
    if (kinds.length !== 1 || kinds[0] !== selectKind)
      throw failed('rows are chosen by one SELECT statement.');
    const { columns } = await session.table(`SELECT * FROM (\n${body}\n) LIMIT 0`);
    if (!columns.some((column) => column.name === id))
      throw failed(`the query has no column ${id}. Add it to the SELECT list.`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw failed(error instanceof Error ? error.message.replace(/\n {2}in: [\s\S]*$/, '') : String(error));
  }
  return {
    sql: `SELECT DISTINCT ${quoteIdentifier(id)}::BIGINT AS row_id FROM (\n${body}\n)`,
    parameters: [],
  };
}

async function compileTarget(
  session: Session,
  { datasetId, relation, target }: TargetRequest,
  hitsTable: string | undefined,
): Promise<Statement> {
  const { id, table, hidden } = rowTables[relation];
  const isIn = `row_id IN (SELECT ${id} FROM ${table} WHERE dataset_id = ? UNION ALL SELECT ${id} FROM ${hidden} WHERE dataset_id = ?)`;
  const own = [datasetId, datasetId];
  switch (target.kind) {
    case 'rows':
      return {
        sql: `SELECT DISTINCT row_id FROM (SELECT unnest([${target.ids.join(', ')}]::BIGINT[]) AS row_id) WHERE ${isIn}`,
        parameters: own,
      };
    case 'hidden':
      return { sql: `SELECT ${id} AS row_id FROM ${hidden} WHERE dataset_id = ?`, parameters: [datasetId] };
    case 'sql': {
      const { sql } = await compileSql(session, target.sql, id);
      return { sql: `SELECT row_id FROM (${sql}) WHERE ${isIn}`, parameters: own };
    }
    case 'filter': {
      const conditions = compileClauses(relation, target.filter.clauses);
      const hits = hitsTable === undefined ? '' : `JOIN ${hitsTable} h ON h.row_id = x.${id}`;
      return {
        sql: `SELECT x.${id} AS row_id FROM ${fromClause(relation, conditions.fields)} ${hits}
          WHERE x.dataset_id = ? AND (${conditions.sql})`,
        parameters: [datasetId, ...conditions.parameters],
      };
    }
  }
}

/**
 * Finds the rows of a target, lends them to `work`, and forgets them. Only rows of the dataset are among them, whatever
 * a query answers. Throws EDIT_INVALID for a query that is no single SELECT with the id column.
 */
export async function withTarget<T>(
  { database, search }: { readonly database: Database; readonly search: SearchService },
  request: TargetRequest,
  options: { readonly signal?: AbortSignal | undefined },
  work: (target: ResolvedTarget) => Promise<T>,
): Promise<T> {
  const { target, datasetId } = request;
  const words = target.kind === 'filter' ? target.filter.words : undefined;
  const hits = words === undefined ? undefined : await search.findHits(datasetId, words, options);
  const table = `scratch.edit_${randomUUID().replaceAll('-', '')}`;
  try {
    const count = await database.withReader(async (session) => {
      const statement = await compileTarget(session, request, hits?.table);
      try {
        await session.run(`CREATE TABLE ${table} AS ${statement.sql}`, statement.parameters, options);
      } catch (error) {
        const clauses = target.kind === 'filter' ? target.filter.clauses : [];
        const pattern = clauses.find((clause) => clause.op === 'matches');
        if (pattern?.op === 'matches') explainPatternError(pattern.pattern, error);
        if (target.kind === 'sql' && error instanceof Error && !options.signal?.aborted)
          throw new AppError(
            'EDIT_INVALID',
            `Nothing was edited: ${error.message.replace(/\n {2}in: [\s\S]*$/, '')}`,
          );
        throw error;
      }
      return (await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).n;
    });
    return await work({ table, count });
  } finally {
    await database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
  }
}
