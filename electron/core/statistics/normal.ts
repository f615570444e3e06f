import { upperIncompleteGamma } from './gamma.ts';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);

/** Density of the standard normal distribution. */
function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / SQRT_TWO_PI;
}

/**
 * Standard normal distribution function Φ(z). Φ(−|z|) = ½ Q(½, z²/2) with Q the upper regularised
 * incomplete gamma function, so lower tails keep their relative accuracy (Φ(−38) is about 3e-316, not 0).
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const tail = 0.5 * upperIncompleteGamma(0.5, 0.5 * z * z);
  return z < 0 ? tail : 1 - tail;
}

/** Two-sided p value of a standard normal statistic, 2Φ(−|z|). */
export function normalTwoSidedP(z: number): number {
  return 2 * normalCdf(-Math.abs(z));
}

/**
 * Inverse of {@link normalCdf} for p in (0, 1); −Infinity at 0 and Infinity at 1.
 * Start: Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then Halley steps to machine precision.
 * @throws RangeError outside [0, 1].
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`A quantile needs a probability in [0, 1], got ${p}.`);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let step = 0; step < 3; step++) {
    const newton = (normalCdf(z) - p) / normalDensity(z);
    z -= newton / (1 + 0.5 * z * newton);
  }
  return z;
}

/** Half-width multiplier of a two-sided normal interval: 1.95996… at level 0.95. */
export function normalCritical(level: number): number {
  return -normalQuantile((1 - level) / 2);
}
