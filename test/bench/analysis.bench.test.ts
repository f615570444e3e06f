import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { describe, it } from 'vitest';
import { openCore } from '../../electron/core/boot.ts';
import { printFigures, timed } from './measure.ts';

const file = path.resolve('../shared/data/tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');
const isThere = existsSync(file);

describe(`analysis of AlpacaEval${isThere ? '' : ' (SKIPPED: the file is not here and may not be bundled)'}`, () => {
  it.skipIf(!isThere)('traits, selection, audits and search', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
    const core = await openCore({
      workspace: path.join(folder, 'bench.assay'),
      version: 'bench',
      log: pino({ level: 'error' }),
      extractEntry: path.resolve('out/node/extract-process.js'),
    });
    const { jobs } = core.services;
    const phases = new Map<string, number>();
    let last = { phase: '', at: performance.now() };
    jobs.onChange((job) => {
      const now = performance.now();
      phases.set(last.phase, (phases.get(last.phase) ?? 0) + (now - last.at) / 1000);
      last = { phase: `${job.type}: ${job.phase}`, at: now };
    });
    const run = async (type: string, spec: unknown) => {
      const job = await jobs.wait(await jobs.start(type, spec));
      if (job.status !== 'succeeded') throw new Error(job.error?.message);
      return job.result as { datasetId: number };
    };
    const imported = await timed(() => run('import', { files: [file], dataset: 'alpaca' }));
    const indexed = await timed(async () => {
      for (const job of await jobs.list(10)) await jobs.wait(job.jobId);
    });
    const { datasetId } = imported.value;
    const first = await timed(() => run('surface-constitution', { datasetId, top: 7, seed: 1 }));
    const again = await timed(() => run('surface-constitution', { datasetId, top: 7, seed: 2 }));
    const audits = await timed(() => run('audit', { datasetId, seed: 1 }));
    printFigures('AlpacaEval, 108,665 pairs', [
      { what: 'import', value: imported.seconds, unit: 's' },
      { what: 'search index', value: indexed.seconds, unit: 's' },
      { what: 'constitution with all traits', value: first.seconds, unit: 's', bar: 'traits under 60' },
      { what: 'constitution, traits known', value: again.seconds, unit: 's', bar: 'selection under 20' },
      { what: 'all traits (difference)', value: first.seconds - again.seconds, unit: 's', bar: 'under 60' },
      { what: 'length and position audits', value: audits.seconds, unit: 's' },
      { what: 'peak memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MiB', bar: 'under 2048' },
    ]);
    printFigures(
      'Phases',
      [...phases].filter(([, seconds]) => seconds > 0.3).map(([what, value]) => ({ what, value, unit: 's' })),
    );
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
