import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { CurationSpec } from '../../../contract/curation.contract.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { runSteps } from '../run-steps.ts';
import type { Work } from '../work.ts';
import { answeredItems, findModels, type NamedModel, settingOf } from './answered-items.ts';
import type { AskingStep } from './methods.ts';
import type { MiningMethod } from './mining-method.ts';

export interface UnaskedItem {
  readonly itemKey: string;
  readonly payload: unknown;
}

export interface UnaskedStep {
  readonly models: Readonly<Record<string, NamedModel>>;
  readonly settingHash: string;
  /** Items of the step, asked or not. */
  readonly all: number;
  readonly items: readonly UnaskedItem[];
}

/**
 * What a step would still ask: the steps before it are run, its items are listed, and those with an answer are left out; a
 * failure of another job counts as none. Throws what the steps before it throw, and RECIPE_INVALID for an unknown model.
 */
export async function listUnasked(
  database: Database,
  spec: Pick<CurationSpec, 'datasetId' | 'seed' | 'steps'>,
  { step, jobId, signal }: { step: AskingStep; jobId: string | null; signal?: AbortSignal | undefined },
): Promise<UnaskedStep> {
  const { index, method, params } = step;
  const before = { datasetId: spec.datasetId, seed: spec.seed, steps: spec.steps.slice(0, index) };
  return database.withReader((session) =>
    runSteps(session, { spec: before, signal }, async (run) => {
      const work: Work = { ...run, step: index, method: method.step.id };
      const models = await findModels(session, step.models);
      const settingHash = settingOf(method, params, models);
      const { sql, parameters } = answeredItems(method, work, { params, seed: spec.seed, settingHash });
      const isOpen = `(NOT is_asked OR (result IS NULL AND item_key NOT IN (SELECT item_key FROM mined_item WHERE setting_hash = ? AND job_id = ?)))`;
      const rows = await session.all<{ key: string; payload: string | null }>(
        `SELECT item_key AS key, CASE WHEN ${isOpen} THEN payload::VARCHAR END AS payload FROM (${sql})`,
        [settingHash, jobId ?? '', ...parameters],
        { signal },
      );
      return {
        models,
        settingHash,
        all: rows.length,
        items: rows.flatMap(({ key, payload }) =>
          payload === null ? [] : [{ itemKey: key, payload: JSON.parse(payload) as unknown }],
        ),
      };
    }),
  );
}

/** The models of a step's roles, ready to answer. Throws MODEL_LACKS_CAPABILITY and what loading throws. */
export async function acquireModels(
  source: ModelSource,
  method: MiningMethod,
  { models, signal }: { models: Readonly<Record<string, NamedModel>>; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, InferenceModel>> {
  const playing = new Map<string, InferenceModel>();
  for (const [role, { modelId, name }] of Object.entries(models)) {
    const model = await source.acquire(modelId, { signal });
    const lacking = method.roles[role]?.find((need) => !model.identity.capabilities.includes(need));
    if (lacking !== undefined)
      throw new AppError(
        'MODEL_LACKS_CAPABILITY',
        `Nothing was asked: ${name} cannot be the ${role} of “${method.step.title}”, for it lacks “${lacking}”. Choose another model.`,
        { model: name, capability: lacking },
      );
    playing.set(role, model);
  }
  return playing;
}
