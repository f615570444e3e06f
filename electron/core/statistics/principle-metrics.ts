import { adjustedKappa } from './cohen-kappa.ts';
import { assertCount, undefinedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Votes of one principle against a reference annotator over the rows the reference labelled A or B. */
export interface PrincipleCounts {
  /** Rows where the principle votes A or B and equals the reference. */
  for: number;
  /** Rows where the principle votes A or B and differs from the reference. */
  against: number;
  /** All other rows: none, both, neither, invalid. */
  notApplicable: number;
}

export interface PrincipleMetrics {
  n: number;
  /** for/n, in [0, 1]. */
  agreement: number;
  /** (for + against)/n, in [0, 1]. */
  relevance: number;
  /** for/(for + against), in [0, 1]; 0.5 by convention where the principle never votes. */
  accuracy: number;
  /** False where the principle never votes, so that accuracy and kappa are conventions, not measurements. */
  hasVotes: boolean;
  /** 2(accuracy − 0.5), in [−1, 1]. */
  adjustedKappa: number;
  /** relevance × adjusted kappa = (for − against)/n, in [−1, 1]. */
  strength: number;
}

/**
 * The metrics of a principle (constitution specification, section 1.4). Identity: strength·n = for − against.
 * Undefined (`no_data`) over no rows.
 *
 * For the kappa that estimates chance from the marginals, give the 2×2 table of votes to `cohenKappa`; for
 * confidence intervals that respect prompts, give per-prompt sums of for − against and n to `ratioInterval`.
 */
export function computePrincipleMetrics(counts: PrincipleCounts): Outcome<PrincipleMetrics> {
  assertCount('for', counts.for);
  assertCount('against', counts.against);
  assertCount('notApplicable', counts.notApplicable);
  const votes = counts.for + counts.against;
  const n = votes + counts.notApplicable;
  if (n === 0) return undefinedOutcome('no_data');
  const accuracy = votes === 0 ? 0.5 : counts.for / votes;
  return {
    status: 'ok',
    n,
    agreement: counts.for / n,
    relevance: votes / n,
    accuracy,
    hasVotes: votes > 0,
    adjustedKappa: adjustedKappa(accuracy),
    strength: (counts.for - counts.against) / n,
  };
}
