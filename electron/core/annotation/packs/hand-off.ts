import { randomUUID } from 'node:crypto';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Message } from '../../../contract/corpus.contract.ts';
import type { HandOff, HandOffRequest } from '../../../contract/pack.contract.ts';
import { claimedElsewhere } from '../desk.ts';
import { getProject, type StoredProject } from '../project.repository.ts';
import { getRater } from '../rater.repository.ts';
import { shownTextSql } from '../shown-text.ts';
import { packImages } from './images.ts';
import { ensureProjectKey, ensureRaterKey, findProjectKey, nextNumber } from './keys.ts';
import { hashOf, type ItemsPayload, textHashSql, textJoins } from './payload.ts';

/** Items that fewer raters than the overlap have answered here or hold elsewhere. */
const lacking = `SELECT i.comparison_id, i.pos FROM annotation_item i
  LEFT JOIN (SELECT comparison_id, count(*) AS n FROM annotation_answer
    WHERE project_id = ? AND is_current AND status = 'submitted' GROUP BY comparison_id) w ON w.comparison_id = i.comparison_id
  LEFT JOIN (${claimedElsewhere}) e ON e.comparison_id = i.comparison_id
  WHERE i.project_id = ? AND i.gold_label IS NULL AND coalesce(w.n, 0) + coalesce(e.held, 0) < ?`;

/** Fills the temporary table `handed`. Throws ANNOTATION_EMPTY. */
async function chooseItems(
  session: Session,
  { projectId, settings }: StoredProject,
  request: HandOffRequest,
): Promise<void> {
  const limit = request.count === null ? '' : `LIMIT ${Math.trunc(request.count)}`;
  const [source, parameters] =
    request.which === 'open'
      ? [lacking, [projectId, projectId, projectId, settings.overlap]]
      : [
          'SELECT comparison_id, pos FROM annotation_item WHERE project_id = ? AND gold_label IS NULL',
          [projectId],
        ];
  await session.run(
    `CREATE OR REPLACE TEMP TABLE handed AS SELECT comparison_id, pos FROM (${source}) ORDER BY pos ${limit}`,
    parameters,
  );
  if (request.withGold)
    await session.run(
      'INSERT INTO handed SELECT comparison_id, pos FROM annotation_item WHERE project_id = ? AND gold_label IS NOT NULL',
      [projectId],
    );
  const { items } = await session.one<{ items: number }>('SELECT count(*) AS items FROM handed');
  if (items === 0)
    throw new AppError(
      'ANNOTATION_EMPTY',
      'Nothing was written: no item of the project lacks an answer. Choose all items to hand them off all the same.',
    );
}

interface ItemRow {
  readonly itemKey: string;
  readonly textHash: string;
  readonly exampleId: string;
  readonly prompt: string;
  readonly promptMessages: Message[] | null;
  readonly promptB: string | null;
  readonly promptBMessages: Message[] | null;
  readonly a: string;
  readonly aMessages: Message[] | null;
  readonly b: string;
  readonly bMessages: Message[] | null;
  readonly responseA: number;
  readonly responseB: number;
}

async function readItems(
  session: Session,
  projectId: number,
  imagesOf: ReadonlyMap<number, string[]>,
): Promise<ItemsPayload['items']> {
  const rows = await session.all<ItemRow>(
    `SELECT k.item_key AS "itemKey", ${textHashSql} AS "textHash", c.example_id AS "exampleId", p.text AS prompt,
       p.messages AS "promptMessages", pb.text AS "promptB", pb.messages AS "promptBMessages", ${shownTextSql('a')} AS a,
       a.messages AS "aMessages", ${shownTextSql('b')} AS b, b.messages AS "bMessages", a.response_id AS "responseA", b.response_id AS "responseB"
     FROM handed h JOIN annotation_item_key k ON k.comparison_id = h.comparison_id AND k.project_id = ?
       JOIN comparison c ON c.comparison_id = h.comparison_id ${textJoins} ORDER BY h.pos`,
    [projectId],
  );
  const withImages = (text: ItemsPayload['items'][number]['a'], responseId: number) => {
    const images = imagesOf.get(responseId);
    return images ? { ...text, images } : text;
  };
  return rows.map((row) => ({
    itemKey: row.itemKey,
    textHash: row.textHash,
    exampleId: row.exampleId,
    prompt: { text: row.prompt, messages: row.promptMessages },
    promptB: row.promptB === null ? null : { text: row.promptB, messages: row.promptBMessages },
    a: withImages({ text: row.a, messages: row.aMessages }, row.responseA),
    b: withImages({ text: row.b, messages: row.bMessages }, row.responseB),
  }));
}

async function refuseBorrowed(session: Session, projectId: number): Promise<void> {
  if ((await findProjectKey(session, projectId))?.handOffKey)
    throw new AppError(
      'PACK_WRONG_PROJECT',
      'Nothing was written: this project came in a pack itself. Only the workspace it comes from can hand it off.',
      { projectId },
    );
}

