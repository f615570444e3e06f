import type { Sql } from '../corpus/reading/reader.ts';

const hex = (code: Sql) => `printf('\\u%04x', ${code})`;
const code = 'unicode(sign)';

/**
 * A text as Python's `json.dumps` writes it: non-ASCII and DEL as \\uXXXX with lower-case digits, those beyond U+FFFF as two
 * surrogates. Texts of printable ASCII take DuckDB's own quoting, which is the same for them.
 */
export function pythonText(text: Sql): Sql {
  return `CASE WHEN NOT regexp_matches(${text}, '[^ -~]') THEN to_json(${text})::VARCHAR
    ELSE '"' || array_to_string(list_transform(regexp_extract_all(${text}, '(?s).'), lambda sign: CASE
      WHEN sign = '"' THEN '\\"' WHEN sign = '\\' THEN '\\\\' WHEN ${code} = 10 THEN '\\n' WHEN ${code} = 13 THEN '\\r'
      WHEN ${code} = 9 THEN '\\t' WHEN ${code} = 8 THEN '\\b' WHEN ${code} = 12 THEN '\\f'
      WHEN ${code} BETWEEN 32 AND 126 THEN sign WHEN ${code} < 65536 THEN ${hex(code)}
      ELSE ${hex(`55296 + ((${code} - 65536) >> 10)`)} || ${hex(`56320 + ((${code} - 65536) & 1023)`)} END), '') || '"' END`;
}
