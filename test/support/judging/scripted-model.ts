import { createHash } from 'node:crypto';
import type {
  CandidateDistribution,
  Capability,
  GenerateOptions,
  Generation,
  InferenceModel,
  ModelIdentity,
  ModelInput,
} from '../../../native/host/inference.ts';

/** What a scripted model answers; each sees the text a real model would read. Absent = the model cannot do it. */
export interface Script {
  /** Natural logarithm of each token's probability. */
  readonly score?: (input: string, continuation: string) => readonly number[];
  /** Mass of each surface form, before renormalising; forms it does not name have none. */
  readonly decide?: (input: string) => Readonly<Record<string, number>>;
  /** Called again with the next `attempt` when the same input comes back. */
  readonly generate?: (input: string, options: GenerateOptions & { attempt: number }) => string;
  readonly embed?: (text: string) => readonly number[];
  readonly rank?: (query: string, document: string) => number;
}

export interface ScriptedModel extends InferenceModel {
  /** Every call in order, as `operation: text the model read`. */
  readonly calls: readonly { readonly operation: string; readonly input: string }[];
}

/** The conversation as one text, so that scripts can search it. */
export function spellInput(input: ModelInput): string {
  if ('text' in input) return input.text;
  const turns = input.messages.map(({ role, content }) => `<${role}>\n${content}\n`);
  return `${turns.join('')}<${input.turn ?? 'assistant'}>\n${input.answer ?? ''}`;
}

/** A model that says what a test wrote down; the arithmetic of candidates and coverage is that of a real one. */
export function createScriptedModel(script: Script, identity: Partial<ModelIdentity> = {}): ScriptedModel {
  const calls: { operation: string; input: string }[] = [];
  const attempts = new Map<string, number>();
  const note = (operation: string, input: string) => calls.push({ operation, input });
  const need = <T>(part: T | undefined, capability: Capability): T => {
    if (part === undefined) throw new Error(`the script says nothing about ${capability}`);
    return part;
  };
  const countWords = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;
  const use = (input: string, generated = 0) => ({ prompt: countWords(input), reused: 0, generated });
  return {
    calls,
    concurrency: 4,
    identity: {
      name: 'scripted',
      hash: createHash('sha256')
        .update(identity.name ?? 'scripted')
        .digest('hex'),
      kind: 'gguf',
      architecture: 'scripted',
      quantisation: null,
      contextSize: 4_096,
      capabilities: (['score', 'decide', 'generate', 'embed', 'rank'] as const).filter(
        (capability) => script[capability] !== undefined,
      ),
      ...identity,
    },
    async score(input, continuation) {
      const text = spellInput(input);
      note('score', text);
      const logprobs = need(script.score, 'score')(text, continuation);
      const sum = logprobs.reduce((total, value) => total + value, 0);
      return { logprobs, sum, count: logprobs.length, use: use(text + continuation) };
    },
    async decide(input, candidates): Promise<CandidateDistribution> {
      const text = spellInput(input);
      note('decide', text);
      const masses = need(script.decide, 'decide')(text);
      const sums = candidates.map((forms) =>
        [...new Set(forms)].reduce((total, form) => total + (masses[form] ?? 0), 0),
      );
      const coverage = sums.reduce((total, value) => total + value, 0);
      const probabilities = sums.map((value) => (coverage === 0 ? 1 / sums.length : value / coverage));
      return { probabilities, coverage, use: use(text) };
    },
    async generate(input, options): Promise<Generation> {
      const text = spellInput(input);
      note('generate', text);
      const attempt = (attempts.get(text) ?? 0) + 1;
      attempts.set(text, attempt);
      const answer = need(script.generate, 'generate')(text, { ...options, attempt });
      options.onText?.(answer);
      return { text: answer, finish: 'stop', use: use(text, countWords(answer)) };
    },
    async embed(text) {
      note('embed', text);
      const vector = Float32Array.from(need(script.embed, 'embed')(text));
      const length = Math.hypot(...vector) || 1;
      return vector.map((value) => value / length);
    },
    async rank(query, document) {
      note('rank', `${query}\n${document}`);
      return need(script.rank, 'rank')(query, document);
    },
    countTokens: async (text) => countWords(text),
  };
}
