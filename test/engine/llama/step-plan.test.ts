import type { Token } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { chooseJobs, type Job, planStep, type Slot } from '../../../native/llama/step-plan.ts';

const range = (from: number, length: number) =>
  Array.from({ length }, (_, index) => from + index) as unknown as Token[]; // the library's token is a branded number

function makeJob(tokens: readonly Token[], asked: readonly number[] = [tokens.length - 1]): Job {
  return {
    ...{ tokens, at: 0, reused: 0, passed: 0, isCancelled: false, logprobs: [] },
    questions: asked.map((at) => ({ at, targets: tokens.slice(0, 1) })),
    first: asked[0] ?? tokens.length - 1,
    native: (work) => work(),
    resolve: () => undefined,
    reject: () => undefined,
  };
}
const makeSlots = (...held: (readonly Token[])[]): Slot[] =>
  held.map((tokens, id) => ({ id, tokens, job: undefined }));

describe('the choice of calls for sequences', () => {
  it('gives a call to the sequence that holds most of its beginning, not to the first free one', () => {
    const slots = makeSlots(range(500, 60), range(0, 50));
    const job = makeJob(range(0, 80));
    chooseJobs(slots, [job]);
    expect(slots.map((slot) => slot.job)).toEqual([undefined, job]);
  });

  it('lets the other order of a pair wait for its sequence, and unlike calls run together', () => {
    const slots = makeSlots([], []);
    const waiting = [
      makeJob(range(0, 100)),
      makeJob([...range(0, 60), ...range(900, 40)]),
      makeJob(range(300, 9)),
    ];
    const [first, other, unlike] = waiting;
    chooseJobs(slots, waiting);
    expect(slots.map((slot) => slot.job)).toEqual([first, unlike]);
    expect(waiting).toEqual([other]);
  });

  it('does not let a call starve that shares nothing with what others ask', () => {
    const slots = makeSlots(range(0, 50));
    const stranger = makeJob(range(700, 10));
    let turns = 0;
    const waiting = [stranger];
    for (; !slots.some((slot) => slot.job === stranger); turns++) {
      for (const slot of slots) slot.job = undefined;
      waiting.push(makeJob(range(0, 60)));
      chooseJobs(slots, waiting);
      expect(turns).toBeLessThan(20);
    }
    expect(turns).toBeGreaterThan(1);
  });
});

describe('the plan of a step', () => {
  it('shares its tokens evenly and gives the long call what a short one leaves', () => {
    const [long, short] = [makeJob(range(0, 100)), makeJob(range(200, 10))];
    const slots = makeSlots([], []);
    [long, short].forEach((job, index) => ((slots[index] as Slot).job = job));
    const { parts, tokens } = planStep(slots, { tokens: 64, rows: 64 });
    expect(new Map(parts.map(({ job, end }) => [job, end]))).toEqual(
      new Map([
        [short, 10],
        [long, 54],
      ]),
    );
    expect(tokens).toHaveLength(64);
  });

  it('does not go past a question that has no row: its answer would be lost', () => {
    const job = makeJob(range(0, 20), [9, 10, 11, 12]);
    const slots = makeSlots([]);
    (slots[0] as Slot).job = job;
    const first = planStep(slots, { tokens: 64, rows: 3 });
    expect(first.parts[0]?.end).toBe(12);
    expect([...first.rows]).toEqual([9, 10, 11]);
    job.at = 12;
    job.logprobs.push([0], [0], [0]);
    const second = planStep(slots, { tokens: 64, rows: 3 });
    expect(second.parts[0]?.end).toBe(20);
    expect([...second.rows]).toEqual([0]);
    expect([...second.positions]).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  });
});
