import type {
  CallOptions,
  Capability,
  CandidateDistribution,
  ContinuationScore,
  GenerateOptions,
  Generation,
  InferenceModel,
  ModelIdentity,
  ModelInput,
  TokenUse,
} from '../../../native/host/inference.ts';
import { AppError } from '../../contract/app-error.ts';
import type { EndpointTraits } from '../../contract/model.contract.ts';
import type { EndpointHttp } from './endpoint-http.ts';
import {
  chatSchema,
  completionSchema,
  embeddingSchema,
  readReplyAs,
  rerankSchema,
  tokenCountSchema,
  type Usage,
} from './endpoint-replies.ts';

export interface EndpointModelOptions {
  readonly http: EndpointHttp;
  readonly remoteModel: string;
  readonly identity: ModelIdentity;
  readonly traits: EndpointTraits;
  readonly concurrency: number;
}

/** Most probable tokens asked for; what a candidate has beyond them is lost, so coverage tells a lower bound. */
const topTokens = 20;

function toUse(usage: Usage): TokenUse {
  return {
    prompt: usage?.prompt_tokens ?? 0,
    reused: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    generated: usage?.completion_tokens ?? 0,
  };
}

type ChatInput = Extract<ModelInput, { messages: unknown }>;

/** A conversation whose last, unfinished turn is the assistant's where it has a beginning. */
function toChat({ messages, answer = '' }: ChatInput, { server }: EndpointTraits) {
  if (answer === '') return { messages };
  const begun = { messages: [...messages, { role: 'assistant', content: answer }] };
  return server === 'vllm' ? { ...begun, add_generation_prompt: false, continue_final_message: true } : begun;
}

/** Shares of the candidates in what the server told of the next token. */
function distribute(
  top: readonly { readonly token: string; readonly logprob: number }[],
  candidates: readonly (readonly string[])[],
): Pick<CandidateDistribution, 'probabilities' | 'coverage'> {
  const masses = candidates.map((forms) =>
    top.reduce((sum, { token, logprob }) => sum + (forms.includes(token) ? Math.exp(logprob) : 0), 0),
  );
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return {
    probabilities: masses.map((mass) => (total > 0 ? mass / total : 1 / masses.length)),
    coverage: Math.min(1, total),
  };
}

/** The last tokens of an input that make up `continuation`; undefined where tokens and text do not meet. */
export function takeContinuation(
  tokens: readonly { readonly text: string; readonly logprob: number | null }[],
  continuation: string,
): number[] | undefined {
  const logprobs: number[] = [];
  let rest = continuation;
  for (const { text, logprob } of [...tokens].reverse()) {
    if (rest === '') break;
    if (logprob === null || !rest.endsWith(text)) return undefined;
    rest = rest.slice(0, rest.length - text.length);
    logprobs.unshift(logprob);
  }
  return rest === '' && logprobs.length > 0 ? logprobs : undefined;
}

type Asker = EndpointModelOptions & { readonly need: (capability: Capability) => void };

async function scoreEchoed({ http, remoteModel: model }: Asker, text: string, whole: ScoredText) {
  const { continuation, signal } = whole;
  const body = { model, prompt: text + continuation, echo: true, logprobs: 1, max_tokens: 1, temperature: 0 };
  const reply = readReplyAs(completionSchema, await http.request('completions', body, { signal }));
  const { tokens = [], token_logprobs: values = [], text_offset: offsets } = reply.choices[0]?.logprobs ?? {};
  // What was generated after the input is not part of it.
  const end = offsets?.findIndex((offset) => offset >= text.length + continuation.length) ?? -1;
  const echoed = tokens
    .slice(0, end < 0 ? tokens.length - 1 : end)
    .map((token, index) => ({ text: token, logprob: values[index] ?? null }));
  return { logprobs: takeContinuation(echoed, continuation), use: toUse(reply.usage) };
}

interface ScoredText {
  readonly continuation: string;
  readonly signal: AbortSignal | undefined;
}

async function scorePrompted(
  { http, remoteModel: model, traits }: Asker,
  input: ChatInput,
  scored: ScoredText,
) {
  const { continuation, signal } = scored;
  const whole = toChat({ ...input, answer: (input.answer ?? '') + continuation }, traits);
  const body = { model, ...whole, prompt_logprobs: 0, max_tokens: 1, temperature: 0 };
  const reply = readReplyAs(chatSchema, await http.request('chat/completions', body, { signal }));
  const tokens = (reply.prompt_logprobs ?? []).map((entry) => {
    const [only] = Object.values(entry ?? {});
    return { text: only?.decoded_token ?? '', logprob: only?.logprob ?? null };
  });
  return { logprobs: takeContinuation(tokens, continuation), use: toUse(reply.usage) };
}

