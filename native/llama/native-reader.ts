import type { LlamaModel, Token } from 'node-llama-cpp';
import type { ContextShape } from '../host/inference-calls.ts';
import { notNumbers } from './logits.ts';
import { type NativeHandle, type ScorerAddon, unwrapModel } from './scorer-addon.ts';
import { countShared } from './sequence-pool.ts';
import { chooseJobs, type Job, planStep, type Slot } from './step-plan.ts';
import type { Question, Reading, Running, TokenReader } from './token-reader.ts';

/** Bytes of logits one step may make; a row is as long as the vocabulary. */
const mostLogitBytes = 128 * 2 ** 20;

/** Positions of one step that may be asked about. */
export function countRows(vocabularySize: number, { batchSize, sequences }: ContextShape): number {
  const affordable = Math.floor(mostLogitBytes / (4 * vocabularySize));
  return Math.max(sequences, Math.min(batchSize, affordable));
}

/** Logits of a step, once where they are computed and once where they are read. */
export function estimateLogitBytes(vocabularySize: number, shape: ContextShape): number {
  return 2 * 4 * vocabularySize * countRows(vocabularySize, shape);
}

export interface NativeReaderOptions {
  readonly shape: ContextShape;
  readonly contextSize: number;
}

/**
 * Reads through `native/scorer`: whole steps over several sequences, log-probabilities taken in native code. Calls wait
 * here and are put together step by step; a sequence goes on from what it shares with the next call.
 */
export class NativeReader implements TokenReader {
  readonly contextSize: number;
  readonly sequences: number;
  readonly #addon: ScorerAddon;
  readonly #handle: NativeHandle;
  readonly #limits: { readonly tokens: number; readonly rows: number };
  readonly #slots: Slot[];
  readonly #waiting: Job[] = [];
  #turning: Promise<void> | undefined;

  constructor(
    addon: ScorerAddon,
    handle: NativeHandle,
    { shape, contextSize, rows }: NativeReaderOptions & { readonly rows: number },
  ) {
    this.#addon = addon;
    this.#handle = handle;
    this.contextSize = contextSize;
    this.sequences = shape.sequences;
    this.#limits = { tokens: shape.batchSize, rows };
    this.#slots = Array.from({ length: shape.sequences }, (_, id) => ({ id, tokens: [], job: undefined }));
  }

  /** Throws where the addon cannot serve this model, or there is no memory. */
  static async open(
    addon: ScorerAddon,
    model: LlamaModel,
    { shape, contextSize }: NativeReaderOptions,
  ): Promise<NativeReader> {
    const rows = countRows(model.fileInfo.metadata.tokenizer?.ggml?.tokens.length ?? 1, shape);
    const batchSize = Math.min(shape.batchSize, contextSize * shape.sequences);
    const handle = await addon.open(unwrapModel(model), {
      ...{ contextSize, rows, batchSize, sequences: shape.sequences, threads: shape.threads },
      flashAttention: shape.flashAttention && model.flashAttentionSupported ? 1 : 0,
    });
    return new NativeReader(addon, handle, { shape: { ...shape, batchSize }, contextSize, rows });
  }

  async read(
    tokens: readonly Token[],
    questions: readonly Question[],
    { signal, native }: Running,
  ): Promise<Reading> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#cancel(job, signal.reason as Error);
      const settle = (end: () => void) => {
        signal.removeEventListener('abort', onAbort);
        end();
      };
      const job: Job = {
        ...{ tokens, questions, native, at: 0, reused: 0, passed: 0, isCancelled: false, logprobs: [] },
        first: questions[0]?.at ?? tokens.length - 1,
        resolve: () => settle(() => resolve({ logprobs: job.logprobs, reused: job.reused })),
        reject: (error) => settle(() => reject(error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(job);
      this.#turning ??= this.#turn();
    });
  }

  async dispose(): Promise<void> {
    await this.#turning;
    this.#addon.close(this.#handle);
  }

  #cancel(job: Job, reason: Error): void {
    job.isCancelled = true;
    job.reject(reason);
    const place = this.#waiting.indexOf(job);
    if (place >= 0) this.#waiting.splice(place, 1);
    else if (this.#slots.every((slot) => slot.job?.isCancelled ?? true)) this.#addon.abort(this.#handle);
  }

  async #turn(): Promise<void> {
    // Calls that arrive together are chosen from together.
    await Promise.resolve();
    try {
      while (this.#assign()) await this.#step();
    } catch (error) {
      this.#failAll(error instanceof Error ? error : new Error(String(error)));
    }
    // In the same turn as the look that found nothing to do: a call that comes now begins the next one.
    this.#turning = undefined;
  }

  /** Fills the sequences; false where there is nothing to do. */
  #assign(): boolean {
    for (const slot of this.#slots) if (slot.job?.isCancelled) slot.job = undefined;
    chooseJobs(this.#slots, this.#waiting);
    for (const slot of this.#slots) if (slot.job?.at === 0) this.#begin(slot, slot.job);
    return this.#slots.some((slot) => slot.job);
  }

  #failAll(error: Error): void {
    for (const job of this.#waiting.splice(0)) job.reject(error);
    for (const slot of this.#slots) {
      slot.job?.reject(error);
      slot.job = undefined;
    }
  }

  #begin(slot: Slot, job: Job): void {
    const shared = Math.min(countShared(slot.tokens, job.tokens), job.first);
    job.at = job.reused = this.#addon.keep(this.#handle, slot.id, shared);
    slot.tokens = job.tokens.slice(0, job.at);
  }

  async #step(): Promise<void> {
    const plan = planStep(this.#slots, this.#limits);
    const { tokens, positions, sequences, rows, targets } = plan;
    const [{ job: first } = { job: undefined }] = plan.parts;
    try {
      const work = () => this.#addon.step(this.#handle, tokens, positions, sequences, rows, targets);
      const logprobs = await (first ? first.native(work) : work());
      this.#hand(plan.parts, logprobs);
    } catch (error) {
      for (const { slot, job } of plan.parts) {
        job.reject(error instanceof Error ? error : new Error(String(error)));
        slot.job = undefined;
        slot.tokens = [];
        this.#addon.keep(this.#handle, slot.id, 0);
      }
    }
  }

  #hand(parts: ReturnType<typeof planStep>['parts'], logprobs: Float64Array): void {
    let place = 0;
    for (const { slot, job, end, questions } of parts) {
      for (const { targets } of questions) {
        const values = logprobs.slice(place, place + targets.length);
        place += targets.length;
        if (values.some((value) => Number.isNaN(value) || value === Infinity)) job.reject(notNumbers());
        job.logprobs.push(Array.from(values, (value) => Math.min(0, value)));
      }
      slot.tokens = job.tokens.slice(0, end);
      job.at = end;
      if (end < job.tokens.length) continue;
      slot.job = undefined;
      job.resolve();
    }
  }
}
