import { undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/**
 * (value − low) / (high − low), not cut to [0, 1]: trajectory quality TQ with low = mean return of a random policy and
 * high = of an expert (K. Schweighofer et al., A dataset perspective on offline reinforcement learning, 2022).
 * Undefined where both references are equal.
 */
export function normaliseScore(
  value: number,
  references: { random: number; expert: number },
): Outcome<{ value: number }> {
  const range = references.expert - references.random;
  if (range === 0) return undefinedOutcome('zero_denominator');
  return { status: 'ok', value: (value - references.random) / range };
}

/** D4RL score, 100·(value − random) / (expert − random). Undefined where both references are equal. */
export function d4rlScore(
  value: number,
  references: { random: number; expert: number },
): Outcome<{ value: number }> {
  const outcome = normaliseScore(value, references);
  return outcome.status === 'undefined' ? outcome : { status: 'ok', value: 100 * outcome.value };
}

/**
 * State-action coverage: distinct (state, action) pairs of the dataset over those of a reference. May exceed 1; what
 * the reference is, is the person's choice (the paper's: the replay set of the same task; from memory).
 */
export function stateActionCoverage(unique: number, referenceUnique: number): Outcome<{ value: number }> {
  if (referenceUnique === 0) return undefinedOutcome('zero_denominator');
  return { status: 'ok', value: unique / referenceUnique };
}

export type Quadrant = 'replay' | 'imitate' | 'explore' | 'poor';

/**
 * Where a dataset stands: high quality and coverage (`replay`), quality without coverage (`imitate`: suits cloning),
 * coverage without quality (`explore`), neither (`poor`). The cut of ½ on both axes is ours.
 */
export function quadrantOf(quality: number, coverage: number): Quadrant {
  if (coverage >= 0.5) return quality >= 0.5 ? 'replay' : 'explore';
  return quality >= 0.5 ? 'imitate' : 'poor';
}

/** A point of state and action. */
export interface StateAction {
  readonly state: ArrayLike<number>;
  readonly action: ArrayLike<number>;
}

/**
 * min_i ‖(β(s − s_i), a − a_i)‖: how far a (state, action) lies from the data, states weighted β. Infinite for no data.
 * Source: Y. Ran et al., Policy regularization with dataset constraint (2023); β = 2 in its class, 1 on its command line.
 */
export function noveltyDistance(query: StateAction, data: readonly StateAction[], beta = 2): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const point of data) {
    const squares =
      beta * beta * squaredDistance(query.state, point.state) + squaredDistance(query.action, point.action);
    nearest = Math.min(nearest, squares);
  }
  return Math.sqrt(nearest);
}

function squaredDistance(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += ((left[i] ?? Number.NaN) - (right[i] ?? Number.NaN)) ** 2;
  return sum;
}
