import type { Session } from '../../../native/duckdb/session.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { ExportWarning } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';

/** Rows looked through at most; more would hold up the screen. */
export const scannedAtMost = 50_000;

const matches = (text: Sql, pattern: string): Sql => `regexp_extract_all(${text}, '${pattern}')`;
const digitsOf = (text: Sql): Sql => `regexp_replace(${text}, '[^0-9]', '', 'g')`;
const signs = (text: Sql): Sql => `regexp_extract_all(${text}, '.')`;

/** ISO 13616: country and check digits moved to the end, letters as 10…35, remainder of 97 is 1. */
export const isIban = (text: Sql): Sql => {
  const bare = `replace(upper(${text}), ' ', '')`;
  const values = `list_transform(${signs(`substr(${bare}, 5) || left(${bare}, 4)`)}, lambda sign:
    CASE WHEN sign BETWEEN '0' AND '9' THEN unicode(sign) - 48 ELSE unicode(sign) - 55 END)`;
  return `(length(${bare}) BETWEEN 15 AND 34 AND
    list_reduce(list_prepend(0, ${values}), lambda rest, value: (rest * CASE WHEN value > 9 THEN 100 ELSE 10 END + value) % 97) = 1)`;
};

/** Luhn's check over 13–19 digits: from the right every second is doubled, its digits added; the sum ends in 0. */
export const isLuhn = (text: Sql): Sql => {
  const digits = digitsOf(text);
  const values = `list_transform(${signs(`reverse(${digits})`)}, lambda sign, place:
    CASE WHEN place % 2 = 1 THEN unicode(sign) - 48 WHEN unicode(sign) - 48 > 4 THEN 2 * (unicode(sign) - 48) - 9
      ELSE 2 * (unicode(sign) - 48) END)`;
  return `(length(${digits}) BETWEEN 13 AND 19 AND NOT regexp_full_match(${digits}, '0+') AND list_sum(${values}) % 10 = 0)`;
};

const someMatch = (text: Sql, pattern: string, check: (found: Sql) => Sql): Sql =>
  `len(list_filter(${matches(text, pattern)}, lambda found: ${check('found')})) > 0`;

/** What is looked for, as a test on a text. Suggestions: a match is a shape, not a person. */
export const personalDataKinds: readonly { readonly title: string; readonly test: (text: Sql) => Sql }[] = [
  {
    title: 'e-mail address',
    test: (text) =>
      `contains(${text}, '@') AND regexp_matches(${text}, '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,24}\\b')`,
  },
  {
    title: 'phone number',
    test: (text) =>
      `regexp_matches(${text}, '(^|[^0-9A-Za-z.+-])(\\+[1-9][0-9 ().-]{7,16}[0-9]|\\(?[0-9]{3}\\)?[ .-][0-9]{3}[ .-][0-9]{4})([^0-9]|$)')`,
  },
  {
    title: 'IBAN (check digits right)',
    test: (text) =>
      someMatch(text, '\\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\\b', isIban),
  },
  {
    title: 'card number (Luhn’s check right)',
    test: (text) => someMatch(text, '\\b[2-6][0-9]{3}(?:[ -]?[0-9]{2,6}){2,4}\\b', isLuhn),
  },
  {
    title: 'IP address',
    test: (text) =>
      someMatch(
        text,
        '\\b[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\b',
        (found) =>
          `list_max(list_transform(string_split(${found}, '.'), lambda part: TRY_CAST(part AS INTEGER))) < 256
            AND NOT regexp_matches(${found}, '^(0\\.|127\\.|255\\.255)')`,
      ),
  },
  {
    title: 'key or token of a service',
    test: (text) =>
      `regexp_matches(${text}, '\\b(sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|hf_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY-----')`,
  },
];

/**
 * Looks for shapes of personal data and secrets in prompts and responses: e-mail, phone, IBAN and card numbers with right
 * check digits, IP addresses, keys of services. `rows` are selected rows; answers the number of rows with each.
 */
export async function findPersonalData(
  session: Session,
  { relation, rows }: { readonly relation: Relation; readonly rows: Sql },
  signal?: AbortSignal,
): Promise<ExportWarning[]> {
  const texts = relation === 'pairs' ? ['prompt', 'a', 'b'] : ['prompt', 'text'];
  const flags = personalDataKinds.map(
    ({ test }, at) => `(${texts.map((text) => `(${test(text)})`).join(' OR ')}) AS flag_${at}`,
  );
  const counts = personalDataKinds.map(
    (_, at) =>
      `count(DISTINCT row_id) FILTER (flag_${at}) AS count_${at}, min_by(row_id, unit, 5) FILTER (flag_${at}) AS rows_${at}`,
  );
  const found = await session.one<Record<string, number | number[] | null>>(
    `SELECT ${counts.join(', ')} FROM (SELECT unit, row_id, ${flags.join(', ')} FROM ${rows})`,
    [],
    { signal },
  );
  return personalDataKinds.flatMap(({ title }, at) => {
    const count = Number(found[`count_${at}`] ?? 0);
    if (count === 0) return [];
    return [
      {
        kind: 'personal-data' as const,
        count,
        rows: (found[`rows_${at}`] as number[] | null) ?? [],
        text: `something in the shape of: ${title}`,
      },
    ];
  });
}
