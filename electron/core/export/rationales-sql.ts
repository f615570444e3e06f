import type { Sql } from '../corpus/reading/reader.ts';
import { choice } from './writer.ts';

/** Which of a pair's rationales is written, where it has several. */
export const rationaleChoice = choice('rationale', 'Rationale', {
  any: 'the first there is: overall before aspects, imported before written',
  general: 'written here: why the chosen response is better',
  specific: 'written here: by quoted passages',
  imported: 'imported ones and those of judges',
});

/** The conversation as the model that wrote read it. */
const asked = `CASE WHEN len(prompt_messages) = 1 AND prompt_messages[1]."role" = 'user' THEN prompt_messages[1].content
  ELSE array_to_string(list_transform(prompt_messages, lambda said: CASE said."role" WHEN 'system' THEN 'System' WHEN 'user' THEN 'User'
    ELSE 'Assistant' END || ': ' || coalesce(said.content, '')), chr(10) || chr(10)) END`;

const valueOf = `CASE part WHEN 'prompt' THEN ${asked}
  WHEN 'response_1' THEN CASE t.shown_first WHEN 'a' THEN rows_of.a ELSE rows_of.b END
  WHEN 'response_2' THEN CASE t.shown_first WHEN 'a' THEN rows_of.b ELSE rows_of.a END
  WHEN 'winner' THEN CASE WHEN t.shown_first = t.winner THEN '1' ELSE '2' END
  WHEN 'loser' THEN CASE WHEN t.shown_first = t.winner THEN '2' ELSE '1' END ELSE '' END`;

/**
 * The rows with rationale, rationale_by, rationale_kind, rationale_prompt (the user's message it answers, made of the
 * prompt's parts and the pair's texts, with the response shown first that was shown first) and n_rationales. A rationale
 * that was written for another label than the row has is left out.
 */
export const withRationale = (rows: Sql, datasetId: number, wanted: string): Sql => {
  const kinds: Readonly<Record<string, Sql>> = {
    general: "AND u.kind = 'general'",
    specific: "AND u.kind = 'specific'",
    imported: 'AND u.rationale_run_id IS NULL',
  };
  return `(SELECT rows_of.*, t.rationale, t.rationale_by, t.rationale_kind, coalesce(t.n_rationales, 0) AS n_rationales,
      CASE WHEN t.shown_first IS NOT NULL THEN array_to_string(list_transform(t.prompt_parts,
        lambda part, place: CASE WHEN place % 2 = 1 THEN part ELSE ${valueOf} END), '') END AS rationale_prompt
    FROM ${rows} rows_of LEFT JOIN (
      SELECT r.comparison_id, r.text AS rationale, n.name AS rationale_by, coalesce(u.kind, 'imported') AS rationale_kind,
        u.prompt_parts, g.shown_first, g.winner, count(*) OVER (PARTITION BY r.comparison_id) AS n_rationales
      FROM rationale r JOIN annotator n USING (annotator_id) JOIN comparison c ON c.comparison_id = r.comparison_id
      LEFT JOIN rationale_run u ON u.annotator_id = r.annotator_id
      LEFT JOIN generated_rationale g ON g.rationale_run_id = u.rationale_run_id AND g.comparison_id = r.comparison_id
      WHERE r.dataset_id = ${datasetId} AND (g.winner IS NULL OR g.winner = c.label) ${kinds[wanted] ?? ''}
      QUALIFY row_number() OVER (PARTITION BY r.comparison_id ORDER BY r.aspect NULLS FIRST, u.rationale_run_id NULLS FIRST, r.annotator_id) = 1
    ) t ON t.comparison_id = rows_of.row_id)`;
};
