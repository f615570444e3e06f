import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findPersonalData, isIban, isLuhn } from '../../../electron/core/export/personal-data.ts';
import { pythonText } from '../../../electron/core/export/python-json-sql.ts';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import { makeTemporaryDirectory, openScratchDatabase } from '../../support/database.ts';
import { openExportBench, type SpecInput } from './export-bench.ts';
import { chatRows, plainRows } from './hard-rows.ts';

/** Writes Parquet and answers what DuckDB says of its columns, row groups and compression. */
async function describeParquet(rows: readonly unknown[], spec: Omit<SpecInput, 'datasetId'>) {
  const bench = await openExportBench();
  const datasetId = await bench.importRows('source', rows);
  const folder = await makeTemporaryDirectory();
  const summary = await bench.write({
    ...spec,
    format: spec.format,
    container: 'parquet',
    datasetId,
    destination: { folder, name: 'out' },
  });
  const plan = await bench.plan({ ...spec, format: spec.format, container: 'parquet', datasetId });
  const file = quoteLiteral(path.join(summary.file, 'data.parquet'));
  const scratch = await openScratchDatabase([folder]);
  const columns = await scratch.all<{ name: string; type: string }>(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${file}))`,
  );
  const meta = await scratch.all<{ compression: string }>(
    `SELECT DISTINCT compression FROM parquet_metadata(${file})`,
  );
  const all = await scratch.all(`SELECT * FROM read_parquet(${file})`);
  return { columns, meta, all, plan };
}

describe('TRL Parquet, read back by DuckDB', () => {
  it('standard: prompt, chosen and rejected are texts', async () => {
    const { columns, meta, all } = await describeParquet(plainRows, { format: 'trl' });
    expect(columns).toEqual(['prompt', 'chosen', 'rejected'].map((name) => ({ name, type: 'VARCHAR' })));
    expect(meta).toEqual([{ compression: 'ZSTD' }]);
    expect(all[0]).toEqual({ prompt: 'What is 2 + 2?', chosen: 'Four.', rejected: 'Five.' });
  });

  it('conversational: each is a list of messages with role and content', async () => {
    const { columns, all } = await describeParquet(chatRows, { format: 'trl' });
    const type = 'STRUCT("role" VARCHAR, "content" VARCHAR)[]';
    expect(columns.map(({ name, type: given }) => [name, given.replaceAll('"', '')])).toEqual(
      ['prompt', 'chosen', 'rejected'].map((name) => [name, type.replaceAll('"', '')]),
    );
    expect(all[2]).toEqual({
      prompt: chatRows[2]?.prompt,
      chosen: chatRows[2]?.response_a,
      rejected: chatRows[2]?.response_b,
    });
  });

  it.each(['dpo', 'table', 'openrlhf', 'helpsteer3', 'llama-factory'])(
    '%s has exactly the columns and types its plan declares',
    async (format) => {
      const { columns, plan } = await describeParquet(chatRows, { format });
      const bare = (list: readonly { name: string; type: string }[]) =>
        list.map(({ name, type }) => `${name} ${type.replaceAll('"', '')}`);
      expect(bare(columns)).toEqual(bare(plan.columns));
    },
  );
});

describe('margin, weight and label smoothing of DPO', () => {
  it('smooths exactly the pair with the least of ten margins 1…10 at the 10th percentile (judging 1.2)', async () => {
    const rows = Array.from({ length: 10 }, (_, at) => ({
      prompt: `p${at}`,
      response_a: `a${at}`,
      response_b: `b${at}`,
      label: 'a',
      strength: (at + 1) / 10,
    }));
    const { all } = await describeParquet(rows, { format: 'dpo', options: { marginScale: 10 } });
    expect(
      all.map((row) => [Math.round(Number(row['margin'])), row['label_smoothing'], row['weight']]),
    ).toEqual(Array.from({ length: 10 }, (_, at) => [at + 1, at === 0 ? 0.1 : 0, (at + 1) / 10]));
  });
});

describe('Hugging Face folder', () => {
  const rows = Array.from({ length: 200 }, (_, at) => ({
    example_id: `e${at}`,
    prompt: [`Question ${at % 50}`, `question ${at % 50}!`, `QUESTION  ${at % 50}?`][at % 3],
    response_a: `a${at}`,
    response_b: `b${at}`,
    label: 'a',
  }));

  it('splits by prompt clusters without leakage, by the seed alone, near the shares asked for', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', rows);
    const write = async (name: string, seed: number) => {
      const summary = await bench.write({
        format: 'table',
        datasetId,
        layout: 'hub',
        shards: 2,
        splits: { train: 0.8, validation: 0.1, test: 0.1, seed },
        destination: { folder: bench.workspace.exports, name },
      });
      return bench.workspace.database.all<{ split: string; n: number; ids: string; clusters: number[] }>(
        `SELECT regexp_extract(filename, 'data/([a-z]+)-', 1) AS split, count(*) AS n, md5(string_agg(example_id, ',' ORDER BY example_id)) AS ids,
           list(DISTINCT regexp_extract(prompt, '[0-9]+')::INTEGER) AS clusters FROM read_parquet(${quoteLiteral(`${summary.file}/data/*.parquet`)}, filename = true) GROUP BY ALL ORDER BY split`,
      );
    };
    const splits = await write('one', 1);
    expect(splits.map(({ split }) => split)).toEqual(['test', 'train', 'validation']);
    expect(splits.map(({ n }) => n).reduce((sum, n) => sum + n)).toBe(200);
    expect(splits.flatMap(({ clusters }) => clusters).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, at) => at),
    );
    for (const [at, share] of [0.1, 0.8, 0.1].entries())
      expect(Math.abs((splits[at]?.n ?? 0) - share * 200)).toBeLessThanOrEqual(4);
    const same = await write('same', 1);
    expect(same.map(({ ids }) => ids)).toEqual(splits.map(({ ids }) => ids));
    const other = await write('other', 2);
    expect(other.map(({ ids }) => ids)).not.toEqual(splits.map(({ ids }) => ids));
  });

  it('has a card whose header is YAML with the configs, and names no path of the machine', async () => {
    const bench = await openExportBench();
    const datasetId = await bench.importRows('source', rows);
    const answers = [{ question: 'Who was asked?', answer: 'Nobody <script>' }];
    const { file } = await bench.write({
      format: 'trl',
      container: 'parquet',
      datasetId,
      layout: 'hub',
      licence: 'cc-by-4.0',
      answers,
      destination: { folder: bench.folder, name: 'out' },
    });
    const card = readFileSync(path.join(file, 'README.md'), 'utf8');
    const header = parse(/^---\n([\s\S]+?)\n---\n/.exec(card)?.[1] ?? '') as Record<string, unknown>;
    expect(header).toMatchObject({
      license: 'cc-by-4.0',
      size_categories: ['n<1K'],
      configs: [{ config_name: 'default', data_files: [{ split: 'train', path: 'data/train-*' }] }],
    });
    expect(card).toContain('## Datasheet');
    expect(card).toContain('Labels: a 200.');
    expect(card).not.toContain(bench.folder);
  });
});

describe('personal data', () => {
  const check = async (sql: string) => {
    const database = await openScratchDatabase();
    return (await database.one<{ ok: boolean }>(`SELECT ${sql} AS ok`)).ok;
  };

  it.each([
    ['GB82 WEST 1234 5698 7654 32', true],
    ['DE89370400440532013000', true],
    ['GB82 WEST 1234 5698 7654 33', false],
  ])('IBAN %s by remainder 97 (examples of ISO 13616): %s', async (text, isRight) => {
    expect(await check(isIban(quoteLiteral(text)))).toBe(isRight);
  });

  it.each([
    ['4539 1488 0343 6467', true],
    ['79927398713000', false],
    ['4539 1488 0343 6468', false],
    ['0000000000000', false],
  ])('card number %s by Luhn: %s', async (text, isRight) => {
    expect(await check(isLuhn(quoteLiteral(text)))).toBe(isRight);
  });

  it('counts rows with each shape, and does not take versions, dates and years for them', async () => {
    const bench = await openExportBench();
    const harmless = [
      'version 1.2.3.4567',
      'on 2024-01-02 at 10:11',
      'pi is 3.14159265358979',
      'a@b',
      'call 911',
      '127.0.0.1',
      '1234567890123456',
      'sk-short',
    ];
    const found = [
      'mail me: jo.doe+x@example.co.uk',
      'ring +44 20 7946 0958',
      'or (555) 123-4567',
      'pay GB82WEST12345698765432',
      'card 4539-1488-0343-6467',
      'host 203.0.113.9',
      `key sk-${'a1'.repeat(15)}`,
    ];
    const rows = [...harmless, ...found].map((text, at) => ({
      example_id: `e${at}`,
      prompt: `p${at}`,
      response_a: text,
      response_b: 'x',
      label: 'a',
    }));
    const datasetId = await bench.importRows('source', rows);
    const plan = await bench.service.plan({ ...(await specOf(datasetId)), looksForPersonalData: true });
    const told = plan.warnings
      .filter((one) => one.kind === 'personal-data')
      .map(({ count, text }) => [count, text.split(': ')[1]]);
    expect(told).toEqual([
      [1, 'e-mail address'],
      [2, 'phone number'],
      [1, 'IBAN (check digits right)'],
      [1, 'card number (Luhn’s check right)'],
      [1, 'IP address'],
      [1, 'key or token of a service'],
    ]);
    expect(findPersonalData).toBeTypeOf('function');
  });
});

const specOf = async (datasetId: number) => {
  const { exportSpecSchema } = await import('../../../electron/contract/export.contract.ts');
  return exportSpecSchema.parse({ datasetId, format: 'trl' });
};

describe('Python’s JSON in SQL', () => {
  it.each([
    ['plain "quoted" \\ /', '"plain \\"quoted\\" \\\\ /"'],
    ['é\n\t\u0001\u007f', '"\\u00e9\\n\\t\\u0001\\u007f"'],
    ['😀 \u202B', '"\\ud83d\\ude00 \\u202b"'],
  ])('writes %j as json.dumps does', async (text, expected) => {
    const database = await openScratchDatabase();
    const { out } = await database.one<{ out: string }>(
      `SELECT ${pythonText('t')} AS out FROM (SELECT ?::VARCHAR AS t)`,
      [text],
    );
    expect(out).toBe(expected);
  });
});
