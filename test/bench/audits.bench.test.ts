import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { describe, it } from 'vitest';
import { openCore } from '../../electron/core/boot.ts';
import { type Figure, printFigures } from './measure.ts';

const file = path.resolve('../shared/data/tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');
const isThere = existsSync(file);

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Wall and processor seconds between the titles it is told. */
function createClock() {
  const spent = new Map<string, { wall: number; cpu: number }>();
  let last = { title: '', wall: performance.now(), cpu: cpuSeconds() };
  return {
    spent,
    tell: (title: string) => {
      const now = { title, wall: performance.now(), cpu: cpuSeconds() };
      const { wall, cpu } = spent.get(last.title) ?? { wall: 0, cpu: 0 };
      spent.set(last.title, { wall: wall + (now.wall - last.wall) / 1000, cpu: cpu + now.cpu - last.cpu });
      last = now;
    },
  };
}

describe(`audits of AlpacaEval${isThere ? '' : ' (SKIPPED: the file is not here and may not be bundled)'}`, () => {
  it.skipIf(!isThere)('wall and processor seconds of every audit that asks no model', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
    const core = await openCore({
      workspace: path.join(folder, 'bench.assay'),
      version: 'bench',
      log: pino({ level: 'error' }),
      extractEntry: path.resolve('out/node/extract-process.js'),
      runsQueue: false,
    });
    const { jobs, audits } = core.services;
    const job = await jobs.wait(await jobs.start('import', { files: [file], dataset: 'alpaca' }));
    if (job.status !== 'succeeded') throw new Error(job.error?.message);
    const { datasetId } = job.result as { datasetId: number };
    const clock = createClock();
    clock.tell('Facts');
    const document = await audits.run({ datasetId, seed: 1 }, { onProgress: (title) => clock.tell(title) });
    clock.tell('');
    const spent = [...clock.spent].filter(([title]) => title !== '').sort((a, b) => b[1].cpu - a[1].cpu);
    const total = spent.reduce((sum, [, { wall, cpu }]) => ({ wall: sum.wall + wall, cpu: sum.cpu + cpu }), {
      wall: 0,
      cpu: 0,
    });
    const ran = document.audits.filter((audit) => audit.is_applicable).length;
    printFigures(`AlpacaEval, 108,665 pairs, ${ran} of ${document.audits.length} audits apply`, [
      { what: 'all, traits included: wall', value: total.wall, unit: 's', bar: 'under 300' },
      { what: 'all, traits included: processor', value: total.cpu, unit: 's' },
      { what: 'peak memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MiB', bar: 'under 4096' },
    ]);
    for (const { audit, failure } of document.audits)
      if (failure !== null) console.log(`  STOPPED ${audit}: ${failure}`);
    printFigures(
      'Processor seconds',
      spent
        .filter(([, { cpu }]) => cpu > 0.3)
        .map(([what, { cpu, wall }]): Figure => ({
          what,
          value: cpu,
          unit: `s   (${wall.toFixed(1)} s wall)`,
        })),
    );
    await core.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
