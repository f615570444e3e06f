import type { Session } from '../../../native/duckdb/session.ts';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { Question } from '../../contract/annotation.contract.ts';
import type { StoredProject } from './project.repository.ts';

/** One thing that raters can agree on: a question, a rated aspect, or one option of several. */
export interface Measured {
  readonly id: string;
  readonly title: string;
  readonly scale: 'nominal' | 'ordinal';
  readonly categories: number;
  /** SELECTs over `own` (project answers) yielding comparison_id, unit, rater_id, code. */
  readonly sql: string;
}

/**
 * The last answer of each rater to each item before they were shown a gold label or a suggestion, so that raters are
 * independent of both.
 */
export const independentAnswers = `SELECT comparison_id, rater_id, arg_max(answers, revision) AS answers,
    arg_max(shown_first, revision) AS shown_first
  FROM annotation_answer WHERE project_id = ? AND NOT saw_gold AND NOT saw_suggestion
  GROUP BY comparison_id, rater_id HAVING arg_max(status, revision) = 'submitted'`;

const pathTo = (question: string, field: string) => quoteLiteral(`$.${question}.${field}`);

const select = (unit: string, code: string, when = 'true') =>
  `SELECT comparison_id, ${unit} AS unit, rater_id, ${code} AS code FROM own WHERE ${when}`;

function numbers(question: string, field: string, low: number, unit: string): string {
  return select(unit, `json_extract(answers, ${pathTo(question, field)})::INTEGER - ${low}`);
}

/** What can be measured of a question; nothing for free texts. */
export function listMeasured(question: Question): Measured[] {
  const { id, title } = question;
  if (question.kind === 'pairwise') {
    const label = `json_extract_string(answers, ${pathTo(id, 'label')})`;
    const code = `list_position(['a', 'b', 'tie', 'both_bad'], ${label}) - 1`;
    return [{ id, title, scale: 'nominal', categories: 4, sql: select('comparison_id', code) }];
  }
  if (question.kind === 'confidence')
    return [
      {
        id,
        title,
        scale: 'ordinal',
        categories: question.points,
        sql: numbers(id, 'value', 1, 'comparison_id'),
      },
    ];
  if (question.kind === 'rating') {
    const sides = [
      numbers(id, 'a', question.min, 'comparison_id * 2'),
      numbers(id, 'b', question.min, 'comparison_id * 2 + 1'),
    ];
    const categories = question.max - question.min + 1;
    return [{ id, title, scale: 'ordinal', categories, sql: sides.join(' UNION ALL ') }];
  }
  if (question.kind === 'multi_label')
    return question.options.map((option) => ({
      id: `${id}: ${option}`,
      title: `${title} – ${option}`,
      scale: 'nominal',
      categories: 2,
      sql: select(
        'comparison_id',
        `list_contains(json_extract(answers, ${pathTo(id, 'labels')})::VARCHAR[], ${quoteLiteral(option)})::INTEGER`,
        `json_exists(answers, ${quoteLiteral(`$.${id}`)})`,
      ),
    }));
  return [];
}

/** Ratings of one thing: counts per unit and category, the item each unit belongs to, and the pairs of raters. */
export interface Tallies {
  readonly counts: Float64Array;
  readonly clusterOf: Float64Array;
  readonly clusters: number;
  readonly pairs: readonly { readonly first: number; readonly second: number; readonly table: number[][] }[];
}

export async function readTallies(
  session: Session,
  { projectId }: StoredProject,
  measured: Measured,
): Promise<Tallies> {
  const { categories } = measured;
  const codes = Array.from({ length: categories }, (_, code) => code);
  const source = `WITH own AS (${independentAnswers}), coded AS MATERIALIZED (SELECT * FROM (${measured.sql}) WHERE code IS NOT NULL)`;
  const columns = await session.columns(
    `${source} SELECT dense_rank() OVER (ORDER BY comparison_id) - 1 AS cluster,
       ${codes.map((code) => `count(*) FILTER (code = ${code}) AS c${code}`).join(', ')}
     FROM coded GROUP BY comparison_id, unit ORDER BY comparison_id, unit`,
    [projectId],
  );
  const clusterOf = columns['cluster'] ?? new Float64Array();
  const counts = new Float64Array(clusterOf.length * categories);
  for (const code of codes)
    for (const [unit, count] of (columns[`c${code}`] ?? new Float64Array()).entries())
      counts[unit * categories + code] = count;
  const crossed = await session.all<{ first: number; second: number; i: number; j: number; n: number }>(
    `${source} SELECT x.rater_id AS first, y.rater_id AS second, x.code AS i, y.code AS j, count(*) AS n
     FROM coded x JOIN coded y ON x.unit = y.unit AND x.rater_id < y.rater_id GROUP BY ALL ORDER BY ALL`,
    [projectId],
  );
  const tables = new Map<string, { first: number; second: number; table: number[][] }>();
  for (const { first, second, i, j, n } of crossed) {
    const key = `${first}/${second}`;
    const pair = tables.get(key) ?? { first, second, table: codes.map(() => codes.map(() => 0)) };
    tables.set(key, pair);
    const row = pair.table[i];
    if (row) row[j] = n;
  }
  return { counts, clusterOf, clusters: (clusterOf.at(-1) ?? -1) + 1, pairs: [...tables.values()] };
}
