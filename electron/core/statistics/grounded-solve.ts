/** A weighted graph: edge k joins `left[k]` and `right[k]` with conductance `weights[k]`. */
export interface WeightedEdges {
  left: ArrayLike<number>;
  right: ArrayLike<number>;
  weights: ArrayLike<number>;
}

/**
 * Solves L x = b for the graph Laplacian L of one connected group with the last of `members` held at 0. Answers x by
 * player code (0 elsewhere). Envelope Cholesky: rows are stored from their first non-zero column, so members given in
 * ascending order of degree make a star, the usual shape of a leaderboard with one baseline, cost no more than its edges.
 *
 * @param right b by player code; its entries over the group sum to 0.
 */
export function solveGrounded(
  edges: WeightedEdges,
  members: readonly number[],
  right: Float64Array,
): Float64Array {
  const size = members.length - 1;
  const place = new Int32Array(right.length).fill(-1);
  for (let row = 0; row < size; row++) place[members[row] ?? 0] = row;
  const isMember = new Uint8Array(right.length);
  for (const member of members) isMember[member] = 1;
  const rows = fillEnvelope(edges, { size, place, isMember });
  factorise(rows, size);
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row++) solution[row] = right[members[row] ?? 0] ?? 0;
  substitute(rows, solution);
  const x = new Float64Array(right.length);
  for (let row = 0; row < size; row++) x[members[row] ?? 0] = solution[row] ?? 0;
  return x;
}

interface Envelope {
  first: Int32Array;
  rows: Float64Array[];
}

function fillEnvelope(
  edges: WeightedEdges,
  { size, place, isMember }: { size: number; place: Int32Array; isMember: Uint8Array },
): Envelope {
  const first = Int32Array.from({ length: size }, (_, row) => row);
  const within: { row: number; column: number; weight: number }[] = [];
  const diagonal = new Float64Array(size);
  for (let edge = 0; edge < edges.left.length; edge++) {
    const weight = edges.weights[edge] ?? 0;
    const ends = [edges.left[edge] ?? 0, edges.right[edge] ?? 0] as const;
    if (weight === 0 || isMember[ends[0]] !== 1) continue;
    const [a, b] = [place[ends[0]] ?? -1, place[ends[1]] ?? -1];
    if (a >= 0) diagonal[a] = (diagonal[a] ?? 0) + weight;
    if (b >= 0) diagonal[b] = (diagonal[b] ?? 0) + weight;
    if (a < 0 || b < 0) continue;
    const [row, column] = [Math.max(a, b), Math.min(a, b)];
    first[row] = Math.min(first[row] ?? row, column);
    within.push({ row, column, weight });
  }
  const rows = Array.from(first, (start, row) => new Float64Array(row - start + 1));
  for (const [row, values] of rows.entries()) values[values.length - 1] = diagonal[row] ?? 0;
  for (const { row, column, weight } of within) {
    const values = rows[row];
    const index = column - (first[row] ?? 0);
    if (values) values[index] = (values[index] ?? 0) - weight;
  }
  return { first, rows };
}

function factorise({ first, rows }: Envelope, size: number): void {
  for (let i = 0; i < size; i++) {
    const row = rows[i] ?? new Float64Array(0);
    const start = first[i] ?? 0;
    for (let j = start; j <= i; j++) {
      const other = rows[j] ?? row;
      const otherStart = first[j] ?? 0;
      let sum = row[j - start] ?? 0;
      for (let k = Math.max(start, otherStart); k < j; k++) {
        sum -= (row[k - start] ?? 0) * (other[k - otherStart] ?? 0);
      }
      const pivot = other[j - otherStart] ?? 0;
      row[j - start] = j === i ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / pivot;
    }
  }
}

function substitute({ first, rows }: Envelope, x: Float64Array): void {
  for (const [i, row] of rows.entries()) {
    const start = first[i] ?? 0;
    let sum = x[i] ?? 0;
    for (let k = start; k < i; k++) sum -= (row[k - start] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (row[i - start] ?? 1);
  }
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] ?? new Float64Array(0);
    const start = first[i] ?? 0;
    x[i] = (x[i] ?? 0) / (row[i - start] ?? 1);
    for (let k = start; k < i; k++) x[k] = (x[k] ?? 0) - (row[k - start] ?? 0) * (x[i] ?? 0);
  }
}
