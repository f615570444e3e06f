/**
 * SQL of every response of a dataset (the placeholder of its id is given) with response_id, text, model, chars, import_id,
 * source_row, language, topic, subset and extra; what a response has not of its own it takes from its pair.
 */
export function responseFields(dataset: string): string {
  const side = (column: string) =>
    `SELECT ${column} AS id, language, topic, subset, extra FROM comparison WHERE dataset_id = ${dataset}`;
  return `SELECT r.response_id, r.text, r.model, r.chars, r.import_id, r.source_row, coalesce(r.language, c.language) AS language,
      coalesce(r.topic, c.topic) AS topic, coalesce(r.subset, c.subset) AS subset, coalesce(r.extra, c.extra) AS extra
    FROM response r LEFT JOIN (SELECT id, any_value(language) AS language, any_value(topic) AS topic, any_value(subset) AS subset, any_value(extra) AS extra
      FROM (${side('response_a_id')} UNION ALL ${side('response_b_id')}) GROUP BY id) c ON c.id = r.response_id WHERE r.dataset_id = ${dataset}`;
}
