import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';

export interface PairTableOptions {
  readonly datasetId: number;
  /** Name of the table to create, quoted. */
  readonly table: string;
  /** Name of the table of slices to create, quoted. */
  readonly slices: string;
  readonly slice: string | null;
  readonly judge: string | null;
  readonly signal?: AbortSignal | undefined;
}

const columnSlices = ['language', 'topic', 'subset', 'source_file', 'turns'] as const;

const isVoteSlice = (slice: string | null): boolean => slice !== null && /^annotator($|\.)/.test(slice);

/** Where the two labels of a judge on one pair differ, it has none: a tie. */
const judgeLabel = `CASE WHEN count(DISTINCT v.label) = 1 THEN any_value(v.label) ELSE 'tie' END`;

/**
 * Creates the table every pair audit reads, one row per pair: row_id, comparison_id, prompt_id, cluster (the prompt; a
 * pair without prompt text stands alone), label (a, b, tie, both_bad, …), chosen_id, rejected_id, response_a_id,
 * response_b_id, model_a, model_b, chosen_model, rejected_model, chars_a, chars_b, delta_ab (length of a − of b), delta
 * (of chosen − of rejected), prompt_chars, turns, strength, language, topic, subset, source_file, annotator_id.
 *
 * With a judge the label is that of its overall votes. Sliced by annotators or their attributes, a row is one overall
 * vote: row_id then counts votes and comparison_id repeats. Throws AUDIT_JUDGE_UNKNOWN, AUDIT_SLICE_UNKNOWN.
 */
export async function createPairTable(session: Session, options: PairTableOptions): Promise<void> {
  const { datasetId, table, slice, judge, signal } = options;
  if (judge !== null && isVoteSlice(slice)) {
    throw new AppError(
      'AUDIT_SLICE_UNKNOWN',
      `Nothing was audited: the votes of one judge (${judge}) cannot be sliced by ${slice}. Leave out one of the two.`,
      { slice, judge },
    );
  }
  const { sql, parameters } = labelSource({ datasetId, slice, judge });
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH labelled AS (${sql}),
     pair AS (
       SELECT l.row_id, c.comparison_id, c.prompt_id, CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster,
         l.label, l.annotator_id, c.response_a_id, c.response_b_id, c.model_a, c.model_b, c.chars_a, c.chars_b,
         c.chars_a - c.chars_b AS delta_ab, c.prompt_chars, c.turns, l.strength, c.language, c.topic, c.subset, c.source_file
       FROM labelled l JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id))
     SELECT *, CASE label WHEN 'a' THEN response_a_id WHEN 'b' THEN response_b_id END AS chosen_id,
       CASE label WHEN 'a' THEN response_b_id WHEN 'b' THEN response_a_id END AS rejected_id,
       CASE label WHEN 'a' THEN model_a WHEN 'b' THEN model_b END AS chosen_model,
       CASE label WHEN 'a' THEN model_b WHEN 'b' THEN model_a END AS rejected_model,
       CASE label WHEN 'a' THEN delta_ab WHEN 'b' THEN -delta_ab END AS delta
     FROM pair ORDER BY row_id`,
    parameters,
    { signal },
  );
  if (judge !== null) await requireVotes(session, table, judge);
  await createSlices(session, options);
}

function labelSource({ datasetId, slice, judge }: Pick<PairTableOptions, 'datasetId' | 'slice' | 'judge'>): {
  sql: string;
  parameters: Parameter[];
} {
  if (isVoteSlice(slice)) {
    return {
      sql: `SELECT row_number() OVER (ORDER BY v.comparison_id, v.annotator_id, v.label) AS row_id, v.comparison_id, v.annotator_id, v.label, v.strength
        FROM vote v WHERE v.dataset_id = ? AND v.aspect IS NULL`,
      parameters: [datasetId],
    };
  }
  if (judge !== null) {
    return {
      sql: `SELECT v.comparison_id AS row_id, v.comparison_id, any_value(v.annotator_id) AS annotator_id, ${judgeLabel} AS label, NULL::DOUBLE AS strength
        FROM vote v JOIN annotator n USING (annotator_id)
        WHERE v.dataset_id = ? AND v.aspect IS NULL AND n.name = ? AND v.label <> 'skip' GROUP BY v.comparison_id`,
      parameters: [datasetId, judge],
    };
  }
  return {
    sql: `SELECT comparison_id AS row_id, comparison_id, NULL::INTEGER AS annotator_id, label, strength FROM comparison WHERE dataset_id = ?`,
    parameters: [datasetId],
  };
}

async function requireVotes(session: Session, table: string, judge: string): Promise<void> {
  const { n } = await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
  if (n > 0) return;
  throw new AppError(
    'AUDIT_JUDGE_UNKNOWN',
    `Nothing was audited: no overall vote of this dataset comes from an annotator called “${judge}”.`,
    { judge },
  );
}

async function createSlices(session: Session, options: PairTableOptions): Promise<void> {
  const { table, slices, slice, signal } = options;
  const { sql, parameters } = sliceSource(table, slice);
  await session.run(
    `CREATE OR REPLACE TABLE ${slices} AS SELECT row_id, comparison_id, annotator_id, slice::VARCHAR AS slice FROM (${sql}) WHERE slice IS NOT NULL ORDER BY row_id`,
    parameters,
    { signal },
  );
  if (slice === null) return;
  const { n } = await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${slices}`);
  if (n > 0) return;
  throw new AppError('AUDIT_SLICE_UNKNOWN', `Nothing was audited: no pair of this dataset has a ${slice}.`, {
    slice,
  });
}

