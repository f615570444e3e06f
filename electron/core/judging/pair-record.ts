import type { TokenUse } from '../../../native/host/inference.ts';

export type JudgeLabel = 'a' | 'b' | 'tie' | 'invalid';

export type OrderPolicy = 'average' | 'consistent_only' | 'random_single';

/** What one order said: the probability that the response in the first slot is the better one; null = no valid answer. */
export interface OrderReading {
  /** Which response stood in the first slot. */
  readonly first: 'a' | 'b';
  readonly pFirst: number | null;
}

/** The record every pairwise protocol writes for a pair (judging spec 0.3). */
export interface PairJudgement {
  readonly label: JudgeLabel;
  /** Probability that a is better, in [0, 1]; null where invalid. */
  readonly pA: number | null;
  /** |2 p_a - 1|, in [0, 1]; null where invalid. */
  readonly strength: number | null;
  /** Signed preference for a on the protocol's own scale (default: logit of p_a); null where invalid. */
  readonly margin: number | null;
  /** Whether both orders named the same response; null where only one order was asked. */
  readonly isOrderConsistent: boolean | null;
  /** Mean probability of the first slot minus one half, in [-0.5, 0.5]; null where fewer than two orders answered. */
  readonly positionBias: number | null;
  readonly calls: number;
  readonly invalidCalls: number;
  readonly rationale: string | null;
  readonly isTruncated: boolean;
  /** Why the label is invalid; null where it is valid. */
  readonly failReason: string | null;
  readonly use: TokenUse;
  /** What only this protocol yields (scores, transcripts, traces); plain JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface CombineOptions {
  readonly policy: OrderPolicy;
  /** |p_a - 0.5| below this is a tie; the spec's default is 0.05. */
  readonly tieEpsilon: number;
}

export type CombinedReading = Pick<
  PairJudgement,
  'label' | 'pA' | 'strength' | 'margin' | 'isOrderConsistent' | 'positionBias' | 'calls' | 'invalidCalls'
>;

/** Probabilities are kept this far from 0 and 1 before a logit is taken. */
const smallest = 1e-6;

/** ln(p / (1 - p)), finite for every p in [0, 1]. */
export function logit(p: number): number {
  const inside = Math.min(1 - smallest, Math.max(smallest, p));
  return Math.log(inside / (1 - inside));
}

/**
 * The orders of a pair as one judgement. The probabilities of a over the valid orders are averaged; a failed order is
 * never read as a tie: with none valid the label is `invalid`. Under `consistent_only` orders that name different
 * responses make a tie. Swapping a and b gives exactly 1 - p_a.
 */
export function combineOrders(
  readings: readonly OrderReading[],
  { policy, tieEpsilon }: CombineOptions,
): CombinedReading {
  const valid = readings.filter(
    (reading): reading is OrderReading & { pFirst: number } => reading.pFirst !== null,
  );
  const counts = { calls: readings.length, invalidCalls: readings.length - valid.length };
  if (valid.length === 0) {
    return {
      ...counts,
      label: 'invalid',
      pA: null,
      strength: null,
      margin: null,
      isOrderConsistent: null,
      positionBias: null,
    };
  }
  const ofA = valid.map(({ first, pFirst }) => (first === 'a' ? pFirst : 1 - pFirst));
  const pA = average(ofA);
  const hasBoth = new Set(valid.map(({ first }) => first)).size === 2;
  const isOrderConsistent = hasBoth
    ? ofA.every((p) => p > 0.5) || ofA.every((p) => p < 0.5) || ofA.every((p) => p === 0.5)
    : null;
  const isTie =
    Math.abs(pA - 0.5) < tieEpsilon || (policy === 'consistent_only' && isOrderConsistent === false);
  return {
    ...counts,
    label: isTie ? 'tie' : pA > 0.5 ? 'a' : 'b',
    pA,
    strength: Math.abs(2 * pA - 1),
    margin: logit(pA),
    isOrderConsistent,
    positionBias: hasBoth ? average(valid.map(({ pFirst }) => pFirst)) - 0.5 : null,
  };
}

/** The sum of what several calls used. */
export function addUse(uses: readonly TokenUse[]): TokenUse {
  return {
    prompt: sum(uses.map((use) => use.prompt)),
    reused: sum(uses.map((use) => use.reused)),
    generated: sum(uses.map((use) => use.generated)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function average(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** What an item without any answer is stored as: never a tie. */
export function makeInvalidPair(reason: string, isTruncated = false): PairJudgement {
  return {
    label: 'invalid',
    pA: null,
    strength: null,
    margin: null,
    isOrderConsistent: null,
    positionBias: null,
    calls: 0,
    invalidCalls: 0,
    rationale: null,
    isTruncated,
    failReason: reason,
    use: { prompt: 0, reused: 0, generated: 0 },
    detail: {},
  };
}
