import path from 'node:path';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { projectSettingsSchema } from '../../../contract/annotation.contract.ts';
import type { OpenedPack, Signer } from '../../../contract/pack.contract.ts';
import { checkQuestions } from '../check-project.ts';
import { checkImages, storeImages } from './images.ts';
import { addRaterNamed, nextNumber } from './keys.ts';
import { hashOf, type ItemsPayload, textHashSql, textJoins } from './payload.ts';
import { stageRows } from './stage-rows.ts';

const messages = 'STRUCT("role" VARCHAR, content VARCHAR)[]';
const columns = {
  place: 'BIGINT',
  itemKey: 'VARCHAR',
  textHash: 'VARCHAR',
  exampleId: 'VARCHAR',
  prompt: 'VARCHAR',
  promptMessages: messages,
  promptB: 'VARCHAR',
  promptBMessages: messages,
  a: 'VARCHAR',
  aMessages: messages,
  b: 'VARCHAR',
  bMessages: messages,
};

export interface Acceptance {
  readonly payload: ItemsPayload;
  readonly signer: Signer;
  readonly file: string;
  readonly bytes: number;
  readonly incoming: string;
  /** Where the workspace keeps images; null where the payload can hold none. */
  readonly mediaFolder: string | null;
}

/** Throws PACK_INVALID for a payload whose parts do not fit each other. */
function checkItems(payload: ItemsPayload): void {
  const { items, raters, project, questionsHash, guidelinesHash } = payload;
  const refuse = (why: string) => new AppError('PACK_INVALID', `The pack was not opened: ${why}.`);
  if (new Set(items.map((item) => item.itemKey)).size < items.length)
    throw refuse('two of its items have the same key');
  if (new Set(raters.map((rater) => rater.raterKey)).size < raters.length)
    throw refuse('two of its raters have the same key');
  if (hashOf(project.questions) !== questionsHash || hashOf(project.guidelines) !== guidelinesHash)
    throw refuse('its questions or guidelines are not those it names');
  checkImages(payload, refuse);
  checkQuestions(project.questions);
}

/**
 * Makes a dataset and a project of a pack's items, in the caller's transaction. A pack opened before answers the project
 * it made then. Throws PACK_INVALID, PACK_OWN, ANNOTATION_PROJECT_INVALID.
 */
export async function acceptItems(session: Session, acceptance: Acceptance): Promise<OpenedPack> {
  const { payload, signer } = acceptance;
  checkItems(payload);
  const own = await session.find('SELECT 1 FROM annotation_hand_off WHERE hand_off_key = ?', [
    payload.handOffKey,
  ]);
  if (own)
    throw new AppError(
      'PACK_OWN',
      'The pack was not opened: it was made in this workspace. Open it on the machine it is for.',
    );
  const known = await session.find<{ projectId: number; datasetId: number; dataset: string; items: number }>(
    `SELECT p.project_id AS "projectId", p.dataset_id AS "datasetId", d.name AS dataset,
       (SELECT count(*) FROM annotation_item i WHERE i.project_id = p.project_id) AS items
     FROM annotation_project_key k JOIN annotation_project p USING (project_id) JOIN dataset d USING (dataset_id)
     WHERE k.hand_off_key = ?`,
    [payload.handOffKey],
  );
  if (known) return { ...known, raters: await ensureRaters(session, payload), signer, wasOpen: true };
  const { datasetId, dataset } = await storeDataset(session, acceptance);
  const projectId = await storeProject(session, datasetId, payload);
  return {
    projectId,
    datasetId,
    dataset,
    items: payload.items.length,
    raters: await ensureRaters(session, payload),
    signer,
    wasOpen: false,
  };
}

async function ensureRaters(session: Session, { raters }: ItemsPayload): Promise<OpenedPack['raters']> {
  const made: OpenedPack['raters'] = [];
  for (const { raterKey, name } of raters) {
    const known = await session.find<{ raterId: number; name: string }>(
      `SELECT r.rater_id AS "raterId", r.name FROM annotation_rater_key k JOIN annotation_rater r USING (rater_id)
       WHERE k.rater_key = ? AND k.role = 'own'`,
      [raterKey],
    );
    const rater = known ?? (await addRaterNamed(session, name));
    if (!known)
      await session.run(`INSERT INTO annotation_rater_key VALUES (?, 'own', ?, NULL)`, [
        raterKey,
        rater.raterId,
      ]);
    made.push({ ...rater, isRenamed: rater.name !== name });
  }
  return made;
}

