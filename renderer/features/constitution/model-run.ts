import type {
  Executor,
  IcaiFilter,
  PrincipleRequest,
} from '../../../electron/contract/constitution.contract.ts';

export const largestSeed = 2 ** 31 - 1;
export const sources = ['list', 'model', 'rationales', 'directions', 'texts', 'surface', 'kept'] as const;
export const executors: readonly Executor[] = ['weighted', 'majority', 'list', 'judge'];
export const templates = ['neutral', 'rejected', 'topic'] as const;

/** ICAI’s filters that are on or off. */
export const icaiSwitches = [
  's3_filter_majority_true',
  's3_filter_majority_relevant',
  's3_filter_majority_valid',
] as const;

/** The principles a person wrote, one a line. */
export const listTexts = (texts: string): string[] =>
  texts
    .split('\n')
    .map((line) => line.replace(/^[\s*-]+/, '').trim())
    .filter((line) => line.length >= 3);

/** What the form for a run with principles holds; a model '' = none. */
export interface ModelRun {
  readonly modelId: string;
  readonly embedModelId: string;
  readonly propose: (typeof sources)[number];
  readonly clusters: number;
  readonly executor: Executor;
  readonly sample: number;
  readonly seed: number;
  readonly templates: readonly (typeof templates)[number][];
  readonly proposePairs: number;
  readonly perPair: number;
  readonly directions: 'pca' | 'kmeans';
  readonly factors: number;
  readonly selection: 'held_out' | 'icai';
  readonly icai: IcaiFilter;
  /** For the source `texts`: one principle a line. */
  readonly texts: string;
  readonly stopEarly: boolean;
}

export const firstModelRun: ModelRun = {
  modelId: '',
  embedModelId: '',
  propose: 'list',
  clusters: 20,
  executor: 'weighted',
  sample: 200,
  seed: 1,
  templates: ['neutral', 'rejected'],
  proposePairs: 40,
  perPair: 3,
  directions: 'pca',
  factors: 8,
  selection: 'held_out',
  icai: {
    s3_voting_method_cross_seed: 'unanimous',
    s3_filter_majority_true: true,
    s3_filter_majority_relevant: false,
    s3_filter_majority_valid: true,
    s3_filter_min_relevance: 0.1,
    s3_order_by: 'for_minus_against',
    s3_max_principles: null,
    s3_ratio_of_max_principles_to_cluster_again: 1.5,
  },
  texts: '',
  stopEarly: false,
};

/** Why a run cannot start as it is, as the last part of a message key; null where it can. */
export function findObstacle(
  run: ModelRun,
): 'needsModel' | 'needsEmbedModel' | 'needsTemplate' | 'needsTexts' | null {
  const proposes = ['model', 'rationales', 'directions', 'texts'].includes(run.propose);
  if (run.modelId === '' && (proposes || run.executor === 'judge')) return 'needsModel';
  if (run.propose === 'directions' && run.embedModelId === '') return 'needsEmbedModel';
  if (run.propose === 'texts' && listTexts(run.texts).length === 0) return 'needsTexts';
  return run.propose === 'model' && run.templates.length === 0 ? 'needsTemplate' : null;
}

/** The request of a form; `top` is shared with the form for surface traits. */
export function toRequest(
  run: ModelRun,
  dataset: { readonly datasetId: number; readonly top: number },
): Partial<PrincipleRequest> & { datasetId: number } {
  return {
    ...run,
    ...dataset,
    texts: listTexts(run.texts),
    templates: run.templates.length === 0 ? ['neutral'] : [...run.templates],
    modelId: run.modelId === '' ? null : run.modelId,
    embedModelId: run.embedModelId === '' ? null : run.embedModelId,
  };
}
