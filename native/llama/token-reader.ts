import type { Token } from 'node-llama-cpp';

/** What a call needs while it runs: the declaration of native work, and the signal that ends it. */
export interface Running {
  readonly native: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

/** Asks what may follow the token at `at`: ln p of each of `targets` there. */
export interface Question {
  readonly at: number;
  readonly targets: readonly Token[];
}

export interface Reading {
  /** ln p of each target, for each question in turn, from the full softmax at temperature 1. */
  readonly logprobs: readonly (readonly number[])[];
  /** Tokens from the beginning that had been processed before. */
  readonly reused: number;
}

/**
 * Reads tokens and answers questions about what follows some of them. Two make the same answers: one asks the library
 * position by position, one takes whole steps in native code.
 */
export interface TokenReader {
  /** Tokens of one sequence. */
  readonly contextSize: number;
  /** Sequences that are processed together. */
  readonly sequences: number;
  /** Questions come in the order of their positions, each position once. */
  read(tokens: readonly Token[], questions: readonly Question[], running: Running): Promise<Reading>;
  /** Ends what it holds; what is asked of it is over before. */
  dispose(): Promise<void>;
}
