import { z } from 'zod';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { AuditDocument, AuditResult, AuditSpec, FindingRows } from '../../contract/audit.contract.ts';
import type { Audit, AuditContext, AuditDataset, ParameterValue } from './audits/audit.ts';
import { settleFindings } from './audits/finding.ts';
import { createPairTable } from './audits/pair-table.ts';
import { createAnswerTable } from './model-answers/answer.repository.ts';
import type { ChosenModels } from './model-answers/model-choice.ts';
import { minimumCoverage } from '../judging/verdict.ts';
import { modelRoles, type ModelQuestion, type ModelRole } from './audits/model-question.ts';
import { readFacts, readLabelFacts, readVersion } from './dataset-facts.ts';

export interface PassOptions extends RunOptions {
  readonly models: ChosenModels;
  /** Where the workspace keeps images that came as bytes. */
  readonly mediaFolder: string | undefined;
}

export interface RunOptions {
  readonly onProgress?: ((title: string, done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Ids of a stored set at most: what a browse filter takes. */
const largestSet = 100_000;

let runs = 0;

/** One pass over the audits of a dataset with its scratch tables; drop them with `close`. */
export class AuditPass {
  private readonly prefix = `audit_${process.pid}_${(runs += 1)}`;
  private readonly created = new Set<string>();
  /** Tables that audits of the run share, by name. */
  private readonly common = new Map<string, string>();
  private readonly parameters = new Map<string, Readonly<Record<string, ParameterValue>>>();
  private readonly models: ChosenModels;
  /** Row sets and proposals gathered for storing. */
  readonly rowTable = this.name('rows');
  readonly proposalTable = this.name('proposals');

  constructor(
    private readonly session: Session,
    private readonly spec: AuditSpec,
    private readonly options: PassOptions,
  ) {
    this.models = options.models;
  }

  /** Runs the audits one after another. Throws DATASET_MISSING, INPUT_INVALID, AUDIT_SLICE_UNKNOWN, AUDIT_JUDGE_UNKNOWN. */
  async run(audits: readonly Audit[]): Promise<AuditDocument> {
    const { session, spec, options } = this;
    const shared = await this.prepare(audits);
    const { dataset, slice, judge } = shared;
    const results: AuditResult[] = [];
    for (const [index, audit] of audits.entries()) {
      options.onProgress?.(audit.title, index, audits.length);
      results.push(await this.runOne(audit, shared));
    }
    return {
      schema: 'assay.audit/1',
      audit_run_id: null,
      dataset: dataset.name,
      dataset_id: dataset.datasetId,
      dataset_version: await readVersion(session, spec.datasetId),
      created_at: new Date().toISOString(),
      seed: spec.seed,
      slice,
      judge,
      only: spec.only ? [...spec.only] : null,
      audits: settleFindings(results).map(summarise),
    };
  }

  /**
   * The questions of one round of the audits that can be run, with the role that is asked; an audit without so many rounds
   * has none. Throws as `run` does.
   */
  async listQuestions(audits: readonly Audit[], round: number): Promise<AskedAudit[]> {
    const shared = await this.prepare(audits);
    const asked: AskedAudit[] = [];
    for (const audit of audits) {
      const pass = audit.passes[round];
      if (!pass || !this.models.has(pass.role)) continue;
      if (this.findObstacle(audit, shared.dataset) !== null) continue;
      const before = new Set(this.created);
      try {
        const { context } = this.makeContext(audit, shared);
        await this.storeAnswers(audit, context, round);
        asked.push({ audit, role: pass.role, questions: await pass.list(context) });
      } finally {
        await this.dropSince(before);
      }
    }
    return asked;
  }

  async close(): Promise<void> {
    for (const table of this.created) await this.session.run(`DROP TABLE IF EXISTS ${table}`);
  }

  /** Pairs, slices and facts that all audits of the pass share. */
  private async prepare(audits: readonly Audit[]): Promise<Shared> {
    const { session, spec, options } = this;
    this.readParameters(audits);
    const facts = await readFacts(session, spec.datasetId);
    const pairs = this.name('pairs');
    const slices = this.name('slices');
    const { slice = null, judge = null } = spec;
    await createPairTable(session, {
      datasetId: spec.datasetId,
      table: pairs,
      slices,
      slice,
      judge,
      signal: options.signal,
    });
    await this.createStores();
    const dataset = judge === null ? facts : { ...facts, ...(await readLabelFacts(session, pairs)) };
    return { dataset, pairs, slices, slice, judge };
  }

  private findObstacle(audit: Audit, dataset: AuditDataset): string | null {
    const missing = audit.models?.find((role) => !this.models.has(role));
    if (missing !== undefined) return `Needs ${modelRoles[missing].title}: choose one.`;
    return audit.findObstacle(dataset);
  }

  /** The tables of the answers of the first rounds, with how many of the questions have none. */
  private async storeAnswers(
    audit: Audit,
    context: AuditContext,
    rounds: number,
  ): Promise<{ questions: number; unanswered: number }> {
    const counts = { questions: 0, unanswered: 0 };
    for (const [index, pass] of audit.passes.slice(0, rounds).entries()) {
      const model = this.models.get(pass.role);
      const table = context.answers(index);
      await createAnswerTable(this.session, {
        table,
        columns: pass.columns,
        questions: model ? await pass.list(context) : [],
        modelHash: model?.hash ?? '',
        minimumCoverage,
      });
      const { questions, unanswered } = await this.session.one<typeof counts>(
        `SELECT count(*) AS questions, count(*) FILTER (NOT is_answered) AS unanswered FROM ${table}`,
      );
      counts.questions += questions;
      counts.unanswered += unanswered;
    }
    return counts;
  }

  private async dropSince(before: ReadonlySet<string>): Promise<void> {
    for (const table of this.created) {
      if (before.has(table) || [...this.common.values()].includes(table)) continue;
      await this.session.run(`DROP TABLE IF EXISTS ${table}`);
      this.created.delete(table);
    }
  }

  private makeContext(
    audit: Audit,
    shared: Shared,
  ): {
    context: AuditContext;
    params: Readonly<Record<string, ParameterValue>>;
    proposed: AuditResult['proposals'];
  } {
    const params = this.parameters.get(audit.id) ?? audit.defaults;
    const proposed: AuditResult['proposals'] = [];
    const scratch = (name: string) => this.name(`${audit.id}_${name}`);
    const context: AuditContext = {
      ...shared,
      session: this.session,
      models: this.models,
      mediaFolder: this.options.mediaFolder,
      seed: this.spec.seed,
      signal: this.options.signal,
      params,
      scratch,
      answers: (pass) => scratch(`answers_${pass}`),
      share: (part, fill) => this.share(part, fill),
      keepRows: (query) => this.keepRows(audit, query),
      propose: async (query) => {
        const count = await this.propose(audit, query);
        if (count > 0) proposed.push({ kind: query.kind, count });
        return count;
      },
    };
    return { context, params, proposed };
  }

  private async share(part: string, fill: (table: string) => Promise<void>): Promise<string> {
    const known = this.common.get(part);
    if (known !== undefined) return known;
    const table = this.name(`shared_${part}`);
    await fill(table);
    this.common.set(part, table);
    return table;
  }

  private name(part: string): string {
    const name = `scratch.${quoteIdentifier(`${this.prefix}_${part}`)}`;
    this.created.add(name);
    return name;
  }

  private readParameters(audits: readonly Audit[]): void {
    const given = this.spec.params ?? {};
    const stranger = Object.keys(given).find((id) => !audits.some((audit) => audit.id === id));
    if (stranger !== undefined)
      throw new AppError(
        'AUDIT_UNKNOWN',
        `Nothing was audited: parameters were given for “${stranger}”, which is not among the audits to run.`,
      );
    for (const audit of audits) {
      try {
        this.parameters.set(audit.id, audit.parse(given[audit.id] ?? {}));
      } catch (error) {
        if (!(error instanceof z.ZodError)) throw error;
        throw new AppError(
          'INPUT_INVALID',
          `Nothing was audited: the parameters of ${audit.id} are not valid. ${z.prettifyError(error)}`,
          { audit: audit.id },
        );
      }
    }
  }

  private async createStores(): Promise<void> {
    await this.session.run(
      `CREATE OR REPLACE TABLE ${this.rowTable} (set_name VARCHAR, relation VARCHAR, place INTEGER, row_id BIGINT)`,
    );
    await this.session.run(
      `CREATE OR REPLACE TABLE ${this.proposalTable} (audit VARCHAR, comparison_id BIGINT, kind VARCHAR, before VARCHAR, after VARCHAR, reason VARCHAR, score DOUBLE)`,
    );
  }

  private async runOne(audit: Audit, shared: Shared): Promise<AuditResult> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    const startedAt = performance.now();
    const obstacle = this.findObstacle(audit, shared.dataset);
    if (obstacle !== null) return describeNone(audit, { reason: obstacle });
    const before = new Set(this.created);
    const { context, params, proposed } = this.makeContext(audit, shared);
    try {
      const counts = await this.storeAnswers(audit, context, audit.passes.length);
      if (counts.questions > 0 && counts.unanswered === counts.questions)
        return describeNone(audit, { reason: await this.sayUnanswered(audit, context) });
      const outcome = await audit.run(context);
      if ('obstacle' in outcome) return describeNone(audit, { reason: outcome.obstacle });
      return {
        ...headOf(audit),
        is_applicable: true,
        reason: null,
        failure: null,
        finding: '',
        severity: 'none',
        findings: [...outcome.findings],
        figures: [...outcome.figures],
        series: [...(outcome.series ?? [])],
        tables: [...(outcome.tables ?? [])],
        proposals: proposed,
        params: {
          ...params,
          ...outcome.params,
          ...(audit.passes.length > 0 && counts),
          seed: this.spec.seed,
        },
        models: this.listAnswering(audit),
        milliseconds: Math.round(performance.now() - startedAt),
      };
    } catch (error) {
      if (signal?.aborted) throw error;
      return describeNone(audit, { failure: error instanceof Error ? error.message : String(error) });
    } finally {
      await this.dropSince(before);
    }
  }

  private listAnswering(audit: Audit): AuditResult['models'] {
    const roles = new Set(audit.passes.map(({ role }) => role));
    return [...roles].flatMap((role) => {
      const model = this.models.get(role);
      return model ? [{ role, name: model.name, hash: model.hash }] : [];
    });
  }

  private async sayUnanswered(audit: Audit, context: AuditContext): Promise<string> {
    const names = [...new Set(this.listAnswering(audit).map(({ name }) => name))].join(', ');
    const { reason } = await this.session.one<{ reason: string }>(
      `SELECT mode(fail_reason) AS reason FROM ${context.answers(0)}`,
    );
    return `${names} gave no valid answer to any question: ${reason}.`;
  }

  private async keepRows(audit: Audit, query: Parameters<AuditContext['keepRows']>[0]): Promise<FindingRows> {
    const { set, relation, sql, parameters = [] } = query;
    const name = `${audit.id}.${set}`;
    const options = { signal: this.options.signal };
    const { n } = await this.session.one<{ n: number }>(
      `SELECT count(*) AS n FROM (${sql})`,
      parameters,
      options,
    );
    await this.session.run(
      `INSERT INTO ${this.rowTable} SELECT ?, ?, row_number() OVER () AS place, row_id FROM (SELECT row_id FROM (${sql}) LIMIT ${largestSet})`,
      [name, relation, ...parameters],
      options,
    );
    return { relation, filter: null, set: name, count: n };
  }

  private async propose(audit: Audit, query: Parameters<AuditContext['propose']>[0]): Promise<number> {
    const { kind, sql, parameters = [] } = query;
    return this.session.run(
      `INSERT INTO ${this.proposalTable} SELECT ?, comparison_id, ?, before::VARCHAR, after::VARCHAR, reason, score::DOUBLE FROM (${sql})`,
      [audit.id, kind, ...parameters],
      { signal: this.options.signal },
    );
  }
}

/** What one round of an audit asks a model in a role. */
export interface AskedAudit {
  readonly audit: Audit;
  readonly role: ModelRole;
  readonly questions: readonly ModelQuestion[];
}

type Shared = Pick<AuditContext, 'pairs' | 'slices' | 'slice' | 'judge' | 'dataset'>;

const headOf = (audit: Audit) => ({ audit: audit.id, family: audit.family, title: audit.title });

function describeNone(audit: Audit, why: { reason?: string; failure?: string }): AuditResult {
  return {
    ...headOf(audit),
    is_applicable: false,
    reason: why.reason ?? `It stopped: ${why.failure ?? ''}`,
    failure: why.failure ?? null,
    finding: why.reason === undefined ? 'It stopped before it had a result.' : `Not run. ${why.reason}`,
    severity: 'none',
    findings: [],
    figures: [],
    series: [],
    tables: [],
    proposals: [],
    params: {},
    models: [],
    milliseconds: 0,
  };
}

const gravity = { warning: 2, notice: 1, none: 0 } as const;

/** The audit's own sentence and severity, from its findings. */
function summarise(audit: AuditResult): AuditResult {
  if (audit.findings.length === 0) return audit;
  const severities = audit.findings.map((finding) => finding.severity);
  return {
    ...audit,
    finding: audit.findings.map((finding) => finding.sentence).join(' '),
    severity: severities.reduce(
      (worst, one) => (gravity[one] > gravity[worst] ? one : worst),
      'none' as const,
    ),
  };
}
