import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { quoteIdentifier, quoteLiteral } from '../../../native/duckdb/quoting.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { openSource, readRecords, type RecordRow } from '../../support/read-records.ts';

const folder = 'test/fixtures/formats';

/** Fixtures with nested values; none holds an empty text, which CSV cannot tell from a missing one. */
const nested = [
  'annotated-pairs.2.json',
  'chatbot-arena.140k.jsonl',
  'chatbot-arena.33k.jsonl',
  'halos.jsonl',
  'helpsteer2-disagreements.jsonl',
  'helpsteer2-preference.jsonl',
  'helpsteer3.preference.jsonl',
  'kto-tag.jsonl',
  'mt-bench-judgments.jsonl',
  'pku-saferlhf.jsonl',
  'ranked-list.nectar.jsonl',
  'ranked-list.scores.jsonl',
  'rewardbench-2.jsonl',
  'trl-implicit-prompt.conversational.jsonl',
  'trl-preference.conversational.jsonl',
  'trl-preference.repeated-prompt.jsonl',
  'trl-unpaired.conversational.jsonl',
  'ultrafeedback-binarized.argilla.jsonl',
  'ultrafeedback.jsonl',
];

const withoutExtra = (rows: readonly RecordRow[]) => rows.map((row) => ({ ...row, extra: null }));

async function copyTo(name: string, extension: 'csv' | 'parquet'): Promise<string> {
  const directory = await makeTemporaryDirectory();
  const target = path.join(directory, `copy.${extension}`);
  const source = await openSource(path.join(folder, name), [directory]);
  const columns = source.shape.columns.map(({ name: column, type }) => {
    const identifier = quoteIdentifier(column);
    const isNested = /\[\]$|^STRUCT|^MAP/.test(type) && extension === 'csv';
    return isNested ? `to_json(${identifier})::VARCHAR AS ${identifier}` : identifier;
  });
  const select = `SELECT ${columns.join(', ')} FROM scratch.source ORDER BY src_row`;
  await source.database.withReader((session) => session.run(`COPY (${select}) TO ${quoteLiteral(target)}`));
  return target;
}

describe('containers', () => {
  it.each(nested)('reads %s alike from typed Parquet and from JSON inside CSV cells', async (name) => {
    const direct = withoutExtra(await readRecords(path.join(folder, name)));
    for (const extension of ['parquet', 'csv'] as const) {
      expect(withoutExtra(await readRecords(await copyTo(name, extension)))).toEqual(direct);
    }
  });
});
