import { describe, expect, it } from 'vitest';
import {
  contextAware,
  marginalise,
  measureFlipAccuracy,
} from '../../../electron/core/judging/protocols/context-aware.ts';
import { debate } from '../../../electron/core/judging/protocols/debate.ts';
import { jointPairs } from '../../../electron/core/judging/protocols/joint-pairs.ts';
import { juryOfModels } from '../../../electron/core/judging/protocols/jury-of-models.ts';
import { reasonedVerdict } from '../../../electron/core/judging/protocols/reasoned-verdict.ts';
import { scoredComparison } from '../../../electron/core/judging/protocols/scored-comparison.ts';
import { readVerdictLosses, selfReference } from '../../../electron/core/judging/protocols/self-reference.ts';
import { makePair, makeTools } from '../../support/judging/judge-with.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';

const isParisFirst = (input: string) => input.lastIndexOf('Paris') < input.lastIndexOf('Lyon');
const firstWith = (p: number) => ({ A: p, B: 1 - p });

describe('reasoning, then verdict', () => {
  it('shows the judge its own reasoning before the verdict, for each order', async () => {
    const model = createScriptedModel({
      generate: (input) => (isParisFirst(input) ? 'A names the capital.' : 'B names the capital.'),
      decide: (input) => (input.includes('A names the capital.') ? firstWith(0.9) : firstWith(0.2)),
    });
    const judgement = await reasonedVerdict.judge(makePair(), makeTools(reasonedVerdict, { model }));
    expect(judgement).toMatchObject({
      label: 'a',
      isOrderConsistent: true,
      rationale: 'A names the capital.',
    });
    expect(judgement.pA).toBeCloseTo((0.9 + 0.8) / 2, 12);
    expect(model.calls.filter((call) => call.operation === 'generate')).toHaveLength(2);
  });
});

describe('self-reference critique (judging spec 2.1)', () => {
  it('reads p = .690 from verdict losses .4 and 1.2', () => {
    expect(readVerdictLosses(0.4, 1.2)).toBeCloseTo(0.69, 3);
  });

  it('makes a judge that always picks the first slot inconsistent and a tie', async () => {
    const model = createScriptedModel({
      generate: () => 'A good answer.',
      score: (_input, sentence) => (sentence.startsWith('Response A') ? [-0.2, -0.2] : [-1, -1]),
    });
    const judgement = await selfReference.judge(makePair(), makeTools(selfReference, { model }));
    expect(judgement).toMatchObject({ label: 'tie', isOrderConsistent: false });
    expect(judgement.pA).toBeCloseTo(0.5, 12);
  });

  it('goes on without a reference when the judge has none to give, and says so', async () => {
    const model = createScriptedModel({
      generate: (input) => (input.includes('[Reference answer]') ? 'Critique.' : '  '),
      score: () => [-1],
    });
    const judgement = await selfReference.judge(makePair(), makeTools(selfReference, { model }));
    expect(judgement.detail).toMatchObject({ is_without_reference: true, self_reference: '' });
    expect(model.calls.some((call) => call.input.includes('(none)'))).toBe(true);
  });
});

describe('scores, compared (judging spec 2.2)', () => {
  const scoring = (score: (text: string) => number | string) =>
    createScriptedModel({
      generate: (input) => {
        const [, a, b] = /\[Response A\]\n(.*)\n\n\[Response B\]\n(.*)\n/.exec(input) ?? [];
        if (a !== undefined && b !== undefined)
          return JSON.stringify({ evidence: 'e', score_a: score(a), score_b: score(b) });
        return JSON.stringify({ evidence: 'e', score: score(/\[Response\]\n(.*)/.exec(input)?.[1] ?? '') });
      },
    });

  it.each(['joint', 'independent'] as const)('labels by the higher score (%s)', async (mode) => {
    const model = scoring((text) => (text.includes('Paris') ? 9 : 3));
    const judgement = await scoredComparison.judge(
      makePair(),
      makeTools(scoredComparison, { model, params: { mode } }),
    );
    expect(judgement).toMatchObject({ label: 'a', margin: 6, calls: 2, invalidCalls: 0 });
    expect(judgement.detail).toMatchObject({ score_a: 9, score_b: 3 });
  });

  it('asks once more for a score out of range, then is invalid with the reason, not a tie', async () => {
    const model = scoring(() => 11);
    const judgement = await scoredComparison.judge(makePair(), makeTools(scoredComparison, { model }));
    expect(judgement).toMatchObject({ label: 'invalid', calls: 4, invalidCalls: 4 });
    expect(judgement.failReason).toMatch(/score_a/);
  });
});

describe('debate (judging spec 2.2)', () => {
  it('lets three parts speak twice, shows each what was said, and takes the mode of their verdicts', async () => {
    const model = createScriptedModel({
      generate: (input) => (input.includes('psychologist who') ? 'It is kind.' : 'It is right.'),
      decide: (input) => firstWith(input.includes('expert critic') ? 0.1 : isParisFirst(input) ? 0.9 : 0.1),
    });
    const judgement = await debate.judge(
      makePair(),
      makeTools(debate, { model, orders: { order: 'random_single' }, seed: 3 }),
    );
    expect(model.calls.filter((call) => call.operation === 'generate')).toHaveLength(6);
    expect(model.calls.filter((call) => call.operation === 'decide')).toHaveLength(3);
    expect(model.calls.at(-1)?.input).toContain('psychologist: It is kind.');
    expect(judgement.label).toBe('a');
    expect(judgement.calls).toBe(9);
  });
});

