import { describe, expect, it } from 'vitest';
import { SqlConsoleService } from '../../../electron/core/sql-console/sql-console.service.ts';
import { openImportBench } from '../../support/import-corpus.ts';

async function openConsole() {
  const { workspace } = await openImportBench();
  let writes = 0;
  const console = new SqlConsoleService(workspace.database, async () => void writes++);
  const run = (sql: string, options: { limit?: number; allowWrite?: boolean; signal?: AbortSignal } = {}) =>
    console.run(
      { sql, limit: options.limit ?? 1000, allowWrite: options.allowWrite ?? false },
      options.signal,
    );
  return { console, run, database: workspace.database, writes: () => writes, folder: workspace.path };
}

describe('SQL console', () => {
  it('keeps a result for paging, in its order, with wide values cut and marked', async () => {
    const { console, run } = await openConsole();
    const result = await run(
      "SELECT i, repeat('x', 500) AS wide, [i] AS list FROM range(100) t(i) ORDER BY i DESC;",
    );
    expect(result).toMatchObject({
      count: 100,
      isCut: false,
      columns: [{ name: 'i', isNumeric: true }, { name: 'wide', isNumeric: false }, { name: 'list' }],
    });
    const [row] = await console.page(result.resultId, 99, 1);
    expect(row).toEqual([0, { preview: 'x'.repeat(400), length: 500 }, '[0]']);
  });

  it('says when a result was cut at the limit', async () => {
    const { run } = await openConsole();
    expect(await run('SELECT * FROM range(11)', { limit: 10 })).toMatchObject({ count: 10, isCut: true });
  });

  it.each([
    "INSERT INTO tag VALUES (1, 'pairs', 1, 'x')",
    'DROP TABLE comparison',
    'UPDATE dataset SET name = 1',
    "COPY (SELECT 1) TO 'WORKSPACE/exports/x.csv'",
    "ATTACH 'other.duckdb'",
    'PRAGMA enable_profiling',
    'SET threads = 1',
    'INSTALL httpfs',
    'BEGIN TRANSACTION',
    'CHECKPOINT',
  ])('does not run %s', async (sql) => {
    const { run, folder } = await openConsole();
    await expect(run(sql.replace('WORKSPACE', folder))).rejects.toMatchObject({
      code: 'QUERY_NOT_READ_ONLY',
    });
  });

  it('cannot be tricked into a second statement by closing the bracket it is wrapped in', async () => {
    const { run, database } = await openConsole();
    await expect(run('SELECT 1) ; DROP TABLE tag; --')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    await expect(run('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    expect(await run('SELECT 1 AS one -- a comment')).toMatchObject({ count: 1 });
    expect(await database.one('SELECT count(*) AS n FROM tag')).toEqual({ n: 0 });
  });

  it.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('../../../etc/passwd')",
    "FROM 'https://example.org/a.parquet'",
    "SELECT * FROM glob('/etc/*')",
  ])('cannot read outside the workspace: %s', async (sql) => {
    const { run } = await openConsole();
    await expect(run(sql)).rejects.toMatchObject({ code: 'QUERY_FAILED' });
  });

  it('writes only when asked, never files or settings, and tells the others', async () => {
    const { run, database, writes, folder } = await openConsole();
    await run("INSERT INTO tag VALUES (1, 'pairs', 1, 'x')", { allowWrite: true });
    expect(await database.one('SELECT count(*) AS n FROM tag')).toEqual({ n: 1 });
    expect(writes()).toBe(1);
    await expect(
      run(`COPY (SELECT 1) TO '${folder}/exports/x.csv'`, { allowWrite: true }),
    ).rejects.toMatchObject({
      code: 'QUERY_NOT_READ_ONLY',
    });
    await expect(run('SET threads = 1', { allowWrite: true })).rejects.toMatchObject({
      code: 'QUERY_NOT_READ_ONLY',
    });
  });

  it('cancels a running query and answers the next one', async () => {
    const { run } = await openConsole();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(
      run('SELECT count(*) FROM range(1000000000000)', { signal: controller.signal }),
    ).rejects.toThrow('enough');
    expect(await run('SELECT 1')).toMatchObject({ count: 1 });
  });

  it('gives DuckDB’s words for a mistake, and remembers both kinds in the history', async () => {
    const { console, run } = await openConsole();
    await expect(run('SELEC 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringMatching(/syntax error/i) as string,
    });
    await run('SELECT 7');
    const history = await console.history();
    expect(history.map(({ sql, error }) => [sql, error === null])).toEqual([
      ['SELECT 7', true],
      ['SELEC 1', false],
    ]);
  });

  it('explains a plan, describes the schema with the stable views first', async () => {
    const { console, run } = await openConsole();
    expect((await run('EXPLAIN SELECT 1')).count).toBeGreaterThan(1);
    const schema = await console.schema();
    const views = schema.filter((table) => table.isView).map((table) => table.name);
    expect(views).toEqual([
      'annotations',
      'audit_results',
      'curated',
      'edits',
      'episodes',
      'judgements',
      'notes',
      'pairs',
      'principle_votes',
      'proposals',
      'ratings',
      'rationales',
      'rejected_rows',
      'responses',
      'steps',
      'votes',
    ]);
    const columns = schema.find((table) => table.name === 'pairs')?.columns.map((column) => column.name);
    const promised = [
      'dataset',
      'example_id',
      'prompt',
      'response_a',
      'response_b',
      'label',
      'chosen',
      'rejected',
      'n_votes',
      'model_a',
      'model_b',
    ];
    expect(columns).toEqual(expect.arrayContaining(promised));
  });
});
