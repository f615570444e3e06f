const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const TINY = 1e-300;
const EPSILON = 1e-16;

/**
 * The remainder of Stirling's formula, ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π], for x > 0.
 * Asymptotic series 1/(12x) − 1/(360x³) + … (Abramowitz & Stegun 6.1.41), used from x = 10 on where its
 * error is below 1e-16; smaller x are shifted up by the recurrence Γ(x + 1) = xΓ(x).
 */
export function stirlingRemainder(x: number): number {
  if (x < 10) return logGamma(x) - ((x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI);
  return stirlingSeries(x);
}

/** ln Γ(x) for x > 0, relative error about 1e-15. */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`logGamma needs x > 0, got ${x}.`);
  let shifted = x;
  let product = 1;
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  return (
    (shifted - 0.5) * Math.log(shifted) -
    shifted +
    HALF_LOG_TWO_PI +
    stirlingSeries(shifted) -
    Math.log(product)
  );
}

function stirlingSeries(x: number): number {
  const inverse = 1 / x;
  const square = inverse * inverse;
  let tail = 1 / 156;
  for (const coefficient of [-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12]) {
    tail = coefficient + square * tail;
  }
  return inverse * tail;
}

/** x^a e^{-x} / Γ(a), the common factor of both expansions of the incomplete gamma function. */
function gammaPrefactor(a: number, x: number): number {
  return Math.exp(a * Math.log(x) - x - logGamma(a));
}

/**
 * Upper regularised incomplete gamma function Q(a, x) = Γ(a, x)/Γ(a), for a > 0 and x ≥ 0, in [0, 1].
 * Power series below x = a + 1, continued fraction by the modified Lentz method above
 * (Abramowitz & Stegun 6.5.29 and 6.5.31); small values keep their relative accuracy.
 */
export function upperIncompleteGamma(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) throw new RangeError(`upperIncompleteGamma needs a > 0 and x >= 0.`);
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1
    ? 1 - gammaPrefactor(a, x) * lowerSeries(a, x)
    : gammaPrefactor(a, x) * upperFraction(a, x);
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; Math.abs(term) > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1, change = 0; Math.abs(change - 1) > 2 * EPSILON && i < 100_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    change = c * d;
    fraction *= change;
  }
  return fraction;
}

/**
 * Regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 ≤ x ≤ 1, in [0, 1].
 * Continued fraction by the modified Lentz method (Abramowitz & Stegun 26.5.8), reflected by
 * I_x(a, b) = 1 − I_{1−x}(b, a) where that converges faster.
 *
 * @param complement 1 − x, for callers that know it better than the subtraction gives it (x close to 1).
 */
export function incompleteBeta(x: number, a: number, b: number, complement = 1 - x): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1)) {
    throw new RangeError(`incompleteBeta needs a, b > 0 and x in [0, 1].`);
  }
  if (x === 0 || complement === 0) return x;
  const logX = x < 0.5 ? Math.log(x) : Math.log1p(-complement);
  const logComplement = x < 0.5 ? Math.log1p(-x) : Math.log(complement);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * logX + b * logComplement);
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(complement, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1, change = 0; Math.abs(change - 1) > 2 * EPSILON && m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    change = c * d;
    fraction *= change;
  }
  return fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
