import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { auditDocumentSchema, auditSpecSchema } from '../../../electron/contract/audit.contract.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';

const conflict: readonly PairRow[] = [
  { prompt: 'p', a: 'one', b: 'two', label: 'a' },
  { prompt: 'p', a: 'one', b: 'two', label: 'b' },
  { prompt: 'q', a: 'three', b: 'four', label: 'a' },
  { prompt: 'q', a: 'three', b: 'four', label: 'a' },
];

async function openWith(rows: readonly PairRow[]) {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, rows);
  const service = new AuditService(workspace.database);
  const run = (only: string[], part: object = {}) =>
    service.runAndStore(auditSpecSchema.parse({ datasetId, only, ...part }), `job ${Math.random()}`);
  return { workspace, datasetId, service, run };
}

const labels = (workspace: Workspace) =>
  workspace.database
    .all<{ label: string }>('SELECT label FROM comparison ORDER BY comparison_id')
    .then((rows) => rows.map(({ label }) => label).join(''));
const tags = (workspace: Workspace) =>
  workspace.database
    .one<{ n: number }>(`SELECT count(*) AS n FROM tag WHERE tag = 'drop'`)
    .then(({ n }) => n);

describe('the review queue', () => {
  it('changes nothing until accepted, logs what it changes, and undoes it (would catch audits that edit)', async () => {
    const { workspace, datasetId, service, run } = await openWith(conflict);
    await run(['duplicates']);
    const open = await service.proposals({ datasetId, status: 'open', offset: 0, limit: 10 });
    // Both sides of the conflict, and the second copy of the pair with one label.
    expect(open.total).toBe(3);
    expect(await tags(workspace)).toBe(0);
    expect(await service.decide({ datasetId, status: 'open', decision: 'accepted' })).toBe(3);
    expect(await tags(workspace)).toBe(3);
    const logged = 'SELECT count(*) AS n FROM change WHERE field = ? AND before IS NULL';
    expect(await workspace.database.one(logged, ['tag'])).toEqual({ n: 3 });
    const [first] = open.proposals;
    expect(await service.decide({ datasetId, proposalIds: [first?.proposalId ?? 0], decision: 'open' })).toBe(
      1,
    );
    expect(await tags(workspace)).toBe(2);
  });

  it('does not propose again what was dismissed, and replaces what is still open', async () => {
    const { datasetId, service, run } = await openWith(conflict);
    await run(['duplicates']);
    const { proposals } = await service.proposals({ datasetId, status: 'open', offset: 0, limit: 10 });
    await service.decide({ datasetId, proposalIds: [proposals[0]?.proposalId ?? 0], decision: 'dismissed' });
    const second = await run(['duplicates']);
    const after = await service.proposals({ datasetId, offset: 0, limit: 10 });
    expect(after.total).toBe(3);
    expect(
      after.proposals.filter(({ status }) => status === 'open').map(({ auditRunId }) => auditRunId),
    ).toEqual([second, second]);
  });

  it('flips a label only while it is what the audit saw, and back only while it is what was set', async () => {
    const { workspace, datasetId, service } = await openWith(conflict);
    const [row] = await workspace.database.all<{ id: number }>(
      'SELECT comparison_id AS id FROM comparison ORDER BY 1 LIMIT 1',
    );
    await workspace.database.write((session) =>
      session.run(
        `INSERT INTO proposal (proposal_id, dataset_id, audit_run_id, audit, comparison_id, kind, before, after, reason)
         VALUES (901, ?, 1, 'x', ?, 'flip', 'a', 'b', 'stale after the edit'), (902, ?, 1, 'y', ?, 'flip', 'a', 'tie', 'loses the race')`,
        [datasetId, row?.id ?? 0, datasetId, row?.id ?? 0],
      ),
    );
    expect(await service.decide({ datasetId, proposalIds: [901], decision: 'accepted' })).toBe(1);
    expect(await labels(workspace)).toBe('bbaa');
    expect(await service.decide({ datasetId, proposalIds: [902], decision: 'accepted' })).toBe(0);
    expect(await labels(workspace)).toBe('bbaa');
    await service.decide({ datasetId, proposalIds: [901], decision: 'open' });
    expect(await labels(workspace)).toBe('abaa');
    expect(
      await workspace.database.all(
        `SELECT before->>'$' AS b, after->>'$' AS a FROM change WHERE field = 'label' ORDER BY change_id`,
      ),
    ).toEqual([
      { b: 'a', a: 'b' },
      { b: 'b', a: 'a' },
    ]);
  });
});

