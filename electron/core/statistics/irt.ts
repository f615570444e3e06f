import { createPause } from './pause.ts';

/** Right answers counted by respondent and item: `right[k]` of `asked[k]` by `respondent[k]` on `item[k]`. */
export interface Responses {
  respondents: number;
  items: number;
  respondent: ArrayLike<number>;
  item: ArrayLike<number>;
  right: ArrayLike<number>;
  asked: ArrayLike<number>;
}

export interface RaschFit {
  /** θ by respondent, mean 0. */
  abilities: Float64Array;
  /** b by item: the ability at which half the answers are right. */
  difficulties: Float64Array;
  /** 1/√information of each item, the prior included. */
  errors: Float64Array;
  /** Whether respondents and items hang together; apart, their scales cannot be compared. */
  isConnected: boolean;
  sweeps: number;
}

/**
 * One-parameter logistic item response model, P(right) = σ(θ_j − b_i), with N(0, 1) priors on both, by alternating Newton
 * steps until nothing moves by 1e-6; abilities are then centred. The priors keep items everybody (or nobody) got right finite.
 * 100,000 counted responses take about a second.
 */
export async function fitRasch(
  data: Responses,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<RaschFit> {
  const abilities = new Float64Array(data.respondents);
  const difficulties = new Float64Array(data.items);
  const pause = createPause(options.signal);
  const byItem = { code: data.item, size: data.items };
  const byRespondent = { code: data.respondent, size: data.respondents };
  let sweeps = 0;
  for (let moved = 1; moved > 1e-6 && sweeps < 500; sweeps++) {
    moved = Math.max(
      step(data, { ...byItem, values: difficulties, sign: -1 }, { abilities, difficulties }),
      step(data, { ...byRespondent, values: abilities, sign: 1 }, { abilities, difficulties }),
    );
    const paused = pause();
    if (paused) await paused;
  }
  centre(abilities, difficulties);
  const information = new Float64Array(data.items).fill(1);
  for (let k = 0; k < data.item.length; k++) {
    const item = data.item[k] ?? 0;
    const p = chance(abilities[data.respondent[k] ?? 0] ?? 0, difficulties[item] ?? 0);
    information[item] = (information[item] ?? 0) + (data.asked[k] ?? 0) * p * (1 - p);
  }
  return {
    abilities,
    difficulties,
    errors: information.map((value) => 1 / Math.sqrt(value)),
    isConnected: isConnected(data),
    sweeps,
  };
}

/**
 * Difficulty of one item from answers of respondents of known ability, by Newton's method; `precision` is that of the
 * normal prior with mean 0 (0 = maximum likelihood, which does not exist for all right or all wrong).
 */
export function estimateDifficulty(
  answers: readonly { ability: number; right: number; asked: number }[],
  precision = 1,
): { difficulty: number; error: number } {
  let difficulty = 0;
  let information = 1;
  for (let step = 0; step < 100; step++) {
    information = precision;
    let slope = -precision * difficulty;
    for (const { ability, right, asked } of answers) {
      const p = chance(ability, difficulty);
      slope -= right - asked * p;
      information += asked * p * (1 - p);
    }
    const change = Math.max(-2, Math.min(2, slope / information));
    difficulty += change;
    if (Math.abs(change) < 1e-10) break;
  }
  return { difficulty, error: 1 / Math.sqrt(information) };
}

function chance(ability: number, difficulty: number): number {
  return 1 / (1 + Math.exp(difficulty - ability));
}

/** One Newton step of all abilities (sign 1) or all difficulties (sign −1); answers the largest move. */
function step(
  data: Responses,
  side: { code: ArrayLike<number>; size: number; values: Float64Array; sign: 1 | -1 },
  { abilities, difficulties }: { abilities: Float64Array; difficulties: Float64Array },
): number {
  const slope = new Float64Array(side.size);
  const information = new Float64Array(side.size);
  for (let k = 0; k < data.item.length; k++) {
    const p = chance(abilities[data.respondent[k] ?? 0] ?? 0, difficulties[data.item[k] ?? 0] ?? 0);
    const code = side.code[k] ?? 0;
    const asked = data.asked[k] ?? 0;
    slope[code] = (slope[code] ?? 0) + side.sign * ((data.right[k] ?? 0) - asked * p);
    information[code] = (information[code] ?? 0) + asked * p * (1 - p);
  }
  let moved = 0;
  for (let code = 0; code < side.size; code++) {
    const value = side.values[code] ?? 0;
    const change = ((slope[code] ?? 0) - value) / ((information[code] ?? 0) + 1);
    side.values[code] = value + Math.max(-2, Math.min(2, change));
    moved = Math.max(moved, Math.abs(change));
  }
  return moved;
}

function centre(abilities: Float64Array, difficulties: Float64Array): void {
  const mean = abilities.reduce((sum, value) => sum + value, 0) / Math.max(1, abilities.length);
  for (let j = 0; j < abilities.length; j++) abilities[j] = (abilities[j] ?? 0) - mean;
  for (let i = 0; i < difficulties.length; i++) difficulties[i] = (difficulties[i] ?? 0) - mean;
}

function isConnected(data: Responses): boolean {
  const parent = Int32Array.from({ length: data.respondents + data.items }, (_, node) => node);
  const rootOf = (node: number): number => {
    let root = node;
    while ((parent[root] ?? root) !== root) root = parent[root] ?? root;
    parent[node] = root;
    return root;
  };
  for (let k = 0; k < data.item.length; k++) {
    parent[rootOf(data.respondent[k] ?? 0)] = rootOf(data.respondents + (data.item[k] ?? 0));
  }
  const roots = new Set(Array.from(parent.keys(), rootOf));
  return roots.size <= 1;
}
