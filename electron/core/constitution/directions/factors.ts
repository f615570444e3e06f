import { createPause } from '../../statistics/pause.ts';
import { createRandom } from '../../statistics/random.ts';
import { type Differences, scoreDifferences } from '../ceiling/probe.ts';
import { clusterVectors } from '../principles/merge-principles.ts';

/** One direction in the space of embeddings and where each difference lies along it. */
export interface Factor {
  /** Unit vector, turned so that chosen responses have more of it on average. */
  readonly vector: Float64Array;
  /** PCA: share of Σ‖d‖² along it; k-means: share of the pairs in the cluster. */
  readonly variance: number;
  readonly projections: Float64Array;
  /** Rows it may be shown by: all (PCA), or those of the cluster. */
  readonly members: readonly number[];
}

export interface FactorOptions {
  readonly method: 'pca' | 'kmeans';
  readonly count: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

const oversampling = 6;
const iterations = 40;
const sweeps = 60;

/**
 * The main directions along which chosen and rejected responses differ. PCA: eigenvectors of Σ d dᵀ, not centred, since a
 * pair and its reverse are one observation; found by subspace iteration with a Rayleigh-Ritz step. k-means: mean
 * directions of spherical clusters of the differences. The same seed gives the same directions.
 */
export async function findFactors(differences: Differences, options: FactorOptions): Promise<Factor[]> {
  if (differences.rows === 0) return [];
  return options.method === 'pca' ? findPrincipal(differences, options) : findClusters(differences, options);
}

async function findPrincipal(
  differences: Differences,
  { count, seed, signal }: FactorOptions,
): Promise<Factor[]> {
  const { rows, dimensions, matrix } = differences;
  const size = Math.min(dimensions, rows, count + oversampling);
  const random = createRandom(seed);
  const pause = createPause(signal);
  let basis = orthonormalise(
    Array.from({ length: size }, () => Float64Array.from({ length: dimensions }, () => random.nextNormal())),
  );
  for (let step = 0; step < iterations; step++) {
    const images: Float64Array[] = [];
    for (const vector of basis) {
      images.push(applyGram(differences, vector));
      await pause();
    }
    basis = orthonormalise(images);
  }
  const images = basis.map((vector) => applyGram(differences, vector));
  const small = new Float64Array(basis.length ** 2);
  basis.forEach((left, i) =>
    images.forEach((right, j) => {
      small[i * basis.length + j] = dot(left, right);
    }),
  );
  const { values, vectors } = diagonalise(small, basis.length);
  const total = matrix.reduce((sum, value) => sum + value * value, 0);
  const order = Array.from(values.keys()).sort((left, right) => (values[right] ?? 0) - (values[left] ?? 0));
  return order.slice(0, count).flatMap((column) => {
    const value = values[column] ?? 0;
    if (!(value > 1e-12 * total)) return [];
    const vector = new Float64Array(dimensions);
    basis.forEach((own, i) => addScaled(vector, own, vectors[i * basis.length + column] ?? 0));
    const members = Array.from({ length: rows }, (_, row) => row);
    return [orient(differences, { vector, variance: value / total, members })];
  });
}

async function findClusters(differences: Differences, { count, seed }: FactorOptions): Promise<Factor[]> {
  const { rows, dimensions, matrix } = differences;
  const units = Array.from({ length: rows }, (_, row) => {
    const own = matrix.slice(row * dimensions, (row + 1) * dimensions);
    const length = Math.hypot(...own);
    return length === 0 ? own : own.map((value) => value / length);
  });
  return clusterVectors(units, count, seed).map(({ members }) => {
    const vector = new Float64Array(dimensions);
    for (const row of members) addScaled(vector, Float64Array.from(units[row] ?? []), 1);
    const length = Math.sqrt(dot(vector, vector)) || 1;
    return orient(differences, {
      vector: vector.map((value) => value / length),
      variance: members.length / rows,
      members,
    });
  });
}

function orient(
  differences: Differences,
  { vector, variance, members }: Pick<Factor, 'vector' | 'variance' | 'members'>,
): Factor {
  const projections = scoreDifferences(differences, vector);
  const mean = projections.reduce((sum, value) => sum + value, 0);
  if (mean >= 0) return { vector, variance, projections, members };
  return {
    vector: vector.map((value) => -value),
    variance,
    projections: projections.map((value) => -value),
    members,
  };
}

/** XᵀX v. */
function applyGram(differences: Differences, vector: Float64Array): Float64Array {
  const { rows, dimensions, matrix } = differences;
  const scores = scoreDifferences(differences, vector);
  const sum = new Float64Array(dimensions);
  for (let row = 0; row < rows; row++) {
    const score = scores[row] ?? 0;
    const from = row * dimensions;
    for (let k = 0; k < dimensions; k++) sum[k] = (sum[k] ?? 0) + score * (matrix[from + k] ?? 0);
  }
  return sum;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < left.length; k++) sum += (left[k] ?? 0) * (right[k] ?? 0);
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, scale: number): void {
  for (let k = 0; k < target.length; k++) target[k] = (target[k] ?? 0) + scale * (source[k] ?? 0);
}

/** Gram-Schmidt, twice for accuracy; vectors without a part of their own are left out. */
function orthonormalise(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const own = Float64Array.from(vector);
    const before = Math.sqrt(dot(own, own));
    for (const _round of [0, 1]) for (const other of basis) addScaled(own, other, -dot(own, other));
    const length = Math.sqrt(dot(own, own));
    if (length > 1e-10 * before && length > 0) basis.push(own.map((value) => value / length));
  }
  return basis;
}

/** Eigenvalues and eigenvectors (columns) of a small symmetric matrix by Jacobi rotations. */
function diagonalise(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const at = (row: number, column: number) => a[row * size + column] ?? 0;
  const rotate = (target: Float64Array, first: number, second: number, turn: { c: number; s: number }) => {
    const [x, y] = [target[first] ?? 0, target[second] ?? 0];
    target[first] = turn.c * x - turn.s * y;
    target[second] = turn.s * x + turn.c * y;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++)
      for (let q = p + 1; q < size; q++) {
        off += at(p, q) ** 2;
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const turn = { c, s: t * c };
        for (let k = 0; k < size; k++) rotate(a, k * size + p, k * size + q, turn);
        for (let k = 0; k < size; k++) rotate(a, p * size + k, q * size + k, turn);
        for (let k = 0; k < size; k++) rotate(vectors, k * size + p, k * size + q, turn);
      }
    if (off < 1e-24) break;
  }
  return { values: Float64Array.from({ length: size }, (_, i) => at(i, i)), vectors };
}

/** Rows farthest along a factor either way, at most one of a prompt, farthest first. */
export function listExtremes(
  { projections, members }: Pick<Factor, 'projections' | 'members'>,
  cluster: ArrayLike<number>,
  most: number,
): number[] {
  const order = [...members].sort(
    (left, right) => Math.abs(projections[right] ?? 0) - Math.abs(projections[left] ?? 0) || left - right,
  );
  const seen = new Set<number>();
  const found: number[] = [];
  for (const row of order) {
    if (found.length === most) break;
    const own = cluster[row] ?? row;
    if (seen.has(own) || projections[row] === 0) continue;
    seen.add(own);
    found.push(row);
  }
  return found;
}
