import { describe, expect, it } from 'vitest';
import { domainFeatures } from '../../../electron/core/judging/protocols/domain-features.ts';
import {
  compareFollowUps,
  followUpLikelihood,
} from '../../../electron/core/judging/protocols/follow-up-likelihood.ts';
import {
  aggregateRatings,
  composeRating,
  helpsteerAttributes,
} from '../../../electron/core/judging/protocols/helpsteer-attributes.ts';
import {
  counsellingPrinciples,
  findInversions,
  principleRubric,
} from '../../../electron/core/judging/protocols/principle-rubric.ts';
import {
  measureLengthIncentive,
  measureRepetition,
  relevance,
} from '../../../electron/core/judging/protocols/relevance.ts';
import { rewardModel } from '../../../electron/core/judging/protocols/reward-model.ts';
import {
  aggregateStrengths,
  lintStatement,
  strengthJustified,
} from '../../../electron/core/judging/protocols/strength-justified.ts';
import {
  checkSanity,
  readRating,
  ultrafeedbackAspects,
  unshuffleRatings,
} from '../../../electron/core/judging/protocols/ultrafeedback-aspects.ts';
import { makePair, makeResponse, makeTools } from '../../support/judging/judge-with.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';

const rating = (helpfulness: number) => ({
  helpfulness,
  correctness: 4,
  coherence: 4,
  complexity: 2,
  verbosity: 2,
});
const steer = (helpfulness: number) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(rating(helpfulness)).map(([key, value]) => [key, { reason: 'r', rating: value }]),
    ),
  );
const weights = { helpfulness: 0.65, correctness: 0.8, coherence: 0.45, complexity: 0.55, verbosity: -0.4 };

describe('five attributes (judging spec 3.1)', () => {
  it('keeps the annotators that agree on helpfulness: [0,3,4,4,2] -> {3,4,4} -> 4', () => {
    const votes = [0, 3, 4, 4, 2].map((helpfulness) => rating(helpfulness));
    expect(aggregateRatings(votes)).toMatchObject({ kept: [1, 2, 3], rating: { helpfulness: 4 }, spread: 4 });
  });

  it('composes (4,4,4,2,2) to 7.9', () => {
    expect(composeRating(rating(4), weights)).toBeCloseTo(7.9, 10);
  });

  it('asks more annotators, up to five, while the first three differ by more than 2', async () => {
    const values = [0, 3, 4, 4, 2];
    const asked: number[] = [];
    const model = createScriptedModel({
      generate: (_input, { seed }) => {
        const seat = (seed - 1) / 10;
        asked.push(seat);
        return steer(values[seat] ?? 0);
      },
    });
    const score = await helpsteerAttributes.score(
      makeResponse(),
      makeTools(helpsteerAttributes, { model, params: { annotators: 3 } }),
    );
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    expect(score.scores[0]).toMatchObject({ aspect: 'helpfulness', value: 4, scaleMin: 0, scaleMax: 4 });
    expect(score.detail).toMatchObject({ hs_spread: 4, hs_n: 5, is_wide: true });
  });

  it('leaves no rating, with the reason, where the answer is out of range twice', async () => {
    const model = createScriptedModel({ generate: () => steer(9) });
    const score = await helpsteerAttributes.score(makeResponse(), makeTools(helpsteerAttributes, { model }));
    expect(score).toMatchObject({ scores: [], calls: 2, invalidCalls: 2 });
    expect(score.failReason).toContain('helpfulness.rating');
  });
});

