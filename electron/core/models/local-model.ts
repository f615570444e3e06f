import type { InferenceModel, ModelIdentity } from '../../../native/host/inference.ts';
import type { LoadSpec } from '../../../native/host/inference-calls.ts';
import type { InferenceEngine } from './inference-engine.ts';

export interface LocalModelOptions {
  readonly engine: InferenceEngine;
  readonly spec: LoadSpec;
  readonly identity: ModelIdentity;
  readonly sequences: number;
}

/** A GGUF model on this machine as protocols see it; in memory from its first call on. */
export function createLocalModel({ engine, spec, identity, sequences }: LocalModelOptions): InferenceModel {
  return {
    identity,
    // One waiting call for each sequence, so that the pool can choose the one that shares most with what it holds.
    concurrency: sequences * 2,
    score: (input, continuation, { signal } = {}) =>
      engine.ask(spec, { method: 'score', params: { input, continuation } }, { signal }),
    decide: (input, candidates, { signal } = {}) =>
      engine.ask(spec, { method: 'decide', params: { input, candidates } }, { signal }),
    generate: (input, { signal, onText, schema, temperature, seed, maxTokens }) =>
      engine.ask(
        spec,
        {
          method: 'generate',
          params: {
            input,
            schema: schema ?? null,
            temperature,
            seed,
            maxTokens,
            isStreamed: onText !== undefined,
          },
        },
        { signal, onEvent: onText && ((delta) => onText(String(delta))) },
      ),
    embed: (text, { signal } = {}) => engine.ask(spec, { method: 'embed', params: { text } }, { signal }),
    rank: (query, document, { signal } = {}) =>
      engine.ask(spec, { method: 'rank', params: { query, document } }, { signal }),
    countTokens: (text, { signal } = {}) =>
      engine.ask(spec, { method: 'count', params: { text } }, { signal }),
  };
}
