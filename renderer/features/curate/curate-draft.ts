import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { CurationSample, RecipeStep, StepReport } from '../../../electron/contract/curation.contract.ts';

/** A step of the list; `key` stays with it when it is moved. */
export interface DraftStep extends RecipeStep {
  readonly key: number;
}

/** What the person has put together so far. The seed is a text while it is typed. */
export interface CurateDraft {
  name: string;
  seed: string;
  steps: DraftStep[];
  /** Key of the step that is open. */
  selected: number | null;
}

let lastKey = 0;

export const makeStep = (step: RecipeStep): DraftStep => ({ ...step, key: (lastKey += 1) });

/** The draft of each dataset, kept while the person looks at something else. */
export const useCurateDrafts = defineStore('curate-drafts', () => {
  const drafts = ref<Record<number, CurateDraft>>({});
  function draftOf(datasetId: number): CurateDraft {
    drafts.value[datasetId] ??= { name: '', seed: '1', steps: [], selected: null };
    return drafts.value[datasetId];
  }
  return { drafts, draftOf };
});

/** The steps with one moved by `by` places; the same list where it cannot move. */
export function moveStep(steps: readonly DraftStep[], key: number, by: -1 | 1): DraftStep[] {
  const from = steps.findIndex((step) => step.key === key);
  const moved = steps[from];
  const other = steps[from + by];
  if (!moved || !other) return [...steps];
  return steps.map((step, at) => (at === from ? other : at === from + by ? moved : step));
}

/** The key to select after a step is removed: the next one, else the one before. */
export function neighbourOf(steps: readonly DraftStep[], key: number): number | null {
  const at = steps.findIndex((step) => step.key === key);
  return (steps[at + 1] ?? steps[at - 1])?.key ?? null;
}

export const toRecipe = (steps: readonly DraftStep[]): RecipeStep[] =>
  steps.map(({ step, enabled, params }) => ({ step, enabled, params }));

export const isSeed = (text: string) => /^\d{1,10}$/.test(text.trim()) && Number(text) <= 4_294_967_295;

/** Shares of the source for the bars of a step: what stays of what came in, what is dropped, what is added. */
export function funnelShares(
  report: Pick<StepReport, 'in' | 'out' | 'dropped' | 'added'>,
  largest: number,
): { kept: number; dropped: number; added: number } {
  const share = (count: number) => (largest > 0 ? count / largest : 0);
  return {
    kept: share(report.in - report.dropped),
    dropped: share(report.dropped),
    added: share(report.added),
  };
}

export type Fate = CurationSample['fate'];
