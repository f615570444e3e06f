import emojiRanges from '../../../../resources/lexicons/emoji-ranges.json' with { type: 'json' };
import { cjkClass } from './prepared-columns.ts';
import { countNonAsciiPattern, countPattern, divide } from './expressions.ts';
import { statePrinciple, type SurfaceTrait } from './trait.ts';

const base = { basis: 'count', language: 'any', type: 'INTEGER' } as const;

const toClass = (ranges: readonly string[]) =>
  `[${ranges.map((range) => range.replace(/[0-9A-F]+/g, '\\x{$&}')).join('')}]`;
const tone = '[\\x{1F3FB}-\\x{1F3FF}]';
const picture = `(?:${toClass(emojiRanges.emoji)}(?:\\x{FE0F}|${tone})?|${toClass(emojiRanges.text_default)}\\x{FE0F})`;
const tags = '[\\x{E0020}-\\x{E007E}]*\\x{E007F}?';
const flag = '[\\x{1F1E6}-\\x{1F1FF}]{2}';
const keycap = '[0-9#*]\\x{FE0F}?\\x{20E3}';
const emoji = `${flag}|${keycap}|${picture}${tags}(?:\\x{200D}${picture})*`;

const latexCommand =
  '\\\\(?:[()\\[\\]]|(?:frac|dfrac|sqrt|sum|prod|int|lim|log|ln|sin|cos|tan|cdot|times|div|pm|leq?|geq?|neq|approx|infty|alpha|beta|gamma|delta|theta|lambda|mu|pi|sigma|phi|omega|begin|left|mathbb|mathrm|text|boxed|partial|nabla|to|rightarrow|Rightarrow|in)\\b)';
const mathOperator = ' [=+<>^] |[\\p{L}\\p{N})]\\^|\\d[=+<>]\\d|\\b[a-z]=[-\\d(]';
const mathSymbol = '[±×÷¬√∀-⋿⟀-⟯⦀-⫿]';

export const symbolTraits: readonly SurfaceTrait[] = [
  {
    ...base,
    id: 'number_count',
    family: 'symbols',
    principle: statePrinciple('includes more numbers'),
    opposite: statePrinciple('includes fewer numbers'),
    description:
      'Runs of ASCII digits, with inner commas and points, outside fenced code; those of list items and links count.',
    sql: countPattern('_body', '\\d+(?:[.,]\\d+)*'),
  },
  {
    ...base,
    id: 'math_symbol_count',
    family: 'symbols',
    basis: 'pattern',
    principle: statePrinciple('uses more mathematical symbols and notation'),
    description:
      'Unicode mathematical operators, common LaTeX commands and delimiters, $$, and = + < > ^ used as operators, outside fenced code.',
    sql: countPattern('_body', `${mathSymbol}|${latexCommand}|\\$\\$|${mathOperator}`),
  },
  {
    ...base,
    id: 'emoji_count',
    family: 'symbols',
    principle: statePrinciple('uses more emojis'),
    opposite: statePrinciple('uses fewer emojis'),
    description:
      'Emoji as seen: a flag, a keycap, or a picture with its skin tone and joined parts counts once. ©, ®, ™, arrows and geometric signs count only when followed by U+FE0F.',
    sql: countPattern('_text', emoji),
  },
  {
    ...base,
    id: 'emoticon_count',
    family: 'symbols',
    basis: 'pattern',
    principle: statePrinciple('uses more text emoticons'),
    description: 'Western emoticons such as :-) ;) :D :( and <3 after white space, outside fenced code.',
    sql: countPattern('_body', `(?:^|\\s)(?:[:;][-^o']?(?:[)(\\]\\[/]|[DPp]\\b)|<3\\b|[xX]D\\b)`),
  },
  {
    ...base,
    id: 'url_count',
    family: 'symbols',
    principle: statePrinciple('includes more links'),
    opposite: statePrinciple('includes fewer links'),
    description: 'Addresses that begin with http:// or https://, and www. names without them, code included.',
    sql: countPattern('_text', `(?i)https?://[^\\s)\\]>"']+|\\bwww\\.[^\\s)\\]>"']+`),
  },
  {
    ...base,
    id: 'full_width_bracket_count',
    family: 'script',
    principle: statePrinciple('uses more full-width brackets 【】'),
    opposite: statePrinciple('uses fewer full-width brackets 【】'),
    description: 'Every opening and closing one of 【】「」『』（）［］｛｝《》〈〉〔〕.',
    sql: countNonAsciiPattern('_text', '[【】「」『』（）［］｛｝《》〈〉〔〕]'),
  },
  {
    ...base,
    id: 'full_width_mark_count',
    family: 'script',
    principle: statePrinciple('uses more full-width punctuation'),
    description: 'Every one of 、。，．！？：；・～.',
    sql: countNonAsciiPattern('_text', '[、。，．！？：；・～]'),
  },
  {
    ...base,
    id: 'cjk_char_count',
    family: 'script',
    principle: statePrinciple('contains more Chinese or Japanese characters'),
    description: 'Characters of the scripts Han, Hiragana and Katakana, code included.',
    sql: countNonAsciiPattern('_text', `[${cjkClass}]`),
  },
  {
    ...base,
    id: 'non_ascii_share',
    family: 'script',
    type: 'FLOAT',
    principle: statePrinciple('consists more of characters outside ASCII'),
    description: 'Share of the code points that lie outside ASCII, 0 to 1; undefined for empty text.',
    sql: divide(
      `length(_text) - length(CASE WHEN _non_ascii THEN regexp_replace(_text, '[^\\x00-\\x7F]+', '', 'g') ELSE _text END)`,
      'length(_text)',
    ),
  },
];
