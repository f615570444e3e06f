import { findGroups, findStrongParts, listNeighbours, type PairedGames } from './game-graph.ts';
import { solveGrounded } from './grounded-solve.ts';

/** Rating points per unit of log-odds: a gap of 400 points is odds of ten to one. */
export const pointsPerLogit = 400 / Math.LN10;

/** The rating of an average player. */
export const startRating = 1000;

export interface BradleyTerryFit {
  /** Log-odds strength of each player, mean 0 over its group; NaN for a player without games. */
  strengths: Float64Array;
  /** The connected group of each player; strengths are comparable only inside one. −1 without games. */
  groups: Int32Array;
  groupCount: number;
  /** 1 for a player whose strength exists only by pseudo-wins: nobody beat it, or it beat nobody, of the others. */
  propped: Uint8Array;
  /** The counts used, with the pseudo-wins. */
  leftWins: Float64Array;
  rightWins: Float64Array;
}

/** Pseudo-wins added each way to a pair whose players are in different strongly connected parts. */
const pseudoWins = 0.5;
const maxSteps = 100;

/**
 * Maximum-likelihood Bradley-Terry strengths from counts, P(i beats j) = 1/(1 + e^{s_j − s_i}), by Newton steps
 * per connected group. Source: R. A. Bradley & M. E. Terry (1952); counting ties as half a win each and the rating
 * scale follow FastChat.
 *
 * The maximum exists only where every player of a group can be reached from every other along wins (L. R. Ford 1957).
 * Where it cannot, pairs between strongly connected parts get half a pseudo-win each way and the players outside the
 * largest part are marked `propped` (our operationalisation of "undefeated").
 *
 * @param start Strengths to begin from, for a refit on a resample.
 */
export function fitBradleyTerry(
  games: PairedGames,
  options: { start?: Float64Array; tolerance?: number } = {},
): BradleyTerryFit {
  const { start, tolerance = 1e-9 } = options;
  const leftWins = Float64Array.from(games.leftWins);
  const rightWins = Float64Array.from(games.rightWins);
  const counted = { ...games, leftWins, rightWins };
  const { groups, groupCount } = findGroups(counted);
  const propped = propUp(counted, groups);
  const strengths = new Float64Array(games.players).fill(Number.NaN);
  const membersOf: number[][] = Array.from({ length: groupCount }, () => []);
  for (const [player, group] of groups.entries()) {
    if (group < 0) continue;
    membersOf[group]?.push(player);
    const first = start?.[player] ?? 0;
    strengths[player] = Number.isFinite(first) ? first : 0;
  }
  for (const members of membersOf) climb(counted, members, { strengths, tolerance });
  return { strengths, groups, groupCount, propped, leftWins, rightWins };
}

/** Strengths in log-odds as ratings: mean 1000, 400 points for odds of ten to one. */
export function toRatings(strengths: Float64Array): Float64Array {
  return strengths.map((strength) => startRating + pointsPerLogit * strength);
}

/**
 * Wald standard error, in rating points, of the gap between two players of one group: the square root of the effective
 * resistance between them in the network of the pairs' information n·p·(1 − p). NaN across groups.
 */
export function gapStandardError(games: PairedGames, fit: BradleyTerryFit, pair: [number, number]): number {
  const [player, other] = pair;
  const group = fit.groups[player] ?? -1;
  if (group < 0 || group !== fit.groups[other]) return Number.NaN;
  if (player === other) return 0;
  const members = Array.from(fit.groups.keys()).filter((code) => fit.groups[code] === group);
  const ordered = [...members.filter((code) => code !== other), other];
  const counted = { ...games, leftWins: fit.leftWins, rightWins: fit.rightWins };
  const { weights } = slopesOf(counted, fit.strengths);
  const gradient = new Float64Array(games.players);
  gradient[player] = 1;
  const solved = solveGrounded({ ...counted, weights }, ordered, gradient);
  return pointsPerLogit * Math.sqrt(solved[player] ?? Number.NaN);
}

function propUp(
  games: PairedGames & { leftWins: Float64Array; rightWins: Float64Array },
  groups: Int32Array,
) {
  const parts = findStrongParts(games);
  const propped = new Uint8Array(games.players);
  const sizes = new Map<number, number>();
  for (const part of parts) sizes.set(part, (sizes.get(part) ?? 0) + 1);
  const largest = new Map<number, { part: number; size: number }>();
  for (const [player, group] of groups.entries()) {
    const part = parts[player] ?? -1;
    const size = sizes.get(part) ?? 0;
    if (group >= 0 && size > (largest.get(group)?.size ?? 0)) largest.set(group, { part, size });
  }
  for (const [player, group] of groups.entries()) {
    if (group >= 0 && largest.get(group)?.part !== parts[player]) propped[player] = 1;
  }
  for (let pair = 0; pair < games.left.length; pair++) {
    const [left, right] = [games.left[pair] ?? 0, games.right[pair] ?? 0];
    const played = (games.leftWins[pair] ?? 0) + (games.rightWins[pair] ?? 0) > 0;
    if (!played || parts[left] === parts[right]) continue;
    games.leftWins[pair] = (games.leftWins[pair] ?? 0) + pseudoWins;
    games.rightWins[pair] = (games.rightWins[pair] ?? 0) + pseudoWins;
  }
  return propped;
}

/** Gradient of the log-likelihood by player and information of each pair, at the strengths. */
function slopesOf(games: PairedGames, strengths: Float64Array) {
  const gradient = new Float64Array(games.players);
  const weights = new Float64Array(games.left.length);
  for (let pair = 0; pair < games.left.length; pair++) {
    const [left, right] = [games.left[pair] ?? 0, games.right[pair] ?? 0];
    const wins = games.leftWins[pair] ?? 0;
    const played = wins + (games.rightWins[pair] ?? 0);
    if (played === 0) continue;
    const p = 1 / (1 + Math.exp((strengths[right] ?? 0) - (strengths[left] ?? 0)));
    gradient[left] = (gradient[left] ?? 0) + wins - played * p;
    gradient[right] = (gradient[right] ?? 0) - (wins - played * p);
    weights[pair] = played * p * (1 - p);
  }
  return { gradient, weights };
}

function climb(
  games: PairedGames,
  members: readonly number[],
  { strengths, tolerance }: { strengths: Float64Array; tolerance: number },
): void {
  const degrees = listNeighbours(games);
  const ordered = [...members].sort((a, b) => (degrees[a] ?? 0) - (degrees[b] ?? 0) || a - b);
  for (let step = 0; step < maxSteps; step++) {
    const { gradient, weights } = slopesOf(games, strengths);
    const change = solveGrounded({ ...games, weights }, ordered, gradient);
    let largest = 0;
    for (const player of ordered) largest = Math.max(largest, Math.abs(change[player] ?? 0));
    const scale = largest > 2 ? 2 / largest : 1;
    for (const player of ordered) {
      strengths[player] = (strengths[player] ?? 0) + scale * (change[player] ?? 0);
    }
    if (largest < tolerance) break;
  }
  const centre = ordered.reduce((sum, player) => sum + (strengths[player] ?? 0), 0) / ordered.length;
  for (const player of ordered) strengths[player] = (strengths[player] ?? 0) - centre;
}
