import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'vitest';
import { Session } from '../../native/duckdb/session.ts';
import { writeBenchCorpus } from './bench-corpus.ts';
import { DatasetRepository } from '../../electron/core/corpus/dataset.repository.ts';
import { ImportJob } from '../../electron/core/corpus/import/import.job.ts';
import { openWorkspace } from '../../electron/core/workspace/workspace.ts';
it('profile', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
  const { jsonl, parquet } = await writeBenchCorpus(folder, Number(process.env.BENCH_ROWS ?? 200000));
  console.log(statSync(jsonl).size / 1e6, statSync(parquet).size / 1e6);
  const proto = Session.prototype as any;
  const run = proto.run;
  const table = proto.table;
  const log = (sql: string, t: number, cpu: NodeJS.CpuUsage) => { const c = process.cpuUsage(cpu); if (t > 150) console.log(t.toFixed(0).padStart(7), ((c.user+c.system)/1000).toFixed(0).padStart(7), sql.replace(/\s+/g, ' ').slice(0, 110)); };
  proto.run = async function (sql: string, ...rest: any[]) { const s = performance.now(); const cpu = process.cpuUsage(); try { return await run.call(this, sql, ...rest); } finally { log(sql, performance.now() - s, cpu); } };
  proto.table = async function (sql: string, ...rest: any[]) { const s = performance.now(); const cpu = process.cpuUsage(); try { return await table.call(this, sql, ...rest); } finally { log(sql, performance.now() - s, cpu); } };
  for (const file of process.env.ONLY === 'parquet' ? [parquet] : [jsonl, parquet]) {
    const workspace = await openWorkspace(path.join(folder, path.basename(file) + '.assay'));
    await workspace.database.enterWriteLane((s) => s.run(`CREATE TABLE warm AS SELECT 1`));
    const datasets = new DatasetRepository(workspace.database);
    const job = new ImportJob({ workspace, datasets, extractForeign: async () => [], onImported: async () => undefined });
    const s = performance.now();
    await job.run({ jobId: 'x', spec: { files: [file], keepDuplicates: false } as any, attempt: 1, progress: () => undefined }, new AbortController().signal);
    console.log(file.split('.').at(-1), 'TOTAL', performance.now() - s, 'rss', process.resourceUsage().maxRSS / 1024);
    await workspace.close();
  }
  const { Database } = await import('../../native/duckdb/database.ts');
  for (const [file, reader] of [[jsonl, 'read_json_auto'], [parquet, 'read_parquet']]) {
    const db = await Database.open({ path: path.join(folder, 'flat' + reader + '.duckdb'), directories: [folder], temporaryDirectory: folder, memoryLimitMb: 1200, readers: 1 });
    await db.enterWriteLane((s) => s.run(`CREATE TABLE flat AS SELECT * FROM ${reader}('${file}')`));
    await db.enterWriteLane((s) => s.run(`CHECKPOINT`));
    await db.close();
  }
  rmSync(folder, { recursive: true, force: true });
});
