import type { InferenceModel } from '../../../../native/host/inference.ts';
import { createRandom, type RandomStream } from '../../statistics/random.ts';

const dimensions = 512;
const rounds = 50;
/** Words nearly every principle has. */
const stem = new Set(['select', 'the', 'response', 'that', 'a', 'an', 'is', 'it', 'of', 'to', 'and', 'more']);

export interface Cluster {
  /** Index of the member nearest to all others of its cluster. */
  readonly medoid: number;
  readonly members: readonly number[];
}

/** Unit vectors of texts by an embedding model. */
export async function embedTexts(
  model: InferenceModel,
  texts: readonly string[],
  { signal }: { signal?: AbortSignal } = {},
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const text of texts) vectors.push(await model.embed(text, { signal }));
  return vectors;
}

function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (const letter of word) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/**
 * Unit vectors by the hashing trick (Weinberger et al. 2009): each word adds ±1 to one of 512 places. It knows words, not
 * meanings, and is labelled so wherever its clusters are shown.
 */
export function hashWords(text: string): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    if (stem.has(word)) continue;
    const hash = hashWord(word);
    const place = hash % dimensions;
    vector[place] = (vector[place] ?? 0) + (hash & 0x80000000 ? -1 : 1);
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

/**
 * Spherical k-means on unit vectors with k-means++ starts, seeded; each cluster with its medoid, the member of largest
 * summed cosine to the others (first where equal). With k or fewer vectors each is its own cluster. Largest first.
 */
export function clusterVectors(vectors: readonly Float32Array[], k: number, seed: number): Cluster[] {
  if (vectors.length <= k) return vectors.map((_, index) => ({ medoid: index, members: [index] }));
  let centres = chooseStarts(vectors, k, createRandom(seed));
  let assigned: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const next = vectors.map((vector) => nearestCentre(vector, centres));
    const isStable = next.every((cluster, index) => cluster === assigned[index]);
    assigned = next;
    if (isStable) break;
    centres = centres.map((centre, cluster) => {
      const members = vectors.filter((_, index) => assigned[index] === cluster);
      return members.length === 0 ? centre : meanDirection(members);
    });
  }
  return centres
    .map((_, cluster) => assigned.flatMap((own, index) => (own === cluster ? [index] : [])))
    .filter((members) => members.length > 0)
    .map((members) => ({ medoid: findMedoid(vectors, members), members }))
    .sort((left, right) => right.members.length - left.members.length || left.medoid - right.medoid);
}

function chooseStarts(vectors: readonly Float32Array[], k: number, random: RandomStream): Float32Array[] {
  const first = vectors[random.nextBelow(vectors.length)];
  const centres = first ? [first] : [];
  while (centres.length < k) {
    const distances = vectors.map((vector) =>
      Math.max(0, 1 - Math.max(...centres.map((centre) => dot(vector, centre)))),
    );
    let at = random.next() * distances.reduce((sum, distance) => sum + distance, 0);
    let chosen = distances.findIndex((distance) => (at -= distance) < 0 && distance > 0);
    if (chosen < 0) chosen = distances.findIndex((distance) => distance > 1e-9);
    const vector = vectors[chosen];
    if (!vector) break;
    centres.push(vector);
  }
  return centres;
}

/** Index of the centre of largest cosine to a unit vector, the first where equal. */
export function nearestCentre(vector: Float32Array, centres: readonly Float32Array[]): number {
  let best = 0;
  let bestDot = -Infinity;
  for (const [index, centre] of centres.entries()) {
    const cosine = dot(vector, centre);
    if (cosine > bestDot) [best, bestDot] = [index, cosine];
  }
  return best;
}

/** The mean of vectors at length 1; all zeros where they cancel out. */
export function meanDirection(members: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(members[0]?.length ?? 0);
  for (const member of members)
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (member[i] ?? 0);
  const length = Math.hypot(...sum);
  return length === 0 ? sum : sum.map((value) => value / length);
}

function findMedoid(vectors: readonly Float32Array[], members: readonly number[]): number {
  const sum = meanDirection(members.flatMap((index) => vectors[index] ?? []));
  let best = members[0] ?? 0;
  let bestDot = -Infinity;
  for (const index of members) {
    const vector = vectors[index];
    const cosine = vector ? dot(vector, sum) : -Infinity;
    if (cosine > bestDot + 1e-9) [best, bestDot] = [index, cosine];
  }
  return best;
}
