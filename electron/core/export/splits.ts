import type { ExportSplits } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';

/** A split (null where the export has none) and the range of its units. */
export interface SplitShare {
  readonly split: string | null;
  readonly written: number;
  readonly clusters: number;
  readonly first: number;
  readonly end: number;
}

/** Place of a split in the order of the files. */
export const splitRank: Sql = `CASE split WHEN 'train' THEN 0 WHEN 'validation' THEN 1 ELSE 2 END`;

/**
 * What keeps prompts together: the first user turn in lower case with everything but letters and digits as one blank, so
 * that a prompt, its further turns and its spellings never stand in two splits. Exact after this normalisation; no
 * paraphrases.
 */
export const clusterKey: Sql = `md5(trim(regexp_replace(lower(coalesce(list_filter(p.messages, lambda said: said."role" = 'user')[1].content, p.text)),
  '[^\\p{L}\\p{N}]+', ' ', 'g')))`;

/**
 * Rows with a column `split`. Clusters are put in a seeded order (MD5 of seed and key) and dealt out by the share of rows
 * before their middle, so that shares are met to within one cluster and depend on nothing but seed and prompts.
 */
export function splitSelect(rows: Sql, { train, validation, test, seed }: ExportSplits): Sql {
  const total = train + validation + test || 1;
  const [first, second] = [train / total, (train + validation) / total];
  return `WITH kept AS (${rows}), dealt AS (SELECT cluster,
      (sum(n) OVER (ORDER BY md5('${seed}:' || cluster), cluster) - n / 2.0) / sum(n) OVER () AS middle
    FROM (SELECT cluster, count(*) AS n FROM kept GROUP BY cluster))
  SELECT kept.*, CASE WHEN middle < ${first} THEN 'train' WHEN middle < ${second} THEN 'validation' ELSE 'test' END AS split
  FROM kept JOIN dealt USING (cluster)`;
}
