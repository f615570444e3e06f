import type { Token } from 'node-llama-cpp';
import { countShared, isWorthWaiting, mostPassed } from './sequence-pool.ts';
import type { Question, Running } from './token-reader.ts';

/** A call on its way. */
export interface Job {
  readonly tokens: readonly Token[];
  readonly questions: readonly Question[];
  /** The position of the first question: what is before it may be taken over, itself not. */
  readonly first: number;
  readonly native: Running['native'];
  readonly logprobs: number[][];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** The next token to process. */
  at: number;
  reused: number;
  /** How often another was served first. */
  passed: number;
  isCancelled: boolean;
}

/** A sequence of the context: the tokens it holds, and the call it works for. */
export interface Slot {
  readonly id: number;
  tokens: readonly Token[];
  job: Job | undefined;
}

/** Of many waiting calls these are compared. */
const mostCompared = 64;

/** A call that shares much with one that runs had better wait for its sequence. */
function isBetterLater(job: Job, shared: number, slots: readonly Slot[]): boolean {
  const running = slots.flatMap((slot) => (slot.job ? [countShared(slot.job.tokens, job.tokens)] : []));
  return isWorthWaiting(Math.max(0, ...running) - shared, job.tokens.length);
}

/**
 * Gives waiting calls to free slots, the pair that shares the longest beginning first; a call that was passed over too
 * often comes before that. Takes the chosen out of `waiting`.
 */
export function chooseJobs(slots: readonly Slot[], waiting: Job[]): void {
  for (;;) {
    const free = slots.filter((slot) => !slot.job);
    let best: { slot: Slot; job: Job; shared: number } | undefined;
    const compared = (waiting[0]?.passed ?? 0) >= mostPassed ? waiting.slice(0, 1) : waiting;
    for (const job of compared.slice(0, mostCompared)) {
      for (const slot of free) {
        const shared = countShared(slot.tokens, job.tokens);
        if (shared > (best?.shared ?? -1) && !isBetterLater(job, shared, slots)) best = { slot, job, shared };
      }
    }
    if (!best) return;
    const place = waiting.indexOf(best.job);
    for (const earlier of waiting.slice(0, place)) earlier.passed += 1;
    waiting.splice(place, 1);
    best.slot.job = best.job;
  }
}

interface Part {
  readonly slot: Slot;
  readonly job: Job;
  /** Behind the last token of this step. */
  readonly end: number;
  readonly questions: readonly Question[];
}

export interface StepPlan {
  readonly parts: readonly Part[];
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly sequences: Int32Array;
  readonly rows: Int32Array;
  readonly targets: Int32Array;
}

/** How far a job gets with so many tokens and answers: not past a question there is no row for. */
function reach(job: Job, tokens: number, rows: number): { end: number; questions: Question[] } {
  const open = job.questions.slice(job.logprobs.length);
  const end = Math.min(job.at + tokens, open[rows]?.at ?? job.tokens.length, job.tokens.length);
  return { end, questions: open.slice(0, rows).filter(({ at }) => at < end) };
}

/**
 * The next step: the calls in the slots share its tokens evenly, for a step over unequal parts is split again inside
 * the library; what a short one leaves goes to the others.
 */
export function planStep(
  slots: readonly Slot[],
  limits: { readonly tokens: number; readonly rows: number },
): StepPlan {
  const busy = slots
    .flatMap((slot) => (slot.job ? [{ slot, job: slot.job }] : []))
    .sort((left, right) => left.job.tokens.length - left.job.at - (right.job.tokens.length - right.job.at));
  let { tokens: tokensLeft, rows: rowsLeft } = limits;
  const parts: Part[] = [];
  for (const [index, { slot, job }] of busy.entries()) {
    const others = busy.length - index;
    const share = { tokens: Math.floor(tokensLeft / others), rows: Math.floor(rowsLeft / others) };
    const { end, questions } = reach(job, share.tokens, share.rows);
    if (end === job.at) continue;
    parts.push({ slot, job, end, questions });
    tokensLeft -= end - job.at;
    rowsLeft -= questions.length;
  }
  return { parts, ...layOut(parts) };
}

function layOut(parts: readonly Part[]): Omit<StepPlan, 'parts'> {
  const count = parts.reduce((sum, { job, end }) => sum + end - job.at, 0);
  const [tokens, positions, sequences] = [
    new Int32Array(count),
    new Int32Array(count),
    new Int32Array(count),
  ];
  const rows: number[] = [];
  const targets: number[] = [];
  let place = 0;
  for (const { slot, job, end, questions } of parts) {
    for (const question of questions) {
      for (const target of question.targets) {
        rows.push(place + question.at - job.at);
        targets.push(target);
      }
    }
    for (let at = job.at; at < end; at++, place++) {
      tokens[place] = job.tokens[at] ?? 0;
      positions[place] = at;
      sequences[place] = slot.id;
    }
  }
  return { tokens, positions, sequences, rows: Int32Array.from(rows), targets: Int32Array.from(targets) };
}
