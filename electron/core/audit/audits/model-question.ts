import type { ModelInput } from '../../../../native/host/inference.ts';
import type { AuditContext } from './audit.ts';

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

/**
 * One round of questions to one model. Listing must depend on the dataset, the parameters, the seed and the answers of
 * earlier passes alone, so that a run that goes on after a kill lists the same.
 */
export interface ModelPass<P = unknown> {
  readonly role: ModelRole;
  /** Columns the questions bring into the table of answers, with their DuckDB types. */
  readonly columns: Readonly<Record<string, 'BIGINT' | 'VARCHAR' | 'DOUBLE' | 'BOOLEAN'>>;
  list(context: AuditContext<P>): Promise<readonly ModelQuestion[]>;
}

/** What each role is asked for, and its name for a person. */
export const modelRoles = {
  judge: { title: 'a judge model', needs: 'decide' },
  embedder: { title: 'an embedding model', needs: 'embed' },
  scorer: { title: 'a model that scores given text', needs: 'score' },
} as const satisfies Record<ModelRole, { title: string; needs: string }>;
