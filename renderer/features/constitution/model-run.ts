import type { Executor, PrincipleRequest } from '../../../electron/contract/constitution.contract.ts';

export const largestSeed = 2 ** 31 - 1;
export const sources = ['list', 'model', 'surface', 'kept'] as const;
export const executors: readonly Executor[] = ['weighted', 'majority', 'list', 'judge'];

/** What the form for a run with principles holds; `modelId` '' = none. */
export interface ModelRun {
  readonly modelId: string;
  readonly propose: (typeof sources)[number];
  readonly clusters: number;
  readonly executor: Executor;
  readonly sample: number;
  readonly seed: number;
}

export const firstModelRun: ModelRun = {
  modelId: '',
  propose: 'list',
  clusters: 20,
  executor: 'weighted',
  sample: 200,
  seed: 1,
};

/** The request of a form; `top` is shared with the form for surface traits. */
export function toRequest(
  run: ModelRun,
  dataset: { readonly datasetId: number; readonly top: number },
): Partial<PrincipleRequest> & { datasetId: number } {
  return { ...run, ...dataset, modelId: run.modelId === '' ? null : run.modelId };
}
