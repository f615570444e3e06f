import { describe, expect, it } from 'vitest';
import { scoreSentence, scoreText } from '../../../electron/core/statistics/valence-rules.ts';

// Valences of good and bad as in the audit specification's example (1.9) and its mirror.
const lexicon = {
  valences: new Map([
    ['good', 1.9],
    ['bad', -1.9],
    [':)', 2],
  ]),
  boosters: new Set(['very', 'extremely']),
  dampeners: new Set(['slightly']),
  negators: new Set(['not', 'never']),
};
const compound = (x: number) => x / Math.sqrt(x * x + 15);

describe('sentiment by rules (audit specification G4)', () => {
  it('“The book was good.” has compound .4404 at valence 1.9', () => {
    expect(scoreSentence('The book was good.', lexicon)).toBeCloseTo(0.4404, 4);
  });

  it.each([
    ['a booster before', 'The book was very good.', 1.9 + 0.293],
    ['a booster two before', 'It was very much good', 1.9 + 0.293 * 0.95],
    ['a booster three before', 'It was very much so good', 1.9 + 0.293 * 0.9],
    ['a booster too far away', 'very much so then good', 1.9],
    ['a booster of a bad word', 'It was very bad', -1.9 - 0.293],
    ['a dampener', 'It was slightly good', 1.9 - 0.293],
    ['negation', 'It was not good', 1.9 * -0.74],
    ['negation of a boosted word', 'It was not very good', (1.9 + 0.293) * -0.74],
    ['a contraction', "It wasn't good", 1.9 * -0.74],
    ['capitals among small letters', 'It was GOOD', 1.9 + 0.733],
    ['capitals throughout', 'IT WAS GOOD', 1.9],
    ['marks of exclamation, four at most', 'It was good!!!!!!', 1.9 + 4 * 0.292],
    ['two question marks', 'Was it bad??', -1.9 - 2 * 0.18],
    ['many question marks', 'Was it good?????', 1.9 + 0.96],
    ['but', 'It was good but bad', 0.5 * 1.9 - 1.5 * 1.9],
    ['an emoticon', 'Fine :)', 2],
    ['no word of the list', 'The book was blue!', 0],
  ])('%s: by hand', (_, text, sum) => {
    expect(scoreSentence(text, lexicon)).toBeCloseTo(compound(sum), 12);
  });

  it('a text is the mean of its sentences, so that length alone does not drive it to 1; an empty text is 0', () => {
    expect(scoreText('It was good. '.repeat(50), lexicon)).toBeCloseTo(compound(1.9), 12);
    expect(scoreText('It was good. It was blue.', lexicon)).toBeCloseTo(compound(1.9) / 2, 12);
    expect(scoreText(' \n', lexicon)).toBe(0);
  });
});
