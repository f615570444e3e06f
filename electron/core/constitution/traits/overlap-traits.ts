import { divide } from './expressions.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

/** Looking up each word of a short prompt in the text is faster than hashing every word of the text. */
const sharedWords = `CASE WHEN _words IS NULL THEN NULL WHEN len(_prompt_words) <= 64
  THEN len(list_filter(_prompt_words, lambda word: contains(_padded, ' ' || word || ' ')))
  ELSE len(list_intersect(_words, _prompt_words)) END`;
const base = { family: 'overlap', basis: 'count', language: 'any' } as const;

export const overlapTraits: readonly SurfaceTrait[] = [
  {
    ...base,
    id: 'prompt_word_share',
    principle: statePrinciple('takes up more of the words of the prompt'),
    opposite: statePrinciple('takes up fewer of the words of the prompt'),
    type: 'FLOAT',
    description:
      'Share of the different words of the prompt that the response uses, 0 to 1, case ignored, outside fenced code, Chinese characters and kana left out; undefined without a prompt or without words in it.',
    sql: divide(sharedWords, 'len(_prompt_words)'),
  },
  {
    ...base,
    id: 'prompt_quoted',
    principle: statePrinciple('repeats the prompt word for word'),
    opposite: statePrinciple('does not repeat the prompt word for word'),
    type: 'INTEGER',
    description:
      '1 where the words of the prompt occur in the response in the same order with nothing between them, case and punctuation ignored; undefined without a prompt and for prompts of fewer than three different words.',
    sql: `CASE WHEN len(_prompt_words) >= 3 THEN contains(_padded, ' ' || _prompt_plain || ' ')::INTEGER END`,
  },
];
