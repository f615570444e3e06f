import type { ModelInput } from '../../../../native/host/inference.ts';

/** Who answers: a judge decides and writes, an embedder gives vectors, a scorer gives log-probabilities of given text. */
export type ModelRole = 'judge' | 'embedder' | 'scorer';

/** One call. What it says is the whole identity of the question: the same call of the same weights is never asked twice. */
export type ModelCall =
  | {
      readonly operation: 'decide';
      readonly input: ModelInput;
      readonly candidates: readonly (readonly string[])[];
    }
  | { readonly operation: 'score'; readonly input: ModelInput; readonly continuation: string }
  | {
      readonly operation: 'generate';
      readonly input: ModelInput;
      readonly maxTokens: number;
      readonly temperature: number;
      readonly seed: number;
    }
  | { readonly operation: 'embed'; readonly text: string };

export type QuestionValue = string | number | boolean | null;

/** A call with what the figures need to know of it. */
export interface ModelQuestion {
  readonly call: ModelCall;
  /** Values of the pass's columns. */
  readonly row: Readonly<Record<string, QuestionValue>>;
}

/** What each role is asked for, and its name for a person. */
export const modelRoles = {
  judge: { title: 'a judge model', needs: 'decide' },
  embedder: { title: 'an embedding model', needs: 'embed' },
  scorer: { title: 'a model that scores given text', needs: 'score' },
} as const satisfies Record<ModelRole, { title: string; needs: string }>;
