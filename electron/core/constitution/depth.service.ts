import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type {
  ConstitutionCeiling,
  ConstitutionSlices,
  ContrastFactor,
  GroupConstitution,
} from '../../contract/constitution-depth.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { ModelSource } from '../judging/model-source.ts';
import type { ConstitutionService } from './constitution.service.ts';
import { DepthRepository } from './depth.repository.ts';
import { isRunDocument } from './principles/principle-rows.ts';
import { listSliceRows, type SliceRowsQuery } from './slices/slice-rows.ts';

interface DepthServiceOptions {
  readonly database: Database;
  readonly constitutions: Pick<ConstitutionService, 'get'>;
  readonly models: ModelSource;
  readonly jobs: Pick<JobService, 'start'>;
}

/** What is found out about a constitution after it was made: its groups, its ceiling, the directions behind it. */
export class DepthService {
  private readonly depth: DepthRepository;

  constructor(private readonly options: DepthServiceOptions) {
    this.depth = new DepthRepository(options.database);
  }

  /** Throws CONSTITUTION_MISSING. */
  async startSlice(spec: { constitutionId: number; column: string; value?: string }): Promise<string> {
    await this.options.constitutions.get(spec.constitutionId);
    return this.options.jobs.start('slice-constitution', { value: null, ...spec });
  }

  /** Throws CONSTITUTION_MISSING, and MODEL_LACKS_CAPABILITY where no model that embeds texts is chosen. */
  async startCeiling(
    spec: { constitutionId: number; embedModelId: string | null; sample: number },
    signal?: AbortSignal,
  ): Promise<string> {
    await this.options.constitutions.get(spec.constitutionId);
    const embedModelId = await this.requireEmbedder(spec.embedModelId, signal);
    return this.options.jobs.start('constitution-ceiling', { ...spec, embedModelId });
  }

  /** The model, where it embeds texts. Throws MODEL_MISSING, MODEL_LACKS_CAPABILITY. */
  async requireEmbedder(modelId: string | null, signal?: AbortSignal): Promise<string> {
    const model = modelId === null ? undefined : await this.options.models.acquire(modelId, { signal });
    if (modelId !== null && model?.identity.capabilities.includes('embed')) return modelId;
    throw new AppError(
      'MODEL_LACKS_CAPABILITY',
      model
        ? `No ceiling was measured: ${model.identity.name} does not embed texts. Choose an embedding model.`
        : 'No ceiling was measured: it needs a model that embeds texts, and none was chosen. Add an embedding model under Models.',
      { capability: 'embed' },
    );
  }

  listSlices(constitutionId: number): Promise<ConstitutionSlices[]> {
    return this.depth.listSlices(constitutionId);
  }

  listGroups(constitutionId: number): Promise<GroupConstitution[]> {
    return this.depth.listGroups(constitutionId);
  }

  findCeiling(constitutionId: number): Promise<ConstitutionCeiling | null> {
    return this.depth.findCeiling(constitutionId);
  }

  /** Of the run a constitution was made by; none for a surface constitution. Throws CONSTITUTION_MISSING. */
  async listFactors(constitutionId: number): Promise<ContrastFactor[]> {
    const { document } = await this.options.constitutions.get(constitutionId);
    return isRunDocument(document) ? this.depth.listFactors(document.run.run) : [];
  }

  /** Throws CONSTITUTION_MISSING, INPUT_INVALID, AUDIT_SLICE_UNKNOWN. */
  async listRows(
    query: Omit<SliceRowsQuery, 'document'> & { constitutionId: number },
    signal?: AbortSignal,
  ): Promise<{ total: number; ids: number[] }> {
    const { document } = await this.options.constitutions.get(query.constitutionId);
    return listSliceRows(this.options.database, { ...query, document }, { signal });
  }
}