describe('a jury of models (judging spec 2.2)', () => {
  const juror = (name: string, p: number) =>
    createScriptedModel({ decide: (input) => firstWith(isParisFirst(input) ? p : 1 - p) }, { name });

  it('labels by the mode and keeps each juror', async () => {
    const jurors = [juror('one', 0.9), juror('two', 0.8), juror('three', 0.01)];
    const judgement = await juryOfModels.judge(makePair(), makeTools(juryOfModels, { model: { jurors } }));
    expect(judgement.label).toBe('a');
    expect(judgement.detail.jurors).toEqual([
      { name: 'one', label: 'a', p_a: expect.closeTo(0.9, 10) as number },
      { name: 'two', label: 'a', p_a: expect.closeTo(0.8, 10) as number },
      { name: 'three', label: 'b', p_a: expect.closeTo(0.01, 10) as number },
    ]);
  });

  it('follows the tie policy without a unique mode', async () => {
    const jurors = [juror('sure', 0.9), juror('unsure', 0.5)];
    const judge = async (tiePolicy: string) =>
      juryOfModels.judge(makePair(), makeTools(juryOfModels, { model: { jurors }, params: { tiePolicy } }));
    expect((await judge('tie')).label).toBe('tie');
    expect((await judge('non_tie_wins')).label).toBe('a');
  });
});

describe('joint pairs (judging spec 2.3)', () => {
  const pair = makePair({ promptB: 'Name a river.', responseB: 'The Lyon river.' });
  const answering = (answers: Record<'forward' | 'backward', Record<string, number>>) =>
    createScriptedModel({ decide: (input) => answers[isParisFirst(input) ? 'forward' : 'backward'] });

  it.each([
    ['(a, b) is the first', { forward: { A: 0.9, B: 0.1 }, backward: { A: 0.1, B: 0.9 } }, 'a'],
    ['(b, a) is the second', { forward: { A: 0.1, B: 0.9 }, backward: { A: 0.9, B: 0.1 } }, 'b'],
    ['(a, a) is a tie', { forward: { A: 0.9, B: 0.1 }, backward: { A: 0.9, B: 0.1 } }, 'tie'],
    ['(x, a) is invalid', { forward: { x: 1 }, backward: { A: 0.9, B: 0.1 } }, 'invalid'],
  ])('%s', async (_name, answers, label) => {
    const judgement = await jointPairs.judge(pair, makeTools(jointPairs, { model: answering(answers) }));
    expect(judgement).toMatchObject({ label, detail: { joint: true } });
  });

  it('keeps each response with its own instruction when the order changes', async () => {
    const model = answering({ forward: { A: 0.9, B: 0.1 }, backward: { A: 0.1, B: 0.9 } });
    await jointPairs.judge(pair, makeTools(jointPairs, { model }));
    for (const { input } of model.calls) {
      expect(input).toMatch(/capital of France\?\nResponse: Paris/);
      expect(input).toMatch(/Name a river\.\nResponse: The Lyon river/);
    }
  });
});

describe('under a stated context (judging spec 2.4)', () => {
  it('weighs contexts: .7 · .9 + .3 · .2 = .69', () => {
    expect(
      marginalise([
        { weight: 0.7, pA: 0.9 },
        { weight: 0.3, pA: 0.2 },
      ]),
    ).toBeCloseTo(0.69, 12);
    expect(marginalise([{ weight: 1, pA: null }])).toBeNull();
  });

  it('turns round under the opposite context; a judge that ignores it has sensitivity 0 and flip accuracy 0', async () => {
    const contexts = [{ text: 'short', opposite: 'long' }];
    const judge = async (follows: boolean) => {
      const model = createScriptedModel({
        decide: (input) => {
          const wantsShort = !follows || !input.includes('[Context]\nlong');
          return firstWith(isParisFirst(input) === wantsShort ? 0.9 : 0.1);
        },
      });
      return contextAware.judge(makePair(), makeTools(contextAware, { model, params: { contexts } }));
    };
    const [follower, ignorer] = [await judge(true), await judge(false)];
    expect(follower.detail.context_sensitivity).toBeCloseTo(0.8, 12);
    expect(ignorer.detail.context_sensitivity).toBeCloseTo(0, 12);
    expect(measureFlipAccuracy([{ label: 'a', pA: 0.9, pOpposite: 0.1 }])).toEqual({ share: 1, n: 1 });
    expect(measureFlipAccuracy([{ label: 'a', pA: 0.9, pOpposite: 0.9 }])).toEqual({ share: 0, n: 1 });
  });

  it('uses the context of the row where it has one', async () => {
    const model = createScriptedModel({ decide: () => firstWith(0.7) });
    await contextAware.judge(
      makePair({ extra: { context: 'The user is a child.' } }),
      makeTools(contextAware, { model }),
    );
    expect(model.calls.filter((call) => call.input.includes('[Context]'))).not.toHaveLength(0);
    for (const { input } of model.calls.filter((call) => call.input.includes('[Context]')))
      expect(input).toContain('The user is a child.');
  });
});
