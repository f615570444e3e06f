import { fitNewton, type LogisticDesign } from '../statistics/logistic-newton.ts';
import { createPause } from '../statistics/pause.ts';

/** Penalty ½·λ·Σβ² on the summed log-likelihood: a standard normal prior on every log-odds weight. */
const ridge = 1;
/** Share of the training pairs on which a principle must speak to stand in a constitution. */
const minimumRelevance = 0.02;
/** Candidates of a step that are refitted, best score first. */
const refitted = 3;
/** Principles after which the first candidate that can enter does, for time: little is left to tell them apart by. */
const comparedUpTo = 10;

export interface SelectionInput {
  /** By trait: 1, 0 or −1 per training pair, seen from the chosen side. */
  readonly votes: readonly Int8Array[];
  /** By trait: whether the rule for the smaller side has a wording. */
  readonly hasOpposite: readonly boolean[];
  /** Part of each pair in cross-validation; all pairs of a prompt share one. */
  readonly fold: Uint8Array;
  readonly folds: number;
  readonly top: number;
}

export interface SelectedTrait {
  /** Index into `votes`. */
  readonly trait: number;
  readonly direction: 1 | -1;
  /** Log-odds for the side the principle speaks for, above 0. */
  readonly weight: number;
}

export interface Selection {
  readonly selected: readonly SelectedTrait[];
  /** Mean log-likelihood per held-out training pair with 0, 1, 2 … principles, by cross-validation. */
  readonly validated: readonly number[];
  /** False where no number of principles beats the empty constitution: the one given is the best of those. */
  readonly isSupported: boolean;
}

interface Path {
  readonly steps: readonly { readonly trait: number; readonly direction: 1 | -1 }[];
  /** Weights after each step, in order of entry. */
  readonly weights: readonly Float64Array[];
}

/**
 * Greedy forward selection of at most `top` principles for a weighted vote, logit P(chosen) = Σ β_j vote_j without
 * intercept (the sides are exchangeable). Each step takes, of the three candidates with the largest score statistic
 * given those already in, the one that fits best; so a principle that repeats a selected one does not enter. A trait
 * enters once, in the direction it has on its own, and only while every weight stays above 0, so that each line of the
 * constitution also holds by itself. The number of principles is the one with the best cross-validated likelihood,
 * the whole path being chosen afresh in each fold; at least one where any is eligible.
 */
