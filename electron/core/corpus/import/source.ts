import { quoteIdentifier, quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import { addressColumn, addressType, findImageColumns } from '../media/image-columns.ts';
import type { ImageSource } from '../media/keep-images.ts';
import type { SourceShape, Sql } from '../reading/reader.ts';
import type { Container } from './container.ts';
import { mendNumbers } from './mend-numbers.ts';
import { salvagedRowField } from './salvage.ts';

/** Columns that staging adds and no format may see. */
const ownColumns: ReadonlySet<string> = new Set(['src_row', 'file_row_number', salvagedRowField]);

/** Longest CSV record; DuckDB holds a few buffers of twice this size per thread. */
const longestCsvLine = 16 * 2 ** 20;

/** Largest single JSON value read by the quick path; files with larger ones go through salvage. */
const quickObjectBytes = 16 * 2 ** 20;

/**
 * Types that DuckDB guesses from the look of a text, back to text: a date or an id must come out as it was written.
 * Works on the whole type, so nested fields are covered.
 */
function keepTexts(type: string): string {
  return type.replaceAll(
    /\b(TIMESTAMP WITH TIME ZONE|TIMESTAMP_NS|TIMESTAMP|DATE|TIME|UUID)\b(?!")/g,
    'VARCHAR',
  );
}

function jsonOptions(container: Container, bytes: number): string {
  const isDocument = container.kind === 'json';
  const largest = isDocument
    ? Math.max(bytes * (container.compression === 'uncompressed' ? 1 : 20), quickObjectBytes)
    : quickObjectBytes;
  return [
    `format = '${isDocument ? 'auto' : 'newline_delimited'}'`,
    `compression = '${container.compression}'`,
    `maximum_object_size = ${Math.min(largest, 2 ** 31)}`,
    'map_inference_threshold = -1',
    'field_appearance_threshold = 0',
  ].join(', ');
}

/** A source the importer's SQL can read. */
export interface OpenedSource {
  /** The rows with `src_row`, 0-based. */
  readonly relation: Sql;
  /** The same rows in the same order without numbers, where numbering them keeps DuckDB from using all its threads. */
  readonly unnumbered?: Sql | undefined;
  readonly columns: SourceColumn[];
  /** Images the source holds as bytes; `relation` has their addresses in the workspace instead. */
  readonly images?: ImageSource | undefined;
}

interface JsonScanOptions {
  readonly bytes: number;
  /** Rows looked at for keys and types; -1 = all. */
  readonly sampleRows: number;
  readonly signal?: AbortSignal | undefined;
}

async function describeJson(
  session: Session,
  file: string,
  container: Container,
  options: JsonScanOptions,
): Promise<{ scan: Sql; columns: SourceColumn[] }> {
  const read = `read_json(${quoteLiteral(file)}, ${jsonOptions(container, options.bytes)}`;
  const described = await session.all<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM ${read}, sample_size = ${options.sampleRows})`,
    [],
    { signal: options.signal },
  );
  const columns = described.map((column) => ({
    name: column.column_name,
    type: keepTexts(column.column_type),
  }));
  const listed = columns
    .map((column) => `${quoteLiteral(column.name)}: ${quoteLiteral(column.type)}`)
    .join(', ');
  return { scan: `${read}, columns = {${listed}})`, columns };
}

/** A `read_json` call whose columns hold every key that occurs in the sampled rows, texts as texts. */
export async function buildJsonScan(
  session: Session,
  file: string,
  container: Container,
  options: JsonScanOptions,
): Promise<Sql> {
  return (await describeJson(session, file, container, options)).scan;
}

/**
 * A JSON Lines file as it lies there, with every key that occurs anywhere in it. Reading it again costs less than a copy
 * of it in another form. Undefined where a column has a name the importer needs for itself.
 */
export async function openJsonLines(
  session: Session,
  file: string,
  container: Container,
  options: JsonScanOptions,
): Promise<(OpenedSource & { readonly unnumbered: Sql }) | undefined> {
  const { scan, columns } = await describeJson(session, file, container, options);
  if (columns.length === 0 || columns.some((column) => ownColumns.has(column.name))) return undefined;
  return {
    relation: `(SELECT *, row_number() OVER () - 1 AS src_row FROM ${scan})`,
    unnumbered: scan,
    columns,
  };
}

/** A `read_json` call for lines that salvage has written. */
export function salvagedContainer(): Container {
  return { kind: 'jsonl', compression: 'uncompressed', delimiter: ',', encoding: 'utf-8' };
}

/** A `read_csv` call: every value as text, so that nothing is reformatted on the way. */
export function buildCsvScan(file: string, container: Container, rejects?: string): Sql {
  const options = [
    'all_varchar = true',
    'header = true',
    `delim = ${quoteLiteral(container.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `encoding = '${container.encoding}'`,
    `compression = '${container.compression}'`,
    `max_line_size = ${longestCsvLine}`,
    `buffer_size = ${2 * longestCsvLine}`,
    ...(rejects
      ? [
          'store_rejects = true',
          `rejects_table = '${rejects}'`,
          `rejects_scan = '${rejects}_scan'`,
          'rejects_limit = 0',
        ]
      : []),
  ];
  return `read_csv(${quoteLiteral(file)}, ${options.join(', ')})`;
}

/** A Parquet file with `src_row`, 0-based, as the importer's SQL wants it. */
export async function openParquet(session: Session, file: string): Promise<OpenedSource> {
  const read = `read_parquet(${quoteLiteral(file)}, file_row_number = true)`;
  const described = await session.all<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM ${read}`,
  );
  const names = described.map((column) => column.column_name);
  const isSalvaged = names.includes(salvagedRowField);
  const rowNumber = isSalvaged ? `${quoteIdentifier(salvagedRowField)} - 1` : 'file_row_number';
  const hidden = names
    .filter((name) => ownColumns.has(name))
    .map(quoteIdentifier)
    .join(', ');
  const relation = `(SELECT * EXCLUDE (${hidden}), (${rowNumber})::BIGINT AS src_row FROM ${read})`;
  const columns = described
    .filter((column) => !ownColumns.has(column.column_name))
    .map((column) => ({ name: column.column_name, type: column.column_type }));
  const images = findImageColumns(columns);
  if (images.length === 0) return { relation, columns };
  const replaced = images.map((image) => `${addressColumn(image)} AS ${quoteIdentifier(image.name)}`);
  const typeOf = new Map(images.map((image) => [image.name, addressType(image)]));
  return {
    relation: `(SELECT * REPLACE (${replaced.join(', ')}) FROM ${relation})`,
    columns: columns.map(({ name, type }) => ({ name, type: typeOf.get(name) ?? type })),
    images: { relation, columns: images },
  };
}

/** What format detection looks at: the columns and the first fifty rows as JSON. */
export async function readShape(
  session: Session,
  relation: Sql,
  columns: readonly SourceColumn[],
  fileName: string,
): Promise<SourceShape> {
  const rows = await session.all<{ row: string }>(
    `SELECT to_json(assay_source)::VARCHAR AS row FROM (SELECT * FROM ${relation} LIMIT 50) assay_source`,
  );
  return {
    columns,
    rows: rows.map(({ row }) => JSON.parse(mendNumbers(row)) as Record<string, unknown>),
    fileNames: [fileName],
  };
}
