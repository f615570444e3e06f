export const exampleIds = ['models', 'longest', 'ties', 'rejected'] as const;
export type ExampleId = (typeof exampleIds)[number];

/** A starting statement over the views, limited to one dataset where its name is given. */
export function exampleSql(id: ExampleId, dataset: string | undefined): string {
  const only = dataset === undefined ? '' : `dataset = '${dataset.replaceAll("'", "''")}' AND `;
  const where = (condition: string) => `WHERE ${only}${condition}`;
  switch (id) {
    case 'models':
      return `-- Share of pairs each model wins; ties left out
SELECT model, count(*) AS pairs, count(*) FILTER (is_chosen) AS chosen,
  round(avg(is_chosen::INT), 3) AS share_chosen
FROM (
  SELECT model_a AS model, label = 'a' AS is_chosen FROM pairs ${where("label IN ('a', 'b')")}
  UNION ALL
  SELECT model_b, label = 'b' FROM pairs ${where("label IN ('a', 'b')")}
)
WHERE model IS NOT NULL
GROUP BY model
ORDER BY share_chosen DESC`;
    case 'longest':
      return `-- The longest chosen responses, in characters
SELECT length(chosen) AS chosen_chars, length(rejected) AS rejected_chars, example_id, prompt, chosen
FROM pairs
${where('chosen IS NOT NULL')}
ORDER BY chosen_chars DESC
LIMIT 100`;
    case 'ties':
      return `-- Pairs where neither side was preferred
SELECT label, example_id, prompt, response_a, response_b
FROM pairs
${where("label IN ('tie', 'both_bad')")}`;
    case 'rejected':
      return `-- Why rows of the source were set aside
SELECT reason, count(*) AS source_rows, min(source_row) AS first_row
FROM rejected_rows
${where('reason IS NOT NULL')}
GROUP BY reason
ORDER BY source_rows DESC`;
  }
}