export async function selectPrinciples(
  input: SelectionInput,
  options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<Selection> {
  const rows = input.fold.length;
  const columns = makeColumnStore(input.votes);
  const validated = new Float64Array(input.top + 1);
  for (let fold = 0; fold < input.folds; fold++) {
    const weights = Float64Array.from(input.fold, (own) => (own === fold ? 0 : 1));
    const path = await findPath(input, { weights, columns, signal: options.signal });
    addHeldOut(validated, { input, path, fold });
    options.onProgress?.((fold + 1) / (input.folds + 1));
  }
  const weights = new Float64Array(rows).fill(1);
  const path = await findPath(input, { weights, columns, signal: options.signal });
  let size = 0;
  for (let k = 1; k <= path.steps.length; k++) {
    if ((validated[k] ?? 0) > (validated[size] ?? 0)) size = k;
  }
  const kept = path.weights[Math.max(size, 1) - 1];
  const selected = path.steps.slice(0, Math.max(size, 1)).map((step, index) => ({
    ...step,
    weight: kept?.[index] ?? 0,
  }));
  return {
    selected,
    validated: Array.from(validated.subarray(0, path.steps.length + 1), (sum) => sum / Math.max(1, rows)),
    isSupported: size > 0,
  };
}

/** Doubles of the columns that a fit needs, made once each. */
function makeColumnStore(votes: readonly Int8Array[]): (trait: number, direction: 1 | -1) => Float64Array {
  const made = new Map<string, Float64Array>();
  return (trait, direction) => {
    const key = `${trait} ${direction}`;
    const column = made.get(key) ?? Float64Array.from(votes[trait] ?? [], (vote) => direction * vote);
    made.set(key, column);
    return column;
  };
}

interface PathContext {
  readonly weights: Float64Array;
  readonly columns: (trait: number, direction: 1 | -1) => Float64Array;
  readonly signal: AbortSignal | undefined;
}

async function findPath(input: SelectionInput, context: PathContext): Promise<Path> {
  const pause = createPause(context.signal);
  const directions = input.votes.map((votes, trait) =>
    findDirection(votes, context.weights, input.hasOpposite[trait] ?? false),
  );
  const steps: { trait: number; direction: 1 | -1 }[] = [];
  const weights: Float64Array[] = [];
  let beta = new Float64Array(0);
  while (steps.length < input.top) {
    const scores = scoreCandidates(input.votes, { ...context, steps, beta, directions });
    await pause();
    let best: { trait: number; direction: 1 | -1; beta: Float64Array; fit: number } | undefined;
    for (const { trait, direction } of scores) {
      if (best && steps.length >= comparedUpTo) break;
      const design = makeDesign(
        [...steps, { trait, direction }].map((step) => context.columns(step.trait, step.direction)),
        context.weights,
      );
      const start = Float64Array.from([...beta, 0]);
      const penalties = new Float64Array(start.length).fill(ridge);
      const fit = await fitNewton(design, start, { penalties, tolerance: 1e-5, maxSteps: 30, pause });
      if (fit.ended !== 'converged' || fit.beta.some((value) => value <= 0)) continue;
      if (!best || fit.logLikelihood > best.fit)
        best = { trait, direction, beta: fit.beta, fit: fit.logLikelihood };
    }
    if (!best) break;
    steps.push({ trait: best.trait, direction: best.direction });
    beta = Float64Array.from(best.beta);
    weights.push(beta);
  }
  return { steps, weights };
}

function makeDesign(columns: Float64Array[], weights: Float64Array): LogisticDesign {
  return { columns, outcome: new Float64Array(weights.length).fill(1), weights };
}

/** 0 = not eligible: too few votes, no direction, or a direction without a wording. */
function findDirection(votes: Int8Array, weights: Float64Array, hasOpposite: boolean): 1 | 0 | -1 {
  let lead = 0;
  let support = 0;
  let rows = 0;
  for (let row = 0; row < votes.length; row++) {
    const weight = weights[row] ?? 0;
    const vote = votes[row] ?? 0;
    lead += weight * vote;
    support += weight * Math.abs(vote);
    rows += weight;
  }
  if (support < Math.max(3, Math.min(20, 0.1 * rows), minimumRelevance * rows)) return 0;
  if (lead > 0) return 1;
  return lead < 0 && hasOpposite ? -1 : 0;
}

/** The candidates with the largest score statistic g²/I at the present fit, of those whose gradient g is above 0. */
function scoreCandidates(
  votes: readonly Int8Array[],
  state: PathContext & {
    steps: readonly { trait: number; direction: 1 | -1 }[];
    beta: Float64Array;
    directions: readonly (1 | 0 | -1)[];
  },
): { trait: number; direction: 1 | -1 }[] {
  const { steps, beta, directions, weights, columns } = state;
  const rows = weights.length;
  const residual = new Float64Array(rows);
  const curvature = new Float64Array(rows);
  for (const [j, step] of steps.entries()) {
    const column = columns(step.trait, step.direction);
    for (let row = 0; row < rows; row++) {
      residual[row] = (residual[row] ?? 0) + (beta[j] ?? 0) * (column[row] ?? 0);
    }
  }
  for (let row = 0; row < rows; row++) {
    const q = 1 / (1 + Math.exp(residual[row] ?? 0));
    residual[row] = (weights[row] ?? 0) * q;
    curvature[row] = (weights[row] ?? 0) * q * (1 - q);
  }
  const taken = new Set(steps.map((step) => step.trait));
  const scored: { trait: number; direction: 1 | -1; score: number }[] = [];
  for (const [trait, direction] of directions.entries()) {
    if (direction === 0 || taken.has(trait)) continue;
    const score = scoreOf(votes[trait] ?? new Int8Array(0), direction, residual, curvature);
    if (score > 0) scored.push({ trait, direction, score });
  }
  return scored.sort((left, right) => right.score - left.score).slice(0, refitted);
}

function scoreOf(
  votes: Int8Array,
  direction: 1 | -1,
  residual: Float64Array,
  curvature: Float64Array,
): number {
  let gradient = 0;
  let information = 0;
  for (let row = 0; row < votes.length; row++) {
    const vote = votes[row] ?? 0;
    gradient += vote * (residual[row] ?? 0);
    information += vote * vote * (curvature[row] ?? 0);
  }
  gradient *= direction;
  return gradient > 0 ? (gradient * gradient) / (information + ridge) : 0;
}

/** Adds the log-likelihood of the held-out fold for every size; a path that stopped keeps its last one. */
function addHeldOut(
  validated: Float64Array,
  held: { input: SelectionInput; path: Path; fold: number },
): void {
  const { input, path, fold } = held;
  for (let row = 0; row < input.fold.length; row++) {
    if (input.fold[row] !== fold) continue;
    let logLikelihood = -Math.LN2;
    validated[0] = (validated[0] ?? 0) + logLikelihood;
    for (let size = 1; size <= input.top; size++) {
      const beta = path.weights[size - 1];
      if (beta) {
        let eta = 0;
        for (let j = 0; j < size; j++) {
          const step = path.steps[j];
          if (step) eta += (beta[j] ?? 0) * step.direction * (input.votes[step.trait]?.[row] ?? 0);
        }
        logLikelihood = eta > 0 ? -Math.log1p(Math.exp(-eta)) : eta - Math.log1p(Math.exp(eta));
      }
      validated[size] = (validated[size] ?? 0) + logLikelihood;
    }
  }
}
