const words = (text: string): readonly string[] => text.trim().split(/\s*,\s*/);

/** Words the editor offers; DuckDB knows more. */
export const sqlKeywords = words(`
  SELECT, FROM, WHERE, GROUP BY, ORDER BY, HAVING, LIMIT, OFFSET, DISTINCT, AS, ON, USING, JOIN, LEFT JOIN, INNER JOIN,
  FULL JOIN, CROSS JOIN, SEMI JOIN, ANTI JOIN, UNION, UNION ALL, EXCEPT, INTERSECT, WITH, CASE, WHEN, THEN, ELSE, END,
  AND, OR, NOT, IN, IS NULL, IS NOT NULL, BETWEEN, LIKE, ILIKE, EXISTS, ASC, DESC, NULLS LAST, FILTER, OVER,
  PARTITION BY, QUALIFY, USING SAMPLE, EXCLUDE, REPLACE, PIVOT, UNPIVOT, DESCRIBE, SUMMARIZE, EXPLAIN, TRUE, FALSE`);

/** A short list of DuckDB's functions that fit texts, labels and counts. */
export const sqlFunctions = words(`
  count, count_if, sum, avg, median, min, max, stddev, quantile_cont, mode, arg_max, arg_min, any_value, first, list,
  string_agg, histogram, entropy, corr, row_number, rank, ntile, lag, lead, coalesce, nullif, if, greatest, least,
  round, floor, ceil, abs, ln, sqrt, random, length, lower, upper, trim, substring, left, right, replace, contains,
  starts_with, ends_with, concat, concat_ws, format, string_split, split_part, regexp_matches, regexp_replace,
  regexp_extract, regexp_extract_all, levenshtein, jaro_winkler_similarity, unnest, len, list_contains, list_distinct,
  list_filter, list_transform, list_sort, array_to_string, json_extract, json_extract_string, json_keys, md5, date_trunc,
  date_part, strftime, epoch_ms, now, range, generate_series, try_cast, typeof`);
