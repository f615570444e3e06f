import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import {
  type AuditDocument,
  auditDocumentSchema,
  type AuditRun,
  type AuditSpec,
  type FindingRows,
} from '../../contract/audit.contract.ts';
import { ensureTraits } from '../constitution/trait-columns.ts';
import { listSlices } from './audits/pair-table.ts';
import { audits, chooseAudits } from './audits/registry.ts';
import { removeRun, storeRun } from './audit-store.ts';
import { readFacts } from './dataset-facts.ts';
import { type AuditModelSource, chooseModels, type ChosenModels } from './model-answers/model-choice.ts';
import { decideProposals, listProposals } from './proposals.ts';
import { type AskedAudit, AuditPass, type RunOptions } from './run-audits.ts';

/** What audits may use of the workspace around the database. */
export interface AuditSurroundings {
  /** Called after an accepted or undone proposal has changed rows. */
  readonly onChanged?: () => Promise<void>;
  /** The models that audits may ask. */
  readonly models?: AuditModelSource;
  /** Where the workspace keeps images that came as bytes. */
  readonly mediaFolder?: string;
}

/** Runs audits, reads the stored runs and keeps the review queue. */
export class AuditService {
  constructor(
    private readonly database: Database,
    private readonly surroundings: AuditSurroundings = {},
  ) {}

  list() {
    return audits.map(({ id, family, title, description, defaults, models = [] }) => ({
      audit: id,
      family,
      title,
      description,
      defaults,
      models: [...models],
    }));
  }

  /** The names, unchanged. Throws AUDIT_UNKNOWN for one that is no audit. */
  requireKnown(only: readonly string[] | undefined): readonly string[] | undefined {
    chooseAudits(only);
    return only;
  }

  /** The newest run of all audits with the labels themselves; without one, the newest run; or null. */
  async latest(datasetId: number): Promise<AuditDocument | null> {
    const row = await this.database.find<{ document: string }>(
      `SELECT document::VARCHAR AS document FROM audit_run WHERE dataset_id = ?
       ORDER BY coalesce(document->>'only', document->>'judge') IS NULL DESC, audit_run_id DESC LIMIT 1`,
      [datasetId],
    );
    return row ? readDocument(row.document) : null;
  }

  /** Throws AUDIT_RUN_MISSING. */
  async get(auditRunId: number): Promise<AuditDocument> {
    const row = await this.database.find<{ document: string }>(
      'SELECT document::VARCHAR AS document FROM audit_run WHERE audit_run_id = ?',
      [auditRunId],
    );
    if (row) return { ...readDocument(row.document), audit_run_id: auditRunId };
    throw new AppError('AUDIT_RUN_MISSING', `There is no audit run ${auditRunId} in this workspace.`, {
      auditRunId,
    });
  }

  /** Runs of one or all datasets, the newest first. */
  async runs(datasetId?: number): Promise<AuditRun[]> {
    const rows = await this.database.all<Omit<AuditRun, 'only'> & { only: string | null }>(
      `SELECT r.audit_run_id AS "auditRunId", r.dataset_id AS "datasetId", d.name AS dataset, r.document->>'created_at' AS "createdAt",
         coalesce(r.dataset_version, '') AS "datasetVersion", (r.document->>'seed')::INTEGER AS seed, r.document->>'slice' AS slice,
         r.document->>'judge' AS judge, r.document->>'only' AS "only"
       FROM audit_run r JOIN dataset d ON d.dataset_id = r.dataset_id AND d.is_ready
       WHERE ?::INTEGER IS NULL OR r.dataset_id = ? ORDER BY r.audit_run_id DESC LIMIT 200`,
      [datasetId ?? null, datasetId ?? null],
    );
    // Written as a list of texts by `storeRun`.
    return rows.map((row) => ({
      ...row,
      only: row.only === null ? null : (JSON.parse(row.only) as string[]),
    }));
  }

  /** What pairs can be sliced by, and the annotators whose votes can stand for the label. */
  async choices(datasetId: number) {
    return this.database.withReader(async (session) => ({
      slices: await listSlices(session, datasetId, await readFacts(session, datasetId)),
      judges: await session.all<{ judge: string; votes: number }>(
        `SELECT n.name AS judge, count(*) AS votes FROM vote v JOIN annotator n USING (annotator_id)
         WHERE v.dataset_id = ? AND v.aspect IS NULL GROUP BY n.name HAVING count(*) >= 20 ORDER BY votes DESC, judge LIMIT 100`,
        [datasetId],
      ),
    }));
  }

