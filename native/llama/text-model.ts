import { type LlamaGrammar, LlamaGrammarEvaluationState, type LlamaModel, type Token } from 'node-llama-cpp';
import type {
  CandidateDistribution,
  ContinuationScore,
  Generation,
  ModelInput,
  TokenUse,
} from '../host/inference.ts';
import { toGrammarSchema } from './grammar-schema.ts';
import type { LibraryReader } from './library-reader.ts';
import { readChatTemplate, requireFit, tokenizeInput, tokenizeNext } from './model-input.ts';
import type { Running, TokenReader } from './token-reader.ts';

export interface GenerateParams {
  readonly schema: object | null;
  readonly temperature: number;
  readonly seed: number;
  readonly maxTokens: number;
}

/** A model that reads and writes text. Its writer may be made when it is first needed. */
export class TextModel {
  readonly #model: LlamaModel;
  readonly #reader: TokenReader;
  readonly #openWriter: () => Promise<LibraryReader>;
  #writer: Promise<LibraryReader> | undefined;
  #ordinary: Token[] | undefined;
  readonly #grammars = new Map<string, Promise<LlamaGrammar>>();

  constructor(model: LlamaModel, reader: TokenReader, openWriter: () => Promise<LibraryReader>) {
    this.#model = model;
    this.#reader = reader;
    this.#openWriter = openWriter;
  }

  get contextSize(): number {
    return this.#reader.contextSize;
  }

