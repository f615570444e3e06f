import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { quoteIdentifier, quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { QueryOptions, Session } from '../../../native/duckdb/session.ts';
import type { ExportContainer, ExportFile, ExportSpec } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { flush } from './destination.ts';
import { sha256Of } from './manifest.ts';
import { type RowBounds, selectedRows } from './rows-sql.ts';
import type { Selection } from './selection.ts';
import type { Writer } from './writer.ts';

/** A file of the export before it is written: its units and its name. */
export interface PlannedFile {
  readonly path: string;
  readonly split: string | null;
  readonly first: number;
  readonly end: number;
}

const rowGroup = 10_000;

export function endingOf(container: ExportContainer, compression: ExportSpec['compression']): string {
  if (container === 'parquet' || compression === 'none') return container;
  return `${container}.${compression === 'gzip' ? 'gz' : 'zst'}`;
}

/** COPY's options; a JSON document is written as lines of text that are already JSON. */
export function copyOptions(container: ExportContainer, compression: ExportSpec['compression']): string {
  const packed = compression === 'none' ? 'uncompressed' : compression;
  switch (container) {
    case 'parquet':
      return `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroup}`;
    case 'jsonl':
      return `FORMAT json, COMPRESSION ${packed}`;
    case 'csv':
      return `FORMAT csv, HEADER, COMPRESSION ${packed}`;
    case 'json':
      return `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\u0001', COMPRESSION ${packed}`;
  }
}

/** The rows of a range of units as the file has them, in order. */
export function fileSelect(
  writer: Writer,
  selection: Selection,
  range: { first: number; end: number; bounds?: RowBounds },
): Sql {
  const { shape, context, table } = selection;
  const chosen = selectedRows(
    context.relation,
    `(SELECT * FROM ${table} WHERE unit >= ${range.first} AND unit < ${range.end})`,
    range.bounds,
  );
  const rows = shape.prepare ? shape.prepare(chosen) : chosen;
  const made = shape.from ? shape.from(rows) : rows;
  if (writer.document) return `SELECT line FROM ${writer.document(context, made)}`;
  const columns = shape.columns.map(({ name, type, sql }) => `(${sql})::${type} AS ${quoteIdentifier(name)}`);
  return `SELECT ${columns.join(', ')} FROM ${made} ORDER BY ${['unit', ...(shape.within ?? [])].join(', ')}`;
}

/** Cuts each split into files: `shards` of them, or as many as `rowsPerShard` needs. */
export function planFiles(spec: ExportSpec, writer: Writer, selection: Selection): PlannedFile[] {
  const ending = endingOf(selection.context.container, spec.compression);
  const isHub = spec.layout === 'hub';
  const ranges =
    selection.splits.length > 0
      ? selection.splits
      : [{ split: null, first: 0, end: 0, written: 0, clusters: 0 }];
  return ranges.flatMap(({ split, first, end }) => {
    const units = end - first;
    const wanted = spec.shards ?? (spec.rowsPerShard === null ? 1 : Math.ceil(units / spec.rowsPerShard));
    const count = writer.document ? 1 : Math.max(1, Math.min(wanted, units));
    const stem = split ?? (isHub ? 'train' : 'data');
    return Array.from({ length: count }, (_, at) => {
      const number = (value: number) => String(value).padStart(5, '0');
      const isOne = count === 1 && !isHub;
      const name = isOne ? `${stem}.${ending}` : `${stem}-${number(at)}-of-${number(count)}.${ending}`;
      return {
        path: isHub ? `data/${name}` : name,
        split: split ?? (isHub ? 'train' : null),
        first: first + Math.floor((units * at) / count),
        end: first + Math.floor((units * (at + 1)) / count),
      };
    });
  });
}

async function readBounds(
  session: Session,
  { table, context }: Selection,
  file: PlannedFile,
): Promise<RowBounds> {
  const [base, key, least, largest] =
    context.relation === 'pairs'
      ? [
          'comparison',
          'comparison_id',
          'least(response_a_id, response_b_id)',
          'greatest(response_a_id, response_b_id)',
        ]
      : ['response', 'response_id', 'response_id', 'response_id'];
  const row = await session.one<Record<'r0' | 'r1' | 'p0' | 'p1' | 's0' | 's1', number | null>>(
    `SELECT min(row_id) AS r0, max(row_id) AS r1, min(prompt_id) AS p0, max(prompt_id) AS p1, min(${least}) AS s0, max(${largest}) AS s1
     FROM ${table} s JOIN ${base} x ON x.${key} = s.row_id WHERE unit >= ${file.first} AND unit < ${file.end}`,
  );
  const range = (first: number | null, last: number | null) => [first ?? 0, last ?? 0] as const;
  return { row: range(row.r0, row.r1), prompt: range(row.p0, row.p1), response: range(row.s0, row.s1) };
}

/** Runs COPY for one file beside its place, flushes it, and renames it: it is whole or absent. */
export async function writeFile(
  session: Session,
  {
    folder,
    file,
    writer,
    selection,
    compression,
  }: {
    readonly folder: string;
    readonly file: PlannedFile;
    readonly writer: Writer;
    readonly selection: Selection;
    readonly compression: ExportSpec['compression'];
  },
  options: QueryOptions,
): Promise<ExportFile> {
  const place = path.join(folder, file.path);
  const half = `${place}.part`;
  mkdirSync(path.dirname(place), { recursive: true });
  rmSync(half, { force: true });
  const bounds = await readBounds(session, selection, file);
  const select = fileSelect(writer, selection, { ...file, bounds });
  const rows = await session.run(
    `COPY (${select}) TO ${quoteLiteral(half)} (${copyOptions(selection.context.container, compression)})`,
    [],
    options,
  );
  if (!existsSync(half)) throw new Error(`DuckDB wrote no file for ${file.path}`);
  flush(half);
  const sha256 = await sha256Of(half, options.signal);
  const { size } = statSync(half);
  renameSync(half, place);
  const isDocument = writer.document !== undefined;
  return {
    path: file.path,
    split: file.split,
    rows: isDocument ? file.end - file.first : rows,
    bytes: size,
    sha256,
  };
}
