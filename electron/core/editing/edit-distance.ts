import type { RevisionCheck } from '../../contract/editing.contract.ts';

/** Words as they are separated by white space; the product's stand-in for a model's tokens. */
export function listTokens(text: string): string[] {
  return text.split(/\s+/u).filter((token) => token !== '');
}

/** Levenshtein distance within a band of `limit` on both sides of the diagonal; undefined where it is larger. */
function distanceWithin(first: Int32Array, second: Int32Array, limit: number): number | undefined {
  const far = limit + 1;
  if (Math.abs(first.length - second.length) > limit) return undefined;
  let former = Int32Array.from({ length: second.length + 1 }, (_, place) => Math.min(place, far));
  let row = new Int32Array(second.length + 1);
  for (let at = 1; at <= first.length; at++) {
    const from = Math.max(1, at - limit);
    const to = Math.min(second.length, at + limit);
    row[from - 1] = from === 1 ? Math.min(at, far) : far;
    if (to < second.length) row[to + 1] = far;
    for (let place = from; place <= to; place++) {
      const same = first[at - 1] === second[place - 1] ? 0 : 1;
      const above = place <= at - 1 + limit ? (former[place] ?? far) : far;
      row[place] = Math.min((former[place - 1] ?? far) + same, above + 1, (row[place - 1] ?? far) + 1, far);
    }
    [former, row] = [row, former];
  }
  const distance = former[second.length] ?? far;
  return distance > limit ? undefined : distance;
}

/**
 * Levenshtein distance of two token lists: insertions, deletions and substitutions, each 1. Ukkonen's band is doubled
 * until the distance fits, so alike texts take time in proportion to their length times their distance.
 */
export function tokenDistance(first: readonly string[], second: readonly string[]): number {
  const numbers = new Map<string, number>();
  const numberOf = (token: string) => {
    const known = numbers.get(token) ?? numbers.size;
    numbers.set(token, known);
    return known;
  };
  let start = 0;
  while (start < first.length && start < second.length && first[start] === second[start]) start++;
  let end = 0;
  const most = Math.min(first.length, second.length) - start;
  while (end < most && first[first.length - 1 - end] === second[second.length - 1 - end]) end++;
  const a = Int32Array.from(first.slice(start, first.length - end), numberOf);
  const b = Int32Array.from(second.slice(start, second.length - end), numberOf);
  for (let limit = 8; ; limit *= 2) {
    const distance = distanceWithin(a, b, Math.min(limit, Math.max(a.length, b.length)));
    if (distance !== undefined) return distance;
  }
}

const mostLastWords = 30;

/** Whether a text ends by saying its final sentence again, or its last word occurs more than 30 times. */
function listRepetitions(text: string): RevisionCheck['problems'] {
  const sentences = (text.match(/[^.!?\n]+[.!?]*/gu) ?? [])
    .map((sentence) => sentence.trim())
    .filter(Boolean);
  const last = sentences.at(-1);
  const words = listTokens(text);
  const lastWord = words.at(-1);
  return [
    ...(last !== undefined && sentences.indexOf(last) < sentences.length - 1
      ? (['repeats_last_sentence'] as const)
      : []),
    ...(words.filter((word) => word === lastWord).length > mostLastWords
      ? (['repeats_last_word'] as const)
      : []),
  ];
}

/**
 * How far a minimal revision is from the response it revises, and whether it should be kept. `editRatio` = token
 * Levenshtein distance / tokens of the original (of an empty original, tokens of the revision). The filters are those of
 * the OPA-DPO artefacts, applied to both texts; that they apply to both is our reading.
 */
export function checkRevision(original: string, revised: string): RevisionCheck {
  const [before, after] = [listTokens(original), listTokens(revised)];
  const distance = tokenDistance(before, after);
  const problems = new Set<RevisionCheck['problems'][number]>();
  if (after.length === 0) problems.add('empty');
  else if (original === revised) problems.add('unchanged');
  for (const problem of [...listRepetitions(original), ...listRepetitions(revised)]) problems.add(problem);
  return {
    original,
    editRatio: distance / Math.max(1, before.length || after.length),
    distance,
    tokens: before.length,
    problems: [...problems],
  };
}
