import negators from '../../../../resources/lexicons/negators.json' with { type: 'json' };
import firstPerson from '../../../../resources/lexicons/first-person.json' with { type: 'json' };
import secondPerson from '../../../../resources/lexicons/second-person.json' with { type: 'json' };
import { countPattern, divide } from './expressions.ts';
import { defineLexiconTrait } from './lexicon-trait.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const repeatable = `regexp_extract_all(_low, '[^.!?。！？\\n]{20,}')`;

export const vocabularyTraits: readonly SurfaceTrait[] = [
  {
    id: 'type_token_ratio',
    principle: statePrinciple('repeats its words less'),
    opposite: statePrinciple('repeats its words more'),
    family: 'vocabulary',
    basis: 'count',
    description:
      'Different words divided by words, 0 to 1, case ignored, outside fenced code, Chinese characters and kana left out. Falls with length.',
    language: 'any',
    type: 'FLOAT',
    sql: divide('list_unique(_words)', '_word_count'),
  },
  {
    id: 'readability_index',
    principle: statePrinciple('is harder to read'),
    opposite: statePrinciple('is easier to read'),
    family: 'vocabulary',
    basis: 'count',
    description:
      'Automated Readability Index: 4.71 letters per word + 0.5 words per sentence - 21.43. Undefined without words and for text mostly in other scripts than Latin.',
    language: 'en',
    type: 'FLOAT',
    sql: 'CASE WHEN _is_latin AND _cjk_count <= _word_count THEN 4.71 * _letter_count / nullif(_word_count, 0) + 0.5 * _word_count / nullif(_sentence_count, 0) - 21.43 END',
  },
  {
    id: 'repeated_sentence_count',
    principle: statePrinciple('repeats more of its own sentences'),
    opposite: statePrinciple('repeats fewer of its own sentences'),
    family: 'vocabulary',
    basis: 'count',
    description:
      'Stretches of 20 or more characters without . ! ? or line break that occur again, case ignored, outside fenced code.',
    language: 'any',
    type: 'INTEGER',
    sql: `len(${repeatable}) - list_unique(${repeatable})`,
  },
  {
    id: 'contraction_count',
    principle: statePrinciple('uses more contractions'),
    opposite: statePrinciple('uses fewer contractions'),
    family: 'vocabulary',
    basis: 'pattern',
    description: "Words such as don't, I'm, we'll, it's and let's, outside fenced code.",
    language: 'en',
    type: 'INTEGER',
    sql: countPattern(
      '_low',
      "\\b(?:[a-z]+n't|(?:i|you|we|they|he|she|it|that|there|here|what|who|where|how)'(?:m|re|ve|ll|d|s)|let's|y'all)\\b",
    ),
  },
  defineLexiconTrait({
    id: 'negation_count',
    family: 'vocabulary',
    lexicon: negators,
    predicate: 'uses more negations',
    opposite: 'uses fewer negations',
    description: 'Negating words.',
  }),
];

export const pronounTraits: readonly SurfaceTrait[] = [
  defineLexiconTrait({
    id: 'first_person_count',
    family: 'pronouns',
    lexicon: firstPerson,
    predicate: 'speaks more in the first person (I, we)',
    description: 'Pronouns of the first person; the roman number I counts.',
  }),
  defineLexiconTrait({
    id: 'second_person_count',
    family: 'pronouns',
    lexicon: secondPerson,
    predicate: 'addresses the reader more directly (you)',
    description: 'Pronouns of the second person.',
  }),
  {
    id: 'personal_pronoun_count',
    principle: statePrinciple('uses more personal pronouns (I, we, you)'),
    family: 'pronouns',
    basis: 'count',
    description: 'Sum of first_person_count and second_person_count.',
    language: 'en',
    type: 'INTEGER',
    derivedFrom: ['first_person_count', 'second_person_count'],
    sql: 'first_person_count + second_person_count',
  },
];
