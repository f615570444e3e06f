import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { EditChange, EditRequest } from '../../electron/contract/editing.contract.ts';
import { type Core, openCore } from '../../electron/core/boot.ts';
import { writeBenchCorpus } from './bench-corpus.ts';
import { type Figure, printFigures, timed } from './measure.ts';

const rows = Number(process.env.BENCH_ROWS ?? 1_000_000);
let folder = '';
let core: Core;
let datasetId = 0;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
  const { parquet } = await writeBenchCorpus(folder, rows);
  core = await openCore({
    workspace: path.join(folder, 'bench.assay'),
    version: 'bench',
    log: pino({ level: 'error' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    runsQueue: false,
  });
  const { jobs } = core.services;
  const job = await jobs.wait(await jobs.start('import', { files: [parquet], dataset: 'bench' }));
  if (job.status !== 'succeeded') throw new Error(job.error?.message);
  ({ datasetId } = job.result as { datasetId: number });
  for (const waiting of await jobs.list(10)) await jobs.cancel(waiting.jobId);
});
afterAll(async () => {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
});

describe(`editing ${rows.toLocaleString('en')} pairs`, () => {
  it('bulk label edit, its undo and redo, preview, hide, replace, snapshot; one row', async () => {
    const { editing, snapshots, jobs } = core.services;
    const figures: Figure[] = [];
    const measure = async <T>(what: string, work: () => Promise<T>, bar?: string): Promise<T> => {
      const { seconds, value } = await timed(work);
      figures.push({ what, value: seconds, unit: 's', ...(bar !== undefined && { bar }) });
      for (const job of await jobs.list(20)) if (job.type === 'search-index') await jobs.cancel(job.jobId);
      return value;
    };
    const request = (change: EditChange, ids?: number[]): EditRequest => ({
      datasetId,
      relation: 'pairs',
      target: ids ? { kind: 'rows', ids } : { kind: 'filter', filter: { clauses: [] } },
      change,
      sharing: 'rows',
      reason: 'bench',
    });
    const label: EditChange = { op: 'set', values: { label: 'b' } };
    const undo = () => editing.reverseNow('undo', { datasetId });
    const redo = () => editing.reverseNow('redo', { datasetId });
    await measure('preview of all labels', () => editing.preview({ ...request(label), samples: 20 }));
    await measure('all labels set', () => editing.applyNow(request(label)));
    await measure('undo of all labels', undo, 'under 10');
    await measure('redo of all labels', redo, 'under 10');
    await measure('undo again', undo, 'under 10');
    await measure('all sides swapped', () => editing.applyNow(request({ op: 'swap_sides' })));
    await measure('undo of swapped sides', undo);
    await measure('all rows hidden', () => editing.applyNow(request({ op: 'hide' })));
    await measure('undo of hiding', undo);
    const inPrompts: EditChange = {
      op: 'replace',
      parts: ['prompt'],
      find: '(case 1',
      with: '(file 1',
      isRegex: false,
      ignoreCase: false,
    };
    await measure('replacement in a ninth of the prompts', () => editing.applyNow(request(inPrompts)));
    await measure('undo of the replacement', undo);
    await measure('snapshot', () => snapshots.createNow({ datasetId, name: 'bench' }));
    const [row] = await core.database.all<{ id: number }>(
      'SELECT comparison_id AS id FROM comparison OFFSET 500000 LIMIT 1',
    );
    const one = [row?.id ?? 1];
    await measure('label of one row', () =>
      editing.applyNow(request({ op: 'set', values: { label: 'tie' } }, one)),
    );
    await measure('text of one row', () =>
      editing.applyNow(request({ op: 'text', part: 'prompt', text: 'New' }, one)),
    );
    await measure('undo of one row', undo);
    printFigures(`Editing, ${rows.toLocaleString('en')} pairs`, figures);
  });
});
