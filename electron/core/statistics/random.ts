/** A seeded stream of pseudo-random numbers. Same seed, same stream, on every platform. */
export interface RandomStream {
  /** Uniform whole number in [0, 2³²). */
  nextUint32(): number;
  /** Overwrites every word of the array with {@link nextUint32}, faster than call by call. */
  fillUint32(words: Uint32Array): void;
  /** Uniform in [0, 1) with 53 random bits. */
  next(): number;
  /** Uniform whole number in [0, bound), 1 ≤ bound ≤ 2³²; rejection sampling, so without bias. */
  nextBelow(bound: number): number;
  /** Standard normal deviate (Marsaglia's polar method). */
  nextNormal(): number;
}

/**
 * sfc32, the "small fast counter" generator of C. Doty-Humphrey (PractRand): 128 bits of state with a 32-bit
 * counter, so the period is at least 2³². The seed is spread over the state by splitmix32 and the first 12
 * outputs are discarded, as its author recommends.
 *
 * @param seed Any whole number; only its low 32 bits count.
 */
export function createRandom(seed: number): RandomStream {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`A seed is a whole number, got ${seed}.`);
  let mixer = seed | 0;
  const mix = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    let word = mixer ^ (mixer >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return word ^ (word >>> 15);
  };
  let a = mix();
  let b = mix();
  let c = mix();
  let counter = 1;
  const fillUint32 = (words: Uint32Array): void => {
    let [x, y, z, count] = [a, b, c, counter];
    for (let i = 0; i < words.length; i++) {
      const sum = (((x + y) | 0) + count) | 0;
      count = (count + 1) | 0;
      x = y ^ (y >>> 9);
      y = (z + (z << 3)) | 0;
      z = (((z << 21) | (z >>> 11)) + sum) | 0;
      words[i] = sum;
    }
    [a, b, c, counter] = [x, y, z, count];
  };
  const nextUint32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) nextUint32();
  const next = (): number => ((nextUint32() >>> 5) * 67108864 + (nextUint32() >>> 6)) / 9007199254740992;
  return {
    nextUint32,
    fillUint32,
    next,
    nextBelow: (bound) => boundedUint32(nextUint32, bound),
    nextNormal: () => polarNormal(next),
  };
}

function boundedUint32(nextUint32: () => number, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
    throw new RangeError(`A bound is a whole number from 1 to 2^32, got ${bound}.`);
  }
  const ceiling = 0x1_0000_0000 - (0x1_0000_0000 % bound);
  let word = nextUint32();
  while (word >= ceiling) word = nextUint32();
  return word % bound;
}

function polarNormal(next: () => number): number {
  for (;;) {
    const u = 2 * next() - 1;
    const v = 2 * next() - 1;
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/** An array whose elements can be exchanged: a plain array or a typed array. */
export interface Exchangeable<T> {
  readonly length: number;
  [index: number]: T;
}

/** Puts the items in a uniformly random order, in place (Fisher-Yates), and returns the same array. */
export function shuffle<T, A extends Exchangeable<T>>(items: A & Exchangeable<T>, random: RandomStream): A {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.nextBelow(i + 1);
    const held = items[i] as T;
    items[i] = items[j] as T;
    items[j] = held;
  }
  return items;
}

/**
 * `size` distinct indices out of [0, population), each subset equally likely, in ascending order.
 * R. W. Floyd's algorithm: work and memory grow with `size`, not with `population`.
 */
export function sampleIndices(population: number, size: number, random: RandomStream): Uint32Array {
  if (!Number.isInteger(size) || size < 0 || size > population) {
    throw new RangeError(`Cannot draw ${size} distinct items out of ${population}.`);
  }
  const drawn = new Set<number>();
  for (let i = population - size; i < population; i++) {
    const candidate = random.nextBelow(i + 1);
    drawn.add(drawn.has(candidate) ? i : candidate);
  }
  return Uint32Array.from(drawn).sort();
}
