import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader } from '../reading/reader.ts';
import { findColumn, hasColumns } from '../reading/source-sql.ts';

/** UltraInteract: a trajectory of turns as prompt, and two next turns. */
export const ultraInteract: FormatReader = {
  id: 'ultrainteract-pair',
  title: 'UltraInteract pairs',
  description: 'trajectory[{from, value}] with chosen and rejected next turns.',
  detect: (shape) =>
    hasColumns(shape, 'trajectory', 'chosen', 'rejected')
      ? { confidence: 0.98, why: 'a trajectory with chosen and rejected turns' }
      : null,
  read: (shape) =>
    readPairs(shape, {
      prompt: 'trajectory',
      chosen: 'chosen',
      rejected: 'rejected',
      exampleId: 'id',
      topic: 'task',
    }),
};

/** RLAIF-V: pairs about an image, whose path and size are kept in the extra columns. */
export const rlaifV: FormatReader = {
  id: 'rlaif-v',
  title: 'RLAIF-V',
  description: 'image, question, chosen, rejected. The path of the image is kept, its bytes are not.',
  detect: (shape) =>
    hasColumns(shape, 'image', 'question', 'chosen', 'rejected')
      ? { confidence: 0.97, why: 'image and question with chosen and rejected' }
      : null,
  read(shape) {
    const reading = readPairs(shape, {
      prompt: 'question',
      chosen: 'chosen',
      rejected: 'rejected',
      exampleId: 'idx',
      subset: 'origin_dataset',
    });
    const image = findColumn(shape, 'image');
    if (!image || !/\bBLOB\b/.test(image.type)) return reading;
    const column = quoteIdentifier(image.name);
    const small = image.type.startsWith('STRUCT(')
      ? `struct_pack(path := struct_extract(${column}, 'path'), byte_count := octet_length(struct_extract(${column}, 'bytes')))`
      : `struct_pack(byte_count := octet_length(${column}))`;
    return {
      ...reading,
      from: (relation) =>
        `(SELECT * REPLACE (${small} AS ${column}) FROM ${reading.from ? reading.from(relation) : relation})`,
    };
  },
};
