import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Sql } from '../reading/reader.ts';
import type { Container } from './container.ts';
import { salvageJsonLines } from './salvage.ts';
import { mendNumbers } from './mend-numbers.ts';
import { buildCsvScan, buildJsonScan, salvagedContainer } from './source.ts';

export interface SourceRejection {
  /** 1-based row in the source file. */
  readonly row: number;
  readonly column: string | null;
  readonly reason: string;
  readonly raw: string;
}

/** A source as Parquet in the workspace, with the rows its container would not give up. */
export interface Staged {
  readonly parquet: string;
  readonly rejections: readonly SourceRejection[];
}

export interface StageRequest {
  /** The admitted file. */
  readonly file: string;
  /** The name the person knows it by, for messages. */
  readonly name: string;
  readonly container: Container;
  /** Where the Parquet goes; written beside it first, then renamed, so that it is whole or absent. */
  readonly target: string;
  /** The call that reads the file, where its columns are known already. */
  readonly scan?: Sql | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
}

const largestDocument = 256 * 2 ** 20;

async function copyToParquet(session: Session, scan: Sql, request: StageRequest): Promise<void> {
  const half = `${request.target}.part`;
  await session.run(
    `COPY (SELECT * FROM ${scan}) TO ${quoteLiteral(half)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 20000)`,
    [],
    { signal: request.signal, onProgress: request.onProgress },
  );
  renameSync(half, request.target);
}

function unreadable(request: StageRequest, error: unknown): AppError {
  const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return new AppError(
    'IMPORT_FILE_UNREADABLE',
    `${request.name} was not imported: it cannot be read as ${request.container.kind.toUpperCase()}. ${cause}`,
    { file: request.name },
  );
}

async function stageLines(session: Session, request: StageRequest): Promise<SourceRejection[]> {
  const bytes = statSync(request.file).size;
  try {
    const scan =
      request.scan ??
      (await buildJsonScan(session, request.file, request.container, {
        bytes,
        sampleRows: -1,
        signal: request.signal,
      }));
    await copyToParquet(session, scan, request);
    return [];
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof AppError || request.container.compression === 'zstd')
      throw error instanceof AppError ? error : unreadable(request, error);
  }
  const salvaged = `${request.file}.salvaged.jsonl`;
  const { rows, rejections } = await salvageJsonLines(
    request.file,
    request.container.compression,
    salvaged,
    request.signal,
  );
  if (rejections.length < rows) {
    const scan = await buildJsonScan(session, salvaged, salvagedContainer(), {
      bytes,
      sampleRows: -1,
      signal: request.signal,
    });
    await copyToParquet(
      session,
      scan.replace(/maximum_object_size = \d+/, 'maximum_object_size = 67108864'),
      request,
    );
  } else {
    await copyToParquet(session, '(SELECT NULL::VARCHAR AS nothing LIMIT 0)', request);
  }
  rmSync(salvaged, { force: true });
  return rejections.map((rejection) => ({ ...rejection, column: null }));
}

async function stageDocument(session: Session, request: StageRequest): Promise<void> {
  const bytes = statSync(request.file).size;
  const tryRead = async (file: string) => {
    const scan = await buildJsonScan(session, file, request.container, {
      bytes,
      sampleRows: -1,
      signal: request.signal,
    });
    await copyToParquet(session, scan, request);
  };
  try {
    await tryRead(request.file);
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof AppError) throw error;
    if (request.container.compression !== 'uncompressed' || bytes > largestDocument)
      throw unreadable(request, error);
    const mended = `${request.file}.mended.json`;
    writeFileSync(mended, mendNumbers(readFileSync(request.file, 'utf8').replace(/^\uFEFF/, '')));
    try {
      await tryRead(mended);
    } catch {
      throw unreadable(request, error);
    } finally {
      rmSync(mended, { force: true });
    }
  }
}

async function stageCsv(session: Session, request: StageRequest): Promise<SourceRejection[]> {
  const rejects = 'csv_rejects';
  for (const table of [rejects, `${rejects}_scan`]) await session.run(`DROP TABLE IF EXISTS temp.${table}`);
  try {
    await copyToParquet(session, buildCsvScan(request.file, request.container, rejects), request);
  } catch (error) {
    request.signal.throwIfAborted();
    throw error instanceof AppError ? error : unreadable(request, error);
  }
  return session.all<SourceRejection & Record<string, never>>(
    `SELECT line::BIGINT AS row, any_value(column_name) AS column,
      'line ' || line || ': ' || string_agg(DISTINCT error_message, '; ') AS reason,
      coalesce(left(any_value(csv_line), 10000), '') AS raw
     FROM ${rejects} GROUP BY line ORDER BY line`,
  );
}

/**
 * Turns one file into one Parquet file. Parquet sources are not copied: they are their own stage. Throws
 * IMPORT_FILE_UNREADABLE for a file that is broken as a whole; single bad rows come back as rejections.
 */
export async function stageFile(session: Session, request: StageRequest): Promise<Staged> {
  switch (request.container.kind) {
    case 'parquet':
    case 'duckdb':
      return { parquet: request.file, rejections: [] };
    case 'jsonl':
      return { parquet: request.target, rejections: await stageLines(session, request) };
    case 'json':
      await stageDocument(session, request);
      return { parquet: request.target, rejections: [] };
    case 'csv':
      return { parquet: request.target, rejections: await stageCsv(session, request) };
  }
}