async function freeDatasetName(session: Session, name: string): Promise<string> {
  const rows = await session.all<{ name: string }>('SELECT name FROM dataset');
  const taken = new Set(rows.map((row) => row.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} (${number})`;
  return free;
}

async function storeDataset(
  session: Session,
  { payload, file, bytes, incoming, mediaFolder }: Acceptance,
): Promise<{ datasetId: number; dataset: string }> {
  const datasetId = await nextNumber(session, 'dataset', 'dataset_id');
  const importId = await nextNumber(session, 'import_run', 'import_id');
  const dataset = await freeDatasetName(session, payload.dataset);
  const source = path.basename(file);
  await session.run(
    `INSERT INTO dataset (dataset_id, name, format, relation, has_sides, is_ready) VALUES (?, ?, 'assay-pack', 'pairs', true, true)`,
    [datasetId, dataset],
  );
  await session.run(
    'INSERT INTO import_run (import_id, dataset_id, is_finished, finished_at) VALUES (?, ?, true, now())',
    [importId, datasetId],
  );
  const count = payload.items.length;
  await session.run(`INSERT INTO import_file VALUES (?, 0, ?, 'assay-pack', ?, ?, ?, 0, 0, ?)`, [
    importId,
    source,
    bytes,
    count,
    count,
    count,
  ]);
  await stageItems(session, payload, incoming);
  await loadTexts(session, { datasetId, importId, source });
  await storeImages(session, payload, { datasetId, importId, mediaFolder });
  const { wrong } = await session.one<{ wrong: number }>(
    `SELECT count(*) AS wrong FROM packed_place l JOIN packed i USING (place) JOIN comparison c ON c.comparison_id = l.comparison_id
     ${textJoins} WHERE ${textHashSql} <> i."textHash"`,
  );
  if (wrong > 0)
    throw new AppError(
      'PACK_INVALID',
      `The pack was not opened: the texts of ${wrong} items are not those their hashes name.`,
    );
  return { datasetId, dataset };
}

async function stageItems(session: Session, { items }: ItemsPayload, incoming: string): Promise<void> {
  const rows = items.map(({ itemKey, textHash, exampleId, prompt, promptB, a, b }, place) => ({
    place,
    itemKey,
    textHash,
    exampleId,
    prompt: prompt.text,
    promptMessages: prompt.messages,
    promptB: promptB?.text ?? null,
    promptBMessages: promptB?.messages ?? null,
    a: a.text,
    aMessages: a.messages,
    b: b.text,
    bMessages: b.messages,
  }));
  await stageRows(session, rows, { table: 'packed', columns, incoming });
}

interface Target {
  readonly datasetId: number;
  readonly importId: number;
  readonly source: string;
}

async function loadTexts(session: Session, { datasetId, importId, source }: Target): Promise<void> {
  const base = await session.one<{ prompt: number; response: number; comparison: number }>(
    'SELECT prompt, response, comparison FROM next_id',
  );
  const turns = `coalesce(len(list_filter(messages, lambda m: m.role = 'user')), 1)`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE packed_prompt AS
     SELECT key, arg_min(text, place) AS text, arg_min(messages, place) AS messages, ?::BIGINT + row_number() OVER (ORDER BY min(place)) - 1 AS prompt_id
     FROM (SELECT md5_number(prompt) AS key, prompt AS text, "promptMessages" AS messages, place * 2 AS place FROM packed
       UNION ALL SELECT md5_number("promptB"), "promptB", "promptBMessages", place * 2 + 1 FROM packed WHERE "promptB" IS NOT NULL)
     GROUP BY key`,
    [base.prompt],
  );
  await session.run(
    `INSERT INTO prompt (prompt_id, dataset_id, text, messages, text_key, chars, turns, import_id)
     SELECT prompt_id, ?, text, messages, key, length(text), ${turns}, ? FROM packed_prompt`,
    [datasetId, importId],
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE packed_place AS
     SELECT i.place, m.prompt_id, mb.prompt_id AS prompt_b_id, ?::BIGINT + i.place AS comparison_id,
       ?::BIGINT + i.place * 2 AS response_a_id, ?::BIGINT + i.place * 2 + 1 AS response_b_id
     FROM packed i JOIN packed_prompt m ON m.key = md5_number(i.prompt) LEFT JOIN packed_prompt mb ON mb.key = md5_number(i."promptB")`,
    [base.comparison, base.response, base.response],
  );
  for (const side of ['a', 'b'])
    await session.run(
      `INSERT INTO response (response_id, dataset_id, prompt_id, text, messages, position, chars, import_id, source_file, source_row)
       SELECT l.response_${side}_id, ?, ${side === 'b' ? 'coalesce(l.prompt_b_id, l.prompt_id)' : 'l.prompt_id'}, i.${side}, i."${side}Messages", ${side === 'a' ? 0 : 1}, length(i.${side}), ?, ?, i.place + 1
       FROM packed i JOIN packed_place l USING (place)`,
      [datasetId, importId, source],
    );
  await session.run(
    `INSERT INTO comparison (comparison_id, dataset_id, example_id, prompt_id, prompt_b_id, response_a_id, response_b_id, n_votes,
       prompt_chars, chars_a, chars_b, turns, import_id, source_file, source_row)
     SELECT l.comparison_id, ?, i."exampleId", l.prompt_id, l.prompt_b_id, l.response_a_id, l.response_b_id, 0,
       length(i.prompt), length(i.a), length(i.b), ${turns}, ?, ?, i.place + 1
     FROM packed i JOIN packed_place l USING (place) JOIN packed_prompt m ON m.prompt_id = l.prompt_id`,
    [datasetId, importId, source],
  );
}

async function storeProject(
  session: Session,
  datasetId: number,
  { project, projectKey, handOffKey }: ItemsPayload,
): Promise<number> {
  const projectId = await nextNumber(session, 'annotation_project', 'project_id');
  const settings = projectSettingsSchema.parse(project);
  await session.run(
    'INSERT INTO annotation_project (project_id, dataset_id, name, document) VALUES (?, ?, ?, ?::JSON)',
    [projectId, datasetId, settings.name, JSON.stringify(settings)],
  );
  await session.run(
    `INSERT INTO annotation_item (project_id, pos, comparison_id)
     SELECT ?, place, comparison_id FROM packed_place`,
    [projectId],
  );
  await session.run('INSERT INTO annotation_project_key VALUES (?, ?, ?)', [
    projectId,
    projectKey,
    handOffKey,
  ]);
  await session.run(
    `INSERT INTO annotation_item_key SELECT ?, l.comparison_id, i."itemKey" FROM packed i JOIN packed_place l USING (place)`,
    [projectId],
  );
  return projectId;
}
