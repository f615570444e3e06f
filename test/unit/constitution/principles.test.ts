import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import {
  decideByList,
  orderDecisionList,
} from '../../../electron/core/constitution/principles/decision-list.ts';
import {
  defaultTraits,
  surfaceCandidates,
} from '../../../electron/core/constitution/principles/default-traits.ts';
import {
  clusterVectors,
  hashWords,
} from '../../../electron/core/constitution/principles/merge-principles.ts';
import { tidyPrinciple } from '../../../electron/core/constitution/principles/propose.ts';
import {
  isClearlyUseless,
  sequenceRadius,
} from '../../../electron/core/constitution/principles/sequential-stop.ts';
import {
  combineVotes,
  readLabel,
  voteOnPair,
} from '../../../electron/core/constitution/principles/vote-on-pair.ts';
import { principleTemplates } from '../../../electron/core/constitution/principles/templates.ts';
import { createScriptedModel } from '../../support/judging/scripted-model.ts';
import { makePair } from '../../support/judging/judge-with.ts';

describe('a vote on a principle', () => {
  it('reads the side by probability, neither where it leads or the sides lie within 0.05', () => {
    expect(readLabel({ pA: 0.5, pB: 0.3, pNeither: 0.2 })).toBe('a');
    expect(readLabel({ pA: 0.3, pB: 0.5, pNeither: 0.2 })).toBe('b');
    expect(readLabel({ pA: 0.3, pB: 0.2, pNeither: 0.5 })).toBe('neither');
    expect(readLabel({ pA: 0.42, pB: 0.38, pNeither: 0.2 })).toBe('neither');
  });

  it('a voter that always takes the first place votes for neither side, and both its orders are kept', async () => {
    const model = createScriptedModel({ decide: () => ({ A: 0.9, B: 0.1 }) });
    const [vote] = await voteOnPair(makePair(), [{ principleId: 7, text: 'x' }], {
      model,
      template: principleTemplates.vote,
    });
    expect(vote).toMatchObject({ label: 'neither', labelAb: 'a', labelBa: 'b', pA: 0.5, pB: 0.5, calls: 2 });
  });

  it('a model that will not answer with a letter has not voted, in either order', () => {
    const ids = { principleId: 1, comparisonId: 1 };
    const sure = { pA: 0.9, pB: 0.05, pNeither: 0.05, coverage: 0.9 };
    expect(combineVotes(ids, sure, { ...sure, coverage: 0.4 })).toMatchObject({ label: 'invalid', pA: null });
    expect(combineVotes(ids, sure, sure)).toMatchObject({ label: 'a', failReason: null });
  });

  it('shows the pair before the principle, so that all principles of an order share one beginning', async () => {
    const model = createScriptedModel({ decide: () => ({ A: 1 }) });
    const principles = [
      { principleId: 1, text: 'FIRST' },
      { principleId: 2, text: 'SECOND' },
    ];
    await voteOnPair(makePair(), principles, { model, template: principleTemplates.vote });
    const [one, two] = model.calls
      .map(({ input }) => input)
      .filter((input) => input.indexOf('Paris') < input.indexOf('Lyon'));
    const [before] = one?.split('FIRST') ?? [];
    expect(before).toContain('Lyon');
    expect(two?.startsWith(before ?? '?')).toBe(true);
  });
});

