import type { Session } from '../../../native/duckdb/session.ts';
import type { AuditDocument, AuditFigure, AuditResult } from '../../contract/audit.contract.ts';

/** Tables whose rows belong to an audit run. */
const runTables = ['audit_result', 'audit_row'] as const;

/** Stores a run once per job, inside the caller's transaction: document, result rows, row sets, proposals. */
export async function storeRun(
  session: Session,
  document: AuditDocument,
  source: { jobId: string; rowTable: string; proposalTable: string },
): Promise<number> {
  await removeRun(session, source.jobId);
  const { id } = await session.one<{ id: number }>(
    'SELECT coalesce(max(audit_run_id), 0) + 1 AS id FROM audit_run',
  );
  await session.run(
    'INSERT INTO audit_run (audit_run_id, dataset_id, job_id, document, dataset_version) VALUES (?, ?, ?, ?::JSON, ?)',
    [
      id,
      document.dataset_id,
      source.jobId,
      JSON.stringify({ ...document, audit_run_id: id }),
      document.dataset_version,
    ],
  );
  await storeResults(session, document, id);
  await session.run(
    `INSERT INTO audit_row SELECT ?::INTEGER, ?::INTEGER, set_name, relation, place, row_id FROM ${source.rowTable} ORDER BY set_name, place`,
    [id, document.dataset_id],
  );
  await storeProposals(session, document, { id, table: source.proposalTable });
  return id;
}

/** Removes the run of a job, with its open proposals; what was decided on stays. */
export async function removeRun(session: Session, jobId: string): Promise<void> {
  const runs = `(SELECT audit_run_id FROM audit_run WHERE job_id = ?)`;
  for (const table of runTables)
    await session.run(`DELETE FROM ${table} WHERE audit_run_id IN ${runs}`, [jobId]);
  await session.run(`DELETE FROM proposal WHERE status = 'open' AND audit_run_id IN ${runs}`, [jobId]);
  await session.run('DELETE FROM audit_run WHERE job_id = ?', [jobId]);
}

interface StoredFigure extends AuditFigure {
  readonly params: AuditResult['params'];
  /** The model that answered, where one did. */
  readonly model: string | null;
}

/** The result rows go in as one JSON text, so that one statement stores thousands. */
async function storeResults(session: Session, document: AuditDocument, runId: number): Promise<void> {
  const rows = document.audits.flatMap((audit) =>
    audit.figures.map((figure): StoredFigure => ({
      ...figure,
      params: audit.params,
      model: audit.models.length === 0 ? null : audit.models.map(({ name }) => name).join(' + '),
    })),
  );
  if (rows.length === 0) return;
  await session.run(
    `INSERT INTO audit_result
     SELECT ?::INTEGER, ?::INTEGER, x.audit, x.metric, x.slice_dim, x.slice_value, x.value, x.ci_lo, x.ci_hi, x.p, x.p_adj, x.n_items,
       x.n_clusters, x.status, x.params, coalesce(x.model, ?), ?, ?
     FROM (SELECT unnest(from_json(?::JSON, '[{"audit":"VARCHAR","metric":"VARCHAR","slice_dim":"VARCHAR","slice_value":"VARCHAR",
       "value":"DOUBLE","ci_lo":"DOUBLE","ci_hi":"DOUBLE","p":"DOUBLE","p_adj":"DOUBLE","n_items":"BIGINT","n_clusters":"BIGINT",
       "status":"VARCHAR","params":"JSON","model":"VARCHAR"}]')) AS x)`,
    [
      runId,
      document.dataset_id,
      document.judge,
      document.dataset_version,
      document.seed,
      JSON.stringify(rows),
    ],
  );
}

/**
 * Open proposals of earlier runs of the same audits make way for the new ones; what somebody has dismissed is not
 * proposed again, and what was accepted neither.
 */
async function storeProposals(
  session: Session,
  document: AuditDocument,
  { id, table }: { id: number; table: string },
): Promise<void> {
  const ran = document.audits.filter((audit) => audit.is_applicable).map((audit) => audit.audit);
  if (ran.length > 0) {
    await session.run(
      `DELETE FROM proposal WHERE dataset_id = ? AND status = 'open' AND audit IN (${ran.map(() => '?').join(', ')})`,
      [document.dataset_id, ...ran],
    );
  }
  await session.run(
    `INSERT INTO proposal (proposal_id, dataset_id, audit_run_id, audit, comparison_id, kind, before, after, reason, score)
     SELECT nextval('proposal_id'), ?, ?, x.audit, x.comparison_id, x.kind, x.before, x.after, x.reason, x.score
     FROM (SELECT * FROM ${table} n WHERE NOT EXISTS (SELECT 1 FROM proposal p WHERE p.dataset_id = ? AND p.audit = n.audit
         AND p.comparison_id = n.comparison_id AND p.kind = n.kind AND p.after IS NOT DISTINCT FROM n.after)
       ORDER BY score DESC NULLS LAST, comparison_id) x`,
    [document.dataset_id, id, document.dataset_id],
  );
}
