import type { Sql } from '../reading/reader.ts';
import type { Choice, IdPlan, Loader } from './loader.ts';

/**
 * One row per distinct prompt of the dataset; `placed` then has the records that are loaded, each with its number and the
 * ids of its prompts.
 */
export async function loadPrompts(
  loader: Loader,
  prompts: Sql,
  plan: IdPlan,
  { whichKept }: Choice,
): Promise<void> {
  const { importId, heldUnder } = loader.request;
  await loader.run(
    'Loading prompts',
    `CREATE OR REPLACE TEMP TABLE prompt_map AS
     SELECT u.key, u.place, p.prompt_id AS known_id, coalesce(p.prompt_id, ${plan.promptBase} + u.place) AS prompt_id
     FROM (SELECT key, min(place) AS place FROM (
         SELECT prompt_key AS key, record_no * 2 AS place FROM survey ${whichKept} WHERE len(models) > 0
         UNION ALL
         SELECT prompt_b_key, record_no * 2 + 1 FROM survey ${whichKept} WHERE prompt_b_key IS NOT NULL)
       GROUP BY key) u
     LEFT JOIN prompt p ON p.dataset_id IN (${loader.datasetIds}) AND p.text_key = u.key`,
  );
  const insert = (side: number, text: string, messages: string, turns: string) =>
    loader.run(
      'Loading prompts',
      `INSERT INTO prompt (prompt_id, dataset_id, text, messages, text_key, chars, turns, import_id)
       SELECT m.prompt_id, ${heldUnder}, r.${text}, ${messages}, m.key, length(r.${text}), ${turns}, ${importId}
       FROM ${prompts} r JOIN prompt_map m ON m.place = r.record_no * 2 + ${side} WHERE m.known_id IS NULL`,
    );
  await insert(
    0,
    'prompt_text',
    'r.prompt_messages',
    `coalesce(len(list_filter(r.prompt_messages, lambda m: m.role = 'user')), 1)`,
  );
  const hasTwo = loader.request.reading.promptBText !== undefined;
  if (hasTwo) await insert(1, 'prompt_b_text', 'NULL', '1');
  await loader.run(
    'Loading prompts',
    `CREATE OR REPLACE TEMP TABLE placed AS
     SELECT s.record_no, m.prompt_id, ${hasTwo ? 'mb.prompt_id' : 'NULL::BIGINT'} AS prompt_b_id
     FROM survey s ${whichKept} LEFT JOIN prompt_map m ON m.key = s.prompt_key
     ${hasTwo ? 'LEFT JOIN prompt_map mb ON mb.key = s.prompt_b_key' : ''}`,
  );
  await loader.run('Loading prompts', 'DROP TABLE temp.prompt_map');
}

/** One row per response; alone they also carry the record's own fields, which pairs keep in `comparison`. */
export async function loadResponses(
  loader: Loader,
  records: Sql,
  plan: IdPlan,
  { hasMedia }: Choice,
): Promise<void> {
  const { importId, heldUnder, path, reading } = loader.request;
  const isAlone = reading.relation === 'responses';
  const own = (column: string) => (isAlone ? column : 'NULL');
  const promptId =
    reading.promptBText === undefined
      ? 'prompt_id'
      : 'CASE WHEN place = 1 AND prompt_b_id IS NOT NULL THEN prompt_b_id ELSE prompt_id END';
  await loader.run(
    'Loading responses',
    `INSERT INTO response (response_id, dataset_id, prompt_id, text, messages, model, position, chars, example_id, language,
       topic, subset, extra, import_id, source_file, source_row)
     SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + place, ${heldUnder}, ${promptId}, item.text, item.messages,
       item.model, place, length(item.text), example_id, language, topic, subset, extra, ${importId}, ?, src_row + 1
     FROM (
       SELECT record_no, src_row, prompt_id, prompt_b_id, ${own('example_id')} AS example_id, ${own('language')} AS language,
         ${own('topic')} AS topic, ${own('subset')} AS subset, ${own('extra')} AS extra,
         unnest(responses) AS item, unnest(range(len(responses))) AS place
       FROM ${records})`,
    [path],
  );
  if (!hasMedia) return;
  await loader.run(
    'Loading responses',
    `INSERT INTO media SELECT ${plan.mediaBase} + row_number() OVER () - 1, ${heldUnder}, response_id, file, ${importId} FROM (
       SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + place AS response_id, unnest(item.media) AS file
       FROM (SELECT record_no, unnest(responses) AS item, unnest(range(len(responses))) AS place
             FROM ${records}))`,
  );
}
