import { toShares } from './divergence.ts';

/** A reward that many raters or one strict filter apply to a set of kinds of items. */
export interface CuratedPool {
  /** Probability of each kind in the pool; any positive weights. */
  readonly density: ArrayLike<number>;
  /** Reward r of each kind, in log-odds. */
  readonly rewards: ArrayLike<number>;
}

/**
 * H(x) = E[K·e^r / (e^r + Σ e^{r'})], the factor by which choosing 1 of K by Bradley-Terry multiplies the density of
 * an item, the K − 1 others drawn from the pool. Exact by a one-dimensional integral: 1/S = ∫ e^{−tS} dt, so
 * H = K·e^r ∫ e^{−t e^r} φ(t)^{K−1} dt with φ(t) = Σ p e^{−t e^r}, computed by the trapezoid rule in ln t, which
 * converges exponentially. Source: D. Ferbach et al., Self-consuming generative models with curated data (2024),
 * rederived.
 *
 * @param size K ≥ 1.
 */
export function selectionFactors({ density, rewards }: CuratedPool, size: number): Float64Array {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`K is a whole number of at least 1, got ${size}.`);
  const shares = toShares(density);
  const highest = Math.max(...Array.from(rewards));
  const lowest = Math.min(...Array.from(rewards));
  const strength = Float64Array.from(rewards, (reward) => Math.exp(reward - highest));
  const factors = new Float64Array(strength.length);
  const from = -36 - Math.log(size);
  const to = 5 + (highest - lowest);
  const steps = Math.ceil((to - from) / 0.02);
  const width = (to - from) / steps;
  for (let step = 0; step <= steps; step++) {
    const t = Math.exp(from + step * width);
    let phi = 0;
    for (let i = 0; i < strength.length; i++) phi += (shares[i] ?? 0) * Math.exp(-t * (strength[i] ?? 0));
    const rest = phi ** (size - 1) * t * width;
    for (let i = 0; i < strength.length; i++) {
      const own = strength[i] ?? 0;
      factors[i] = (factors[i] ?? 0) + size * own * Math.exp(-t * own) * rest;
    }
  }
  return factors;
}

/** The density after one round of choosing 1 of K: p·H, which sums to 1. */
export function curateOnce(pool: CuratedPool, size: number): Float64Array {
  const factors = selectionFactors(pool, size);
  return toShares(toShares(pool.density).map((share, i) => share * (factors[i] ?? 0)));
}

/** The density after one round as K grows without bound: ∝ p·e^r. */
export function curateLimit({ density, rewards }: CuratedPool): Float64Array {
  const highest = Math.max(...Array.from(rewards));
  return toShares(
    toShares(density).map((share, i) => share * Math.exp((rewards[i] ?? Number.NaN) - highest)),
  );
}

/** Σ p·f(r): with `exponential` the mean of e^r, which curation never lowers; else the mean of r. */
export function meanReward({ density, rewards }: CuratedPool, exponential = false): number {
  return toShares(density).reduce((sum, share, i) => {
    const reward = rewards[i] ?? Number.NaN;
    return sum + share * (exponential ? Math.exp(reward) : reward);
  }, 0);
}

/** What one round of curation left. */
export interface CurationRound {
  readonly entropy: number;
  /** Share of items written by people, 0…1; null where the source does not say. */
  readonly realShare: number | null;
}

export type CurationAlarm = 'entropy_fell' | 'little_real';

/** Alarms of a round against the one before: entropy down by over 10 %, real share under 20 % (both numbers ours). */
export function findAlarms(
  round: CurationRound,
  former: CurationRound | undefined,
  limits: { entropyDrop?: number; realShare?: number } = {},
): CurationAlarm[] {
  const { entropyDrop = 0.1, realShare = 0.2 } = limits;
  const alarms: CurationAlarm[] = [];
  if (former && round.entropy < (1 - entropyDrop) * former.entropy) alarms.push('entropy_fell');
  if (round.realShare !== null && round.realShare < realShare) alarms.push('little_real');
  return alarms;
}
