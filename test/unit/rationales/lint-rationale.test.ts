import { describe, expect, it } from 'vitest';
import { detectLanguage } from '../../../electron/core/rationales/detect-language.ts';
import {
  lintRationale,
  type LintInput,
  listQuotes,
} from '../../../electron/core/rationales/lint-rationale.ts';
import { findNamedSlot, maskSlots } from '../../../electron/core/rationales/slot-names.ts';

const base: LintInput = {
  text: 'Response 1 is better because it names the capital of France and says since when it has been one.',
  winner: 1,
  prompt: 'What is the capital of France?',
  responses: ['Paris has been the capital since 987.', 'It may be Lyon; I am not sure about it.'],
};
const find = (change: Partial<LintInput>) => lintRationale({ ...base, ...change }).findings;

describe('lint of rationales', () => {
  it('finds nothing in a sound rationale (would catch rules that flag everything)', () => {
    expect(lintRationale(base)).toEqual({ named: 1, findings: [], language: 'en' });
  });

  it('flags a rationale that cites a passage no response has, and not one that cites a real one (judging spec 4.1)', () => {
    const text = (quote: string) =>
      `Response 1 is better: it says “${quote}”, while Response 2 is unsure and names the wrong city.`;
    expect(find({ text: text('the capital  since 987') })).toEqual([]);
    expect(find({ text: text('founded by the Romans') })).toEqual(['absent_quote']);
  });

  it('allows quotes of the prompt, cut quotes whose parts are there, and other quotation marks', () => {
    expect(listQuotes('It says "Paris has … since 987." and `not sure`, a “word”.')).toEqual([
      'paris has',
      'since 987',
      'not sure',
    ]);
    expect(
      find({ text: `${base.text} It answers “capital of France” with "Paris has ... since 987".` }),
    ).toEqual([]);
  });

  it.each([
    ['Response 2 is clearly the better answer, since it admits that it does not know everything.', 2],
    ['I prefer Response 2 over Response 1 because of its honesty about the limits of knowledge.', 2],
    ['Response 1 is worse than Response 2; its date is wrong and nobody asked for the date.', 2],
    ['@Response 2 is slightly better than @Response 1 as it says what it does not know.', 2],
    ['Assistant B wins here: the doubt it voices is what an honest person would voice.', 2],
    ['The first response is inferior to the second response, for want of honesty about doubt.', 2],
  ] as const)('reads the winner of “%s”', (text, slot) => {
    expect(findNamedSlot(text, 1)).toBe(slot);
    expect(find({ text })).toEqual(['contradicts_label']);
    expect(find({ text, winner: 2 })).toEqual([]);
  });

  it('does not take “is not better” for praise, nor a bare comparison for a verdict', () => {
    expect(findNamedSlot('Response 2 is not better than Response 1 in any way.', 1)).not.toBe(2);
    expect(
      find({ text: 'One text answers with a city and a year, the other with doubt and a guess.' }),
    ).toEqual(['no_winner']);
  });

  it.each([
    ['de', 'Antwort 1 ist besser, weil sie die Hauptstadt nennt und nicht auf eine andere Stadt ausweicht.'],
    [
      'fr',
      'La réponse 1 est meilleure car elle nomme la ville et ne dit pas autre chose que ce qui est demandé.',
    ],
    ['es', 'La respuesta 1 es mejor porque nombra la capital y no dice una cosa que el usuario no pidió.'],
    ['ja', '応答1のほうが、首都の名前を正しく述べているので優れています。'],
    ['zh', '第一个回答更好，因为它正确地说出了首都的名字。'],
    ['und-Cyrl', 'Ответ 1 лучше, потому что он правильно называет столицу страны.'],
  ])(
    'marks %s as not checked instead of clean or without a winner (would catch a silent pass)',
    (language, text) => {
      expect(detectLanguage(text)).toBe(language);
      expect(find({ text })).toEqual(['other_language']);
      expect(find({ text, winner: 2 })).toEqual(['other_language']);
    },
  );

  it.each([
    'Response 1 is better because it names the capital.',
    'Response 1 wins: it says “la capitale de la France est Paris, et elle est belle” as asked, and the other does not.',
    'Good.',
  ])('reads %s as English', (text) => {
    expect(detectLanguage(text)).not.toMatch(/^(?!en$|und$)/);
  });

  it('takes “the chosen response” for the winner whatever its place', () => {
    const text = 'The chosen response gives a city with a year, which can be verified in any book.';
    expect(find({ text })).toEqual([]);
    expect(find({ text, winner: 2 })).toEqual([]);
  });

  it('flags reasons of length alone, and not length beside a reason', () => {
    expect(
      find({ text: 'Response 1 is better because it is longer and has more words than Response 2.' }),
    ).toEqual(['only_length']);
    expect(
      find({
        text: 'Response 1 is better because it is shorter and names the capital with its founding year.',
      }),
    ).toEqual([]);
  });

  it('flags what is too short, too long, copied and cut off', () => {
    expect(find({ text: 'Response 1 is better.' })).toEqual(['too_short']);
    expect(find({ text: `${base.text} ${'It convinces me in this respect too. '.repeat(60)}` })).toEqual([
      'too_long',
    ]);
    const long =
      'The city of Paris has been the seat of the kings of France since the year 987 and remains so today.';
    expect(find({ text: `Response 1 is better. ${long}`, responses: [long, 'Lyon.'] })).toEqual([
      'copies_response',
    ]);
    expect(find({ isCut: true })).toEqual(['cut_off']);
  });

  it('asks no winner of a tie', () => {
    expect(
      find({
        text: 'Both say something of a city, and neither says it with any certainty at all.',
        winner: null,
      }),
    ).toEqual([]);
  });

  it('covers every name of a response for the blind judge (would catch a judge that can read the label)', () => {
    const masked = maskSlots(
      'Response 1 beats response 2. The second answer, unlike Assistant A, rambles; the chosen response does not. B is worse.',
    );
    expect(masked).not.toMatch(/\b[12AB]\b|second|chosen/);
    expect(masked).toContain('rambles');
  });
});
