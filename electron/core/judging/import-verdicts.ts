import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { quoteIdentifier, quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { VerdictImport, VerdictSummary } from '../../contract/judging.contract.ts';
import { admitFile } from '../corpus/import/admit.ts';
import { detectContainer } from '../corpus/import/container.ts';
import { stageFile } from '../corpus/import/stage.ts';
import { labelFromWord } from '../corpus/reading/record-parts.ts';
import type { Workspace } from '../workspace/workspace.ts';

const examples = 5;

/**
 * Puts the verdicts of a file beside the pairs of a dataset, as votes of a judge of its own: the row's id is compared with
 * the example id. Labels, counts of votes and the pairs themselves are left alone. A verdict whose word is unknown counts as
 * no verdict (`skip`), never as a tie; ids that name no pair are counted and told. Throws IMPORT_MAPPING_INVALID for a column
 * that is not there, INPUT_INVALID where no row finds its pair.
 */
export async function importVerdicts(
  workspace: Workspace,
  request: VerdictImport,
  signal: AbortSignal = new AbortController().signal,
): Promise<VerdictSummary> {
  const folder = mkdtempSync(path.join(workspace.incoming, 'verdicts-'));
  try {
    const file = admitFile(request.file, folder, 1);
    const name = path.basename(request.file);
    const container = detectContainer(file, name);
    const staged = await workspace.database.withReader((session) =>
      stageFile(session, {
        file,
        name,
        container,
        target: path.join(folder, 'verdicts.parquet'),
        signal,
        onProgress: () => undefined,
      }),
    );
    return await workspace.database.write((session) => store(session, request, staged.parquet));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function requireColumns(session: Session, relation: string, request: VerdictImport): Promise<void> {
  const columns = await session.all<{ name: string }>(
    `SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${relation})`,
  );
  const wanted = [request.idColumn, request.verdictColumn, request.rationaleColumn, request.firstColumn];
  const absent = wanted.find((name) => name !== undefined && !columns.some((column) => column.name === name));
  if (absent === undefined) return;
  throw new AppError(
    'IMPORT_MAPPING_INVALID',
    `No verdict was imported: ${path.basename(request.file)} has no column ${absent}. Its columns: ${columns.map((column) => column.name).join(', ')}.`,
    { file: request.file, column: absent },
  );
}

async function store(session: Session, request: VerdictImport, parquet: string): Promise<VerdictSummary> {
  const relation = `read_parquet(${quoteLiteral(parquet)})`;
  await requireColumns(session, relation, request);
  const text = (column: string | undefined) =>
    column === undefined ? 'NULL::VARCHAR' : `${quoteIdentifier(column)}::VARCHAR`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE verdict_row AS
     SELECT ${text(request.idColumn)} AS id, ${text(request.verdictColumn)} AS word, coalesce(${labelFromWord(text(request.verdictColumn))}, 'skip') AS label,
       nullif(trim(${text(request.rationaleColumn)}), '') AS rationale,
       CASE ${labelFromWord(text(request.firstColumn))} WHEN 'a' THEN 'a' WHEN 'b' THEN 'b' END AS shown_first, c.comparison_id
     FROM ${relation} f LEFT JOIN (SELECT example_id, comparison_id FROM comparison WHERE dataset_id = ?) c
       ON c.example_id = ${text(request.idColumn)}`,
    [request.datasetId],
  );
  const counts = await session.one<Omit<VerdictSummary, 'annotatorId' | 'unknownIds' | 'unknownWords'>>(
    `SELECT count(*) AS rows, count(*) FILTER (comparison_id IS NOT NULL) AS imported,
       count(*) FILTER (comparison_id IS NOT NULL AND label = 'skip') AS unreadable, count(*) FILTER (comparison_id IS NULL) AS unmatched
     FROM verdict_row`,
  );
  if (counts.imported === 0) {
    throw new AppError(
      'INPUT_INVALID',
      `No verdict was imported: none of the ${counts.rows} ids in column ${request.idColumn} is the example id of a pair of this dataset.`,
      { file: request.file },
    );
  }
  const { annotatorId } = await session.one<{ annotatorId: number }>(
    'SELECT coalesce(max(annotator_id), 0) + 1 AS "annotatorId" FROM annotator',
  );
  await session.run(
    `INSERT INTO annotator (annotator_id, dataset_id, name, kind, attributes, import_id) VALUES (?, ?, ?, 'model', MAP {'verdicts_from': ?}, 0)`,
    [annotatorId, request.datasetId, request.name, path.basename(request.file)],
  );
  await session.run(
    `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, shown_first, import_id)
     SELECT comparison_id, ?, ?, label, shown_first, 0 FROM verdict_row WHERE comparison_id IS NOT NULL`,
    [request.datasetId, annotatorId],
  );
  await session.run(
    `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, text, import_id)
     SELECT ?, comparison_id, ?, rationale, 0 FROM verdict_row WHERE comparison_id IS NOT NULL AND rationale IS NOT NULL`,
    [request.datasetId, annotatorId],
  );
  const list = async (column: string, condition: string) =>
    (
      await session.all<{ value: string }>(
        `SELECT DISTINCT coalesce(${column}, '(empty)') AS value FROM verdict_row WHERE ${condition} ORDER BY value LIMIT ${examples}`,
      )
    ).map((row) => row.value);
  return {
    ...counts,
    annotatorId,
    unknownIds: await list('id', 'comparison_id IS NULL'),
    unknownWords: await list('word', `comparison_id IS NOT NULL AND label = 'skip'`),
  };
}
