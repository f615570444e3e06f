import type { Database } from '../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';
import type { Parameter } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Filter } from '../../contract/filter.contract.ts';
import type {
  RationaleRecord,
  RationaleRequest,
  RationaleRun,
  RationaleTemplate,
} from '../../contract/rationale.contract.ts';
import type { ModelSource } from '../judging/model-source.ts';
import { parseTemplate, type PromptTemplate } from '../judging/template.ts';
import { TemplateRepository } from '../judging/template.repository.ts';
import { lintRules } from './lint-rationale.ts';
import { RationaleRunRepository } from './rationale-run.repository.ts';
import {
  getRationaleTemplates,
  rationaleTemplates,
  splitPrompt,
  templateNameOf,
} from './rationale-templates.ts';

export interface RationaleOptions {
  readonly database: Database;
  readonly models: ModelSource;
  readonly appVersion: string;
  /** The pairs of a filter, as SQL yielding `id`; released by the caller's view cache. */
  readonly selectRows: (
    datasetId: number,
    filter: Filter,
  ) => Promise<{ readonly sql: string; readonly parameters: readonly Parameter[] }>;
}

/** A model with the prompt it is asked by. */
export interface RationaleSetting {
  readonly model: InferenceModel;
  readonly template: PromptTemplate;
}

type Choice = Pick<RationaleRequest, 'task' | 'kind' | 'modelId' | 'template'>;

const kindNames = { general: 'general rationale', specific: 'specific rationale' } as const;

/** Prepares runs that write rationales or check them, and reads them back. */
export class RationaleService {
  readonly runs: RationaleRunRepository;
  readonly database: Database;
  private readonly templates: TemplateRepository;

  constructor(private readonly options: RationaleOptions) {
    this.database = options.database;
    this.runs = new RationaleRunRepository(options.database);
    this.templates = new TemplateRepository(options.database, getRationaleTemplates);
  }

  /** The model and the prompt of a request. Throws MODEL_MISSING, MODEL_LACKS_CAPABILITY, TEMPLATE_INVALID. */
  async prepare(choice: Choice, signal?: AbortSignal): Promise<RationaleSetting> {
    const template = await this.chooseTemplate(choice);
    const model = await this.options.models.acquire(choice.modelId, { signal });
    const need = choice.task === 'write' ? 'generate' : 'decide';
    if (!model.identity.capabilities.includes(need))
      throw new AppError(
        'MODEL_LACKS_CAPABILITY',
        `Nothing was asked: ${model.identity.name} cannot ${need === 'generate' ? 'write text' : 'give the probability of an answer'}. Choose another model.`,
        { capability: need },
      );
    return { model, template };
  }

  /** The edited version a request names, or the shipped text. */
  async chooseTemplate(choice: Pick<Choice, 'task' | 'kind' | 'template'>): Promise<PromptTemplate> {
    const name = templateNameOf(choice);
    const hashes = choice.template === undefined ? {} : { [name]: choice.template };
    const template = (await this.templates.choose(rationaleTemplates, hashes)).get(name);
    if (template) return template;
    throw new Error(`there is no template ${name}`);
  }

  /**
   * Freezes pairs and record of a run; the job does the rest. Throws DATASET_EMPTY where no pair is left: ties and pairs
   * without a label are skipped, for a check also those without a rationale.
   */
  async create(request: RationaleRequest, signal?: AbortSignal): Promise<number> {
    const setting = await this.prepare(request, signal);
    const items = await this.selectItems(request);
    const found = await this.database.find(`SELECT 1 AS one FROM (${items.sql}) LIMIT 1`, items.parameters);
    if (!found) throw nothingLeft(request);
    const record = this.makeRecord(request, setting);
    return this.runs.create({
      datasetId: request.datasetId,
      name: request.name ?? nameOf(request, setting.model),
      record,
      promptParts: splitPrompt(setting.template),
      items,
    });
  }