describe('strength with justification (judging spec 3.2)', () => {
  it.each([
    [[1, 1, 1, -3], 1],
    [[-3, -3, 3], null],
    [[-1, 1, 1], null],
    [[1, 2, -3, 2, 1], 1],
    [[2, 2], null],
  ])('aggregates %j to %s', (votes, strength) => {
    expect(aggregateStrengths(votes).strength).toBe(strength);
  });

  it('checks that a statement names the winner of its own vote', () => {
    expect(lintStatement('Response 1 is better because it is short.', -2)).toBe(true);
    expect(lintStatement('Response 1 is better because it is short.', 2)).toBe(false);
    expect(lintStatement('It is shorter.', 2)).toBeNull();
  });

  it('flips the sign of swapped orders back: a judge that prefers the good response is consistent', async () => {
    const model = createScriptedModel({
      generate: (input) => {
        const isFirst = input.indexOf('Paris') < input.indexOf('Lyon');
        return JSON.stringify({
          strength: isFirst ? -2 : 2,
          statement: `Response ${isFirst ? 1 : 2} is better.`,
          elaboration: 'It is right.',
        });
      },
    });
    const judgement = await strengthJustified.judge(makePair(), makeTools(strengthJustified, { model }));
    expect(judgement).toMatchObject({ label: 'a', margin: 2, isOrderConsistent: true });
    expect(judgement.detail).toMatchObject({ strength_signed: -2, n_valid: 3, lint: true });
    expect(judgement.pA).toBeCloseTo(0.5 + 2 / 6, 12);
  });

  it('is invalid with the reason where too few votes are valid (-100: neither)', async () => {
    const model = createScriptedModel({
      generate: () =>
        JSON.stringify({ strength: -100, statement: 'Neither.', elaboration: 'Both are wrong.' }),
    });
    const judgement = await strengthJustified.judge(makePair(), makeTools(strengthJustified, { model }));
    expect(judgement.label).toBe('invalid');
    expect(judgement.failReason).toContain('three are needed');
  });
});

describe('four aspects (judging spec 3.3)', () => {
  it('maps slot ratings back to completions: order [2,0,3,1], ratings 5,4,3,2', () => {
    expect(unshuffleRatings([2, 0, 3, 1], [5, 4, 3, 2])).toEqual(
      new Map([
        [2, 5],
        [0, 4],
        [3, 3],
        [1, 2],
      ]),
    );
  });

  it('reads "1" as 1, "1/10" as 1, "8.5" as 8.5 and "N/A" as nothing', () => {
    expect(['1', '1/10', '8.5', 'N/A'].map(readRating)).toEqual([1, 1, 8.5, null]);
  });

  it('doubts an overall of 10 beside low aspects', () => {
    expect(checkSanity(2, 10)).toBe('overall_surely_one');
    expect(checkSanity(3.5, 10)).toBe('annotate_again');
    expect(checkSanity(4.5, 10)).toBe('ok');
    expect(checkSanity(1, 9)).toBe('ok');
  });

  it('leaves N/A out of the fine score', async () => {
    const model = createScriptedModel({
      generate: (input) => {
        if (input.includes('overall score')) return JSON.stringify({ critique: 'c', overall: 7 });
        const value = input.includes('Honesty:') ? 'N/A' : input.includes('Truthfulness:') ? 2 : 5;
        return JSON.stringify({ rationale: 'r', rating: value });
      },
    });
    const score = await ultrafeedbackAspects.score(
      makeResponse(),
      makeTools(ultrafeedbackAspects, { model }),
    );
    expect(score.detail).toMatchObject({ fine_score: 4, aspects_used: 3, sanity: 'ok' });
    expect(score.scores.find((one) => one.aspect === 'honesty')).toMatchObject({
      value: null,
      valueText: 'N/A',
    });
  });
});

