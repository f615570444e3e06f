import type { Sql } from '../corpus/reading/reader.ts';

/** One row a response of the dataset: response_id and the mean over its raters of each aspect, in a column `mean_<place>`. */
export function meansOf(datasetId: number, aspects: readonly string[]): Sql {
  const means = aspects.map((aspect, place) => `avg("value") FILTER (aspect = '${aspect}') AS mean_${place}`);
  return `(SELECT response_id, ${means.join(', ')} FROM rating WHERE dataset_id = ${datasetId} GROUP BY response_id)`;
}

/** The label that two scores make: the higher is better, equal is a tie, a missing one is NULL. */
export const labelFromScores = (a: Sql, b: Sql): Sql =>
  `CASE WHEN ${a} > ${b} THEN 'a' WHEN ${a} < ${b} THEN 'b' WHEN ${a} = ${b} THEN 'tie' END`;
