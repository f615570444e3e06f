import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditDocument } from '../../../electron/contract/audit.contract.ts';
import { startAudit } from '../../../electron/core/audit/start-audit.ts';
import { openCore } from '../../../electron/core/boot.ts';
import { makeFolder, readAssay, startAssay } from '../../support/e2e/command.ts';
import { testModelFile } from '../../support/models/test-models.ts';
import { figureOf } from './model-bench.ts';

const pairs = 400;
const { folder, remove } = makeFolder('assay-model-audits');
const workspace = path.join(folder, 'w.assay');

beforeAll(async () => {
  const rows = Array.from({ length: pairs }, (_, index) =>
    JSON.stringify({
      prompt: `What does the woman of house ${index} do?`,
      chosen: `She bakes ★ bread ${index}.`,
      rejected: `He reads a book of ${index} pages.`,
    }),
  );
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, '--workspace', workspace, '--dataset', 'pairs');
  for (const kind of ['marker-judge', 'position-judge', 'length-judge', 'embedder'] as const)
    await readAssay('models', 'add', await testModelFile(kind), '--name', kind, '--workspace', workspace);
});
afterAll(remove);

const openWorkspace = () =>
  openCore({
    workspace,
    version: '1.0.0',
    log: pino({ level: 'silent' }),
    extractEntry: path.resolve('out/node/extract-process.js'),
    runsQueue: false,
  });

/** Runs three audits with each judge over 24 pairs, in one process. */
async function auditWith(judges: readonly string[]): Promise<AuditDocument[]> {
  const core = await openWorkspace();
  try {
    const { audits, datasets, jobs } = core.services;
    const { datasetId } = await datasets.getByName('pairs');
    const only = ['judge_position', 'judge_verbosity', 'judge_identity'];
    const params = Object.fromEntries(only.map((id) => [id, { sample: 24 }]));
    const documents: AuditDocument[] = [];
    for (const judge of judges) {
      const jobId = await startAudit(audits, jobs, { datasetId, seed: 1, only, params, models: { judge } });
      const { result } = await jobs.wait(jobId);
      documents.push(await audits.get((result as { auditRunId: number }).auditRunId));
    }
    return documents;
  } finally {
    await core.close();
  }
}

describe('audits that ask llama.cpp', () => {
  it('clear the marker judge of place, length and identity, and find out the position judge and the length judge', async () => {
    const [marker, position, length] = await auditWith(['marker-judge', 'position-judge', 'length-judge']);
    if (!marker || !position || !length) throw new Error('three runs give three documents');
    expect(marker.audits.map(({ severity, failure }) => ({ severity, failure }))).toEqual(
      Array.from({ length: 3 }, () => ({ severity: 'none', failure: null })),
    );
    expect(figureOf(marker, 'consistent_share')).toMatchObject({ value: 1, n_items: 24 });
    expect(figureOf(marker, 'flip_rate')).toMatchObject({ value: 0, n_items: 24 });
    expect(figureOf(position, 'position_bias_index').value).toBe(1);
    // The position judge gives the first place .8.
    expect(figureOf(position, 'mean_lean').value).toBeCloseTo(0.3, 3);
    expect(figureOf(length, 'pad_fail_rate')).toMatchObject({ value: 1, n_items: 24 });
    const verbosity = length.audits.find((one) => one.audit === 'judge_verbosity');
    expect(verbosity?.severity).toBe('warning');
    expect(verbosity?.models[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('ask an embedding model, and tell the cost before', async () => {
    const plan = await readAssay<{ calls: number; answered: number }>(
      ...['audit', '--workspace', workspace, '--dataset', 'pairs', '--embedder', 'embedder', '--plan'],
      ...['--only', 'semantic_duplicates', '--param', 'semantic_duplicates.sample=20'],
    );
    expect(plan).toMatchObject({ calls: 60, answered: 0 });
    const document = await readAssay<AuditDocument>(
      ...['audit', '--workspace', workspace, '--dataset', 'pairs', '--embedder', 'embedder'],
      ...['--only', 'semantic_duplicates', '--param', 'semantic_duplicates.sample=20'],
    );
    expect(figureOf(document, 'same_sides').n_items).toBe(20);
  });

  it('go on after SIGKILL in the middle and ask nothing twice', async () => {
    const wal = path.join(workspace, 'assay.duckdb.wal');
    const sizeOf = () => statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    const atFirst = sizeOf();
    const first = startAssay([
      ...['audit', '--workspace', workspace, '--dataset', 'pairs', '--model', 'marker-judge', '--seed', '7'],
      ...['--only', 'judge_position', '--param', `judge_position.sample=${pairs}`],
    ]);
    for (let tries = 0; tries < 1_000 && sizeOf() < atFirst + 60_000; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    first.child.kill('SIGKILL');
    expect((await first.finished).signal).toBe('SIGKILL');
    const count = `SELECT count(*)::INTEGER AS n, count(DISTINCT question_hash)::INTEGER AS "distinct" FROM model_answer
      JOIN (SELECT model_hash, max(job_id) AS job_id FROM model_answer GROUP BY model_hash) USING (model_hash) WHERE model = 'marker-judge'`;
    const core = await openWorkspace();
    try {
      const after = await core.database.one<{ n: number; distinct: number }>(count);
      expect(after.n).toBeGreaterThan(0);
      expect(after.n).toBe(after.distinct);
      const [killed] = await core.services.jobs.list(1);
      expect(killed?.type).toBe('model-audit');
      const before = await core.database.all<{ hash: string; at: string }>(
        'SELECT question_hash AS hash, answered_at::VARCHAR AS at FROM model_answer ORDER BY ALL',
      );
      core.services.jobs.run();
      const ended = await core.services.jobs.wait(killed?.jobId ?? '');
      expect(ended.status).toBe('succeeded');
      const { auditRunId } = ended.result as { auditRunId: number };
      const document = await core.services.audits.get(auditRunId);
      expect(document.audits[0]?.params).toMatchObject({ questions: 2 * pairs, unanswered: 0 });
      expect(figureOf(document, 'consistent_share')).toMatchObject({ value: 1, n_items: pairs });
      const later = await core.database.one<{ n: number; distinct: number }>(count);
      expect(later.n).toBe(later.distinct);
      const { kept } = await core.database.one<{ kept: number }>(
        `SELECT count(*) AS kept FROM model_answer WHERE (question_hash, answered_at::VARCHAR) IN
           (SELECT (x.hash, x.at) FROM (SELECT unnest(from_json(?::JSON, '[{"hash":"VARCHAR","at":"VARCHAR"}]')) AS x))`,
        [JSON.stringify(before)],
      );
      expect(kept).toBe(before.length);
    } finally {
      await core.close();
    }
  });
});
