import type { Sql } from '../corpus/reading/reader.ts';
import { signedStrength } from './parts-sql.ts';

/**
 * The prepared rows with the single votes on NVIDIA's scale: overall_label and overall_strength (the vote of the
 * annotator `label`, else what is exported), n_single, single_votes (list of structs made by `struct` from score, reasoning) and
 * keeps_label: whether overall and single votes together have the exported label as their majority.
 */
export function withSingleVotes(rows: Sql, datasetId: number, unknown: number): Sql {
  const score = signedStrength('v.label', 'v.strength', unknown);
  const isOne = (label: string) => `(overall_label = '${label}')::INTEGER`;
  return `(SELECT *, CASE
        WHEN n_a + ${isOne('a')} > greatest(n_b + ${isOne('b')}, n_tie + ${isOne('tie')}) THEN 'a'
        WHEN n_b + ${isOne('b')} > greatest(n_a + ${isOne('a')}, n_tie + ${isOne('tie')}) THEN 'b' ELSE 'tie' END
      IS NOT DISTINCT FROM label AS keeps_label
    FROM (SELECT rows_of.*, coalesce(w.overall_label, label) AS overall_label,
        CASE WHEN w.overall_label IS NULL THEN strength ELSE w.overall_strength END AS overall_strength,
        w.overall_label IS NOT NULL AS has_overall, w.overall_reason,
        coalesce(w.n_single, 0) AS n_single, coalesce(w.n_a, 0) AS n_a, coalesce(w.n_b, 0) AS n_b, coalesce(w.n_tie, 0) AS n_tie,
        coalesce(w.single_votes, []) AS single_votes
      FROM ${rows} rows_of LEFT JOIN (
        SELECT v.comparison_id, any_value(v.label) FILTER (n.name = 'label') AS overall_label,
          any_value(v.strength) FILTER (n.name = 'label') AS overall_strength,
          any_value(t.text) FILTER (n.name = 'label') AS overall_reason,
          count(*) FILTER (n.name <> 'label') AS n_single,
          count(*) FILTER (n.name <> 'label' AND v.label = 'a') AS n_a,
          count(*) FILTER (n.name <> 'label' AND v.label = 'b') AS n_b,
          count(*) FILTER (n.name <> 'label' AND v.label = 'tie') AS n_tie,
          list({'score': ${score}, 'reasoning': t.text} ORDER BY n.annotator_id) FILTER (n.name <> 'label') AS single_votes
        FROM vote v JOIN annotator n USING (annotator_id)
        LEFT JOIN (SELECT comparison_id, annotator_id, any_value(text) AS text FROM rationale
            WHERE dataset_id = ${datasetId} AND aspect IS NULL AND comparison_id IS NOT NULL GROUP BY ALL) t
          ON t.comparison_id = v.comparison_id AND t.annotator_id = v.annotator_id
        WHERE v.dataset_id = ${datasetId} AND v.aspect IS NULL AND v.label IN ('a', 'b', 'tie') GROUP BY v.comparison_id
      ) w ON w.comparison_id = rows_of.row_id))`;
}

/** What single votes leave open, told before the export. */
export const singleVoteConditions = {
  dropped: {
    when: 'n_single > 0 AND NOT keeps_label',
    why: 'the single votes are left out, because with them a reader would take another majority than the label',
  },
  counted: {
    when: 'n_single > 0 AND keeps_label AND NOT has_overall',
    why: 'readers that take the majority count the overall preference as one vote beside the single ones',
  },
} as const;
