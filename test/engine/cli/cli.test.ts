import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, readAssay, runAssay, sampleFile } from '../../support/e2e/command.ts';

const { folder, remove } = makeFolder('assay-cli');
const workspace = path.join(folder, 'w.assay');

beforeAll(async () => {
  await readAssay('import', sampleFile, '--workspace', workspace, '--dataset', 'pandalm');
});
afterAll(remove);

describe('assay import', () => {
  it('prints one JSON object with the figures of the import and nothing else on standard output', async () => {
    const file = path.join(folder, 'three.jsonl');
    const row = (n: number) => JSON.stringify({ prompt: `p${n}`, chosen: `good ${n}`, rejected: `bad ${n}` });
    writeFileSync(file, [row(1), row(2), row(2), '{"prompt": "torn', row(3)].join('\n'));
    const { code, stdout } = await runAssay([
      'import',
      file,
      '--workspace',
      workspace,
      '--dataset',
      'three',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining(['dataset', 'format', 'rows', 'rejected', 'duplicates', 'seconds']),
    );
    // by construction: five lines = three different rows, one repetition, one torn line
    expect(summary).toMatchObject({ dataset: 'three', rows: 3, rejected: 1, duplicates: 1 });
    expect(summary['seconds']).toBeGreaterThan(0);
  });

  it('says without --json where the rejected rows are, on standard error, and prints nothing for machines', async () => {
    const file = path.join(folder, 'torn.jsonl');
    writeFileSync(file, '{"prompt":"p","chosen":"a","rejected":"b"}\n{"prompt":');
    const { code, stdout, stderr } = await runAssay(['import', file, '--workspace', workspace]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('1 rejected');
    expect(stderr).toContain('SELECT * FROM rejected_rows');
  });

  it('fails with 1 and a stable code, not with a stack, where a file is absent', async () => {
    const absent = path.join(folder, 'absent.jsonl');
    const { code, stdout, stderr } = await runAssay(['import', absent, '--workspace', workspace, '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('[IMPORT_FILE_MISSING]');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('wrong words end with 2, before anything is opened or written', () => {
  const fresh = path.join(folder, 'never.assay');
  it.each([
    ['an unknown option', ['datasets', '--workspace', fresh, '--colour', 'red']],
    ['an unknown command', ['lookup', '--workspace', fresh]],
    ['no workspace', ['datasets']],
    ['no file to import', ['import', '--workspace', fresh]],
    ['--top 0', ['constitution', '-w', fresh, '-d', 'd', '-o', folder, '--top', '0']],
    ['--top seven', ['constitution', '-w', fresh, '-d', 'd', '-o', folder, '--top', 'seven']],
    ['a negative seed', ['constitution', '-w', fresh, '-d', 'd', '-o', folder, '--seed', '-1']],
    ['an unknown executor', ['constitution', '-w', fresh, '-d', 'd', '-o', folder, '--executor', 'oracle']],
    ['an unknown format', ['export', '-w', fresh, '-d', 'd', '-f', 'docx', '-o', path.join(folder, 'x')]],
    ['a port that is none', ['serve', '-w', fresh, '--port', '70000']],
    ['an audit seed that is none', ['audit', '-w', fresh, '-d', 'd', '--seed', 'x']],
    ['a search limit that is none', ['search', 'word', '-w', fresh, '-d', 'd', '--limit', 'many']],
    ['a search limit of 0', ['search', 'word', '-w', fresh, '-d', 'd', '--limit', '0']],
  ])('%s', async (_, words) => {
    const { code, stdout, stderr } = await runAssay(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(fresh)).toBe(false);
  });

  it('help and version are no failures', async () => {
    expect((await runAssay(['--help'])).code).toBe(0);
    expect((await runAssay(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('failures end with 1 and a code', () => {
  it.each([
    ['DATASET_MISSING', ['constitution', '-w', workspace, '-d', 'nowhere', '-o', path.join(folder, 'no')]],
    ['DATASET_MISSING', ['search', 'word', '-w', workspace, '-d', 'nowhere']],
    ['QUERY_FAILED', ['sql', 'SELECT nothing FROM nowhere', '-w', workspace]],
    ['QUERY_NOT_READ_ONLY', ['sql', 'DROP VIEW pairs', '-w', workspace]],
    ['AUDIT_UNKNOWN', ['audit', '-w', workspace, '-d', 'pandalm', '--only', 'astrology']],
  ])('%s', async (name, words) => {
    const { code, stdout, stderr } = await runAssay([...words, '--json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`[${name}]`);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('a file where the workspace should be is told as such', async () => {
    const file = path.join(folder, 'file.assay');
    writeFileSync(file, '');
    const { code, stderr } = await runAssay(['datasets', '-w', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\[WORKSPACE_(UNWRITABLE|INVALID)\]/);
  });
});

describe('assay sql and search', () => {
  it('sql --json prints rows as objects whose counts add up to the sample', async () => {
    const rows = await readAssay<{ label: string; n: number }[]>(
      'sql',
      "SELECT label, count(*) AS n FROM pairs WHERE dataset = 'pandalm' GROUP BY label ORDER BY label",
      '--workspace',
      workspace,
    );
    expect(rows.map((row) => row.label)).toEqual(['a', 'b', 'tie']);
    expect(rows.reduce((sum, row) => sum + row.n, 0)).toBe(999); // the sample's own count, resources/sample/README.md
  });

  it('sql cannot read a file outside the workspace', async () => {
    const { code, stdout } = await runAssay([
      'sql',
      `SELECT * FROM read_text('${sampleFile}')`,
      '-w',
      workspace,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('search --json finds what a plain scan of the texts finds', async () => {
    const words = ['search', 'grammar', '--workspace', workspace, '--dataset', 'pandalm', '--limit', '5'];
    const found = await readAssay<{ total: number; hits: { exampleId: string; snippet: string }[] }>(
      ...words,
    );
    const [scan] = await readAssay<{ n: number }[]>(
      'sql',
      `SELECT count(*) AS n FROM pairs WHERE dataset = 'pandalm'
         AND regexp_matches(concat_ws(' ', prompt, response_a, response_b), '(?i)\\bgrammar\\b')`,
      '--workspace',
      workspace,
    );
    expect(scan?.n).toBeGreaterThan(0);
    expect(found.total).toBe(scan?.n);
    expect(found.hits.length).toBe(Math.min(5, found.total));
    for (const hit of found.hits) expect(hit.snippet).toMatch(/grammar/i);
  });
});

describe('names of datasets', () => {
  it.each([['../../escape'], ['a/b\\c:d*?"<>|\n\u0007$(x)'], ['…'], ['.hidden']])(
    '%j writes nothing but the file asked for and its manifest',
    async (name) => {
      const own = path.join(folder, `names-${Buffer.from(name).toString('hex')}`);
      mkdirSync(own);
      const place = path.join(own, 'w.assay');
      const file = path.join(own, 'rows.jsonl');
      writeFileSync(file, '{"prompt":"p","chosen":"a","rejected":"b"}\n');
      await readAssay('import', file, '-w', place, '-d', name);
      const out = path.join(own, 'out.jsonl');
      await readAssay('export', '-w', place, '-d', name, '-f', 'trl', '-o', out);
      expect(readdirSync(own).sort()).toEqual([
        'out.jsonl',
        'out.jsonl.manifest.json',
        'rows.jsonl',
        'w.assay',
      ]);
      expect(readdirSync(path.join(place, 'exports'))).toEqual([]);
    },
  );
});
