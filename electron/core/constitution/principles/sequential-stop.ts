/** Strength under which a principle is of no use. */
export const uselessStrength = 0.05;
const minimumVotes = 50;
const level = 0.05;
/** Tunes the boundary to be narrowest at some hundred votes. */
const mixture = 0.2;
const smallestSpread = 0.1;

/**
 * Half width of an asymptotic confidence sequence for a mean (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, normal
 * mixture boundary): σ √(2(nρ²+1)/(n²ρ²) · ln(√(nρ²+1)/α)). It holds at all n at once, so looking often is allowed.
 */
export function sequenceRadius(n: number, spread: number): number {
  const scaled = n * mixture ** 2 + 1;
  return spread * Math.sqrt(((2 * scaled) / (n * mixture) ** 2) * Math.log(Math.sqrt(scaled) / level));
}

/**
 * True once it is clear that a principle's strength is under 0.05, from its votes for and against on training pairs.
 * Principles that are clearly useful go on: executors need their votes on held-out pairs.
 */
export function isClearlyUseless(votes: {
  readonly n: number;
  readonly for: number;
  readonly against: number;
}): boolean {
  if (votes.n < minimumVotes) return false;
  const mean = (votes.for - votes.against) / votes.n;
  const variance = (votes.for + votes.against) / votes.n - mean ** 2;
  const spread = Math.max(smallestSpread, Math.sqrt(Math.max(0, variance)));
  return mean + sequenceRadius(votes.n, spread) < uselessStrength;
}
