import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { countNonAsciiPattern, countPattern } from './expressions.ts';

/** Characters counted as one word each: Chinese characters and both kana. */
export const cjkClass = '\\p{Han}\\p{Hiragana}\\p{Katakana}';

const fence = '(?s)```.*?(?:```|\\z)';
const closers = `["')\\]*_”’»]`;
const sentenceEnd = `[.!?…]+${closers}*(?:\\s+|$)|[。！？]+[」』”）]*\\s*|\\n\\s*|.$`;
const numberedItem = '(?m)^\\s*\\d+\\.\\s';

/** Lower-case words with one space between them; every CJK character becomes a gap. */
function plain(lower: string, mayBeNonAscii: string): string {
  const gaps = `CASE WHEN ${mayBeNonAscii} THEN regexp_replace(${lower}, '[${cjkClass}]+', ' ', 'g') ELSE ${lower} END`;
  return `regexp_replace(${gaps}, ${quoteLiteral("[^\\pL\\pM\\pN']{2,}|[^\\pL\\pM\\pN' ]")}, ' ', 'g')`;
}

const straighten = (column: string) =>
  `lower(CASE WHEN strlen(${column}) <> length(${column}) THEN regexp_replace(${column}, '[’‘]', '''', 'g') ELSE ${column} END)`;
/** `trim` is slow, so it runs only on texts that need it. */
const trimmed = (column: string) =>
  `CASE WHEN regexp_matches(left(${column}, 1) || right(${column}, 1), '\\s') THEN trim(${column}, E' \\n\\r\\t') ELSE ${column} END`;
const split = (column: string) =>
  `CASE WHEN ${column} = '' THEN []::VARCHAR[] WHEN ${column} IS NULL THEN NULL ELSE string_split(${column}, ' ') END`;

/**
 * Columns that several traits share, each computed once, in layers: a layer may use the columns of the layers
 * before it. DuckDB drops those that no requested trait uses.
 */
export const preparedLayers: readonly Readonly<Record<string, string>>[] = [
  {
    _non_ascii: 'strlen(_text) <> length(_text)',
    _unfenced: `regexp_replace(_text, ${quoteLiteral(fence)}, '', 'g')`,
    _prompt_loose: plain(straighten('_prompt'), 'true'),
  },
  { _body: trimmed('_unfenced'), _prompt_plain: trimmed('_prompt_loose') },
  {
    _low: straighten('_body'),
    _numbered_items: countPattern('_body', numberedItem),
    _cjk_count: countNonAsciiPattern('_body', `[${cjkClass}]`),
    _prompt_words: `list_distinct(${split('_prompt_plain')})`,
  },
  { _loose: plain('_low', '_non_ascii') },
  { _plain: trimmed('_loose') },
  { _words: split('_plain'), _padded: `' ' || _plain || ' '` },
  {
    _word_count: 'len(_words)',
    _sentence_count: `CASE WHEN _body IS NULL THEN NULL WHEN _body = '' THEN 0 ELSE greatest(${countPattern('_body', sentenceEnd)} - _numbered_items, 1) END`,
    _letter_count: 'length(_plain) - greatest(len(_words) - 1, 0)',
    _is_latin: 'strlen(_plain) <= 1.2 * length(_plain)',
  },
];

/** Blocks between triple backticks; a block that is never closed runs to the end. */
export const fencePattern = fence;