describe('stopping early', () => {
  it('the boundary is that of the formula: n = 100, σ = 1, ρ = 0.2 gives 0.308', () => {
    // nρ²+1 = 5; √(2·5/(100·0.2)² · ln(√5/0.05)) = √(0.025 · 3.8005) = 0.30824 by hand.
    expect(sequenceRadius(100, 1)).toBeCloseTo(Math.sqrt(0.025 * Math.log(Math.sqrt(5) / 0.05)), 12);
    expect(sequenceRadius(100, 1)).toBeCloseTo(0.3082, 3);
  });

  it('stops what is clearly against, goes on with what is useful, and never before 50 votes', () => {
    expect(isClearlyUseless({ n: 49, for: 0, against: 49 })).toBe(false);
    expect(isClearlyUseless({ n: 60, for: 0, against: 60 })).toBe(true);
    expect(isClearlyUseless({ n: 400, for: 120, against: 80 })).toBe(false);
  });

  it('looking after every vote stops a principle of strength 0.1 in fewer than 5 % of 400 streams', () => {
    let stopped = 0;
    for (let seed = 0; seed < 400; seed++) {
      const random = createRandom(seed);
      const counts = { n: 0, for: 0, against: 0 };
      for (let vote = 0; vote < 600; vote++) {
        counts.n += 1;
        const u = random.next();
        if (u < 0.3) counts.for += 1;
        else if (u < 0.5) counts.against += 1;
        if (isClearlyUseless(counts)) {
          stopped += 1;
          break;
        }
      }
    }
    expect(stopped).toBeLessThan(20);
  });
});

describe('merging', () => {
  it('puts planted groups together whatever the seed, with a member as the representative', () => {
    const random = createRandom(5);
    const around = (axis: number) => {
      const vector = Float32Array.from({ length: 8 }, (_, i) => (i === axis ? 1 : 0.1 * random.nextNormal()));
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    };
    const vectors = Array.from({ length: 30 }, (_, index) => around(index % 3));
    for (const seed of [1, 2, 3]) {
      const clusters = clusterVectors(vectors, 3, seed);
      expect(clusters.map(({ members }) => members.length)).toEqual([10, 10, 10]);
      for (const { medoid, members } of clusters) {
        expect(new Set(members.map((index) => index % 3)).size).toBe(1);
        expect(members).toContain(medoid);
      }
    }
    expect(clusterVectors(vectors, 3, 9)).toEqual(clusterVectors(vectors, 3, 9));
  });

  it('hashed words see shared words and not the common opening; equal vectors do not loop', () => {
    const dot = (a: string, b: string) =>
      hashWords(a).reduce((sum, value, index) => sum + value * (hashWords(b)[index] ?? 0), 0);
    const [one, near, far] = ['uses numbered lists', 'has numbered lists', 'sounds friendly'].map(
      (rest) => `Select the response that ${rest}`,
    );
    expect(dot(one ?? '', near ?? '')).toBeGreaterThan(0.5);
    expect(Math.abs(dot(one ?? '', far ?? ''))).toBeLessThan(0.2);
    expect(
      clusterVectors(
        [1, 2, 3, 4].map(() => hashWords('same')),
        2,
        1,
      ).flatMap((c) => c.members),
    ).toHaveLength(4);
  });

  it('one spelling: opening, spaces and full stops do not make two principles of one', () => {
    expect(tidyPrinciple('  select the response which  is  polite. ')).toBe(
      'Select the response that is polite',
    );
    expect(tidyPrinciple('is polite')).toBe('Select the response that is polite');
    expect(tidyPrinciple('Select the response that')).toBe('');
  });
});

describe('a decision list', () => {
  it('puts the surest first and then what is surest on the rest, not the most frequent', () => {
    // p0: 6 right 4 wrong on all; p1: 5 right on rows 0–4; p2 repeats p1 and adds nothing once p1 has decided.
    const p0 = Int8Array.from([1, 1, 1, 1, 1, 1, -1, -1, -1, -1]);
    const p1 = Int8Array.from([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    const order = orderDecisionList([p0, p1, p1], [0, 1, 2]);
    expect(order).toEqual([1, 0, 2]);
    const sides = decideByList([Int8Array.from([-1, 1, 0]), Int8Array.from([1, 0, 0])], [1, 0]);
    expect([...sides]).toEqual([1, 1, 0]);
  });
});

describe('the default traits', () => {
  it('are forty different wordings, ten of them computed by traits that exist', () => {
    expect(defaultTraits).toHaveLength(40);
    expect(new Set(defaultTraits.map((one) => one.text)).size).toBe(40);
    const byCode = defaultTraits.flatMap((one) => one.traitId ?? []);
    expect(byCode).toHaveLength(10);
    const known = new Set(surfaceCandidates.map((one) => one.traitId));
    expect(byCode.filter((id) => !known.has(id))).toEqual([]);
  });
});
