import { mkdtempSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ForeignExtractor } from '../../../../native/duckdb/foreign.ts';
import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { isAppError } from '../../../contract/app-error.ts';
import type { ImportPreview, ImportSpec, SourceColumn } from '../../../contract/import.contract.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { Sql } from '../reading/reader.ts';
import { buildRecordSelect } from '../reading/record-sql.ts';
import { detectFormats } from '../formats/registry.ts';
import { admitFile } from './admit.ts';
import { type Container, detectContainer } from './container.ts';
import { planReading } from './detect.ts';
import { discoverFiles } from './discover.ts';
import { suggestName } from './import.job.ts';
import { buildCsvScan, buildJsonScan, openParquet, readShape } from './source.ts';
import { stageFile } from './stage.ts';

const previewRows = 20;
const sampledRows = 2_000;
const cellLength = 400;

export interface PreviewDependencies {
  readonly workspace: Workspace;
  readonly extractForeign: ForeignExtractor;
}

interface SampleRequest {
  readonly file: string;
  /** The name the person knows it by, for messages. */
  readonly name: string;
  readonly container: Container;
  readonly folder: string;
  readonly extract: ForeignExtractor;
  readonly signal: AbortSignal;
}

interface Opened {
  readonly relation: Sql;
  readonly columns: SourceColumn[];
}

/**
 * The first rows of a file without staging it: enough to recognise and show it. A file with damage among them is staged
 * as an import would, so that the preview shows what the import will make of it.
 */
async function openSample(session: Session, request: SampleRequest): Promise<Opened> {
  const { file, name, container, folder, extract, signal } = request;
  if (container.kind === 'parquet') return openParquet(session, file);
  if (container.kind === 'duckdb') {
    const [table] = await extract(file, folder, signal);
    if (table) return openParquet(session, table.parquet);
  }
  try {
    return await copySample(session, request);
  } catch (error) {
    signal.throwIfAborted();
    if (isAppError(error)) throw error;
  }
  const target = path.join(folder, 'whole.parquet');
  const staged = await stageFile(session, {
    file,
    name,
    container,
    target,
    signal,
    onProgress: () => undefined,
  });
  return openParquet(session, staged.parquet);
}

async function copySample(session: Session, request: SampleRequest): Promise<Opened> {
  const { file, container, folder, signal } = request;
  const scan =
    container.kind === 'csv'
      ? buildCsvScan(file, container, 'preview_rejects')
      : await buildJsonScan(session, file, container, {
          bytes: statSync(file).size,
          sampleRows: sampledRows,
          signal,
        });
  const sample = path.join(folder, 'sample.parquet');
  await session.run(
    `COPY (SELECT * FROM ${scan} LIMIT ${sampledRows}) TO ${quoteLiteral(sample)} (FORMAT parquet)`,
    [],
    { signal },
  );
  return openParquet(session, sample);
}

function describeFile(file: string): ImportPreview['files'][number] {
  const base = { path: file, name: path.basename(file), bytes: statSync(file).size };
  try {
    const container = detectContainer(file);
    const suffix = container.compression === 'uncompressed' ? '' : ` (${container.compression})`;
    return { ...base, container: `${container.kind.toUpperCase()}${suffix}`, problem: null };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { ...base, container: 'unknown', problem: error.message };
  }
}

interface RecordSample {
  prompt: string | null;
  responses: { text: string | null; model: string | null }[] | null;
  labels: ImportPreview['records'][number]['labels'] | null;
  problem: string | null;
}

async function readRecords(
  session: Session,
  opened: Opened,
  plan: ReturnType<typeof planReading>,
): Promise<ImportPreview['records']> {
  const select = buildRecordSelect(
    `(SELECT * FROM ${opened.relation} LIMIT 200)`,
    opened.columns,
    plan.reading,
  );
  const rows = await session.all<RecordSample>(
    `SELECT left(prompt_text, ${cellLength}) AS prompt,
       list_transform(responses, lambda r: {'text': left(r.text, ${cellLength}), 'model': r.model}) AS responses,
       list_transform(votes, lambda v: {'aspect': v.aspect, 'label': v.label}) AS labels, problem
     FROM (${select}) LIMIT ${previewRows}`,
  );
  return rows.map((row) => ({
    prompt: row.prompt ?? '',
    responses: (row.responses ?? []).map((response) => ({
      text: response.text ?? '',
      model: response.model,
    })),
    labels: row.labels ?? [],
    problem: row.problem,
  }));
}

/**
 * What an import would make of the first sound file: format guesses, columns, first rows and the records they become.
 * Nothing is written to the corpus.
 */
export async function previewImport(
  { workspace, extractForeign }: PreviewDependencies,
  spec: ImportSpec,
  signal: AbortSignal = new AbortController().signal,
): Promise<ImportPreview> {
  const paths = discoverFiles(spec.files);
  const files = paths.slice(0, 500).map(describeFile);
  const first = files.find((file) => file.problem === null);
  const empty = { columns: [], guesses: [], sourceRows: [], records: [], parts: [], mapping: {} };
  if (!first) return { files, ...empty, suggestedName: suggestName(paths) };
  const folder = mkdtempSync(path.join(workspace.incoming, 'preview-'));
  try {
    return await workspace.database.withReader(async (session) => {
      const admitted = admitFile(first.path, folder, 0);
      const opened = await openSample(session, {
        file: admitted,
        name: first.name,
        container: detectContainer(first.path),
        folder,
        extract: extractForeign,
        signal,
      });
      const shape = await readShape(session, opened.relation, opened.columns, first.name);
      const guesses = detectFormats(shape);
      const format = spec.format ?? guesses[0]?.format ?? 'mapped';
      const plan = planReading(shape, { format, mapping: spec.mapping }, first.name);
      const cells = opened.columns.map(
        (column) => `left(${quoteIdentifier(column.name)}::VARCHAR, ${cellLength})`,
      );
      const table = await session.table(
        `SELECT ${cells.join(', ')} FROM ${opened.relation} LIMIT ${previewRows}`,
      );
      return {
        files,
        columns: opened.columns,
        guesses,
        sourceRows: table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : null))),
        records: await readRecords(session, opened, plan),
        parts: (plan.reader.parts ?? []).map(({ part, title, isRequired }) => ({
          part,
          title,
          isRequired,
          column: plan.mapping[part] ?? null,
        })),
        mapping: plan.mapping,
        suggestedName: spec.dataset ?? suggestName(paths),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
