import type { InferenceModel } from '../../../native/host/inference.ts';

/** Where judging gets its models from; the models domain in the product, a scripted one in tests. */
export interface ModelSource {
  /** The model, loaded and ready. Throws MODEL_MISSING, MODEL_TOO_LARGE, ENGINE_UNAVAILABLE. */
  acquire(modelId: string, options: { readonly signal?: AbortSignal | undefined }): Promise<InferenceModel>;
}
