/**
 * Rank centrality (S. Negahban, S. Oh & D. Shah 2017, in PRISM's form): wins of i over j plus a prior, divided by the pair's
 * total and by n − 1, are the chances of a walk from j to i; the diagonal completes each column to 1. Answers the stationary
 * distribution, which sums to 1: the larger, the stronger.
 *
 * @param wins Row-major n × n: `wins[i * n + j]` = wins of i over j (a tie counted as half).
 */
export function rankCentrality(wins: ArrayLike<number>, n: number, prior = 1): Float64Array {
  if (n === 1) return Float64Array.of(1);
  const chance = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    let left = 1;
    for (let i = 0; i < n; i++) {
      if (i === j) continue;
      const won = (wins[i * n + j] ?? 0) + prior;
      const total = won + (wins[j * n + i] ?? 0) + prior;
      const move = total > 0 ? won / total / (n - 1) : 0;
      chance[i * n + j] = move;
      left -= move;
    }
    chance[j * n + j] = left;
  }
  let share = new Float64Array(n).fill(1 / n);
  for (let step = 0; step < 10_000; step++) {
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (chance[i * n + j] ?? 0) * (share[j] ?? 0);
      next[i] = sum;
    }
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(value - (share[i] ?? 0))), 0);
    share = next;
    if (moved < 1e-13) break;
  }
  return share;
}