describe('rubric of principles (judging spec 3.4)', () => {
  it('flags a chosen response that is worse by a veto principle, whatever its mean', () => {
    const chosen = { empathy: 5, avoiding_harm: 3 };
    const rejected = { empathy: 1, avoiding_harm: 5 };
    expect(findInversions(chosen, rejected, counsellingPrinciples)).toEqual(['Avoiding harm']);
    expect(findInversions(rejected, chosen, counsellingPrinciples)).toEqual([]);
  });

  it('rates by principles of one’s own and gives their mean', async () => {
    const principles = [
      { name: 'Short', definition: 'Is short.' },
      { name: 'Kind', definition: 'Is kind.' },
    ];
    const model = createScriptedModel({
      generate: () => JSON.stringify({ short: { reason: 's', rating: 4 }, kind: { reason: 'k', rating: 1 } }),
    });
    const score = await principleRubric.score(
      makeResponse(),
      makeTools(principleRubric, { model, params: { principles } }),
    );
    expect(score.scores.map(({ aspect, value }) => [aspect, value])).toEqual([
      ['short', 4],
      ['kind', 1],
      ['principle_mean', 2.5],
    ]);
  });
});

describe('domain features (judging spec 3.5)', () => {
  it('turns reversed features round', async () => {
    const features = [{ name: 'Hallucination', definition: 'Invents.', isReversed: true }];
    const model = createScriptedModel({ generate: () => JSON.stringify({ hallucination: 80 }) });
    const score = await domainFeatures.score(
      makeResponse(),
      makeTools(domainFeatures, { model, params: { features } }),
    );
    expect(score.scores).toEqual([
      { aspect: 'f_hallucination', value: expect.closeTo(0.2, 10) as number, scaleMin: 0, scaleMax: 1 },
    ]);
  });
});

describe('follow-up likelihood (judging spec 1.3)', () => {
  it('gives .8 for positives -1.0, -1.4 and negatives -1.8, -2.2', () => {
    expect(compareFollowUps([-1, -1.4], [-1.8, -2.2])).toBeCloseTo(0.8, 12);
    expect(compareFollowUps([], [-1])).toBeNull();
  });

  it('does not depend on the length of an utterance, and puts it on the user’s turn', async () => {
    const model = createScriptedModel({
      score: (input, text) => {
        expect(input.endsWith('<user>\n')).toBe(true);
        const isPositive = /^(Yes|You under|Right|Thanks|Good|That fits)/.test(text);
        return Array.from({ length: text.split(' ').length }, () => (isPositive ? -1 : -2));
      },
    });
    const score = await followUpLikelihood.score(makeResponse(), makeTools(followUpLikelihood, { model }));
    expect(score.detail.flr).toBeCloseTo(1, 12);
    expect(model.calls).toHaveLength(12);
  });
});

describe('regularised relevance (judging spec 3.6)', () => {
  it('gives RP .6, LI .07 and R .0378 for "a b c a b c a" with relevance .9', () => {
    expect(measureRepetition('a b c a b c a')).toBeCloseTo(0.6, 12);
    expect(measureLengthIncentive('a b c a b c a')).toBeCloseTo(0.07, 12);
    expect(0.9 * measureRepetition('a b c a b c a') * measureLengthIncentive('a b c a b c a')).toBeCloseTo(
      0.0378,
      6,
    );
    expect(measureRepetition('two words')).toBe(1);
  });

  it('uses the open formula, marked, for a closed prompt without reference', async () => {
    const model = createScriptedModel({ decide: () => ({ A: 0.1, B: 0.9 }), embed: () => [1, 0] });
    const score = await relevance.score(
      makeResponse({ response: 'a b c a b c a' }),
      makeTools(relevance, { model }),
    );
    expect(score.detail).toMatchObject({ query_type: 'closed', is_without_reference: true });
    expect(score.scores[0]?.value).toBeCloseTo(0.042, 6);
  });
});

describe('reward model', () => {
  it('stores its score, and no number for a score that is not finite', async () => {
    const rank = async (value: number) =>
      rewardModel.score(
        makeResponse(),
        makeTools(rewardModel, { model: createScriptedModel({ rank: () => value }) }),
      );
    expect((await rank(0.7)).scores[0]).toMatchObject({ aspect: 'reward', value: 0.7 });
    expect(await rank(Number.NaN)).toMatchObject({
      invalidCalls: 1,
      failReason: 'The model gave no finite score.',
    });
  });
});
