import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';

/** What a selection works on and where its answer goes. */
export interface SelectionInput {
  /** A session that may create `into`; a reading one for a table in `scratch`. */
  readonly session: Session;
  readonly datasetId: number;
  /**
   * SQL of the pairs to choose from, answering comparison_id; all pairs of the dataset where it is left out. Every `?` in it
   * stands for one parameter, so none may be in a text.
   */
  readonly rows?: { readonly sql: string; readonly parameters?: readonly Parameter[] } | undefined;
  /**
   * Name of the table to create, quoted by the caller. One row a pair, or a response where a selection chooses
   * responses: comparison_id BIGINT or NULL, response_id BIGINT or NULL, keep BOOLEAN, weight DOUBLE (1 unless the
   * selection weighs), place BIGINT (1 = first, NULL = in no order), reason VARCHAR. A selection may add columns after these.
   */
  readonly into: string;
  /** Draws are by the md5 of row and seed: the same seed chooses the same rows on every machine. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What every selection says about itself. */
export interface SelectionSummary {
  readonly rows: number;
  readonly kept: number;
  /** (Σw)² / Σw² over what was kept: as many as were kept where all weigh the same. */
  readonly effectiveSize: number;
  /** md5 of the sorted ids that were kept. */
  readonly manifest: string;
}

/** Gathers bound values; `bind` answers the placeholder, which may be used more than once. */
export class Binder {
  readonly parameters: Parameter[] = [];

  bind(value: Parameter, type?: string): string {
    this.parameters.push(value);
    return `$${this.parameters.length}${type === undefined ? '' : `::${type}`}`;
  }

  /** SQL of the rows of an input, with its own parameters moved behind those there are. */
  rows({ datasetId, rows }: Pick<SelectionInput, 'datasetId' | 'rows'>): string {
    const dataset = `SELECT comparison_id FROM comparison WHERE dataset_id = ${this.bind(datasetId, 'INTEGER')}`;
    if (!rows) return `(${dataset})`;
    const places = (rows.parameters ?? []).map((value) => this.bind(value));
    let next = 0;
    const sql = rows.sql.replace(/\?/g, () => places[next++] ?? '?');
    return `(${dataset} AND comparison_id IN (SELECT comparison_id FROM (${sql})))`;
  }
}

/** Creates the table of a selection from SQL that answers its columns by name; then reads what it holds. */
export async function createSelection(
  { session, into, signal }: SelectionInput,
  sql: string,
  parameters: readonly Parameter[],
): Promise<SelectionSummary> {
  await session.run(`CREATE OR REPLACE TABLE ${into} AS ${sql}`, parameters, { signal });
  return summarise(session, into, signal);
}

async function summarise(session: Session, into: string, signal?: AbortSignal): Promise<SelectionSummary> {
  return session.one<SelectionSummary>(
    `SELECT count(*) AS rows, count(*) FILTER (keep) AS kept,
       coalesce(sum(weight) FILTER (keep) ^ 2 / nullif(sum(weight * weight) FILTER (keep), 0), 0)::DOUBLE AS "effectiveSize",
       md5(coalesce(string_agg(coalesce(comparison_id, response_id)::VARCHAR, ',' ORDER BY coalesce(comparison_id, response_id)) FILTER (keep), '')) AS manifest
     FROM ${into}`,
    [],
    { signal },
  );
}

const scorePattern = /^(strength|length_difference|(?:chosen|rejected|mean|gap|extra)\..+)$/;

/** Scores of a pair that a selection can order by. */
export const scoreForms =
  'strength, length_difference, chosen.ASPECT, rejected.ASPECT, mean.ASPECT, gap.ASPECT (of ratings) or extra.KEY';

/**
 * SQL over a comparison `c` for one of {@link scoreForms}; a number or NULL. `chosen.ASPECT` is the mean rating of the
 * chosen response, `gap.ASPECT` that of chosen minus rejected. Throws INPUT_INVALID for another name.
 */
export function scoreSql(score: string, binder: Binder): string {
  if (!scorePattern.test(score)) {
    throw new AppError(
      'INPUT_INVALID',
      `Nothing was selected: “${score}” is no score of a pair. Use ${scoreForms}.`,
      {
        score,
      },
    );
  }
  if (score === 'strength') return 'c.strength';
  if (score === 'length_difference')
    return `CASE c.label WHEN 'a' THEN c.chars_a - c.chars_b WHEN 'b' THEN c.chars_b - c.chars_a END`;
  const [form = '', ...rest] = score.split('.');
  const name = rest.join('.');
  if (form === 'extra') {
    const key = `$.${quoteIdentifier(name.replaceAll('"', ''))}`;
    return `TRY_CAST(CASE WHEN json_valid(c.extra) THEN json_extract_string(c.extra, ${binder.bind(key, 'VARCHAR')}) END AS DOUBLE)`;
  }
  const aspect = binder.bind(name, 'VARCHAR');
  const rated = (response: string) =>
    `(SELECT avg(g."value") FROM rating g WHERE g.response_id = ${response} AND g.aspect = ${aspect})`;
  const chosen = rated(`CASE c.label WHEN 'a' THEN c.response_a_id WHEN 'b' THEN c.response_b_id END`);
  const rejected = rated(`CASE c.label WHEN 'a' THEN c.response_b_id WHEN 'b' THEN c.response_a_id END`);
  const both = `(${rated('c.response_a_id')} + ${rated('c.response_b_id')}) / 2`;
  return { chosen, rejected, mean: both, gap: `(${chosen} - ${rejected})` }[form] ?? both;
}

/** A whole number for SQL. */
export function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number.`);
  return String(value);
}
