import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';
import { AppError } from '../../contract/app-error.ts';
import type { JudgeRecord, JudgeRequest, JudgeRun, ProtocolInfo } from '../../contract/judging.contract.ts';
import { measureShareOf } from './figure.ts';
import type { ItemSource, StoredRun } from './judge-run.repository.ts';
import { JudgeRunRepository } from './judge-run.repository.ts';
import type { JudgeSetting } from './judge-item.ts';
import type { ModelSource } from './model-source.ts';
import type { Protocol } from './protocol.ts';
import { getProtocol, protocols } from './protocols/registry.ts';
import { parseTemplate } from './template.ts';
import { TemplateRepository } from './template.repository.ts';

export interface JudgingOptions {
  readonly database: Database;
  readonly models: ModelSource;
  readonly appVersion: string;
  /** The rows of a filter, as SQL yielding `id`; released by the caller's view cache. */
  readonly selectRows: (request: JudgeRequest, relation: 'pairs' | 'responses') => Promise<ItemSource>;
}

/** Prepares runs of protocols over datasets and reads them back. */
export class JudgingService {
  readonly runs: JudgeRunRepository;
  readonly templates: TemplateRepository;

  constructor(private readonly options: JudgingOptions) {
    this.runs = new JudgeRunRepository(options.database);
    this.templates = new TemplateRepository(options.database);
  }

  listProtocols(): ProtocolInfo[] {
    return protocols.map(describeProtocol);
  }

  /** Everything a run needs before its first item. Throws what the protocol, a model or a template is refused for. */
  async prepare(request: JudgeRequest, options: PrepareOptions = {}): Promise<JudgeSetting> {
    const { signal } = options;
    const chosen = await this.choose(request, options);
    const { protocol, params } = chosen;
    const shared = await this.options.database.withReader(async (session) =>
      protocol.prepare?.({ session, datasetId: request.datasetId, params, seed: request.seed, signal }),
    );
    return { ...chosen, shared };
  }

  /** Loads models and templates and checks that they suit the protocol. */
  private async choose(
    request: JudgeRequest,
    { templates = request.templates, texts, signal }: PrepareOptions,
  ): Promise<Omit<JudgeSetting, 'shared'>> {
    const protocol = getProtocol(request.protocol);
    const params = parseParams(protocol, request.params);
    const models = new Map<string, readonly InferenceModel[]>();
    for (const role of protocol.roles) {
      const ids = request.models[role.id] ?? [];
      if (ids.length === 0)
        throw new AppError(
          'INPUT_INVALID',
          `Nothing was judged: choose a model for “${role.title}” (role ${role.id}).`,
        );
      const playing: InferenceModel[] = [];
      for (const id of role.isMany === true ? ids : ids.slice(0, 1)) {
        const model = await this.options.models.acquire(id, { signal });
        requireCapabilities(model, role.needs);
        playing.push(model);
      }
      models.set(role.id, playing);
    }
    const chosen = await this.templates.choose(protocol, templates, texts);
    return { protocol, request, params, templates: chosen, models, signal };
  }

  /** Items worth having in flight: as many as the slowest of the models can take. */
  chooseConcurrency({ models }: JudgeSetting): number {
    return Math.max(1, Math.min(...[...models.values()].flat().map((model) => model.concurrency)));
  }

  /** Freezes the items and the record of a run; the job does the rest. */
  async create(request: JudgeRequest, signal?: AbortSignal): Promise<number> {
    const setting = await this.choose(request, { signal });
    const { protocol } = setting;
    const items = await this.selectItems(request, protocol);
    const record = this.makeRecord(setting);
    const names = [...new Set(record.models.map((model) => model.name))];
    return this.runs.create({
      datasetId: request.datasetId,
      name: request.name ?? `${names.join(' + ') || 'No model'} · ${protocol.title}`,
      protocol: protocol.id,
      subject: protocol.subject,
      record,
      items,
    });
  }

  /** What the protocol computes over a whole run, and the mark that it is finished, in one transaction. */
  async conclude(run: StoredRun): Promise<void> {
    const protocol = getProtocol(run.protocol);
    const params = parseParams(protocol, run.record.request.params);
    await this.runs.finish(run, async (session) =>
      protocol.conclude?.({ session, judgeRunId: run.judgeRunId, params }),
    );
  }

  async list(datasetId: number): Promise<JudgeRun[]> {
    return Promise.all((await this.runs.list(datasetId)).map((run) => this.measure(run)));
  }

  async get(judgeRunId: number): Promise<JudgeRun> {
    return this.measure(await this.runs.get(judgeRunId));
  }

