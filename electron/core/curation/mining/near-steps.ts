import type { Sql } from '../../corpus/reading/reader.ts';

/**
 * SQL of the response_id of nodes that nearly repeat a sibling with more visits (then the earlier one), so that the sibling
 * stays: Jaccard similarity of words and neighbouring word pairs, in lower case, at least `threshold`, and the same numbers in
 * the same order. `table` is that of `createTreeTable`.
 */
export const nearStepsOf = (table: string, threshold: number): Sql => `(WITH token AS MATERIALIZED (
    SELECT response_id, parent_key, regexp_extract_all(said, '[0-9]+(?:[.,][0-9]+)*') AS numbers, string_split_regex(lower(trim(said)), '\\s+') AS words,
      row_number() OVER (PARTITION BY parent_key ORDER BY visits DESC NULLS LAST, position, response_id) AS place FROM ${table}),
  part AS MATERIALIZED (SELECT *, list_distinct(list_concat(words, list_transform(range(1, len(words)), lambda spot: words[spot] || ' ' || words[spot + 1]))) AS parts FROM token)
  SELECT DISTINCT later.response_id FROM part earlier JOIN part later ON later.parent_key = earlier.parent_key AND later.place > earlier.place
    AND later.numbers = earlier.numbers
  WHERE len(list_intersect(earlier.parts, later.parts)) >= ${threshold} * len(list_distinct(list_concat(earlier.parts, later.parts))))`;
