import { countPattern, countText, testPattern } from './expressions.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const base = { family: 'punctuation', basis: 'count', language: 'any', type: 'INTEGER' } as const;

export const punctuationTraits: readonly SurfaceTrait[] = [
  {
    ...base,
    id: 'question_mark_count',
    principle: statePrinciple('asks more questions'),
    opposite: statePrinciple('asks fewer questions'),
    description: 'Question marks, half or full width, outside fenced code. Those in links count too.',
    sql: countText('_body', '?', '？'),
  },
  {
    ...base,
    id: 'rhetorical_question_count',
    principle: statePrinciple('actively engages the reader with rhetorical questions'),
    basis: 'pattern',
    description:
      'Question marks after which the text goes on. Whether an answer is expected cannot be seen from the form.',
    sql: countPattern('_body', `\\?+["')*_\\]”’]*\\s+\\S|？+[」』）\\s]*[^」』）\\s？]`),
  },
  {
    ...base,
    id: 'final_question',
    principle: statePrinciple('ends with a follow-up question'),
    basis: 'pattern',
    description:
      '1 where the last question mark is followed by nothing but closing marks, white space or emoji, within the last 200 characters.',
    sql: testPattern('right(_text, 200)', '[?？][^\\pL\\pN.!。！?？]*\\z'),
  },
  {
    ...base,
    id: 'exclamation_count',
    principle: statePrinciple('uses more exclamation marks'),
    opposite: statePrinciple('uses fewer exclamation marks'),
    description: 'Exclamation marks, half or full width, outside fenced code.',
    sql: countText('_body', '!', '！'),
  },
  {
    ...base,
    id: 'comma_count',
    principle: statePrinciple('uses more commas'),
    description: 'Commas of any script (, ， 、 ،), outside fenced code.',
    sql: countText('_body', ',', '，', '、', '،'),
  },
  {
    ...base,
    id: 'dash_count',
    principle: statePrinciple('uses more dashes'),
    description: 'Em dashes, and en dashes or double hyphens between spaces, outside fenced code.',
    sql: countText('_body', '—', ' – ', ' -- '),
  },
  {
    ...base,
    id: 'bracket_count',
    principle: statePrinciple('uses more brackets'),
    description:
      'Opening brackets ( [ { （ 【 「 『 ［ 《 〈, outside fenced code; those of Markdown links count.',
    sql: countText('_body', '(', '[', '{', '（', '【', '「', '『', '［', '《', '〈'),
  },
  {
    ...base,
    id: 'quotation_count',
    principle: statePrinciple('puts more text in quotation marks'),
    description:
      'Spans in double quotation marks on one line ("x", “x”, «x», 「x」, 『x』), outside fenced code.',
    sql: countPattern('_body', '"[^"\\n]+"|“[^”\\n]+”|«[^»\\n]+»|「[^」\\n]+」|『[^』\\n]+』'),
  },
  {
    ...base,
    id: 'all_caps_count',
    principle: statePrinciple('writes more words in capital letters'),
    description: 'Words of two or more ASCII capitals, outside fenced code; acronyms count.',
    sql: countPattern('_body', '\\b[A-Z]{2,}\\b'),
  },
];
