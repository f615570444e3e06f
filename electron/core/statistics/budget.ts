import { fitLearningCurve, fitWithSlope, predictLoss } from './learning-curve.ts';
import type { CurvePoint, LearningCurve } from './learning-curve.ts';

/** A group of people or prompts that rows can be collected for. */
export interface BudgetGroup {
  readonly name: string;
  /** Cost of one row, above 0. */
  readonly cost: number;
  /** How much its loss counts. */
  readonly weight: number;
  readonly points: readonly CurvePoint[];
  /** Rows already there; the allocation adds to them. */
  readonly collected?: number;
  /** Most rows that can be had, including those there. */
  readonly most?: number;
}

export interface BudgetShare {
  readonly name: string;
  /** Rows in all after spending, including those there before. */
  n: number;
  curve: LearningCurve | undefined;
  /** `pooled`: fewer than three points, slope of the other groups; `equal_share`: no falling curve fits. */
  basis: 'curve' | 'pooled' | 'equal_share';
  /** At n; null without a curve. */
  loss: number | null;
}

export interface BudgetOptions {
  readonly budget: number;
  /** `weighted` lowers Σ w·loss; `max_min` lowers the highest loss. */
  readonly objective?: 'weighted' | 'max_min';
  /** Rows given at a time; by default the whole budget makes at most 5,000 steps. */
  readonly step?: number;
}

const mostSteps = 5000;

/**
 * Splits a collection budget over groups by their learning curves: at each step the rows go where they lower the objective
 * most per cost. Greedy is optimal for convex curves up to one step. Groups without a falling curve get an equal share of
 * the budget first (our design; the paper's utility is not confirmed).
 *
 * @throws RangeError for a budget or cost that is not above 0.
 */
export function allocateBudget(groups: readonly BudgetGroup[], options: BudgetOptions): BudgetShare[] {
  if (!(options.budget > 0)) throw new RangeError(`The budget must be above 0, got ${options.budget}.`);
  if (groups.some((group) => !(group.cost > 0))) throw new RangeError('The cost of a row must be above 0.');
  const curves = fitCurves(groups);
  const equal = options.budget / groups.length;
  let left = options.budget;
  const shares = groups.map((group, index): BudgetShare => {
    const fitted = curves[index];
    const collected = group.collected ?? 0;
    if (fitted)
      return { name: group.name, n: collected, curve: fitted.curve, basis: fitted.basis, loss: null };
    const given = Math.min(Math.floor(equal / group.cost), roomOf(group, collected));
    left -= given * group.cost;
    return { name: group.name, n: collected + given, curve: undefined, basis: 'equal_share', loss: null };
  });
  spend(groups, shares, { ...options, budget: left });
  for (const share of shares)
    share.loss = share.curve && share.n > 0 ? predictLoss(share.curve, share.n) : null;
  return shares;
}

function fitCurves(
  groups: readonly BudgetGroup[],
): ({ curve: LearningCurve; basis: 'curve' | 'pooled' } | undefined)[] {
  const fits = groups.map((group) => fitLearningCurve(group.points));
  const slopes = fits.flatMap((fit) => (fit.status === 'undefined' ? [] : [fit.b]));
  const pooled = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
  return fits.map((fit, index) => {
    if (fit.status !== 'undefined') return { curve: fit, basis: 'curve' };
    if (fit.reason !== 'too_few') return undefined;
    const borrowed = fitWithSlope(groups[index]?.points ?? [], pooled);
    return borrowed.status === 'undefined' ? undefined : { curve: borrowed, basis: 'pooled' };
  });
}

function roomOf(group: BudgetGroup, n: number): number {
  return Math.max(0, (group.most ?? Number.POSITIVE_INFINITY) - n);
}

function spend(
  groups: readonly BudgetGroup[],
  shares: BudgetShare[],
  { budget, objective = 'weighted', step }: BudgetOptions,
): void {
  const cheapest = Math.min(...groups.map((group) => group.cost));
  const rows = step ?? Math.max(1, Math.ceil(budget / cheapest / mostSteps));
  let left = budget;
  for (;;) {
    let best: { share: BudgetShare; rows: number; cost: number; gain: number } | undefined;
    for (const [index, group] of groups.entries()) {
      const share = shares[index];
      if (!share?.curve) continue;
      const given = Math.min(rows, roomOf(group, share.n), Math.floor(left / group.cost + 1e-9));
      if (given < 1) continue;
      const now = share.n === 0 ? Number.POSITIVE_INFINITY : predictLoss(share.curve, share.n);
      const then = predictLoss(share.curve, share.n + given);
      const gain = objective === 'max_min' ? now : (group.weight * (now - then)) / (group.cost * given);
      if (!best || gain > best.gain) best = { share, rows: given, cost: given * group.cost, gain };
    }
    if (!best) return;
    best.share.n += best.rows;
    left -= best.cost;
  }
}

/** n_g = B·√(w a/c) / Σ √(w a c), the optimum for b = 1 and no floor; not rounded. */
export function allocateInClosedForm(
  groups: readonly { a: number; weight: number; cost: number }[],
  budget: number,
): number[] {
  const divisor = groups.reduce((sum, { a, weight, cost }) => sum + Math.sqrt(weight * a * cost), 0);
  return groups.map(({ a, weight, cost }) => (budget * Math.sqrt((weight * a) / cost)) / divisor);
}

/** Rows per group when each gets the same number, or each in proportion to what it has; rounded down. */
export function allocateEvenly(
  groups: readonly BudgetGroup[],
  budget: number,
  mode: 'equal' | 'proportional',
): number[] {
  const size = (group: BudgetGroup) => (mode === 'equal' ? 1 : (group.collected ?? 0));
  const total = groups.reduce((sum, group) => sum + size(group) * group.cost, 0);
  return groups.map((group) => (total === 0 ? 0 : Math.floor((budget * size(group)) / total + 1e-9)));
}
