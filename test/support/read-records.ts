import path from 'node:path';
import type { FormatGuess, Mapping, SourceColumn } from '../../electron/contract/import.contract.ts';
import type { SourceShape } from '../../electron/core/corpus/reading/reader.ts';
import { buildRecordSelect } from '../../electron/core/corpus/reading/record-sql.ts';
import { detectFormats, getFormatReader } from '../../electron/core/corpus/formats/registry.ts';
import type { Database } from '../../native/duckdb/database.ts';
import { quoteLiteral } from '../../native/duckdb/quoting.ts';
import { openScratchDatabase } from './database.ts';

export interface RecordMessage {
  readonly role: string;
  readonly content: string | null;
}

export interface RecordVote {
  readonly a: number;
  readonly b: number;
  readonly label: string | null;
  readonly strength: number | null;
  readonly annotator: string | null;
  readonly aspect: string | null;
  readonly rationale: string | null;
  readonly shown_first: string | null;
  readonly ms: number | null;
}

export interface RecordRating {
  readonly response: number;
  readonly annotator: string | null;
  readonly aspect: string | null;
  readonly value: number | null;
  readonly value_text: string | null;
  readonly scale_min: number | null;
  readonly scale_max: number | null;
  readonly rationale: string | null;
}

export interface RecordRow {
  readonly src_row: number;
  readonly src_rows: number;
  readonly problem: string | null;
  readonly problem_column: string | null;
  readonly example_id: string | null;
  readonly prompt_text: string | null;
  readonly prompt_messages: readonly RecordMessage[] | null;
  readonly prompt_b_text: string | null;
  readonly language: string | null;
  readonly topic: string | null;
  readonly subset: string | null;
  readonly responses: readonly {
    readonly text: string | null;
    readonly model: string | null;
    readonly messages: readonly RecordMessage[] | null;
  }[];
  readonly votes: readonly RecordVote[] | null;
  readonly ratings: readonly RecordRating[] | null;
  readonly annotators:
    | readonly {
        readonly name: string;
        readonly kind: string;
        readonly attributes: Readonly<Record<string, string>> | null;
      }[]
    | null;
  readonly extra: string | null;
}

export interface ReadOptions {
  /** Id of the reader; the surest guess when left out. */
  readonly format?: string;
  readonly mapping?: Mapping;
}

/** A source opened in DuckDB as the importer would hand it to a reader. */
export interface OpenSource {
  readonly database: Database;
  readonly shape: SourceShape;
  readonly guesses: readonly FormatGuess[];
  /** The SELECT over the source for a reader; a relation of records. */
  recordSelect(options?: ReadOptions): string;
}

/** DuckDB table function that reads the file as the importer does: CSV as text only, whole JSON documents and arrays. */
function scanOf(file: string): string {
  const literal = quoteLiteral(path.resolve(file));
  if (/\.parquet$/.test(file)) return `read_parquet(${literal})`;
  if (/\.csv(\.gz|\.zst)?$/.test(file)) return `read_csv(${literal}, all_varchar = true, header = true)`;
  return `read_json(${literal}, maximum_object_size = 200000000)`;
}

/**
 * Opens a JSONL, JSON, CSV or Parquet file in a scratch database that lives as long as the test and may also touch
 * `directories`.
 */
export async function openSource(file: string, directories: readonly string[] = []): Promise<OpenSource> {
  const database = await openScratchDatabase([path.dirname(path.resolve(file)), ...directories]);
  await database.withReader((session) =>
    session.run(
      `CREATE TABLE scratch.source AS SELECT *, (row_number() OVER () - 1)::BIGINT AS src_row FROM ${scanOf(file)}`,
    ),
  );
  const columns = await database.all<SourceColumn>(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * EXCLUDE (src_row) FROM scratch.source)`,
  );
  const rows = await database.all<{ row: string }>(
    `SELECT to_json(assay_row)::VARCHAR AS "row" FROM (SELECT * EXCLUDE (src_row) FROM scratch.source ORDER BY src_row LIMIT 50) assay_row`,
  );
  const shape: SourceShape = {
    columns,
    rows: rows.map(({ row }) => JSON.parse(row) as Record<string, unknown>),
    fileNames: [path.basename(file)],
  };
  const guesses = detectFormats(shape);
  const recordSelect = (options: ReadOptions = {}) => {
    const reader = getFormatReader(options.format ?? guesses[0]?.format ?? 'none');
    return buildRecordSelect('scratch.source', columns, reader.read(shape, options.mapping ?? {}));
  };
  return { database, shape, guesses, recordSelect };
}

/** The records of a file, in the order of its rows. */
export async function readRecords(file: string, options: ReadOptions = {}): Promise<RecordRow[]> {
  const source = await openSource(file);
  return source.database.all<RecordRow>(`SELECT * FROM (${source.recordSelect(options)}) ORDER BY src_row`);
}
