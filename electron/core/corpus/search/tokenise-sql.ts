import type { Sql } from '../reading/reader.ts';

/**
 * Character classes of the tokeniser, written so that RE2 (DuckDB) reads them; `tokenise.ts` has the same for JavaScript.
 * `unspaced` are the scripts that put no spaces between words, and Hangul, whose words carry their particles.
 */
const unspaced = String.raw`\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\x{30FC}\x{FF70}`;
const apostrophe = `''’＇`;
const word = String.raw`[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`;
/** Arabic vowel signs and stretching, Hebrew points, variation selectors, enclosing keycap, letter apostrophe. */
const ignorable = String.raw`[\x{0640}\x{064B}-\x{0652}\x{0670}\x{0591}-\x{05BD}\x{05BF}-\x{05C7}\x{FE00}-\x{FE0F}\x{20E3}\x{02BC}]`;
const clitic = `[${apostrophe}](?:s|ll|d|ve|re|m)$`;
const elision = `^(?:[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|all|dall|dell|nell|sull|agl|dagl|degl|negl|sugl)[${apostrophe}]`;

/** Longest term kept, in characters; what follows is cut off. */
export const longestTerm = 64;

/** A lower-cased run of letters and digits as one word without apostrophes. */
function plainWord(run: Sql): Sql {
  const composed = `regexp_replace(nfc_normalize(${run}), '${ignorable}', '', 'g')`;
  const stem = `regexp_replace(regexp_replace(${composed}, '${clitic}', ''), '${elision}', '')`;
  return `regexp_replace(${stem}, '[${apostrophe}]', '', 'g')`;
}

/** Overlapping pairs of characters, or the character itself where it stands alone. */
function characterPairs(text: Sql): Sql {
  const characters = `regexp_extract_all(${text}, '.')`;
  return `CASE WHEN length(${text}) < 2 THEN [${text}]
    ELSE list_transform(list_zip(${characters}, ${characters}[2:], true), lambda pair: pair[1] || pair[2]) END`;
}

/**
 * SQL for the terms of a text (VARCHAR) as a list of VARCHAR, in order, with repetitions; documents and queries go
 * through the same expression. See docs/methods/search.md for the rules.
 *
 * A space never lies inside a term: the terms of a text are those of its pieces between spaces, which is what lets the
 * index tokenise each distinct piece once.
 */
export function tokeniseSql(text: Sql): Sql {
  const runs = `regexp_extract_all(lower(${text}), '${word}(?:[${apostrophe}]${word})*')`;
  const segments = `regexp_extract_all(${plainWord('run')}, '[${unspaced}]+|[^${unspaced}]+')`;
  const segmentTerms = `CASE WHEN regexp_matches(segment, '^[${unspaced}]') THEN ${characterPairs('segment')}
    ELSE [left(segment, ${longestTerm})] END`;
  const runTerms = `CASE WHEN regexp_full_match(run, '[a-z0-9]*') THEN [left(run, ${longestTerm})]
    ELSE flatten(list_transform(${segments}, lambda segment: ${segmentTerms})) END`;
  return `flatten(list_transform(${runs}, lambda run: ${runTerms}))`;
}
