import type { PrincipleResult } from '../../contract/constitution.contract.ts';
import { adjustPValues } from '../statistics/benjamini-hochberg.ts';
import { binomialTest } from '../statistics/binomial.ts';
import { cohenKappa } from '../statistics/cohen-kappa.ts';
import { computePrincipleMetrics } from '../statistics/principle-metrics.ts';
import { ratioInterval } from '../statistics/ratio.ts';
import { studentTwoSidedP } from '../statistics/student.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import type { ControlledStrength } from './length-control.ts';
import type { SurfacePrinciple } from './surface-principles.ts';
import type { VoteSums } from './vote-table.ts';

/** Votes below which a principle is computed but marked `too_small`. */
export const minimumVotes = 20;

type Interval = [number, number] | null;

/** What is known of the trait behind a principle, in the direction "more". */
export interface TraitEvidence {
  readonly all: VoteSums;
  readonly test: VoteSums;
  readonly controlled: ControlledStrength | undefined;
}

/** The sums a strength rests on. */
type StrengthSums = Omit<VoteSums, 'mm' | 'mn' | 'forA' | 'againstA'>;

/** Strength (for − against)/n with its 95 % interval clustered by prompt, and the p value of "no direction". */
export function estimateStrength(sums: StrengthSums): {
  value: number | null;
  ci: Interval;
  p: number | null;
} {
  if (sums.n === 0) return { value: null, ci: null, p: null };
  const value = (sums.for - sums.against) / sums.n;
  const votes = sums.for + sums.against;
  if (votes === 0 || sums.clusters < 2) return { value, ci: null, p: null };
  const exact = binomialTest(sums.for, votes);
  const exactP = exact.status === 'undefined' ? null : exact.p;
  const outcome = ratioInterval({
    clusters: sums.clusters,
    sumY: sums.for - sums.against,
    sumX: sums.n,
    sumYY: sums.ss,
    sumXY: sums.sn,
    sumXX: sums.nn,
  });
  if (outcome.status === 'undefined') return { value, ci: boundaryInterval(value, sums), p: exactP };
  const ci: Interval = [Math.max(-1, outcome.lower), Math.min(1, outcome.upper)];
  if (sums.largestCluster === 1) return { value, ci, p: exactP };
  const clustered = studentTwoSidedP(outcome.estimate / outcome.standardError, sums.clusters - 1);
  return { value, ci, p: Math.max(exactP ?? 0, clustered) };
}

/** Where every pair of every prompt votes alike, Wilson's interval over prompts. */
function boundaryInterval(value: number, { clusters }: StrengthSums): Interval {
  if (clusters < 2 || Math.abs(value) !== 1) return null;
  const wilson = wilsonInterval(value === 1 ? clusters : 0, clusters);
  return wilson.status === 'undefined' ? null : [2 * wilson.lower - 1, 2 * wilson.upper - 1];
}

/**
 * The figures of one principle, without selection and without the adjusted p value.
 * @param hasSides Whether a and b are sides of the source; without them Cohen's kappa has no meaning.
 */
export function describePrinciple(
  principle: Pick<SurfacePrinciple, 'id' | 'text' | 'family' | 'direction'>,
  evidence: TraitEvidence,
  hasSides: boolean,
): PrincipleResult {
  const { direction } = principle;
  const sums = orient(evidence.all, direction);
  const votes = sums.for + sums.against;
  const metrics = computePrincipleMetrics({
    for: sums.for,
    against: sums.against,
    notApplicable: sums.n - votes,
  });
  const isKnown = metrics.status !== 'undefined';
  const hasVotes = isKnown && metrics.hasVotes;
  const strength = estimateStrength(sums);
  const test = estimateStrength(orient(evidence.test, direction));
  const controlled = evidence.controlled && orientControlled(evidence.controlled, direction);
  return {
    id: principle.id,
    text: principle.text,
    family: principle.family,
    for: sums.for,
    against: sums.against,
    not_applicable: sums.n - votes,
    n: sums.n,
    agreement: isKnown ? metrics.agreement : null,
    relevance: isKnown ? metrics.relevance : null,
    accuracy: hasVotes ? metrics.accuracy : null,
    kappa_adjusted: hasVotes ? metrics.adjustedKappa : null,
    kappa_cohen: hasSides ? kappaOfSides(sums) : null,
    strength: strength.value,
    strength_ci: strength.ci,
    strength_length_controlled: controlled?.value ?? null,
    strength_length_controlled_ci: controlled ? [controlled.lower, controlled.upper] : null,
    p: strength.p,
    p_adjusted: null,
    strength_test: test.value,
    strength_test_ci: test.ci,
    status: votes === 0 ? 'undefined' : votes < minimumVotes ? 'too_small' : 'ok',
    is_selected: false,
    rank: null,
    weight: null,
  };
}

function orient(sums: VoteSums, direction: 1 | -1): VoteSums {
  if (direction === 1) return sums;
  return {
    ...sums,
    for: sums.against,
    against: sums.for,
    sn: 0 - sums.sn,
    forA: sums.againstA,
    againstA: sums.forA,
  };
}

function orientControlled(controlled: ControlledStrength, direction: 1 | -1): ControlledStrength {
  if (direction === 1) return controlled;
  return { value: 0 - controlled.value, lower: 0 - controlled.upper, upper: 0 - controlled.lower };
}

/** Cohen's kappa of the principle's side and the labelled side, over the pairs where it speaks. */
function kappaOfSides(sums: VoteSums): number | null {
  const outcome = cohenKappa([
    [sums.forA, sums.against - sums.againstA],
    [sums.againstA, sums.for - sums.forA],
  ]);
  return outcome.status === 'undefined' ? null : outcome.kappa;
}

/**
 * Fills in the Benjamini-Hochberg adjusted p values, over traits: a principle and its opposite are one test and share
 * the value. Ordered by strength, strongest first.
 */
export function rankPrinciples(
  results: readonly PrincipleResult[],
  traitOf: (id: string) => string,
): PrincipleResult[] {
  const tested = new Map(
    results.flatMap((result) => (result.p === null ? [] : [[traitOf(result.id), result.p]])),
  );
  const adjusted = adjustPValues([...tested.values()]);
  const byTrait = new Map([...tested.keys()].map((trait, index) => [trait, adjusted[index] ?? null]));
  return results
    .map((result) => ({
      ...result,
      p_adjusted: result.p === null ? null : (byTrait.get(traitOf(result.id)) ?? null),
    }))
    .sort((left, right) => (right.strength ?? -2) - (left.strength ?? -2) || right.for - left.for);
}
