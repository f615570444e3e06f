/**
 * Labelled pairs with their lengths in characters. Pairs of a prompt are one cluster; a blank prompt says nothing about
 * what belongs together, so each of its pairs stands alone. Takes the dataset's id as parameter.
 */
export const lengthPairs = `(SELECT c.comparison_id, c.label, c.model_a, c.model_b, chars_a - chars_b AS delta_ab,
    CASE c.label WHEN 'a' THEN chars_a - chars_b ELSE chars_b - chars_a END AS delta,
    CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster
  FROM comparison c JOIN prompt p USING (prompt_id) WHERE c.dataset_id = ? AND c.label IN ('a', 'b'))`;
