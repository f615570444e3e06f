import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError, isAppError } from '../../../contract/app-error.ts';
import { createPairTable } from '../../audit/audits/pair-table.ts';

/** Sliced by raters or what is known of them, the label of a row is the rater's own. */
export const isRaterColumn = (column: string): boolean => /^annotator($|\.)/.test(column);

interface SliceTableOptions {
  readonly datasetId: number;
  readonly column: string;
  /** Names of the tables to make, quoted. */
  readonly table: string;
  readonly pairs: string;
  readonly slices: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a table of slice, row_id, comparison_id and own (1 where the label of this row is a, −1 where it is b): a row for each
 * labelled pair and group it lies in, or for each overall vote of a rater. Throws AUDIT_SLICE_UNKNOWN.
 */
export async function createSliceTable(session: Session, options: SliceTableOptions): Promise<void> {
  const { datasetId, column, table, pairs, slices, signal } = options;
  try {
    await createPairTable(session, { datasetId, table: pairs, slices, slice: column, judge: null, signal });
  } catch (error) {
    if (!isAppError(error) || error.code !== 'AUDIT_SLICE_UNKNOWN') throw error;
    throw new AppError(error.code, error.message.replace('Nothing was audited', 'No slices were made'), {
      column,
    });
  }
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT s.slice, s.row_id, s.comparison_id, CASE p.label WHEN 'a' THEN 1 ELSE -1 END AS own
     FROM ${slices} s JOIN ${pairs} p USING (row_id) WHERE p.label IN ('a', 'b')`,
    [],
    { signal },
  );
}