  /** Throws AUDIT_RUN_MISSING where the run has no such set. */
  async rows(auditRunId: number, set: string): Promise<{ relation: FindingRows['relation']; ids: number[] }> {
    const rows = await this.database.all<{ relation: FindingRows['relation']; id: number }>(
      'SELECT relation, row_id AS id FROM audit_row WHERE audit_run_id = ? AND set_name = ? ORDER BY place',
      [auditRunId, set],
    );
    const [first] = rows;
    if (first) return { relation: first.relation, ids: rows.map((row) => row.id) };
    throw new AppError('AUDIT_RUN_MISSING', `The audit run ${auditRunId} keeps no rows called “${set}”.`, {
      set,
    });
  }

  async proposals(choice: Parameters<typeof listProposals>[1]) {
    return listProposals(this.database, choice);
  }

  async decide(request: Parameters<typeof decideProposals>[1]): Promise<number> {
    const changed = await decideProposals(this.database, request);
    if (changed > 0) await this.surroundings.onChanged?.();
    return changed;
  }

  /**
   * Runs without storing. Throws DATASET_MISSING, AUDIT_UNKNOWN, INPUT_INVALID, AUDIT_SLICE_UNKNOWN,
   * AUDIT_JUDGE_UNKNOWN. An audit that cannot be run says why in its result.
   */
  async run(spec: AuditSpec, options: RunOptions = {}): Promise<AuditDocument> {
    return this.pass(spec, options, async (_, document) => document);
  }

  /** Runs and stores, once per job; answers the id of the run. Throws as `run` does. */
  async runAndStore(spec: AuditSpec, jobId: string, options: RunOptions = {}): Promise<number> {
    return this.pass(spec, options, ({ rowTable, proposalTable }, document) =>
      this.database.write((session) => storeRun(session, document, { jobId, rowTable, proposalTable })),
    );
  }

  async removeRun(jobId: string): Promise<void> {
    await this.database.write((session) => removeRun(session, jobId));
  }

  /** The models of a run by role. Throws MODEL_MISSING, MODEL_LACKS_CAPABILITY. */
  async chooseModels(spec: AuditSpec): Promise<ChosenModels> {
    return chooseModels(this.surroundings.models, spec.models);
  }

  /** The questions of one round of the chosen audits; nothing is asked. Throws as `run` does. */
  async listQuestions(
    spec: AuditSpec,
    { models, round, signal }: { models: ChosenModels; round: number; signal?: AbortSignal | undefined },
  ): Promise<AskedAudit[]> {
    const chosen = chooseAudits(spec.only);
    return this.database.withReader(async (session) => {
      const pass = new AuditPass(session, spec, {
        signal,
        models,
        mediaFolder: this.surroundings.mediaFolder,
      });
      try {
        return await pass.listQuestions(chosen, round);
      } finally {
        await pass.close();
      }
    });
  }

  private async pass<T>(
    spec: AuditSpec,
    options: RunOptions,
    use: (pass: AuditPass, document: AuditDocument) => Promise<T>,
  ): Promise<T> {
    const chosen = chooseAudits(spec.only);
    const facts = await this.database.withReader((session) => readFacts(session, spec.datasetId));
    const needsTraits = chosen.some(
      (audit) => audit.inputs.includes('traits') && audit.findObstacle(facts) === null,
    );
    if (needsTraits) {
      const { onProgress, signal } = options;
      await ensureTraits(this.database, spec.datasetId, {
        signal,
        ...(onProgress && { onProgress: (done, total) => onProgress('Surface traits', done, total) }),
      });
    }
    const models = await this.chooseModels(spec);
    return this.database.withReader(async (session) => {
      const pass = new AuditPass(session, spec, {
        ...options,
        models,
        mediaFolder: this.surroundings.mediaFolder,
      });
      try {
        return await use(pass, await pass.run(chosen));
      } finally {
        await pass.close();
      }
    });
  }
}

/** Runs of earlier versions lack newer fields; the schema fills them. */
function readDocument(json: string): AuditDocument {
  return auditDocumentSchema.parse(JSON.parse(json));
}
