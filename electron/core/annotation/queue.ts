import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { ProjectSettings } from '../../contract/annotation.contract.ts';

export interface QueueRequest {
  readonly projectId: number;
  readonly datasetId: number;
  readonly settings: ProjectSettings;
  /** SELECT yielding `id`, the pairs of the project's filter. */
  readonly rows: { readonly sql: string; readonly parameters: readonly Parameter[] };
}

const drawOf = (seed: number, column: string) => `md5(${column}::VARCHAR || '/${Math.trunc(seed)}')`;

/** Order expressions of the ways to queue; each is followed by a seeded draw. */
const orderSql: Readonly<
  Record<ProjectSettings['order'], { readonly join: string; readonly order: string }>
> = {
  random: { join: '', order: '' },
  disagreement: {
    join: `LEFT JOIN (SELECT comparison_id, entropy(label) AS spread FROM vote
      WHERE dataset_id = ? AND aspect IS NULL AND label <> 'skip' GROUP BY comparison_id HAVING count(*) > 1) s
      ON s.comparison_id = q.comparison_id`,
    order: 's.spread DESC NULLS LAST, ',
  },
  uncertainty: {
    join: `LEFT JOIN (SELECT comparison_id, abs(avg(p_a) - 0.5) AS distance FROM judgement
      WHERE dataset_id = ? AND p_a IS NOT NULL GROUP BY comparison_id) s ON s.comparison_id = q.comparison_id`,
    order: 's.distance ASC NULLS LAST, ',
  },
};

const goldRows: Readonly<Record<'labels' | 'unanimous', string>> = {
  labels: `SELECT c.comparison_id, c.label FROM comparison c JOIN wanted w ON w.comparison_id = c.comparison_id
    WHERE c.label IN ('a', 'b')`,
  unanimous: `SELECT v.comparison_id, any_value(v.label) AS label FROM vote v
    JOIN annotator n ON n.annotator_id = v.annotator_id JOIN wanted w ON w.comparison_id = v.comparison_id
    WHERE v.aspect IS NULL AND n.kind NOT IN ('model', 'rule', 'principle') AND v.label <> 'skip'
    GROUP BY v.comparison_id HAVING count(DISTINCT v.annotator_id) > 1 AND count(DISTINCT v.label) = 1 AND any_value(v.label) IN ('a', 'b')`,
};

/**
 * Freezes the queue of a project: its pairs in the order asked for, ties broken by a draw with the project's seed, and
 * the gold items spread over it, one at a random place of each equal stretch. Answers how many there are.
 *
 * @throws AppError ANNOTATION_EMPTY without pairs; ANNOTATION_PROJECT_INVALID without judgements for `uncertainty`, or
 *   without pairs whose answer is known where gold items are asked for.
 */
export async function freezeQueue(
  session: Session,
  { projectId, datasetId, settings, rows }: QueueRequest,
): Promise<{ items: number; goldItems: number }> {
  const { seed, gold, order, limit } = settings;
  if (order === 'uncertainty') await requireJudgements(session, datasetId);
  const draw = drawOf(seed, 'q.comparison_id');
  const { join, order: before } = orderSql[order];
  const goldSql = gold
    ? `SELECT q.comparison_id, q.label FROM (${goldRows[gold.source]}) q ORDER BY ${drawOf(seed, "'gold' || q.comparison_id")} LIMIT ${Math.trunc(gold.count)}`
    : 'SELECT NULL::BIGINT AS comparison_id, NULL::VARCHAR AS label WHERE false';
  await session.run(
    `INSERT INTO annotation_item (project_id, pos, comparison_id, gold_label)
     WITH wanted AS MATERIALIZED (SELECT id AS comparison_id FROM (${rows.sql})),
     gold AS MATERIALIZED (${goldSql}),
     main AS MATERIALIZED (
       SELECT q.comparison_id, row_number() OVER (ORDER BY ${before}${draw}) - 1 AS place
       FROM wanted q ${join} WHERE q.comparison_id NOT IN (SELECT comparison_id FROM gold)
       QUALIFY place < ${limit === null ? 'CAST(9e15 AS BIGINT)' : Math.trunc(limit)}),
     spread AS (
       SELECT comparison_id, label, row_number() OVER (ORDER BY ${drawOf(seed, "'turn' || comparison_id")}) - 1 AS turn,
         md5_number_lower(comparison_id::VARCHAR || '/place/${Math.trunc(seed)}') % 1000 / 1000.0 AS share FROM gold),
     merged AS (
       SELECT comparison_id, NULL AS gold_label, place + 0.0 AS place FROM main
       UNION ALL SELECT comparison_id, label, (turn + share) * (SELECT count(*) FROM main) / (SELECT count(*) FROM gold) FROM spread)
     SELECT ?, row_number() OVER (ORDER BY place, gold_label NULLS LAST, comparison_id) - 1, comparison_id, gold_label FROM merged`,
    [...rows.parameters, ...(join === '' ? [] : [datasetId]), projectId],
  );
  const counts = await session.one<{ items: number; goldItems: number }>(
    'SELECT count(*) AS items, count(gold_label) AS "goldItems" FROM annotation_item WHERE project_id = ?',
    [projectId],
  );
  if (counts.items === 0)
    throw new AppError('ANNOTATION_EMPTY', 'The project was not created: no pair passes its filter.');
  if (gold && counts.goldItems === 0)
    throw new AppError(
      'ANNOTATION_PROJECT_INVALID',
      'The project was not created: no pair among its rows has a known answer to serve as a gold item.',
    );
  return counts;
}

async function requireJudgements(session: Session, datasetId: number): Promise<void> {
  const known = await session.find(
    'SELECT 1 FROM judgement WHERE dataset_id = ? AND p_a IS NOT NULL LIMIT 1',
    [datasetId],
  );
  if (!known)
    throw new AppError(
      'ANNOTATION_PROJECT_INVALID',
      'The project was not created: “uncertainty first” needs a judge run with probabilities. Run a judge, or choose another order.',
    );
}
