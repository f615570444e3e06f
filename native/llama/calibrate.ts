import type { Calibration, ContextShape, Device, ShapeTrial } from '../host/inference-calls.ts';
import type { TextModel } from './text-model.ts';
import type { Running } from './token-reader.ts';

/** Makes the model with another layout; undefined where its context cannot be made. */
export type OpenTrial = (
  shape: ContextShape,
  signal: AbortSignal,
) => Promise<{ readonly text: TextModel; readonly dispose: () => Promise<void> } | undefined>;

export interface CalibrateOptions extends Running {
  readonly contextSize: number;
  /** The layout to improve on. */
  readonly start: ContextShape;
}

/** A calibration holds for this kind of machine. */
export function nameMachine({ kind, cores }: Device): string {
  return `${kind}/${cores}`;
}

/** Tokens of each prompt that is tried: short against real ones, long against the fixed cost of a step. */
const mostPromptTokens = 192;
const leastPromptTokens = 16;
/** About what one try may take; a slow machine tries with shorter prompts. */
const secondsEach = 1.2;
/** After so long nothing new is tried. */
const secondsTogether = 20;

/** Another layout has to be better by this much to be preferred to an earlier, simpler one. */
const worthwhile = 1.05;

/** What is tried in turn: each list changes one member of the best layout so far. */
function listVariants(best: ContextShape, device: Device): readonly (readonly ContextShape[])[] {
  const isOnGpu = device.kind !== 'cpu';
  const halves = [Math.max(1, Math.floor(device.cores / 2)), Math.max(1, device.cores - 1)];
  return [
    // First, for it matters most: threads that have to share their cores with other programs wait for each other.
    isOnGpu ? [] : [...new Set(halves)].map((threads) => ({ ...best, threads })),
    [{ ...best, flashAttention: !best.flashAttention }],
    (isOnGpu ? [8, 16, 32] : [2, 4, 8]).map((sequences) => ({ ...best, sequences })),
    (isOnGpu ? [2_048] : [256]).map((batchSize) => ({ ...best, batchSize })),
  ];
}

/** Tokens a second of one layout; undefined where its context cannot be made. */
async function tryShape(
  openTrial: OpenTrial,
  shape: ContextShape,
  { contextSize, ...running }: Running & { readonly contextSize: number },
): Promise<ShapeTrial | undefined> {
  const trial = await openTrial(shape, running.signal);
  if (!trial) return undefined;
  const { text } = trial;
  try {
    running.signal.throwIfAborted();
    const most = Math.min(mostPromptTokens, Math.floor(contextSize / 2));
    const rate = await text.prefill(Math.min(leastPromptTokens, most), running);
    const affordable = Math.floor((rate * secondsEach) / shape.sequences);
    const length = Math.max(Math.min(leastPromptTokens, most), Math.min(most, affordable));
    // Twice, as one mean: what other programs take in between belongs to the answer.
    const [first, second] = [await text.prefill(length, running), await text.prefill(length, running)];
    const tokensPerSecond = 2 / (1 / first + 1 / second);
    return { shape, tokensPerSecond };
  } finally {
    await trial.dispose();
  }
}

/**
 * Finds the layout of a context that processes prompts fastest on this machine, by trying: threads, attention kernel,
 * sequences side by side, tokens a step. One member after another, so that it takes seconds; `contextSize` is what the
 * model will be used with, for the cost of attention depends on it. Prefers the simpler layout within 5 %.
 */
export async function calibrate(
  openTrial: OpenTrial,
  device: Device,
  { contextSize, start, ...running }: CalibrateOptions,
): Promise<Calibration> {
  const trials: ShapeTrial[] = [];
  const begun = performance.now();
  const attempt = async (shape: ContextShape) => {
    const trial = await tryShape(openTrial, shape, { contextSize, ...running });
    if (trial) trials.push(trial);
    return trial;
  };
  let best = (await attempt(start)) ?? { shape: start, tokensPerSecond: 0 };
  const count = listVariants(start, device).length;
  const isLate = () => performance.now() - begun > secondsTogether * 1_000;
  for (let turn = 0; turn < count; turn++) {
    for (const shape of listVariants(best.shape, device)[turn] ?? []) {
      if (isLate() || trials.some((trial) => JSON.stringify(trial.shape) === JSON.stringify(shape))) continue;
      const trial = await attempt(shape);
      if (trial && trial.tokensPerSecond > best.tokensPerSecond * worthwhile) best = trial;
    }
  }
  return { shape: best.shape, trials, machine: nameMachine(device) };
}
