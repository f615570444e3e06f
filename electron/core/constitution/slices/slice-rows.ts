import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import { isRunDocument, numberOfDocumentId } from '../principles/principle-rows.ts';
import { codeVoter, PrincipleRunRepository } from '../principles/principle-run.repository.ts';
import { findSurfacePrinciple } from '../surface-principles.ts';
import { traitTable } from '../trait-columns.ts';
import { createSliceTable } from './slice-table.ts';

export interface SliceRowsQuery {
  readonly document: ConstitutionDocument;
  readonly column: string;
  readonly value: string;
  readonly principleId: string;
  readonly which: 'for' | 'against' | 'all';
  readonly limit: number;
}

let reads = 0;

/** A relation of comparison_id and side (1 a, −1 b, 0 none) that a principle speaks for. */
async function findSides(
  database: Database,
  { document, principleId }: SliceRowsQuery,
): Promise<{ sql: string; parameters: (string | number)[] }> {
  if (isRunDocument(document)) {
    const run = await new PrincipleRunRepository(database).get(document.run.run);
    return {
      sql: `SELECT rp.comparison_id, CASE v.label WHEN 'a' THEN 1 WHEN 'b' THEN -1 ELSE 0 END AS side
        FROM principle_vote v JOIN principle p USING (principle_id)
        JOIN principle_run_pair rp ON rp.comparison_id = v.comparison_id AND rp.principle_run_id = ?
        WHERE v.principle_id = ? AND v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END`,
      parameters: [run.principleRunId, numberOfDocumentId(principleId), run.voter],
    };
  }
  const principle = findSurfacePrinciple(principleId);
  if (!principle)
    throw new AppError(
      'INPUT_INVALID',
      'The rows were not listed: this version does not know that principle.',
      {
        principleId,
      },
    );
  const [trait, traits] = [quoteIdentifier(principle.trait.id), traitTable(document.dataset_id)];
  return {
    sql: `SELECT c.comparison_id, coalesce(${principle.direction} * sign(ta.${trait} - tb.${trait}), 0) AS side
      FROM comparison c JOIN ${traits} ta ON ta.response_id = c.response_a_id
      JOIN ${traits} tb ON tb.response_id = c.response_b_id WHERE c.dataset_id = ?`,
    parameters: [document.dataset_id],
  };
}

/** Pairs of a group on which a principle speaks for the label of a row of it, against it, or either. Throws INPUT_INVALID, AUDIT_SLICE_UNKNOWN. */
export async function listSliceRows(
  database: Database,
  query: SliceRowsQuery,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<{ total: number; ids: number[] }> {
  const { document, column, value, which, limit } = query;
  const sides = await findSides(database, query);
  const name = (part: string) => `scratch.${quoteIdentifier(`slice_rows_${part}_${process.pid}_${reads}`)}`;
  reads += 1;
  const [table, pairs, slices] = [name('rows'), name('pairs'), name('slices')];
  const condition = { for: 'side * own = 1', against: 'side * own = -1', all: 'true' }[which];
  return database.withReader(async (session) => {
    try {
      const { dataset_id: datasetId } = document;
      await createSliceTable(session, { datasetId, column, table, pairs, slices, signal });
      const found = await session.one<{ total: number; ids: number[] | null }>(
        `WITH hit AS (SELECT DISTINCT s.comparison_id AS id FROM ${table} s JOIN (${sides.sql}) d USING (comparison_id)
           WHERE s.slice = ? AND ${condition})
         SELECT (SELECT count(*) FROM hit) AS total, (SELECT list(id ORDER BY id) FROM (SELECT id FROM hit ORDER BY id LIMIT ?)) AS ids`,
        [...sides.parameters, value, limit],
        { signal },
      );
      return { total: found.total, ids: found.ids ?? [] };
    } finally {
      for (const one of [table, pairs, slices]) await session.run(`DROP TABLE IF EXISTS ${one}`);
    }
  });
}
