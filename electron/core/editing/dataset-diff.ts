import type { Database } from '../../../native/duckdb/database.ts';
import type { DatasetDiff } from '../../contract/editing.contract.ts';
import { cutToDifference } from './preview.ts';

/** Pairs of a dataset with their texts and a key; of several with one key the first counts. */
function selectPairs(by: DatasetDiff['by']): string {
  const key =
    by === 'example_id'
      ? 'c.example_id'
      : `md5(p.text || chr(30) || least(a.text, b.text) || chr(30) || greatest(a.text, b.text))`;
  return `SELECT ${key} AS key, c.comparison_id AS id, p.text AS prompt, a.text AS response_a, b.text AS response_b, c.label,
      CASE c.label WHEN 'a' THEN a.text WHEN 'b' THEN b.text ELSE c.label END AS verdict, c.strength::VARCHAR AS strength
    FROM comparison c JOIN prompt p ON p.prompt_id = c.prompt_id JOIN response a ON a.response_id = c.response_a_id
    JOIN response b ON b.response_id = c.response_b_id WHERE c.dataset_id = ?
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY c.comparison_id) = 1`;
}

/** What may differ between partners. By texts, the texts are the same and the label is compared by the response it chooses. */
const comparedFields: Readonly<Record<DatasetDiff['by'], readonly (readonly [string, string])[]>> = {
  texts: [
    ['label', 'verdict'],
    ['strength', 'strength'],
  ],
  example_id: [
    ['prompt', 'prompt'],
    ['response_a', 'response_a'],
    ['response_b', 'response_b'],
    ['label', 'label'],
    ['strength', 'strength'],
  ],
};

/**
 * Compares the visible pairs of two datasets: which have a partner, and what differs between partners. Partners share
 * their three texts (the order of the responses does not matter) or their example id.
 */
export async function diffDatasets(
  database: Database,
  request: {
    readonly left: number;
    readonly right: number;
    readonly by: DatasetDiff['by'];
    readonly limit: number;
  },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DatasetDiff> {
  const { left, right, by, limit } = request;
  const counts = `count(*) FILTER (left_id IS NULL) AS "onlyRight", count(*) FILTER (right_id IS NULL) AS "onlyLeft",
    count(*) FILTER (left_id IS NOT NULL AND right_id IS NOT NULL) AS "both"`;
  const columns = [...new Set(['prompt', ...comparedFields[by].map(([, column]) => column)])];
  const pairsOf = `WITH l AS MATERIALIZED (${selectPairs(by)}), r AS MATERIALIZED (${selectPairs(by)}), j AS (SELECT l.id AS left_id, r.id AS right_id,
    ${columns.map((column) => `l.${column} AS l_${column}, r.${column} AS r_${column}`).join(', ')} FROM l FULL JOIN r ON l.key = r.key)`;
  const differences = comparedFields[by]
    .map(
      ([field, column]) =>
        `SELECT left_id AS "leftId", right_id AS "rightId", '${field}' AS field, l_${column} AS before, r_${column} AS after FROM j
         WHERE left_id IS NOT NULL AND right_id IS NOT NULL AND l_${column} IS DISTINCT FROM r_${column}`,
    )
    .join(' UNION ALL ');
  const both = [left, right];
  return database.withReader(async (session) => {
    const totals = await session.one<Pick<DatasetDiff, 'onlyLeft' | 'onlyRight' | 'both'>>(
      `${pairsOf} SELECT ${counts} FROM j`,
      both,
      options,
    );
    const fields = await session.all<{ field: string; changes: number }>(
      `${pairsOf} SELECT field, count(*) AS changes FROM (${differences}) GROUP BY field ORDER BY changes DESC`,
      both,
      options,
    );
    const entries = await session.all<DatasetDiff['entries'][number]>(
      `${pairsOf} SELECT * FROM (${differences}
         UNION ALL SELECT left_id, right_id, CASE WHEN left_id IS NULL THEN 'added' ELSE 'removed' END, l_prompt, r_prompt FROM j WHERE left_id IS NULL OR right_id IS NULL)
       ORDER BY coalesce("leftId", "rightId"), field LIMIT ?`,
      [...both, limit],
      options,
    );
    return {
      by,
      ...totals,
      fields,
      entries: entries.map((entry) => ({ ...entry, ...cutToDifference(entry.before, entry.after) })),
    };
  });
}