/**
 * What a hand-off takes along, and its record here: its items count as held by the other machine from now on.
 * @throws AppError ANNOTATION_PROJECT_MISSING, RATER_MISSING, ANNOTATION_EMPTY, PACK_IMAGE_UNREADABLE, PACK_TOO_LARGE, PACK_WRONG_PROJECT
 */
export async function makeItemsPayload(
  session: Session,
  request: HandOffRequest,
  { from, file, mediaFolder }: { readonly from: string; readonly file: string; readonly mediaFolder: string },
): Promise<{ payload: ItemsPayload; handOffId: number }> {
  const project = await getProject(session, request.projectId);
  const { projectId, settings } = project;
  await refuseBorrowed(session, projectId);
  const raterIds = [...new Set(request.raterIds)];
  const raters = [];
  for (const raterId of raterIds) {
    const { name } = await getRater(session, raterId);
    raters.push({ raterKey: await ensureRaterKey(session, raterId), name });
  }
  const { projectKey } = await ensureProjectKey(session, projectId);
  await chooseItems(session, project, request);
  const { dataset } = await session.one<{ dataset: string }>(
    'SELECT name AS dataset FROM dataset WHERE dataset_id = ?',
    [project.datasetId],
  );
  const { name, guidelines, questions, seed } = settings;
  const overlap = Math.min(request.overlap ?? raterIds.length, raterIds.length);
  const { images, imagesOf } = await packImages(session, mediaFolder);
  const payload: ItemsPayload = {
    kind: 'items',
    handOffKey: randomUUID(),
    projectKey,
    createdAt: new Date().toISOString(),
    from,
    questionsHash: hashOf(questions),
    guidelinesHash: hashOf(guidelines),
    raters,
    dataset: dataset.slice(0, 200),
    project: { name, guidelines, questions, overlap, seed },
    items: await readItems(session, projectId, imagesOf),
    ...(images.length > 0 ? { images } : {}),
  };
  return { payload, handOffId: await recordHandOff(session, { payload, projectId, raterIds, file }) };
}

async function recordHandOff(
  session: Session,
  record: {
    readonly payload: ItemsPayload;
    readonly projectId: number;
    readonly raterIds: readonly number[];
    readonly file: string;
  },
): Promise<number> {
  const { payload, projectId, raterIds, file } = record;
  const handOffId = await nextNumber(session, 'annotation_hand_off', 'hand_off_id');
  await session.run(
    `INSERT INTO annotation_hand_off (hand_off_id, hand_off_key, project_id, overlap, file, questions_hash, guidelines_hash)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      handOffId,
      payload.handOffKey,
      projectId,
      payload.project.overlap,
      file,
      payload.questionsHash,
      payload.guidelinesHash,
    ],
  );
  await session.run('INSERT INTO annotation_hand_off_item SELECT ?, comparison_id FROM handed', [handOffId]);
  for (const raterId of raterIds)
    await session.run('INSERT INTO annotation_hand_off_rater VALUES (?, ?)', [handOffId, raterId]);
  return handOffId;
}

/** Forgets a hand-off whose pack could not be written. */
export async function removeHandOff(session: Session, handOffId: number): Promise<void> {
  for (const table of ['annotation_hand_off_item', 'annotation_hand_off_rater', 'annotation_hand_off'])
    await session.run(`DELETE FROM ${table} WHERE hand_off_id = ?`, [handOffId]);
}

const listSql = `SELECT o.hand_off_id AS "handOffId", o.hand_off_key AS "handOffKey", o.file, o.created_at AS "createdAt",
  o.is_open AS "isOpen", o.overlap,
  (SELECT count(*) FROM annotation_hand_off_item t WHERE t.hand_off_id = o.hand_off_id) AS items,
  coalesce((SELECT list(r.name ORDER BY r.name) FROM annotation_hand_off_rater h JOIN annotation_rater r USING (rater_id)
    WHERE h.hand_off_id = o.hand_off_id), []) AS raters,
  (SELECT count(*) FROM annotation_merged_answer a JOIN annotation_merge m USING (merge_id)
    WHERE m.hand_off_id = o.hand_off_id AND m.undone_at IS NULL) AS answers
  FROM annotation_hand_off o`;

/** Newest first. */
export async function listHandOffs(session: Session, projectId: number): Promise<HandOff[]> {
  return session.all<HandOff>(`${listSql} WHERE o.project_id = ? ORDER BY o.hand_off_id DESC`, [projectId]);
}

/** Throws PACK_HAND_OFF_MISSING. */
export async function closeHandOff(session: Session, handOffId: number): Promise<HandOff> {
  await session.run('UPDATE annotation_hand_off SET is_open = false WHERE hand_off_id = ?', [handOffId]);
  const found = await session.find<HandOff>(`${listSql} WHERE o.hand_off_id = ?`, [handOffId]);
  if (found) return found;
  throw new AppError('PACK_HAND_OFF_MISSING', `There is no hand-off ${handOffId} in this workspace.`, {
    handOffId,
  });
}