  makeRecord(request: RationaleRequest, { model, template }: RationaleSetting): RationaleRecord {
    const { name, hash, kind, quantisation, contextSize } = model.identity;
    return {
      schema: 'assay.rationale-run/1',
      request,
      model: { modelId: request.modelId, name, hash, kind, quantisation, contextSize },
      templates: { [templateNameOf(request)]: template.hash },
      lintRules,
      appVersion: this.options.appVersion,
    };
  }

  async list(datasetId: number): Promise<RationaleRun[]> {
    return Promise.all((await this.runs.list(datasetId)).map((run) => this.runs.measure(run)));
  }

  async get(rationaleRunId: number): Promise<RationaleRun> {
    return this.runs.measure(await this.runs.get(rationaleRunId));
  }

  /** Pairs a request asks for, before its limit: comparison_id, winner, annotator_id, text, shown_first. */
  async selectItems(request: RationaleRequest): Promise<{ sql: string; parameters: readonly Parameter[] }> {
    const { datasetId, filter, task, annotatorId } = request;
    const isFiltered = filter !== undefined && (filter.clauses.length > 0 || filter.words !== undefined);
    const rows = isFiltered ? await this.options.selectRows(datasetId, filter) : undefined;
    const decided = `SELECT c.comparison_id, c.label AS winner FROM comparison c WHERE c.dataset_id = ? AND c.label IN ('a', 'b')
      ${rows ? `AND c.comparison_id IN (SELECT id FROM (${rows.sql}))` : ''}`;
    const parameters = [datasetId, ...(rows?.parameters ?? [])];
    if (task === 'write')
      return {
        sql: `SELECT comparison_id, winner, NULL::INTEGER AS annotator_id, NULL::VARCHAR AS text, NULL::VARCHAR AS shown_first FROM (${decided})`,
        parameters,
      };
    return {
      sql: `SELECT d.comparison_id, d.winner, q.annotator_id, q.text, g.shown_first
        FROM (${decided}) d JOIN (
          SELECT comparison_id, first(annotator_id ORDER BY aspect NULLS FIRST, annotator_id) AS annotator_id,
            first(text ORDER BY aspect NULLS FIRST, annotator_id) AS text
          FROM rationale WHERE dataset_id = ? AND comparison_id IS NOT NULL AND trim(text) <> '' ${annotatorId === null ? '' : 'AND annotator_id = ?'} GROUP BY comparison_id) q
        USING (comparison_id)
        LEFT JOIN rationale_run r ON r.annotator_id = q.annotator_id
        LEFT JOIN generated_rationale g ON g.rationale_run_id = r.rationale_run_id AND g.comparison_id = d.comparison_id`,
      parameters: [...parameters, datasetId, ...(annotatorId === null ? [] : [annotatorId])],
    };
  }

  /** Shipped templates, then edited versions, newest first. */
  async listTemplates(): Promise<RationaleTemplate[]> {
    const shipped = rationaleTemplates.templates.map(({ name, title, text }) => ({
      name: name as RationaleTemplate['name'],
      title,
      text,
      hash: parseTemplate(text).hash,
      isShipped: true,
      createdAt: null,
    }));
    const edited = await this.templates.list(rationaleTemplates.id);
    return [
      ...shipped,
      ...edited.map((one) => ({ ...one, name: one.name as RationaleTemplate['name'], isShipped: false })),
    ];
  }

  /** Throws TEMPLATE_INVALID. */
  async saveTemplate(version: {
    name: RationaleTemplate['name'];
    title: string;
    text: string;
  }): Promise<RationaleTemplate> {
    const saved = await this.templates.save({ ...version, protocol: rationaleTemplates.id });
    return { ...saved, name: version.name, isShipped: false };
  }
}

/** Name of a run, and of the annotator its rationales are stored under. */
export function nameOf({ task, kind }: Choice, model: InferenceModel): string {
  return `${model.identity.name} · ${task === 'check' ? 'rationale check' : kindNames[kind]}`;
}

function nothingLeft({ task, datasetId }: RationaleRequest): AppError {
  const why =
    task === 'check'
      ? 'no pair with a chosen response has a rationale here'
      : 'no pair here has a chosen response; ties and pairs without a label are skipped';
  return new AppError('DATASET_EMPTY', `Nothing was started: ${why}.`, { datasetId });
}