describe('stored runs', () => {
  it('keep document, result rows and row sets, and go with their dataset’s job', async () => {
    const { workspace, service, run } = await openWith(conflict);
    const id = await run(['duplicates', 'length']);
    const document = await service.get(id);
    expect(auditDocumentSchema.parse(document)).toEqual(document);
    const figures = document.audits.flatMap((audit) => audit.figures);
    expect(
      await workspace.database.all(
        `SELECT metric, "value", n_items, dataset_version FROM audit_results WHERE audit_id = 'duplicates' AND metric = 'conflicts'`,
      ),
    ).toEqual([{ metric: 'conflicts', value: 0.5, n_items: 4, dataset_version: '4.0.0' }]);
    expect(await workspace.database.one('SELECT count(*) AS n FROM audit_results')).toEqual({
      n: figures.length,
    });
    const finding = document.audits
      .flatMap((audit) => audit.findings)
      .find(({ id: name }) => name === 'conflicts');
    expect(finding?.rows).toMatchObject({ count: 2, relation: 'pairs' });
    const { ids } = await service.rows(id, finding?.rows?.set ?? '');
    expect(ids).toHaveLength(2);
    await expect(service.rows(id, 'nothing')).rejects.toMatchObject({ code: 'AUDIT_RUN_MISSING' });
    await expect(service.get(99)).rejects.toMatchObject({ code: 'AUDIT_RUN_MISSING' });
  });

  it('read documents that an earlier version stored without findings', async () => {
    const { workspace, datasetId, service } = await openWith(conflict);
    const old = {
      schema: 'assay.audit/1',
      dataset: 'test',
      dataset_id: datasetId,
      created_at: '2026-01-01T00:00:00.000Z',
      seed: 1,
      audits: [
        {
          audit: 'length',
          title: 'Length',
          is_applicable: true,
          reason: null,
          finding: 'The longer side wins.',
          severity: 'none',
          figures: [],
          series: [],
          params: {},
        },
      ],
    };
    await workspace.database.write((session) =>
      session.run('INSERT INTO audit_run (audit_run_id, dataset_id, document) VALUES (7, ?, ?::JSON)', [
        datasetId,
        JSON.stringify(old),
      ]),
    );
    expect((await service.latest(datasetId))?.audits[0]).toMatchObject({ findings: [], family: 'surface' });
  });

  it('leave no scratch table behind', async () => {
    const { workspace, run } = await openWith(conflict);
    await run(['duplicates', 'style', 'toxicity', 'representation']);
    expect(
      await workspace.database.one(
        `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = 'scratch' AND table_name LIKE 'audit_%'`,
      ),
    ).toEqual({ n: 0 });
  });
});

describe('slices and judges', () => {
  const rows = Array.from({ length: 60 }, (_, n): PairRow => ({
    prompt: `p ${n}`,
    a: 'short',
    b: 'rather longer',
    label: n % 2 === 0 ? 'b' : 'a',
    modelA: 'm1',
    modelB: n < 30 ? 'm2' : 'm3',
  }));

  it('give every figure over all pairs and by slice, each pair once in each of its models (would catch a doubled total)', async () => {
    const { service, run } = await openWith(rows);
    const document = await service.get(await run(['length'], { slice: 'model' }));
    const figures = document.audits[0]?.figures.filter(({ metric }) => metric === 'longer_win_rate') ?? [];
    expect(figures.map(({ slice_value, n_items }) => [slice_value, n_items])).toEqual([
      [null, 60],
      ['m1', 60],
      ['m2', 30],
      ['m3', 30],
    ]);
  });

  it('take a judge’s votes for the label: it votes b on all pairs, so the longer side wins all', async () => {
    const { workspace, datasetId, service, run } = await openWith(rows);
    await workspace.database.write(async (session) => {
      await session.run(`INSERT INTO annotator VALUES (1, ?, 'a-judge', 'model', NULL, 1)`, [datasetId]);
      await session.run(
        `INSERT INTO vote SELECT comparison_id, dataset_id, 1, NULL, 'b', NULL, NULL, NULL, 1 FROM comparison`,
      );
    });
    const document = await service.get(await run(['length'], { judge: 'a-judge' }));
    expect(document.audits[0]?.figures[0]).toMatchObject({ value: 1, n_items: 60 });
    expect((await service.choices(datasetId)).judges).toEqual([{ judge: 'a-judge', votes: 60 }]);
    await expect(run(['length'], { judge: 'nobody' })).rejects.toMatchObject({ code: 'AUDIT_JUDGE_UNKNOWN' });
  });

  it('refuse a slice or parameter that is not there, naming it', async () => {
    const { run } = await openWith(rows);
    await expect(run(['length'], { slice: 'colour' })).rejects.toMatchObject({ code: 'AUDIT_SLICE_UNKNOWN' });
    await expect(run(['length'], { slice: 'language' })).rejects.toThrow(
      'no pair of this dataset has a language',
    );
    await expect(run(['length'], { params: { length: { warn_above: 3 } } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(run(['length'], { params: { style: {} } })).rejects.toMatchObject({ code: 'AUDIT_UNKNOWN' });
  });
});
