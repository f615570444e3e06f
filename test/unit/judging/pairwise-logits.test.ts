import { describe, expect, it } from 'vitest';
import { pairwiseLogits } from '../../../electron/core/judging/protocols/pairwise-logits.ts';
import { makePair, makeTools } from '../../support/judging/judge-with.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';

/** Prefers the slot that holds “Paris” with 0.9 over 0.1, and leans to A by `lean`; mass in two surface forms. */
const createJudge = (lean = 0) =>
  createScriptedModel({
    decide: (input) => {
      const isFirst = input.indexOf('Paris') < input.indexOf('Lyon');
      const pFirst = (isFirst ? 0.9 : 0.1) * (1 - lean) + lean;
      return { A: pFirst * 0.5, ' A': pFirst * 0.5, B: 1 - pFirst };
    },
  });

describe('pairwise judging from the answer’s probability', () => {
  it('prefers the right response in both orders and reports no lean', async () => {
    const judgement = await pairwiseLogits.judge(
      makePair(),
      makeTools(pairwiseLogits, { model: createJudge() }),
    );
    expect(judgement).toMatchObject({ label: 'a', isOrderConsistent: true, calls: 2, failReason: null });
    expect(judgement.pA).toBeCloseTo(0.9, 12);
    expect(judgement.positionBias).toBeCloseTo(0, 12);
  });

  it('measures a judge that leans to the first slot: p = .95 and .55, bias .25', async () => {
    const judgement = await pairwiseLogits.judge(
      makePair(),
      makeTools(pairwiseLogits, { model: createJudge(0.5) }),
    );
    expect(judgement.pA).toBeCloseTo((0.95 + (1 - 0.55)) / 2, 12);
    expect(judgement.positionBias).toBeCloseTo(0.25, 12);
    expect(judgement.isOrderConsistent).toBe(false);
  });

  it('is antisymmetric: swapping the responses gives 1 - p_a', async () => {
    const tools = makeTools(pairwiseLogits, { model: createJudge(0.3) });
    const pair = makePair();
    const swapped = makePair({ responseA: pair.responseB, responseB: pair.responseA });
    const [one, other] = [
      await pairwiseLogits.judge(pair, tools),
      await pairwiseLogits.judge(swapped, tools),
    ];
    expect((one.pA ?? 0) + (other.pA ?? 0)).toBeCloseTo(1, 12);
  });

  it('calls an answer outside A and B invalid with a reason, not a tie', async () => {
    const model = createScriptedModel({ decide: () => ({ A: 0.2, B: 0.2 }) });
    const judgement = await pairwiseLogits.judge(makePair(), makeTools(pairwiseLogits, { model }));
    expect(judgement).toMatchObject({ label: 'invalid', pA: null, invalidCalls: 2 });
    expect(judgement.failReason).toContain('40.0 %');
  });

  it('asks one order only under random_single, the same one again for the same seed', async () => {
    const firsts = [1, 1, 2, 3, 4, 5].map(async (seed) => {
      const model = createJudge();
      const judgement = await pairwiseLogits.judge(
        makePair(),
        makeTools(pairwiseLogits, { model, seed, orders: { order: 'random_single' } }),
      );
      expect(model.calls).toHaveLength(1);
      expect(judgement).toMatchObject({ isOrderConsistent: null, positionBias: null, calls: 1 });
      return model.calls[0]?.input.match(/\[Response A\]\n(\w+)/)?.[1];
    });
    const [first, again, ...others] = await Promise.all(firsts);
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(2);
  });
});