async function score(asker: Asker, input: ModelInput, scored: ScoredText): Promise<ContinuationScore> {
  asker.need('score');
  if ('turn' in input && input.turn === 'user')
    throw new AppError(
      'MODEL_LACKS_CAPABILITY',
      'The text was not scored: an endpoint cannot score what a user says next. Use a local model.',
    );
  const { logprobs, use } =
    'text' in input
      ? await scoreEchoed(asker, input.text, scored)
      : await scorePrompted(asker, requirePrompted(input, asker.traits), scored);
  if (!logprobs) {
    throw new AppError(
      'ENDPOINT_FAILED',
      'The text was not scored: a token of the endpoint spans the end of the prompt. Begin the text with a space or a line break.',
    );
  }
  return {
    logprobs,
    sum: logprobs.reduce((sum, value) => sum + value, 0),
    count: logprobs.length,
    use: { ...use, generated: 0 },
  };
}

async function decide(
  { http, remoteModel: model, traits, need }: Asker,
  input: ModelInput,
  { candidates, signal }: { candidates: readonly (readonly string[])[]; signal: AbortSignal | undefined },
): Promise<CandidateDistribution> {
  need('decide');
  const shared = { model, max_tokens: 1, temperature: 0 };
  if ('text' in input) {
    const body = { ...shared, prompt: input.text, logprobs: topTokens };
    const reply = readReplyAs(completionSchema, await http.request('completions', body, { signal }));
    const [top] = reply.choices[0]?.logprobs?.top_logprobs ?? [];
    const entries = Object.entries(top ?? {}).map(([token, logprob]) => ({ token, logprob }));
    return { ...distribute(entries, candidates), use: toUse(reply.usage) };
  }
  const body = { ...shared, ...toChat(input, traits), logprobs: true, top_logprobs: topTokens };
  const reply = readReplyAs(chatSchema, await http.request('chat/completions', body, { signal }));
  const [first] = reply.choices[0]?.logprobs?.content ?? [];
  return { ...distribute(first?.top_logprobs ?? [], candidates), use: toUse(reply.usage) };
}

async function generate(
  { http, remoteModel: model, traits, need }: Asker,
  input: ModelInput,
  { signal, onText, schema, temperature, seed, maxTokens }: GenerateOptions & CallOptions,
): Promise<Generation> {
  need('generate');
  const format = schema && {
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
  };
  const shared = { model, temperature, seed, max_tokens: maxTokens, ...format };
  const isText = 'text' in input;
  const place = isText ? 'completions' : 'chat/completions';
  const body = isText ? { ...shared, prompt: input.text } : { ...shared, ...toChat(input, traits) };
  const raw = await http.request(place, body, { signal });
  const reply = isText ? readReplyAs(completionSchema, raw) : readReplyAs(chatSchema, raw);
  const [choice] = reply.choices;
  const text = (choice && 'text' in choice ? choice.text : choice?.message?.content) ?? '';
  onText?.(text);
  return { text, finish: choice?.finish_reason === 'length' ? 'length' : 'stop', use: toUse(reply.usage) };
}

/** An OpenAI-compatible endpoint as protocols see it, with what it was found to be able to do. */
export function createEndpointModel(options: EndpointModelOptions): InferenceModel {
  const { http, remoteModel: model, identity, traits, concurrency } = options;
  const need = (capability: Capability) => {
    if (traits.capabilities.includes(capability)) return;
    throw new AppError(
      'MODEL_LACKS_CAPABILITY',
      `The endpoint was not asked: it cannot ${capability}; it can ${traits.capabilities.join(', ')}. Choose another model.`,
      { capability, capabilities: traits.capabilities },
    );
  };
  const asker = { ...options, need };
  return {
    identity,
    concurrency,
    score: (input, continuation, { signal } = {}) => score(asker, input, { continuation, signal }),
    decide: (input, candidates, { signal } = {}) => decide(asker, input, { candidates, signal }),
    generate: (input, asked) => generate(asker, input, asked),
    async embed(text, { signal } = {}) {
      need('embed');
      const raw = await http.request('embeddings', { model, input: text }, { signal });
      const [first] = readReplyAs(embeddingSchema, raw).data;
      const vector = first?.embedding ?? [];
      const length = Math.hypot(...vector) || 1;
      return Float32Array.from(vector, (value) => value / length);
    },
    async rank(query, document, { signal } = {}) {
      need('rank');
      const raw = await http.request('rerank', { model, query, documents: [document] }, { signal });
      return readReplyAs(rerankSchema, raw).results[0]?.relevance_score ?? 0;
    },
    async countTokens(text, { signal } = {}) {
      // Without a tokenizer to ask: four characters a token, the usual rule for English.
      if (!traits.countsTokens) return Math.ceil(text.length / 4);
      const body = traits.server === 'vllm' ? { model, prompt: text } : { content: text };
      return readReplyAs(tokenCountSchema, await http.request('../tokenize', body, { signal })).count;
    },
  };
}

function requirePrompted(input: ChatInput, { scoring }: EndpointTraits): ChatInput {
  if (scoring === 'prompt') return input;
  throw new AppError(
    'MODEL_LACKS_CAPABILITY',
    'The text was not scored: this endpoint tells log-probabilities of plain text only, not of conversations. Use a local model, or a vLLM server.',
    { scoring },
  );
}
