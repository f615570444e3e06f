import { createPause } from '../../../statistics/pause.ts';
import type { AuditContext as Context } from '../audit.ts';
import type { SideFeature } from '../discordance.ts';
import { isEnglish } from '../trait-pairs.ts';
import { loadNounCounter } from './part-of-speech.ts';

type AuditContext = Context<{ noun_sample: number }>;

/** Features of the tagged pairs; NULL on all others. */
export const nounFeatures: readonly SideFeature[] = [
  { id: 'noun_count', title: 'more nouns', chosen: 'chosen_noun_count', rejected: 'rejected_noun_count' },
  {
    id: 'noun_share',
    title: 'more nouns per 100 words',
    chosen: 'chosen_noun_share',
    rejected: 'rejected_noun_share',
  },
];

/**
 * Copies a table of labelled pairs with the columns of `nounFeatures`: counts on a sample of the English pairs (drawn
 * by md5 of id and seed), NULL on the others. Answers the copy's name and how many of its rows were tagged.
 */
export async function storeNounPairs(
  context: AuditContext,
  from: string,
): Promise<{ table: string; tagged: number }> {
  const { session, seed, params, signal } = context;
  const [drawn, counts, table] = [
    context.scratch('noun_sample'),
    context.scratch('noun_counts'),
    context.scratch('noun_pairs'),
  ];
  await session.run(
    `CREATE OR REPLACE TABLE ${drawn} AS SELECT row_id, chosen_id, rejected_id FROM ${from} WHERE ${isEnglish} ORDER BY md5(comparison_id || '/' || ?), row_id LIMIT ?`,
    [seed, params.noun_sample],
    { signal },
  );
  const counted = await countNouns(context, drawn);
  await session.run(
    `CREATE OR REPLACE TABLE ${counts} AS SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","nouns":"BIGINT","words":"BIGINT"}]'), recursive := true)`,
    [JSON.stringify(counted)],
    { signal },
  );
  const share = (side: string) => `100 * ${side}.nouns / greatest(${side}.words, 1)::DOUBLE`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT x.*, c.nouns AS chosen_noun_count, r.nouns AS rejected_noun_count, ${share('c')} AS chosen_noun_share, ${share('r')} AS rejected_noun_share
     FROM ${from} x LEFT JOIN ${drawn} d ON d.row_id = x.row_id LEFT JOIN ${counts} c ON c.id = d.chosen_id LEFT JOIN ${counts} r ON r.id = d.rejected_id ORDER BY x.row_id`,
    [],
    { signal },
  );
  const { tagged } = await session.one<{ tagged: number }>(`SELECT count(*) AS tagged FROM ${drawn}`);
  return { table, tagged };
}

async function countNouns(
  { session, signal }: AuditContext,
  drawn: string,
): Promise<{ id: number; nouns: number; words: number }[]> {
  const texts = await session.all<{ id: number; text: string }>(
    `SELECT response_id AS id, text FROM response WHERE response_id IN (SELECT chosen_id FROM ${drawn} UNION SELECT rejected_id FROM ${drawn}) ORDER BY id`,
    [],
    { signal },
  );
  if (texts.length === 0) return [];
  const count = await loadNounCounter();
  const pause = createPause(signal);
  const counted = [];
  for (const { id, text } of texts) {
    counted.push({ id, ...count(text) });
    await pause();
  }
  return counted;
}
