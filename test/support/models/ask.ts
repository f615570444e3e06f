import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import type { Llama, LlamaContextSequence, LlamaModel, Token } from 'node-llama-cpp';
import { ANSWER_CUE, SECTIONS } from './vocabulary.ts';

/**
 * The installed llama.cpp, on one CPU thread: it never builds or downloads. With two threads the tiny models are a
 * hundred times slower on a busy machine, because llama.cpp's threads wait for each other by spinning.
 *
 * Owns all it opened, and keeps it until the end on purpose: in node-llama-cpp 3.22.1 a context that is garbage
 * collected before it was disposed leaves `model.dispose()` waiting for ever. The same goes for a model and
 * `llama.dispose()`, and for a model that was refused there is nothing to dispose: so the backend itself is left to
 * the end of the process.
 */
export class TestLlama {
  private readonly contexts: { dispose(): Promise<void> }[] = [];
  private readonly models: LlamaModel[] = [];

  private constructor(readonly llama: Llama) {}

  static async open(): Promise<TestLlama> {
    return new TestLlama(
      await getLlama({
        build: 'never',
        gpu: false,
        skipDownload: true,
        maxThreads: 1,
        logLevel: LlamaLogLevel.disabled,
      }),
    );
  }

  /** Loads a model file. Rejects where llama.cpp refuses it. */
  async load(modelPath: string): Promise<LlamaModel> {
    const model = await this.llama.loadModel({ modelPath });
    this.models.push(model);
    return model;
  }

  /** A sequence of its own in a new context. */
  async openSequence(model: LlamaModel, contextSize = 1024): Promise<LlamaContextSequence> {
    return this.keep(await model.createContext({ contextSize, threads: 1 })).getSequence();
  }

  /** Takes over a context made elsewhere. */
  keep<C extends { dispose(): Promise<void> }>(context: C): C {
    this.contexts.push(context);
    return context;
  }

  async dispose(): Promise<void> {
    for (const context of this.contexts) await context.dispose();
    for (const model of this.models) await model.dispose();
  }
}

export interface PairText {
  a: string;
  b: string;
  prompt?: string;
  /** Which heading comes first; A by default. */
  first?: 'A' | 'B';
  /** Earlier user turns, as in few-shot prompts. */
  before?: string;
}

/** A pairwise judge prompt in ChatML, up to where the answer goes. */
export function pairPrompt({ a, b, prompt = 'Hello?', first = 'A', before = '' }: PairText): string {
  const sides = [`${SECTIONS.responseA}\n${a}`, `${SECTIONS.responseB}\n${b}`];
  if (first === 'B') sides.reverse();
  return (
    before + turn([`${SECTIONS.prompt}\n${prompt}`, ...sides, `${SECTIONS.end}\n${ANSWER_CUE}`].join('\n'))
  );
}

/** One user turn in ChatML and the opening of the assistant's. */
export function turn(content: string): string {
  return `<|im_start|>user\n${content}<|im_end|>\n<|im_start|>assistant\n`;
}

/** The tokens of a prompt with the begin token in front, as the models want it. */
export function promptTokens(model: LlamaModel, prompt: string): Token[] {
  const begin = model.tokens.bos;
  return [
    ...(begin !== null && model.tokens.shouldPrependBosToken ? [begin] : []),
    ...model.tokenize(prompt, true),
  ];
}

/** The whole softmax over the vocabulary for the token after `prompt`, at temperature 1. */
export async function nextTokenProbabilities(
  sequence: LlamaContextSequence,
  prompt: string,
): Promise<Map<Token, number>> {
  const tokens = promptTokens(sequence.model, prompt);
  const last = tokens.pop();
  if (last === undefined) throw new Error('an empty prompt has no next token');
  await sequence.clearHistory();
  const results = await sequence.controlledEvaluate([
    ...tokens,
    [last, { generateNext: { probabilities: true } }],
  ]);
  const probabilities = results.at(-1)?.next.probabilities;
  if (probabilities === undefined) throw new Error('llama.cpp gave no probabilities');
  return probabilities;
}

export interface Verdict {
  /** Share of the first candidate among the candidates, in [0, 1]. */
  p: number;
  /** Probability of all candidates together, in [0, 1]. */
  coverage: number;
}

/** Asks for one of two answers; each is a set of forms that are single tokens. */
export async function askEither(
  sequence: LlamaContextSequence,
  prompt: string,
  answers: readonly [readonly string[], readonly string[]] = [
    [' A', 'A'],
    [' B', 'B'],
  ],
): Promise<Verdict> {
  const probabilities = await nextTokenProbabilities(sequence, prompt);
  const [first, second] = answers.map((forms) =>
    forms.reduce((sum, form) => sum + (probabilities.get(singleToken(sequence.model, form)) ?? 0), 0),
  );
  const coverage = (first ?? 0) + (second ?? 0);
  return { p: (first ?? 0) / coverage, coverage };
}

/** The one token that `text` is. Throws where it is several. */
export function singleToken(model: LlamaModel, text: string): Token {
  const [token, ...rest] = model.tokenize(text, false);
  if (token === undefined || rest.length > 0) throw new Error(`"${text}" is not one token of this model`);
  return token;
}
