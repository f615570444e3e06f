import type { Database } from '../../../../native/duckdb/database.ts';
import { fitNewton } from '../../statistics/logistic-newton.ts';
import { createPause } from '../../statistics/pause.ts';
import { selectPrinciples } from '../selection.ts';
import { foldCount } from '../vote-table.ts';
import { selectAsIcai } from './icai-filter.ts';
import { clusterVectors, hashWords } from './merge-principles.ts';
import type { PrincipleRun, RunPrinciple } from './principle-run.repository.ts';
import { type PrincipleColumns, tallyPrinciples } from './principle-votes.ts';

export interface Chosen {
  /** Place of the principle in the run. */
  readonly index: number;
  readonly weight: number;
}

export interface Choice {
  readonly chosen: readonly Chosen[];
  /** False where no set beats the empty constitution in cross-validation; ICAI’s rules do not ask. */
  readonly isSupported: boolean;
}

interface ChoiceInput {
  readonly run: PrincipleRun;
  readonly principles: readonly RunPrinciple[];
  /** Training pairs; for the control with inverted labels their votes are turned. */
  readonly train: PrincipleColumns;
  readonly isFlipped?: boolean;
  readonly signal: AbortSignal;
}

const isVotedOn = (principle: RunPrinciple) => principle.stoppedAfter === null;

/**
 * The principles of the constitution in order, from training pairs alone: by our selection (held-out likelihood, a
 * principle that repeats another does not enter), or by ICAI’s filter and order.
 */
export async function choosePrinciples(database: Database, input: ChoiceInput): Promise<Choice> {
  const { run, principles, train, signal } = input;
  if (run.record.request.selection === 'icai') return chooseAsIcai(database, input);
  // One that was stopped early has not been asked about all training pairs, so it cannot be weighed against the rest.
  const votes = train.votes.map((own, index) => {
    const principle = principles[index];
    return principle && isVotedOn(principle) ? own : new Int8Array(own.length);
  });
  const { selected, isSupported } = await selectPrinciples(
    {
      votes,
      hasOpposite: principles.map(() => false),
      fold: train.fold,
      folds: foldCount,
      top: run.record.request.top,
    },
    { signal },
  );
  return { chosen: selected.map(({ trait, weight }) => ({ index: trait, weight })), isSupported };
}

async function chooseAsIcai(
  database: Database,
  { run, principles, train, isFlipped = false, signal }: ChoiceInput,
): Promise<Choice> {
  const counted = await tallyPrinciples(database, run, principles);
  const tallies = isFlipped
    ? counted.map((tally) => ({ ...tally, for: tally.against, against: tally.for }))
    : counted;
  const { icai, seed, top } = run.record.request;
  const order = selectAsIcai(tallies, icai, (indices, clusters) =>
    clusterVectors(
      indices.map((index) => hashWords(principles[index]?.text ?? '')),
      clusters,
      seed,
    ).map(({ members }) => members.flatMap((member) => indices[member] ?? [])),
  ).slice(0, icai.s3_max_principles ?? top);
  const weights = await fitWeights(
    order.map((index) => train.votes[index] ?? new Int8Array(train.rows)),
    signal,
  );
  return {
    chosen: order.map((index, position) => ({ index, weight: weights[position] ?? 0 })),
    isSupported: true,
  };
}

/**
 * The choice a person has made: these principles in this order. Those without a weight get the one they have when all are
 * fitted together on the training pairs.
 */
export async function fixChoice(
  train: PrincipleColumns,
  fixed: readonly { readonly index: number; readonly weight: number | null }[],
  signal?: AbortSignal,
): Promise<Choice> {
  const isFitted = fixed.some(({ weight }) => weight === null);
  const fitted = isFitted
    ? await fitWeights(
        fixed.map(({ index }) => train.votes[index] ?? new Int8Array(train.rows)),
        signal,
      )
    : new Float64Array(0);
  const chosen = fixed.map(({ index, weight }, place) => ({ index, weight: weight ?? fitted[place] ?? 0 }));
  return { chosen, isSupported: true };
}

/** Log-odds of a weighted vote on the training pairs, with the ridge of our selection; may be negative. */
async function fitWeights(
  votes: readonly Int8Array[],
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const rows = votes[0]?.length ?? 0;
  if (rows === 0) return new Float64Array(votes.length);
  const ones = new Float64Array(rows).fill(1);
  const fit = await fitNewton(
    { columns: votes.map((own) => Float64Array.from(own)), outcome: ones, weights: ones },
    new Float64Array(votes.length),
    {
      penalties: new Float64Array(votes.length).fill(1),
      tolerance: 1e-5,
      maxSteps: 30,
      pause: createPause(signal),
    },
  );
  return fit.beta;
}
