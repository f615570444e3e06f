import { z } from 'zod';
import type { Session } from '../../../native/duckdb/session.ts';
import type { StepFamily, StepFigure } from '../../contract/curation.contract.ts';
import type { Work } from './work.ts';

/** What a step may use. It reads the corpus and writes to the tables of `work` and to scratch tables only. */
export interface StepContext<P> {
  /** A reading session: it may write to `scratch` only. */
  readonly session: Session;
  /** The candidate pairs; see `work.ts` for reading, dropping, changing and adding. */
  readonly work: Work;
  readonly params: P;
  /** Seed of the recipe. Draw by `drawKey`, so that the same seed draws the same pairs in every workspace. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** The step's own scratch table of a name, quoted; dropped after the step. */
  readonly scratch: (name: string) => string;
}

/** What a step says beside the counts, which the runner takes from the candidates themselves. */
export interface StepAnswer {
  readonly figures?: readonly StepFigure[];
  /** Sentences for the person: what was odd, what the numbers rest on. */
  readonly notes?: readonly string[];
}

export interface StepDefinition<Shape extends z.ZodRawShape> {
  /** The word a recipe names it by; kebab-case, never changed once released. */
  readonly id: string;
  readonly family: StepFamily;
  readonly title: string;
  readonly description: string;
  /** Where the method is from; null for plain operations. */
  readonly source: string | null;
  /** What of it is not confirmed by its source, in words; null where nothing. */
  readonly unconfirmed: string | null;
  /** Each parameter with a default or optional where one makes sense, and a description for the form. */
  readonly params: Shape;
  /** What no single parameter can check; answers a sentence, or null where all is well. */
  readonly findFault?: (params: z.infer<z.ZodObject<Shape>>) => string | null;
  apply(context: StepContext<z.infer<z.ZodObject<Shape>>>): Promise<StepAnswer>;
}

/** A step whose parameters are read from what a recipe says. */
export interface CurationStep extends Omit<StepDefinition<z.ZodRawShape>, 'params' | 'apply' | 'findFault'> {
  readonly params: z.ZodType;
  /** Throws a ZodError for parameters that are not the step's. */
  apply(context: StepContext<unknown>): Promise<StepAnswer>;
}

/** Makes a step of its definition; unknown parameters are refused, so that a typing error is no silent default. */
export function defineStep<Shape extends z.ZodRawShape>(definition: StepDefinition<Shape>): CurationStep {
  const { findFault } = definition;
  const plain = z.strictObject(definition.params);
  const params = findFault
    ? plain.check((payload) => {
        const fault = findFault(payload.value);
        if (fault !== null)
          payload.issues.push({ code: 'custom', message: fault, input: payload.value, path: [] });
      })
    : plain;
  return {
    ...definition,
    params,
    apply: (context) =>
      definition.apply({
        ...context,
        params: params.parse(context.params),
      }),
  };
}
