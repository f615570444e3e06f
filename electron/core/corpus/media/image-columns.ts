import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import type { Reading, Sql } from '../reading/reader.ts';
import { largestImage, mediaScheme } from './image-file.ts';

/** A source column that holds images as bytes: plain, or as the struct {bytes, path} of the Hugging Face image feature. */
export interface ImageColumn {
  readonly name: string;
  readonly shape: 'bytes' | 'struct' | 'structs';
}

const imageStruct = /^STRUCT\(("?bytes"? BLOB, "?path"? VARCHAR|"?path"? VARCHAR, "?bytes"? BLOB)\)(\[\])?$/;

/** The columns that hold bytes, of those a Parquet file has. */
export function findImageColumns(columns: readonly SourceColumn[]): ImageColumn[] {
  return columns.flatMap(({ name, type }): ImageColumn[] => {
    if (type === 'BLOB') return [{ name, shape: 'bytes' }];
    const struct = imageStruct.exec(type);
    return struct ? [{ name, shape: struct[2] === undefined ? 'struct' : 'structs' }] : [];
  });
}

/**
 * The address under which the workspace keeps these bytes: `media:`, their SHA-256, and what their first bytes say they
 * are. What is too large, or no PNG, JPEG, GIF or WebP, is not kept, and its address ends so.
 */
export function imageAddress(bytes: Sql): Sql {
  const head = (from: number, to: number) => `hex((${bytes})[${from}:${to}])`;
  return `'${mediaScheme}' || sha256(${bytes}) || CASE
    WHEN octet_length(${bytes}) > ${largestImage} THEN '.large'
    WHEN ${head(1, 8)} = '89504E470D0A1A0A' THEN '.png'
    WHEN ${head(1, 3)} = 'FFD8FF' THEN '.jpg'
    WHEN ${head(1, 6)} = '474946383761' OR ${head(1, 6)} = '474946383961' THEN '.gif'
    WHEN ${head(1, 4)} = '52494646' AND ${head(9, 12)} = '57454250' THEN '.webp'
    ELSE '.other' END`;
}

const addressOf = (image: Sql): Sql =>
  `CASE WHEN octet_length(${image}.bytes) > 0 THEN ${imageAddress(`${image}.bytes`)} ELSE ${image}.path END`;

/** The column with addresses in the place of bytes: VARCHAR, or VARCHAR[] for a list. An image without bytes keeps its path. */
export function addressColumn({ name, shape }: ImageColumn): Sql {
  const column = quoteIdentifier(name);
  if (shape === 'bytes') return `CASE WHEN ${column} IS NOT NULL THEN ${imageAddress(column)} END`;
  return shape === 'struct'
    ? addressOf(column)
    : `list_transform(${column}, lambda assay_image: ${addressOf('assay_image')})`;
}

/** The column's type once `addressColumn` stands in its place. */
export function addressType({ shape }: ImageColumn): string {
  return shape === 'structs' ? 'VARCHAR[]' : 'VARCHAR';
}

/** One row an image, (src_row, bytes), of a relation that still holds the bytes. */
export function selectImages(relation: Sql, { name, shape }: ImageColumn): Sql {
  const column = quoteIdentifier(name);
  if (shape === 'bytes') return `SELECT src_row, ${column} AS bytes FROM ${relation}`;
  if (shape === 'struct') return `SELECT src_row, ${column}.bytes AS bytes FROM ${relation}`;
  return `SELECT src_row, image.bytes AS bytes FROM (SELECT src_row, unnest(${column}) AS image FROM ${relation})`;
}

/**
 * The reading with the images of its source's rows. Those a format does not place itself belong to the prompt, so every
 * response of the record has them. A format that makes records of several rows does not say which image goes where: there
 * their addresses stay among the further columns.
 */
export function attachImages(reading: Reading, images: readonly ImageColumn[]): Reading {
  const free = images.filter(({ name }) => !reading.usedColumns.includes(name));
  if (free.length === 0 || reading.from !== undefined) return reading;
  const lists = free.map(({ name, shape }) => {
    const column = quoteIdentifier(name);
    return shape === 'structs' ? `coalesce(${column}, [])` : `[${column}]`;
  });
  const shown = `list_filter(flatten([${lists.join(', ')}]), lambda file: file IS NOT NULL AND NOT ends_with(file, '.other'))`;
  return {
    ...reading,
    responses: `list_transform(${reading.responses}, lambda given: struct_pack("text" := given."text", model := given.model,
      messages := given.messages, media := nullif(list_concat(coalesce(given.media, []), ${shown}), [])))`,
    usedColumns: [...reading.usedColumns, ...free.map(({ name }) => name)],
  };
}