  /** P1. */
  async score(input: ModelInput, continuation: string, running: Running): Promise<ContinuationScore> {
    const prefix = this.#tokenize(input);
    const rest = tokenizeNext(this.#model, continuation);
    return this.#scoreTokens(prefix, rest, running);
  }

  /** P2. */
  async decide(
    input: ModelInput,
    candidates: readonly (readonly string[])[],
    running: Running,
  ): Promise<CandidateDistribution> {
    const prefix = this.#tokenize(input);
    const forms = candidates.map((texts) => texts.map((text) => tokenizeNext(this.#model, text)));
    const firsts = forms.map((tokenized) => distinctFirsts(tokenized));
    if (firsts.some((tokens) => tokens.length === 0)) return this.#decideByScores(prefix, forms, running);
    const { logprobs, use } = await this.#readNext(prefix, firsts.flat(), running);
    const masses = firsts.map((tokens) =>
      tokens.reduce((sum, token) => sum + Math.exp(logprobs.get(token) ?? -Infinity), 0),
    );
    return { ...renormalise(masses), use };
  }

  /** P3. */
  async generate(
    input: ModelInput,
    { schema, temperature, seed, maxTokens }: GenerateParams,
    { onText, ...running }: Running & { readonly onText: ((delta: string) => void) | undefined },
  ): Promise<Generation> {
    const prefix = this.#tokenize(input);
    requireFit(prefix.length + 1, this.contextSize);
    const grammarEvaluationState = schema === null ? undefined : await this.#startGrammar(schema);
    const most = Math.min(maxTokens, this.contextSize - prefix.length);
    const writer = await this.#openOnce();
    return writer.withSequence(prefix, running, async (sequence, reused) => {
      const written: Token[] = [];
      const tell = makeTextTeller(this.#model, prefix, onText);
      const rest = prefix.slice(sequence.nextTokenIndex);
      const stream = sequence.evaluate(rest, { temperature, seed, grammarEvaluationState });
      let finish: Generation['finish'] = 'stop';
      for await (const token of stream) {
        running.signal.throwIfAborted();
        written.push(token);
        tell(written);
        if (written.length < most) continue;
        finish = 'length';
        break;
      }
      const text = tell(written, true);
      return { text, finish, use: { prompt: prefix.length, reused, generated: written.length } };
    });
  }

  count(text: string): number {
    return this.#model.tokenize(text, false).length;
  }

  /** Tokens a second of prompts without a common beginning, one on each sequence. */
  async prefill(promptTokens: number, running: Running): Promise<number> {
    const prompts = Array.from({ length: this.#reader.sequences }, (_, index) =>
      this.#makeTokens(promptTokens, index + 1),
    );
    const start = performance.now();
    await Promise.all(prompts.map((tokens) => this.#readNext(tokens, tokens.slice(0, 1), running)));
    return (1_000 * prompts.length * promptTokens) / (performance.now() - start);
  }

  /** Tokens a second one sequence writes. */
  async write(generatedTokens: number, running: Running): Promise<number> {
    const prompt = this.#makeTokens(8, this.#reader.sequences + 1);
    const writer = await this.#openOnce();
    return writer.withSequence(prompt, running, async (sequence) => {
      const rest = prompt.slice(sequence.nextTokenIndex);
      let written = -1;
      let start = 0;
      for await (const _ of sequence.evaluate(rest, { yieldEogToken: true })) {
        if (written < 0) start = performance.now();
        if (++written >= generatedTokens) break;
      }
      return (1_000 * written) / (performance.now() - start);
    });
  }

  /** Ordinary tokens of the vocabulary, strewn; another `seed` begins otherwise. */
  #makeTokens(length: number, seed: number): Token[] {
    this.#ordinary ??= [...this.#model.iterateAllTokens()].filter(
      (token) => !this.#model.isSpecialToken(token) && !this.#model.isEogToken(token),
    );
    const ordinary = this.#ordinary;
    return Array.from(
      { length },
      (_, index) => ordinary[(seed * 7_919 + (index + seed) * 104_729) % ordinary.length],
    ).filter((token) => token !== undefined);
  }

  #tokenize(input: ModelInput): Token[] {
    return tokenizeInput(this.#model, readChatTemplate(this.#model), input);
  }

  async #startGrammar(schema: object): Promise<LlamaGrammarEvaluationState> {
    const normal = toGrammarSchema(schema);
    const key = JSON.stringify(normal);
    let grammar = this.#grammars.get(key);
    if (!grammar) {
      // The normalised schema is of the library's own subset, which its type cannot tell.
      grammar = this.#model.llama.createGrammarForJsonSchema(normal as { type: 'object' });
      this.#grammars.set(key, grammar);
    }
    return new LlamaGrammarEvaluationState({ model: this.#model, grammar: await grammar });
  }

  /** The candidates as continuations: the probability of a candidate is that of its forms together. */
  async #decideByScores(
    prefix: Token[],
    forms: readonly (readonly Token[][])[],
    running: Running,
  ): Promise<CandidateDistribution> {
    const uses: TokenUse[] = [];
    const masses: number[] = [];
    for (const tokenized of forms) {
      let mass = 0;
      const seen = new Set<string>();
      for (const tokens of tokenized) {
        if (tokens.length === 0 || seen.has(tokens.join())) continue;
        seen.add(tokens.join());
        const { sum, use } = await this.#scoreTokens(prefix, tokens, running);
        mass += Math.exp(sum);
        uses.push(use);
      }
      masses.push(mass);
    }
    const total = (member: keyof TokenUse) => uses.reduce((sum, use) => sum + use[member], 0);
    const use = { prompt: total('prompt'), reused: total('reused'), generated: 0 };
    return { ...renormalise(masses), use };
  }

  async #scoreTokens(
    prefix: Token[],
    continuation: readonly Token[],
    running: Running,
  ): Promise<ContinuationScore> {
    const all = [...prefix, ...continuation];
    requireFit(all.length, this.contextSize);
    const questions = continuation.map((token, index) => ({
      at: prefix.length - 1 + index,
      targets: [token],
    }));
    const use = { prompt: all.length, reused: 0, generated: 0 };
    if (questions.length === 0) return { logprobs: [], sum: 0, count: 0, use };
    // The last token of the continuation is not read: nothing is asked of what follows it.
    const { logprobs: answers, reused } = await this.#reader.read(all.slice(0, -1), questions, running);
    const logprobs = answers.flat();
    const sum = logprobs.reduce((total, value) => total + value, 0);
    return { logprobs, sum, count: logprobs.length, use: { ...use, reused } };
  }

  /** ln p of some tokens after the prefix. */
  async #readNext(
    prefix: readonly Token[],
    tokens: readonly Token[],
    running: Running,
  ): Promise<{ logprobs: Map<Token, number>; use: TokenUse }> {
    requireFit(prefix.length + 1, this.contextSize);
    const question = { at: prefix.length - 1, targets: tokens };
    const { logprobs, reused } = await this.#reader.read(prefix, [question], running);
    const [values = []] = logprobs;
    return {
      logprobs: new Map(tokens.map((token, index) => [token, values[index] ?? -Infinity])),
      use: { prompt: prefix.length, reused, generated: 0 },
    };
  }

  #openOnce(): Promise<LibraryReader> {
    this.#writer ??= this.#openWriter().catch((error: unknown) => {
      this.#writer = undefined;
      throw error;
    });
    return this.#writer;
  }
}

/** The distinct tokens of a candidate's one-token forms. */
function distinctFirsts(forms: readonly Token[][]): Token[] {
  return [...new Set(forms.flatMap((tokens) => (tokens.length === 1 ? tokens : [])))];
}

/** Shares that sum to 1, and the mass there was before; equal shares where there was none. */
function renormalise(masses: readonly number[]): Pick<CandidateDistribution, 'probabilities' | 'coverage'> {
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return {
    probabilities: masses.map((mass) => (total > 0 ? mass / total : 1 / masses.length)),
    coverage: Math.min(1, total),
  };
}

/** Tells text as it grows, whole characters only; the last call answers all of it. */
function makeTextTeller(
  model: LlamaModel,
  before: readonly Token[],
  onText: ((delta: string) => void) | undefined,
): (written: readonly Token[], isEnd?: boolean) => string {
  let told = 0;
  return (written, isEnd = false) => {
    if (!onText && !isEnd) return '';
    const text = model.detokenize(written, false, before.slice(-8));
    if (onText && (isEnd || !text.endsWith('\uFFFD')) && text.length > told) {
      onText(text.slice(told));
      told = text.length;
    }
    return text;
  };
}
