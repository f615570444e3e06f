import type { LlamaContextSequence, Token } from 'node-llama-cpp';

interface Waiter {
  readonly tokens: readonly Token[];
  readonly resolve: (sequence: LlamaContextSequence) => void;
  /** How often another was served first. */
  passed: number;
}

/** A call may be overtaken so often by calls that share more with a free sequence. */
export const mostPassed = 8;

/** Length of the common beginning. */
export function countShared(left: readonly Token[], right: readonly Token[]): number {
  const most = Math.min(left.length, right.length);
  let shared = 0;
  while (shared < most && left[shared] === right[shared]) shared += 1;
  return shared;
}

/** A call waits for a busy sequence rather than take a free one where that spares so many tokens, and this share. */
const leastSpared = 32;
const leastShare = 0.15;

/** Whether a call of so many tokens should wait for a sequence that spares it so many more. */
export function isWorthWaiting(spared: number, tokens: number): boolean {
  return spared >= Math.max(leastSpared, leastShare * tokens);
}

/**
 * Lends the sequences of a context. A call gets the free one whose state shares the longest beginning with its tokens;
 * a sequence that comes back goes to the waiting call that shares the most with it. A call that shares much with one
 * that runs (the other order of a pair) waits for that one's sequence. Sequences are never disposed and asked for again:
 * the slot would come back too late.
 */
export class SequencePool {
  readonly #free: LlamaContextSequence[];
  readonly #busy = new Map<LlamaContextSequence, readonly Token[]>();
  readonly #waiting: Waiter[] = [];

  constructor(sequences: readonly LlamaContextSequence[]) {
    this.#free = [...sequences];
  }

  async lease(tokens: readonly Token[], signal?: AbortSignal): Promise<LlamaContextSequence> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
      };
      const waiter: Waiter = {
        tokens,
        passed: 0,
        resolve: (sequence) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(sequence);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#serve(waiter);
    });
  }

  giveBack(sequence: LlamaContextSequence): void {
    this.#busy.delete(sequence);
    const next = this.#chooseWaiter(sequence);
    if (next) this.#hand(next, sequence);
    else this.#free.push(sequence);
    for (const waiter of [...this.#waiting]) this.#serve(waiter);
  }

  /** Gives the waiting call the best free sequence, unless a busy one is worth waiting for. */
  #serve(waiter: Waiter): void {
    const { tokens } = waiter;
    let best = -1;
    let most = -1;
    this.#free.forEach((sequence, index) => {
      const shared = countShared(sequence.contextTokens, tokens);
      if (shared > most) [best, most] = [index, shared];
    });
    if (best < 0) return;
    const running = Math.max(0, ...[...this.#busy.values()].map((other) => countShared(other, tokens)));
    if (isWorthWaiting(running - most, tokens.length)) return;
    const [sequence] = this.#free.splice(best, 1);
    if (sequence) this.#hand(waiter, sequence);
  }

  #hand(waiter: Waiter, sequence: LlamaContextSequence): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    this.#busy.set(sequence, waiter.tokens);
    waiter.resolve(sequence);
  }

  #chooseWaiter(sequence: LlamaContextSequence): Waiter | undefined {
    const [oldest] = this.#waiting;
    if (!oldest || oldest.passed >= mostPassed) return oldest;
    const state = sequence.contextTokens;
    let chosen = oldest;
    let most = countShared(state, oldest.tokens);
    for (const waiter of this.#waiting.slice(1)) {
      const shared = countShared(state, waiter.tokens);
      if (shared > most) [chosen, most] = [waiter, shared];
    }
    for (const waiter of this.#waiting) {
      if (waiter === chosen) break;
      waiter.passed += 1;
    }
    return chosen;
  }
}
