import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { AuditDocument, AuditResult } from '../../contract/audit.contract.ts';
import type { Audit, AuditContext, AuditDataset } from './audits/audit.ts';
import { audits, chooseAudits } from './audits/registry.ts';

export interface AuditSpec {
  readonly datasetId: number;
  readonly only?: readonly string[] | undefined;
  readonly seed: number;
}

export interface AuditRunOptions {
  readonly onProgress?: (title: string, done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Runs audits and reads the stored runs. */
export class AuditService {
  constructor(private readonly database: Database) {}

  list(): { audit: string; title: string; description: string }[] {
    return audits.map(({ id, title, description }) => ({ audit: id, title, description }));
  }

  /** The names, unchanged. Throws AUDIT_UNKNOWN for one that is no audit. */
  requireKnown(only: readonly string[] | undefined): readonly string[] | undefined {
    chooseAudits(only);
    return only;
  }

  /** The document of the newest finished run, or null. */
  async latest(datasetId: number): Promise<AuditDocument | null> {
    const row = await this.database.find<{ document: string }>(
      'SELECT document::VARCHAR AS document FROM audit_run WHERE dataset_id = ? ORDER BY audit_run_id DESC LIMIT 1',
      [datasetId],
    );
    // Written by `store` and read back unchanged.
    return row ? (JSON.parse(row.document) as AuditDocument) : null;
  }

  /** Throws DATASET_MISSING, AUDIT_UNKNOWN. An audit that cannot be run says why in its result. */
  async run(spec: AuditSpec, options: AuditRunOptions = {}): Promise<AuditDocument> {
    const { onProgress, signal } = options;
    const chosen = chooseAudits(spec.only);
    return this.database.withReader(async (session) => {
      const dataset = await readDataset(session, spec.datasetId);
      const results: AuditResult[] = [];
      for (const [index, audit] of chosen.entries()) {
        onProgress?.(audit.title, index, chosen.length);
        results.push(await runAudit(audit, { session, dataset, seed: spec.seed, signal }));
      }
      return {
        schema: 'assay.audit/1',
        dataset: dataset.name,
        dataset_id: dataset.datasetId,
        created_at: new Date().toISOString(),
        seed: spec.seed,
        audits: results,
      };
    });
  }

  /** Stores a run once per job; answers its id. */
  async store(document: AuditDocument, jobId: string): Promise<number> {
    return this.database.write(async (session) => {
      const { id } = await session.one<{ id: number }>(
        'SELECT coalesce(max(audit_run_id), 0) + 1 AS id FROM audit_run',
      );
      await session.run('DELETE FROM audit_run WHERE job_id = ?', [jobId]);
      await session.run(
        'INSERT INTO audit_run (audit_run_id, dataset_id, job_id, document) VALUES (?, ?, ?, ?::JSON)',
        [id, document.dataset_id, jobId, JSON.stringify(document)],
      );
      return id;
    });
  }
}

async function runAudit(audit: Audit, context: AuditContext): Promise<AuditResult> {
  const reason = audit.findObstacle(context.dataset);
  const head = { audit: audit.id, title: audit.title, is_applicable: reason === null, reason };
  if (reason !== null) {
    return { ...head, finding: `Not run. ${reason}`, severity: 'none', figures: [], series: [], params: {} };
  }
  return { ...head, ...(await audit.run(context)) };
}

async function readDataset(session: Session, datasetId: number): Promise<AuditDataset> {
  const dataset = await session.find<AuditDataset>(
    `SELECT d.dataset_id AS "datasetId", d.name, d.has_sides AS "hasSides",
       count(c.comparison_id) FILTER (c.label IN ('a', 'b')) AS labelled,
       count(c.comparison_id) FILTER (c.label IN ('a', 'b') AND c.model_a IS NOT NULL AND c.model_b IS NOT NULL) AS "withModels",
       (SELECT count(*) FROM vote v WHERE v.dataset_id = d.dataset_id AND v.aspect IS NULL AND v.shown_first IN ('a', 'b')) AS "votesWithOrder"
     FROM dataset d LEFT JOIN comparison c ON c.dataset_id = d.dataset_id WHERE d.dataset_id = ? GROUP BY ALL`,
    [datasetId],
  );
  if (dataset) return dataset;
  throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, { datasetId });
}
