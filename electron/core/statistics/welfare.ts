import { quantileOfSorted } from './descriptive.ts';
import { createPause } from './pause.ts';
import { createRandom } from './random.ts';

/** Mean score each rater gave each model, row-major raters × models; NaN where a rater never scored the model. */
export interface WelfareTable {
  raters: number;
  models: number;
  means: ArrayLike<number>;
}

/** How a panel picks: the highest mean score, the model most panellists like best, or the fewest scores at or below the veto. */
export type PanelRule = 'mean' | 'choice' | 'veto';

export interface PanelOptions {
  /** Raters drawn per panel, with replacement. */
  size: number;
  rule?: PanelRule;
  /** Rater codes the panel is drawn from; default everybody. */
  from?: readonly number[];
  draws?: number;
  seed: number;
  /** A mean score at or below this is a veto. */
  veto?: number;
  signal?: AbortSignal | undefined;
}

/** The welfare of one group of people over the panels drawn: quantiles of their mean score for the chosen model. */
export interface WelfareSpread {
  mean: number;
  lower: number;
  quarter: number;
  median: number;
  threeQuarters: number;
  upper: number;
}

export interface PanelResult {
  /** Share of the panels that chose each model. */
  chosen: Float64Array;
  /** One per audience, in their order; null where no model chosen was scored by it. */
  welfare: (WelfareSpread | null)[];
}

/** The model a panel chooses, or −1 where it scored none; ties go to the lower model code. */
export function chooseModel(
  table: WelfareTable,
  panel: readonly number[],
  options: { rule?: PanelRule; veto?: number } = {},
): number {
  const { rule = 'mean', veto = 10 } = options;
  const merits = new Float64Array(table.models).fill(Number.NaN);
  for (let model = 0; model < table.models; model++) {
    const scores = panel.map((rater) => scoreOf(table, rater, model)).filter((score) => !Number.isNaN(score));
    if (scores.length === 0) continue;
    if (rule === 'mean') merits[model] = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    else if (rule === 'veto') merits[model] = -scores.filter((score) => score <= veto).length / scores.length;
    else merits[model] = 0;
  }
  if (rule === 'choice') {
    for (const rater of panel) {
      const best = favouriteOf(table, rater);
      if (best >= 0) merits[best] = (merits[best] ?? 0) + 1;
    }
  }
  return argmax(merits);
}

/** Mean score of a model over the raters that scored it; NaN where none did. */
export function meanWelfare(table: WelfareTable, raters: readonly number[], model: number): number {
  let sum = 0;
  let count = 0;
  for (const rater of raters) {
    const score = scoreOf(table, rater, model);
    if (Number.isNaN(score)) continue;
    sum += score;
    count += 1;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/**
 * Draws panels, lets each choose a model, and records how well off every audience is with it (PRISM, Kirk et al. 2024;
 * 1,000 draws unless told). Shows whose taste decides when few people are asked.
 */
export async function drawPanels(
  table: WelfareTable,
  audiences: readonly (readonly number[])[],
  options: PanelOptions,
): Promise<PanelResult> {
  const { draws = 1000, size, rule = 'mean', veto = 10 } = options;
  const from = options.from ?? Array.from({ length: table.raters }, (_, rater) => rater);
  const random = createRandom(options.seed);
  const pause = createPause(options.signal);
  const chosen = new Float64Array(table.models);
  const counts = new Float64Array(table.models);
  for (let draw = 0; draw < draws && from.length > 0; draw++) {
    const panel = Array.from({ length: size }, () => from[random.nextBelow(from.length)] ?? 0);
    const model = chooseModel(table, panel, { rule, veto });
    if (model >= 0) counts[model] = (counts[model] ?? 0) + 1;
    const paused = pause();
    if (paused) await paused;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  for (let model = 0; model < table.models; model++)
    chosen[model] = (counts[model] ?? 0) / Math.max(1, total);
  return { chosen, welfare: audiences.map((audience) => spreadOf(table, audience, counts)) };
}

/** Total variation distance of two distributions given as counts or shares over the same categories. */
export function totalVariation(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [first, second].map((values) => values.reduce((sum, value) => sum + value, 0));
  return (
    0.5 * first.reduce((sum, value, i) => sum + Math.abs(value / (a ?? 1) - (second[i] ?? 0) / (b ?? 1)), 0)
  );
}

function spreadOf(
  table: WelfareTable,
  audience: readonly number[],
  counts: Float64Array,
): WelfareSpread | null {
  const values: number[] = [];
  for (const [model, count] of counts.entries()) {
    const welfare = count > 0 ? meanWelfare(table, audience, model) : Number.NaN;
    if (!Number.isNaN(welfare)) values.push(...new Array<number>(count).fill(welfare));
  }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    lower: quantileOfSorted(sorted, 0.05),
    quarter: quantileOfSorted(sorted, 0.25),
    median: quantileOfSorted(sorted, 0.5),
    threeQuarters: quantileOfSorted(sorted, 0.75),
    upper: quantileOfSorted(sorted, 0.95),
  };
}

function favouriteOf(table: WelfareTable, rater: number): number {
  return argmax(Float64Array.from({ length: table.models }, (_, model) => scoreOf(table, rater, model)));
}

function argmax(values: Float64Array): number {
  let best = -1;
  for (const [index, value] of values.entries()) {
    if (!Number.isNaN(value) && (best < 0 || value > (values[best] ?? -Infinity))) best = index;
  }
  return best;
}

function scoreOf(table: WelfareTable, rater: number, model: number): number {
  return table.means[rater * table.models + model] ?? Number.NaN;
}
