import { describe, expect, it } from 'vitest';
import {
  densityRatio,
  selfLabels,
  takeRatio,
} from '../../../electron/core/judging/protocols/density-ratio.ts';
import {
  chooseShots,
  countWindows,
  personal,
  type Shot,
} from '../../../electron/core/judging/protocols/personal.ts';
import { measureUncertainty, uncertainty } from '../../../electron/core/judging/protocols/uncertainty.ts';
import { makePair, makeTools } from '../../support/judging/judge-with.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';

const scoring = (table: Readonly<Record<string, readonly number[]>>) =>
  createScriptedModel({ score: (_input, text) => table[text] ?? [] });

describe('density ratio of two models (judging spec 1.1)', () => {
  const pair = makePair({ responseA: 'one', responseB: 'other' });

  it('gives r = 1.5 (.5 a token) and -.3, margin 1.8 and p = .858', async () => {
    const model = {
      strong: scoring({ one: [-0.2, -0.5, -0.3], other: [-1, -1] }),
      weak: scoring({ one: [-1, -0.9, -0.6], other: [-0.7, -1] }),
    };
    const judgement = await densityRatio.judge(pair, makeTools(densityRatio, { model }));
    expect(judgement.detail.cdr_sum).toEqual({
      a: expect.closeTo(1.5, 10) as number,
      b: expect.closeTo(-0.3, 10) as number,
    });
    expect(judgement.detail.cdr_avg).toMatchObject({ a: expect.closeTo(0.5, 10) as number });
    expect(judgement.margin).toBeCloseTo(1.8, 10);
    expect(judgement.pA).toBeCloseTo(0.858, 3);
  });

  it('is 0 everywhere when both models are the same, and a tie', async () => {
    const model = scoring({ one: [-0.2, -0.5], other: [-3] });
    const judgement = await densityRatio.judge(pair, makeTools(densityRatio, { model }));
    expect(judgement).toMatchObject({ label: 'tie', margin: 0, pA: 0.5 });
  });

  it('counts its average by the strong model’s own tokens', () => {
    expect(takeRatio({ sum: -1, count: 2 }, { sum: -4 })).toEqual({ sum: 3, average: 1.5 });
  });

  it('gives the instruction to the strong model only when told so', async () => {
    const [strong, weak] = [scoring({ one: [-1], other: [-2] }), scoring({ one: [-1], other: [-1] })];
    const params = { instruction: 'Judge safety.', customise: 'strong_only' };
    await densityRatio.judge(pair, makeTools(densityRatio, { model: { strong, weak }, params }));
    expect(strong.calls.every((call) => call.input.includes('Judge safety.'))).toBe(true);
    expect(
      weak.calls.some((call) => call.input.includes('Judge safety.') || call.input.includes('<system>')),
    ).toBe(false);
  });

  it('calls an empty response invalid', async () => {
    const judgement = await densityRatio.judge(
      makePair({ responseA: '  ' }),
      makeTools(densityRatio, { model: scoring({}) }),
    );
    expect(judgement.label).toBe('invalid');
  });
});

describe('labels from the model’s own logits (judging spec 1.2)', () => {
  it('gives p = .668 for -20 against -26 and -30 against -29 at β = .1', async () => {
    const model = {
      current: scoring({ one: [-20], other: [-30] }),
      initial: scoring({ one: [-26], other: [-29] }),
    };
    const pair = makePair({ responseA: 'one', responseB: 'other' });
    const judgement = await selfLabels.judge(pair, makeTools(selfLabels, { model }));
    expect(judgement.pA).toBeCloseTo(0.668, 3);
    expect(judgement.margin).toBeCloseTo(0.7, 10);
  });
});

describe('the personal judge (judging spec 2.6)', () => {
  const shot = (comparisonId: number, prompt = `prompt ${comparisonId}`): Shot => ({
    comparisonId,
    prompt,
    chosen: 'yes',
    rejected: 'no',
  });

  it('cuts ten rows of one person into two windows of four shots and a target, four rows into none', () => {
    expect(countWindows(10, 4)).toBe(2);
    expect(countWindows(4, 4)).toBe(0);
  });

  it('never shows the target itself or its prompt again, and drops what does not fit', () => {
    const choices = [shot(1), shot(2, ' PROMPT  9 '), shot(3), shot(4), shot(5)];
    const target = { comparisonId: 3, prompt: 'prompt 9' };
    const ids = (room: number) =>
      chooseShots(choices, target, { shots: 4, shotCharacters: room }).map((one) => one.comparisonId);
    expect(ids(1_000)).toEqual([1, 4, 5]);
    expect(ids(2 * 13)).toEqual([1, 4]);
  });

  it('asks with the person’s choices, and is invalid with a reason for a row without person or history', async () => {
    const model = createScriptedModel({ decide: () => ({ A: 0.9, B: 0.1 }) });
    const shared = new Map([['ada', [shot(7)]]]);
    const judge = async (extra: Record<string, unknown>) =>
      personal.judge(makePair({ extra }), makeTools(personal, { model, shared }));
    expect((await judge({ user_id: 'ada' })).detail).toMatchObject({ user_id: 'ada', shots_used: 1 });
    expect(model.calls[0]?.input).toContain('(1) Prompt: prompt 7\nPreferred: yes');
    expect((await judge({})).failReason).toContain('user_id');
    expect((await judge({ user_id: 'bob' })).failReason).toContain('bob');
  });
});

describe('uncertainty by prompt perturbation (judging spec 6.1)', () => {
  it('gives B = .368 for .9 and .1, and B = 0 with H = .693 for .5 and .5', () => {
    expect(measureUncertainty([0.9, 0.1])?.bald).toBeCloseTo(0.368, 3);
    const even = measureUncertainty([0.5, 0.5]);
    expect(even?.bald).toBe(0);
    expect(even?.total).toBeCloseTo(0.693, 3);
    expect(measureUncertainty([])).toBeUndefined();
  });

  it('asks in both orders and several wordings, as often as told', async () => {
    const model = createScriptedModel({
      decide: (input) =>
        input.indexOf('Paris') < input.indexOf('Lyon') ? { A: 0.8, B: 0.2 } : { A: 0.2, B: 0.8 },
    });
    const judgement = await uncertainty.judge(
      makePair(),
      makeTools(uncertainty, { model, params: { passes: 8 } }),
    );
    expect(model.calls).toHaveLength(8);
    expect(new Set(model.calls.map((call) => call.input)).size).toBe(8);
    expect(judgement.pA).toBeCloseTo(0.8, 12);
    expect(judgement.detail.unc_bald).toBeCloseTo(0, 12);
  });
});
