import type { ControlledEvaluateIndexOutput, Token } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';

/**
 * What to ask at a position in order to read the log-probabilities of `tokens` there: their raw logits, that of the
 * most probable token (the greedy choice), and the sum of exp(logit - max) over the vocabulary. It spares the map of the
 * whole vocabulary that `probabilities` builds. No sampling options: any of them would cut the distribution.
 * `includeMax` is of no use in node-llama-cpp 3.22.1: it adds the maximum only where the filter already has it.
 */
export function askLogits(tokens: readonly Token[]) {
  return {
    generateNext: {
      logits: { filter: { tokens: [...new Set(tokens)], includeSelected: true } },
      totalLogitWeight: true,
    },
  };
}

/** ln p of each token at the position, from the full softmax at temperature 1. */
export function readLogprobs(
  output: ControlledEvaluateIndexOutput | undefined,
  tokens: readonly Token[],
): number[] {
  const { logits, totalLogitWeight } = output?.next ?? {};
  if (!logits || totalLogitWeight === undefined) throw new Error('the position was not evaluated');
  const max = Math.max(...logits.values());
  const logprobs = tokens.map(
    (token) => (logits.get(token) ?? Number.NaN) - max - Math.log(totalLogitWeight),
  );
  if (logprobs.some((value) => Number.isNaN(value) || value === Infinity)) throw notNumbers();
  return logprobs.map((value) => Math.min(0, value));
}

/** A model whose arithmetic broke down: NaN goes through silently otherwise. */
export function notNumbers(): AppError {
  return new AppError(
    'MODEL_FILE_INVALID',
    'The model gave no answer: its probabilities are not numbers. The file is damaged, or the model overflows at this precision; use another file.',
  );
}
