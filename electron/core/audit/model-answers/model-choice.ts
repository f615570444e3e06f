import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { AuditModels } from '../../../contract/audit.contract.ts';
import { modelRoles, type ModelRole } from '../audits/model-question.ts';

/** A model a person has added, as far as an audit names it. */
export interface KnownModel {
  readonly modelId: string;
  readonly name: string;
  /** Of the weights; answers are kept under it. */
  readonly hash: string;
  readonly capabilities: readonly string[];
  /** What it was measured at; null where it was not. */
  readonly benchmark: {
    readonly promptTokensPerSecond: number;
    readonly generationTokensPerSecond: number;
  } | null;
}

/** Where audits get their models from; the models domain in the product, scripted ones in tests. */
export interface AuditModelSource {
  /** Throws MODEL_MISSING. */
  get(idOrName: string): Promise<KnownModel>;
  /** The model, loaded and ready. Throws MODEL_MISSING, MODEL_TOO_LARGE, ENGINE_UNAVAILABLE. */
  acquire(modelId: string, options: { readonly signal?: AbortSignal | undefined }): Promise<InferenceModel>;
}

export type ChosenModels = ReadonlyMap<ModelRole, KnownModel>;

export const roleNames = Object.keys(modelRoles) as ModelRole[];

/** The models of a run by role. A judge that can score plays the scorer too where none is named. Throws MODEL_MISSING, MODEL_LACKS_CAPABILITY. */
export async function chooseModels(
  source: AuditModelSource | undefined,
  given: AuditModels | undefined,
): Promise<ChosenModels> {
  const chosen = new Map<ModelRole, KnownModel>();
  for (const role of roleNames) {
    const id = given?.[role];
    if (id === undefined || source === undefined) continue;
    const model = await source.get(id);
    const { title, needs } = modelRoles[role];
    if (!model.capabilities.includes(needs))
      throw new AppError(
        'MODEL_LACKS_CAPABILITY',
        `Nothing was audited: ${model.name} cannot be ${title}, for it lacks “${needs}”. Choose another model.`,
        { model: model.name, capability: needs },
      );
    chosen.set(role, model);
  }
  const judge = chosen.get('judge');
  if (judge?.capabilities.includes('score') && !chosen.has('scorer')) chosen.set('scorer', judge);
  return chosen;
}