  /**
   * Items a request asks for, before its limit. A filter is one on the rows of the dataset as the grid shows them; of
   * pairs it leaves, a protocol for responses scores both sides.
   */
  async selectItems(request: JudgeRequest, protocol: Protocol): Promise<ItemSource> {
    const { datasetId, filter } = request;
    const isFiltered = filter !== undefined && (filter.clauses.length > 0 || filter.words !== undefined);
    if (!isFiltered)
      return {
        sql:
          protocol.subject === 'pair'
            ? 'SELECT comparison_id AS item_id FROM comparison WHERE dataset_id = ?'
            : 'SELECT response_id AS item_id FROM response WHERE dataset_id = ?',
        parameters: [datasetId],
      };
    const { relation } = await this.options.database.one<{ relation: 'pairs' | 'responses' }>(
      'SELECT relation FROM dataset WHERE dataset_id = ?',
      [datasetId],
    );
    const rows = await this.options.selectRows(request, relation);
    const { parameters } = rows;
    if (protocol.subject === 'pair')
      return relation === 'pairs'
        ? { sql: `SELECT id AS item_id FROM (${rows.sql})`, parameters }
        : { sql: 'SELECT 0::BIGINT AS item_id WHERE false', parameters: [] };
    const sql =
      relation === 'responses'
        ? `SELECT id AS item_id FROM (${rows.sql})`
        : `SELECT DISTINCT unnest([response_a_id, response_b_id]) AS item_id FROM comparison WHERE comparison_id IN (SELECT id FROM (${rows.sql}))`;
    return { sql, parameters };
  }

  private makeRecord({ request, models, templates }: Omit<JudgeSetting, 'shared'>): JudgeRecord {
    return {
      schema: 'assay.judge-run/1',
      request,
      models: [...models].flatMap(([role, playing]) =>
        playing.map(({ identity }, index) => ({
          role,
          modelId: request.models[role]?.[index] ?? '',
          name: identity.name,
          hash: identity.hash,
          kind: identity.kind,
          quantisation: identity.quantisation,
          contextSize: identity.contextSize,
        })),
      ),
      templates: Object.fromEntries([...templates].map(([name, template]) => [name, template.hash])),
      appVersion: this.options.appVersion,
    };
  }

  private async measure(run: StoredRun): Promise<JudgeRun> {
    const counts = await this.runs.count(run);
    const { equal, n } = await this.options.database.one<{ equal: number; n: number }>(
      `SELECT count(*) FILTER (j.label = c.label) AS equal, count(*) AS n FROM judgement j JOIN comparison c USING (comparison_id)
       WHERE j.judge_run_id = ? AND j.label IN ('a', 'b') AND c.label IN ('a', 'b')`,
      [run.judgeRunId],
    );
    return { ...run, ...counts, accuracy: measureShareOf(equal, n) };
  }
}

interface PrepareOptions {
  /** Template hashes a run was started with; the request's own for a new one. */
  readonly templates?: Readonly<Record<string, string>>;
  /** Templates that are not saved, by name, for a preview. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

function parseParams(protocol: Protocol, params: unknown): unknown {
  const parsed = protocol.params.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'INPUT_INVALID',
    `Nothing was judged: parameter ${issue?.path.join('.') ?? ''} of ${protocol.title} is not valid: ${issue?.message ?? ''}.`,
  );
}

function requireCapabilities(model: InferenceModel, needs: readonly string[]): void {
  const lacking = needs.find((need) => !model.identity.capabilities.some((has) => has === need));
  if (lacking === undefined) return;
  const words: Readonly<Record<string, string>> = {
    score: 'give the log-probability of a text',
    decide: 'give the probability of an answer',
    generate: 'write text',
    embed: 'embed texts',
    rank: 'score a document',
  };
  throw new AppError(
    'MODEL_LACKS_CAPABILITY',
    `Nothing was judged: ${model.identity.name} cannot ${words[lacking] ?? lacking}. Choose another model or another protocol.`,
    { capability: lacking },
  );
}

function describeProtocol(protocol: Protocol): ProtocolInfo {
  return {
    protocol: protocol.id,
    title: protocol.title,
    description: protocol.description,
    section: protocol.section,
    evidence: protocol.evidence,
    subject: protocol.subject,
    params: z.toJSONSchema(protocol.params, { io: 'input' }),
    roles: protocol.roles.map(({ id, title, needs, isMany = false }) => ({
      role: id,
      title,
      needs: [...needs],
      isMany,
    })),
    templates: protocol.templates.map(({ name, title, text, known, needed }) => ({
      name,
      title,
      text,
      hash: parseTemplate(text).hash,
      known: [...known],
      needed: [...needed],
    })),
    outputs: protocol.outputs.map((output) => ({ ...output })),
  };
}
