import type { Capability } from '../../../native/host/inference.ts';
import { isAppError } from '../../contract/app-error.ts';
import type { EndpointTraits } from '../../contract/model.contract.ts';
import type { EndpointHttp } from './endpoint-http.ts';
import {
  chatSchema,
  completionSchema,
  embeddingSchema,
  modelListSchema,
  readReplyAs,
  rerankSchema,
  tokenCountSchema,
} from './endpoint-replies.ts';

/** Whether a try succeeds; a refusal is an answer, a server that cannot be reached is not. */
async function can(attempt: () => Promise<boolean>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await attempt();
  } catch (error) {
    signal?.throwIfAborted();
    if (isAppError(error)) return false;
    throw error;
  }
}

async function describeServer(http: EndpointHttp, remoteModel: string, signal?: AbortSignal) {
  const list = readReplyAs(modelListSchema, await http.request('models', undefined, { signal }));
  const entry = list.data.find(({ id }) => id === remoteModel) ?? list.data[0];
  const owner = entry?.owned_by ?? '';
  const server = /vllm/i.test(owner) ? 'vllm' : /llama/i.test(owner) ? 'llama-server' : 'other';
  const contextSize = entry?.max_model_len ?? entry?.meta?.n_ctx ?? entry?.meta?.n_ctx_train ?? null;
  return { server, contextSize } as const;
}

/**
 * Asks an endpoint what it can do, with the shortest questions: a list of its models first (which has to succeed), then
 * one try for each ability. Throws ENDPOINT_FAILED where it cannot be reached or refuses the key.
 */
export async function probeEndpoint(
  http: EndpointHttp,
  remoteModel: string,
  signal?: AbortSignal,
): Promise<EndpointTraits> {
  const start = performance.now();
  const { server, contextSize } = await describeServer(http, remoteModel, signal);
  const milliseconds = Math.round(performance.now() - start);
  const ask = (place: string, body: object) =>
    http.request(place, { model: remoteModel, ...body }, { signal });
  const hello = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 1, temperature: 0 };
  const chat = async (more: object) =>
    readReplyAs(chatSchema, await ask('chat/completions', { ...hello, ...more }));

  const generates = await can(async () => (await chat({})).choices.length > 0, signal);
  const decides =
    generates &&
    (await can(async () => {
      const [choice] = (await chat({ logprobs: true, top_logprobs: 20 })).choices;
      return (choice?.logprobs?.content?.[0]?.top_logprobs.length ?? 0) > 0;
    }, signal));
  const prompts =
    generates &&
    (await can(async () => ((await chat({ prompt_logprobs: 0 })).prompt_logprobs?.length ?? 0) > 0, signal));
  const echoes = await can(async () => {
    const body = { prompt: 'Hello world', echo: true, logprobs: 1, max_tokens: 1, temperature: 0 };
    const [choice] = readReplyAs(completionSchema, await ask('completions', body)).choices;
    return (
      (choice?.logprobs?.tokens.join('').startsWith('Hello') ?? false) &&
      (choice?.logprobs?.tokens.length ?? 0) > 1
    );
  }, signal);
  const embeds = await can(
    async () => readReplyAs(embeddingSchema, await ask('embeddings', { input: 'a' })).data.length > 0,
    signal,
  );
  const ranks = await can(
    async () =>
      readReplyAs(rerankSchema, await ask('rerank', { query: 'a', documents: ['b'] })).results.length > 0,
    signal,
  );
  const countsTokens = await can(async () => {
    const body = server === 'vllm' ? { prompt: 'a' } : { content: 'a' };
    return readReplyAs(tokenCountSchema, await ask('../tokenize', body)).count > 0;
  }, signal);
  const found: [Capability, boolean][] = [
    ['score', prompts || echoes],
    ['decide', decides],
    ['generate', generates],
    ['embed', embeds],
    ['rank', ranks],
  ];
  return {
    server,
    contextSize,
    capabilities: found.filter(([, isThere]) => isThere).map(([capability]) => capability),
    scoring: prompts ? 'prompt' : echoes ? 'echo' : 'none',
    countsTokens,
    milliseconds,
  };
}
