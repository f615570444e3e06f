import type { RationaleRequest } from '../../../electron/contract/rationale.contract.ts';
import type { JudgeSource } from '../judge/judge-draft.ts';

/** What the form of a run holds; numbers as they are typed. */
export interface RationaleDraftForm {
  readonly task: RationaleRequest['task'];
  readonly kind: RationaleRequest['kind'];
  readonly modelId: string;
  /** '' = of each pair the first there is. */
  readonly annotatorId: string;
  readonly source: string;
  readonly sample: string;
  readonly seed: string;
  readonly maxTokens: string;
  /** Hash of an edited prompt; '' = as shipped. */
  readonly template: string;
}

export type DraftFault = 'model' | 'sample' | 'seed';

export const firstDraft: RationaleDraftForm = {
  task: 'write',
  kind: 'general',
  modelId: '',
  annotatorId: '',
  source: 'all',
  sample: '',
  seed: '1',
  maxTokens: '200',
  template: '',
};

const isWhole = (text: string, least: number) =>
  text.trim() !== '' && Number.isSafeInteger(Number(text)) && Number(text) >= least;

/** What is wrong with a draft, in the order of the form. */
export function findFaults(draft: RationaleDraftForm): DraftFault[] {
  return [
    ...(draft.modelId === '' ? (['model'] as const) : []),
    ...(draft.sample.trim() !== '' && !isWhole(draft.sample, 1) ? (['sample'] as const) : []),
    ...(isWhole(draft.seed, 0) ? [] : (['seed'] as const)),
  ];
}

/** The request of a draft; null while something but the model is wrong. A preview needs no model. */
export function toRequest(
  draft: RationaleDraftForm,
  datasetId: number,
  source: JudgeSource,
): RationaleRequest | null {
  if (findFaults(draft).some((fault) => fault !== 'model')) return null;
  const { filter } = source;
  const hasFilter = filter.clauses.length > 0 || filter.words !== undefined;
  const maxTokens = Math.min(2_000, Math.max(16, Math.round(Number(draft.maxTokens)) || 200));
  return {
    datasetId,
    task: draft.task,
    kind: draft.kind,
    modelId: draft.modelId === '' ? 'none' : draft.modelId,
    annotatorId: draft.task === 'check' && draft.annotatorId !== '' ? Number(draft.annotatorId) : null,
    seed: Number(draft.seed),
    maxTokens,
    temperature: 0,
    ...(draft.template === '' ? {} : { template: draft.template }),
    ...(hasFilter ? { filter } : {}),
    ...(draft.sample.trim() === '' ? {} : { limit: Number(draft.sample) }),
  };
}
