/**
 * What a language model can be asked, wherever it runs: in our own llama.cpp process, at an endpoint the user added,
 * or scripted in a test. Protocols are written against this and nothing else.
 */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/**
 * What the model reads before it goes on: a conversation put through the model's own chat template, with the
 * assistant's turn opened and begun with `answer`, or with the user's turn opened; or plain text as it stands.
 */
export type ModelInput =
  | {
      readonly messages: readonly ChatMessage[];
      readonly answer?: string;
      readonly turn?: 'assistant' | 'user';
    }
  | { readonly text: string };

/** Tokens the call asked for, of which `reused` had been processed before and were not processed again. */
export interface TokenUse {
  readonly prompt: number;
  readonly reused: number;
  readonly generated: number;
}

export interface ContinuationScore {
  /** ln p of each token of the continuation, given the input and the tokens before it. */
  readonly logprobs: readonly number[];
  readonly sum: number;
  readonly count: number;
  readonly use: TokenUse;
}

export interface CandidateDistribution {
  /** Probability of each candidate, renormalised over the candidates, in their order; sums to 1. */
  readonly probabilities: readonly number[];
  /** Mass of all candidates before renormalising, in [0, 1]: under one half the model did not want to answer so. */
  readonly coverage: number;
  readonly use: TokenUse;
}

export interface GenerateOptions {
  /** JSON schema the text must satisfy. */
  readonly schema?: object;
  /** 0 = the most probable token each time. */
  readonly temperature: number;
  readonly seed: number;
  readonly maxTokens: number;
  readonly onText?: (delta: string) => void;
}

export interface Generation {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly use: TokenUse;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Capabilities a model may lack: an endpoint without log-probabilities, an embedding model that cannot write. */
export type Capability = 'score' | 'decide' | 'generate' | 'embed' | 'rank';

/** One model ready to answer. Calls may run at the same time; what is in flight together is batched. */
export interface InferenceModel {
  readonly identity: ModelIdentity;
  /** Calls worth having in flight at once. */
  readonly concurrency: number;
  /** P1: the log-probability of `continuation` token by token. Throws INPUT_TOO_LONG. */
  score(input: ModelInput, continuation: string, options?: CallOptions): Promise<ContinuationScore>;
  /**
   * P2: the distribution of the next token over candidates, each a set of surface forms ("A", " A"). The probabilities
   * of the distinct first tokens of a candidate's one-token forms are summed; where no form of a candidate is one token,
   * all candidates are scored as continuations instead. Throws INPUT_TOO_LONG.
   */
  decide(
    input: ModelInput,
    candidates: readonly (readonly string[])[],
    options?: CallOptions,
  ): Promise<CandidateDistribution>;
  /** P3. Throws INPUT_TOO_LONG. */
  generate(input: ModelInput, options: GenerateOptions & CallOptions): Promise<Generation>;
  /** P4: a unit vector. */
  embed(text: string, options?: CallOptions): Promise<Float32Array>;
  /** The score a reward or reranker model gives a document for a query, in [0, 1]. */
  rank(query: string, document: string, options?: CallOptions): Promise<number>;
  /** Length of a text in the model's own tokens. */
  countTokens(text: string, options?: CallOptions): Promise<number>;
}

/** What a result must name to be reproducible. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of the weights file (of the first part of a split one), or of the endpoint's address and model name. */
  readonly hash: string;
  readonly kind: 'gguf' | 'endpoint';
  /** e.g. `llama`, `qwen3`; compared with the family of a response's generator. Null where unknown. */
  readonly architecture: string | null;
  readonly quantisation: string | null;
  /** Tokens of input and answer together. */
  readonly contextSize: number;
  readonly capabilities: readonly Capability[];
}
