import { countPattern, divide } from './expressions.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

export const lengthTraits: readonly SurfaceTrait[] = [
  {
    id: 'char_count',
    principle: statePrinciple('is more verbose'),
    opposite: statePrinciple('is more concise'),
    family: 'length',
    basis: 'count',
    description: 'Unicode code points of the whole text, code and white space included.',
    language: 'any',
    type: 'INTEGER',
    sql: 'length(_text)',
  },
  {
    id: 'word_count',
    principle: statePrinciple('uses more words'),
    opposite: statePrinciple('uses fewer words'),
    family: 'length',
    basis: 'count',
    description:
      'Runs of letters, digits and apostrophes outside fenced code, plus one for each Chinese character or kana. Thai, Lao and Khmer, which have no spaces, are undercounted.',
    language: 'any',
    type: 'INTEGER',
    sql: '_word_count + _cjk_count',
  },
  {
    id: 'sentence_count',
    principle: statePrinciple('contains more sentences'),
    opposite: statePrinciple('contains fewer sentences'),
    family: 'length',
    basis: 'count',
    description:
      'Pieces that end in . ! ? … before white space, in 。！？, or at a line break, outside fenced code. The number of a list item is no sentence. Abbreviations such as "e.g. " count as ends.',
    language: 'any',
    type: 'INTEGER',
    sql: '_sentence_count',
  },
  {
    id: 'paragraph_count',
    principle: statePrinciple('is split into more paragraphs'),
    opposite: statePrinciple('is split into fewer paragraphs'),
    family: 'length',
    basis: 'count',
    description: 'Blocks separated by blank lines, outside fenced code.',
    language: 'any',
    type: 'INTEGER',
    sql: `CASE WHEN _body = '' THEN 0 ELSE ${countPattern('_body', '\\n[ \\t\\r]*\\n\\s*')} + 1 END`,
  },
  {
    id: 'mean_sentence_words',
    principle: statePrinciple('uses longer sentences'),
    opposite: statePrinciple('uses shorter sentences'),
    family: 'length',
    basis: 'count',
    description: 'word_count divided by sentence_count; undefined where there is no sentence.',
    language: 'any',
    type: 'FLOAT',
    sql: divide('_word_count + _cjk_count', '_sentence_count'),
  },
  {
    id: 'mean_word_length',
    principle: statePrinciple('uses longer words'),
    opposite: statePrinciple('uses shorter words'),
    family: 'length',
    basis: 'count',
    description:
      'Letters, digits and apostrophes per word, outside fenced code, Chinese characters and kana left out; undefined without words.',
    language: 'any',
    type: 'FLOAT',
    sql: divide('_letter_count', '_word_count'),
  },
];