/** The rows of a slice; `slice` is checked against what is known, or bound. */
function sliceSource(table: string, slice: string | null): { sql: string; parameters: Parameter[] } {
  const base = 'SELECT x.row_id, x.comparison_id, x.annotator_id';
  const column = columnSlices.find((candidate) => candidate === slice);
  if (slice === null) return { sql: `${base}, NULL AS slice FROM ${table} x WHERE false`, parameters: [] };
  if (column) return { sql: `${base}, x.${column} AS slice FROM ${table} x`, parameters: [] };
  if (slice === 'model') {
    return {
      sql: `${base}, unnest(list_distinct([x.model_a, x.model_b])) AS slice FROM ${table} x`,
      parameters: [],
    };
  }
  if (slice === 'tag') {
    return {
      sql: `${base}, t.tag AS slice FROM ${table} x JOIN tag t ON t.relation = 'pairs' AND t.row_id = x.comparison_id`,
      parameters: [],
    };
  }
  if (isVoteSlice(slice)) {
    const attribute = slice.slice('annotator.'.length);
    const joined = `FROM ${table} x JOIN annotator n USING (annotator_id)`;
    if (slice === 'annotator') return { sql: `${base}, n.name AS slice ${joined}`, parameters: [] };
    if (attribute === 'kind') return { sql: `${base}, n.kind AS slice ${joined}`, parameters: [] };
    return { sql: `${base}, n.attributes[?] AS slice ${joined}`, parameters: [attribute] };
  }
  if (slice.startsWith('extra.')) {
    return {
      sql: `${base}, json_extract_string(c.extra, ?) AS slice FROM ${table} x JOIN comparison c USING (comparison_id)`,
      parameters: [toJsonPath(slice.slice('extra.'.length))],
    };
  }
  throw new AppError(
    'AUDIT_SLICE_UNKNOWN',
    `Nothing was audited: pairs cannot be sliced by “${slice}”. Take ${columnSlices.join(', ')}, model, tag, annotator, annotator.kind, annotator.ATTRIBUTE or extra.KEY.`,
    { slice },
  );
}

const toJsonPath = (key: string) => `$."${key.replaceAll('"', '')}"`;

/** What the pairs of a dataset can be sliced by, with the number of different values; only where there are two or more. */
export async function listSlices(
  session: Session,
  datasetId: number,
  names: { readonly attributes: readonly string[]; readonly extraKeys: readonly string[] },
): Promise<{ slice: string; values: number }[]> {
  const counts: { slice: string; sql: string }[] = [
    ...columnSlices.map((column) => ({ slice: column, sql: `count(DISTINCT c.${column})` })),
    { slice: 'model', sql: 'greatest(count(DISTINCT c.model_a), count(DISTINCT c.model_b))' },
    ...names.extraKeys.map((key) => ({
      slice: `extra.${key}`,
      sql: `count(DISTINCT json_extract_string(c.extra, ${quoteLiteral(toJsonPath(key))}))`,
    })),
  ];
  const row = await session.one<Record<string, number>>(
    `SELECT ${counts.map(({ sql }, index) => `${sql} AS s${index}`).join(', ')} FROM comparison c WHERE c.dataset_id = ?`,
    [datasetId],
  );
  const people = [
    { slice: 'annotator', sql: 'count(DISTINCT n.name)' },
    { slice: 'annotator.kind', sql: 'count(DISTINCT n.kind)' },
    ...names.attributes.map((attribute) => ({
      slice: `annotator.${attribute}`,
      sql: `count(DISTINCT n.attributes[${quoteLiteral(attribute)}])`,
    })),
  ];
  const voters = await session.one<Record<string, number>>(
    `SELECT ${people.map(({ sql }, index) => `${sql} AS s${index}`).join(', ')} FROM annotator n WHERE n.dataset_id = ?
     AND n.annotator_id IN (SELECT annotator_id FROM vote WHERE dataset_id = ? AND aspect IS NULL)`,
    [datasetId, datasetId],
  );
  const { tags } = await session.one<{ tags: number }>(
    `SELECT count(DISTINCT tag) AS tags FROM tag WHERE dataset_id = ? AND relation = 'pairs'`,
    [datasetId],
  );
  const found = [
    ...counts.map(({ slice }, index) => ({ slice, values: row[`s${index}`] ?? 0 })),
    ...people.map(({ slice }, index) => ({ slice, values: voters[`s${index}`] ?? 0 })),
    { slice: 'tag', values: tags },
  ];
  return found.filter(({ values }) => values > 1);
}
