import type { ControlledEvaluateInputItem, LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp';
import { askLogits, readLogprobs } from './logits.ts';
import { SequencePool } from './sequence-pool.ts';
import type { Question, Reading, Running, TokenReader } from './token-reader.ts';

/** Positions scored in one step: each holds a row of logits as long as the vocabulary until it is read. */
const scoredAtOnce = 128;

/** Reads through node-llama-cpp, position by position. Its sequences are lent for writing, too. */
export class LibraryReader implements TokenReader {
  readonly #context: LlamaContext;
  readonly #pool: SequencePool;

  constructor(context: LlamaContext) {
    this.#context = context;
    this.#pool = new SequencePool(
      Array.from({ length: context.totalSequences }, () => context.getSequence()),
    );
  }

  get contextSize(): number {
    return this.#context.contextSize;
  }

  get sequences(): number {
    return this.#context.totalSequences;
  }

  async read(tokens: readonly Token[], questions: readonly Question[], running: Running): Promise<Reading> {
    const first = questions[0]?.at ?? tokens.length - 1;
    return this.withSequence(tokens.slice(0, first + 1), running, async (sequence, reused) => {
      const logprobs: number[][] = [];
      const asked = new Map(questions.map((question) => [question.at, question.targets]));
      const end = (questions.at(-1)?.at ?? first) + 1;
      for (let at = first; at < end; at += scoredAtOnce) {
        running.signal.throwIfAborted();
        const until = Math.min(at + scoredAtOnce, end);
        const from = sequence.nextTokenIndex;
        const items = tokens.slice(from, until).map((token, index): ControlledEvaluateInputItem => {
          const targets = asked.get(from + index);
          return targets ? [token, askLogits(targets)] : token;
        });
        const outputs = await running.native(() => sequence.controlledEvaluate(items));
        for (let index = at; index < until; index++) {
          const targets = asked.get(index);
          if (targets) logprobs.push(readLogprobs(outputs[index - from], targets));
        }
      }
      return { logprobs, reused };
    });
  }

  /**
   * Lends a sequence whose state is a true beginning of the tokens: what it shares is kept, the last token is always left
   * to evaluate, and a long rest is evaluated in steps between which the call can be cancelled.
   */
  async withSequence<T>(
    tokens: readonly Token[],
    running: Running,
    work: (sequence: LlamaContextSequence, reused: number) => Promise<T>,
  ): Promise<T> {
    const sequence = await this.#pool.lease(tokens, running.signal);
    try {
      await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
      const reused = sequence.nextTokenIndex;
      const step = this.#context.batchSize;
      while (tokens.length - 1 - sequence.nextTokenIndex > step) {
        running.signal.throwIfAborted();
        const part = tokens.slice(sequence.nextTokenIndex, sequence.nextTokenIndex + step);
        await running.native(() => sequence.evaluateWithoutGeneratingNewTokens(part));
      }
      running.signal.throwIfAborted();
      return await running.native(() => work(sequence, reused));
    } finally {
      this.#pool.giveBack(sequence);
    }
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
  }
}
