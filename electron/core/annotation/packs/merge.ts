import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Merge, MergeReport, MergeRequest, Signer } from '../../../contract/pack.contract.ts';
import { getProject, type StoredProject } from '../project.repository.ts';
import { addRaterNamed, nextNumber } from './keys.ts';
import {
  type MergePlan,
  type OurAnswer,
  type OurItem,
  type OurSide,
  planMerge,
  type RaterTarget,
} from './merge-plan.ts';
import { rewriteOpinions } from './opinions.ts';
import { type AnswersPayload, hashOf, textHashSql, textJoins } from './payload.ts';
import { stageRows } from './stage-rows.ts';

export interface Incoming {
  readonly payload: AnswersPayload;
  readonly signer: Signer;
  readonly request: Pick<MergeRequest, 'projectId' | 'defaults' | 'choices'>;
  /** Folder for files on their way in. */
  readonly incoming: string;
}

function checkAnswers({ answers, raters, project, questionsHash }: AnswersPayload): void {
  const refuse = (why: string) => new AppError('PACK_INVALID', `Nothing was merged: ${why}.`);
  const raterKeys = new Set(raters.map((rater) => rater.raterKey));
  if (raterKeys.size < raters.length) throw refuse('two raters of the pack have the same key');
  if (new Set(raters.map((rater) => rater.name.toLowerCase())).size < raters.length)
    throw refuse('two raters of the pack have the same name');
  if (answers.some((answer) => !raterKeys.has(answer.raterKey)))
    throw refuse('an answer names a rater who is not in the pack');
  if (new Set(answers.map((answer) => answer.answerKey)).size < answers.length)
    throw refuse('two answers have the same key');
  if (new Set(answers.map((answer) => `${answer.raterKey}/${answer.itemKey}`)).size < answers.length)
    throw refuse('a rater has two answers to one item');
  if (hashOf(project.questions) !== questionsHash) throw refuse('its questions are not those it names');
}

interface Place {
  readonly project: StoredProject;
  readonly handOffId: number;
}

/** The project and hand-off answers belong to. Throws PACK_WRONG_PROJECT. */
async function findPlace(session: Session, { payload, request }: Incoming): Promise<Place> {
  const found = await session.find<{ projectId: number; handOffId: number }>(
    `SELECT o.project_id AS "projectId", o.hand_off_id AS "handOffId" FROM annotation_hand_off o
     JOIN annotation_project_key k USING (project_id) WHERE o.hand_off_key = ? AND k.project_key = ?`,
    [payload.handOffKey, payload.projectKey],
  );
  if (!found)
    throw new AppError(
      'PACK_WRONG_PROJECT',
      `Nothing was merged: the answers belong to “${payload.project.name}”, which was not handed off from this workspace. Open the workspace it comes from.`,
    );
  if (request.projectId !== null && request.projectId !== found.projectId)
    throw new AppError(
      'PACK_WRONG_PROJECT',
      `Nothing was merged: the answers belong to project ${found.projectId}, not to project ${request.projectId}.`,
      { projectId: found.projectId },
    );
  return { project: await getProject(session, found.projectId), handOffId: found.handOffId };
}

async function readOurs(session: Session, { projectId, settings }: StoredProject): Promise<OurSide> {
  const hasSpans = settings.questions.some((question) => question.kind === 'span');
  const items = await session.all<OurItem & { itemKey: string }>(
    `SELECT k.item_key AS "itemKey", k.comparison_id AS "comparisonId", left(p.text, 200) AS prompt,
       CASE WHEN c.comparison_id IS NULL THEN NULL ELSE ${textHashSql} END AS "textHash",
       CASE WHEN ? THEN a.text END AS a, CASE WHEN ? THEN b.text END AS b
     FROM annotation_item_key k JOIN annotation_item i ON i.project_id = k.project_id AND i.comparison_id = k.comparison_id
       LEFT JOIN comparison c ON c.comparison_id = k.comparison_id ${textJoins.replaceAll(/(?:LEFT )?JOIN/g, 'LEFT JOIN')}
     WHERE k.project_id = ?`,
    [hasSpans, hasSpans, projectId],
  );
  const keys = await session.all<{ key: string; raterId: number }>(
    `SELECT role || '/' || rater_key AS key, rater_id AS "raterId" FROM annotation_rater_key`,
  );
  const answers = await session.all<Omit<OurAnswer, 'answers'> & { place: string; answers: string }>(
    `SELECT w.rater_id || '/' || w.comparison_id AS place, w.status, w.answers::VARCHAR AS answers, w.skip_reason AS "skipReason",
       w.answered_at AS "answeredAt", EXISTS (SELECT 1 FROM annotation_merged_answer m WHERE m.project_id = w.project_id
         AND m.rater_id = w.rater_id AND m.comparison_id = w.comparison_id AND m.revision = w.revision) AS "isMerged"
     FROM annotation_answer w WHERE w.project_id = ? AND w.is_current`,
    [projectId],
  );
  const merged = await session.all<{ key: string }>(
    'SELECT answer_key AS key FROM annotation_merged_answer WHERE project_id = ?',
    [projectId],
  );
  return {
    questions: settings.questions,
    items: new Map(items.map(({ itemKey, ...item }) => [itemKey, item])),
    raters: await session.all('SELECT rater_id AS "raterId", name FROM annotation_rater ORDER BY rater_id'),
    raterOf: new Map(keys.map(({ key, raterId }) => [key, raterId])),
    answers: new Map(
      answers.map(({ place, answers: said, ...row }) => [
        place,
        { ...row, answers: JSON.parse(said) as unknown },
      ]),
    ),
    mergedKeys: new Set(merged.map(({ key }) => key)),
  };
}

async function prepare(
  session: Session,
  incoming: Incoming,
): Promise<Place & { plan: MergePlan; report: MergeReport }> {
  const { payload, signer, request } = incoming;
  checkAnswers(payload);
  const place = await findPlace(session, incoming);
  const { project, handOffId } = place;
  const plan = planMerge(payload, await readOurs(session, project), request);
  const { others, guidelinesHash } = await session.one<{ others: number; guidelinesHash: string }>(
    `SELECT (SELECT count(*) FROM annotation_merge WHERE hand_off_id = o.hand_off_id AND signer <> ? AND undone_at IS NULL) AS others,
       guidelines_hash AS "guidelinesHash" FROM annotation_hand_off o WHERE hand_off_id = ?`,
    [signer.hex, handOffId],
  );
  const report: MergeReport = {
    mergeId: null,
    projectId: project.projectId,
    project: project.settings.name,
    handOffId,
    signer,
    isOtherSigner: others > 0,
    areGuidelinesChanged: guidelinesHash !== payload.guidelinesHash,
    received: payload.answers.length,
    ...plan.report,
  };
  return { ...place, plan, report };
}

/** What a merge would do; nothing is written. Throws PACK_INVALID, PACK_WRONG_PROJECT. */
export async function previewMerge(session: Session, incoming: Incoming): Promise<MergeReport> {
  return (await prepare(session, incoming)).report;
}

/**
 * Takes the answers a plan lets through, with votes, ratings and rationales, in the caller's transaction: all or none. A pack
 * merged again takes nothing and leaves no trace. Throws PACK_INVALID, PACK_WRONG_PROJECT.
 */
export async function mergeAnswers(session: Session, incoming: Incoming): Promise<MergeReport> {
  const { project, handOffId, plan, report } = await prepare(session, incoming);
  if (plan.taken.length === 0) return report;
  const mergeId = await nextNumber(session, 'annotation_merge', 'merge_id');
  await stageTaken(session, plan, { mergeId, incoming: incoming.incoming });
  await storeTaken(session, project.projectId, mergeId);
  await session.run('CREATE OR REPLACE TEMP TABLE touched AS SELECT rater_id, comparison_id FROM taken');
  await rewriteOpinions(session, project);
  const full = { ...report, mergeId };
  await session.run(
    'INSERT INTO annotation_merge (merge_id, project_id, hand_off_id, signer, report) VALUES (?, ?, ?, ?, ?::JSON)',
    [mergeId, project.projectId, handOffId, report.signer.hex, JSON.stringify(full)],
  );
  return full;
}

const takenColumns = {
  rater_id: 'INTEGER',
  comparison_id: 'BIGINT',
  answer_key: 'VARCHAR',
  status: 'VARCHAR',
  answers: 'VARCHAR',
  skip_reason: 'VARCHAR',
  shown_first: 'VARCHAR',
  ms: 'DOUBLE',
  answered_at: 'TIMESTAMPTZ',
};

/** Makes the raters that are missing and fills the temporary table `taken`. */
async function stageTaken(
  session: Session,
  { taken }: MergePlan,
  { mergeId, incoming }: { mergeId: number; incoming: string },
): Promise<void> {
  const made = new Map<string, number>();
  const ensure = async (target: RaterTarget) => {
    const key = `${target.role}/${target.raterKey}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const raterId = target.raterId ?? (await addRaterNamed(session, target.name)).raterId;
    made.set(key, raterId);
    const isNamed = await session.find(
      'SELECT 1 FROM annotation_rater_key WHERE rater_key = ? AND role = ?',
      [target.raterKey, target.role],
    );
    if (!isNamed)
      await session.run('INSERT INTO annotation_rater_key VALUES (?, ?, ?, ?)', [
        target.raterKey,
        target.role,
        raterId,
        target.isChosen ? mergeId : null,
      ]);
    return raterId;
  };
  const rows = [];
  for (const { answer, comparisonId, target } of taken)
    rows.push({
      rater_id: await ensure(target),
      comparison_id: comparisonId,
      answer_key: answer.answerKey,
      status: answer.status,
      answers: JSON.stringify(answer.answers),
      skip_reason: answer.skipReason,
      shown_first: answer.shownFirst,
      ms: answer.ms,
      answered_at: answer.answeredAt,
    });
  await stageRows(session, rows, { table: 'taken', columns: takenColumns, incoming });
}

async function storeTaken(session: Session, projectId: number, mergeId: number): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TEMP TABLE taken_revision AS
     SELECT t.rater_id, t.comparison_id, coalesce(max(w.revision), 0) + 1 AS revision,
       coalesce(bool_or(w.suggestion IS NOT NULL), false) AS saw_suggestion,
       coalesce(bool_or(w.status = 'submitted' AND i.gold_label IS NOT NULL), false) AS saw_gold
     FROM taken t LEFT JOIN annotation_answer w ON w.project_id = ? AND w.rater_id = t.rater_id AND w.comparison_id = t.comparison_id
       LEFT JOIN annotation_item i ON i.project_id = w.project_id AND i.comparison_id = w.comparison_id
     GROUP BY t.rater_id, t.comparison_id`,
    [projectId],
  );
  await session.run(
    `UPDATE annotation_answer SET is_current = false FROM taken t
     WHERE annotation_answer.project_id = ? AND annotation_answer.rater_id = t.rater_id AND annotation_answer.comparison_id = t.comparison_id
       AND annotation_answer.is_current`,
    [projectId],
  );
  await session.run(
    `INSERT INTO annotation_answer (project_id, rater_id, comparison_id, revision, is_current, status, answers, skip_reason, shown_first,
       ms, saw_suggestion, saw_gold, answered_at)
     SELECT ?, t.rater_id, t.comparison_id, v.revision, true, t.status, t.answers::JSON, t.skip_reason, t.shown_first, t.ms,
       v.saw_suggestion, v.saw_gold, t.answered_at
     FROM taken t JOIN taken_revision v ON v.rater_id = t.rater_id AND v.comparison_id = t.comparison_id`,
    [projectId],
  );
  await session.run(
    `INSERT INTO annotation_assignment (project_id, rater_id, turn, comparison_id, shown_first, assigned_at)
     SELECT ?, t.rater_id, coalesce(s.last, 0) + row_number() OVER (PARTITION BY t.rater_id ORDER BY t.answered_at, t.comparison_id),
       t.comparison_id, t.shown_first, t.answered_at
     FROM taken t LEFT JOIN (SELECT rater_id, max(turn) AS last FROM annotation_assignment WHERE project_id = ? GROUP BY rater_id) s
       ON s.rater_id = t.rater_id
     WHERE NOT EXISTS (SELECT 1 FROM annotation_assignment x WHERE x.project_id = ? AND x.rater_id = t.rater_id
       AND x.comparison_id = t.comparison_id)`,
    [projectId, projectId, projectId],
  );
  await session.run(
    `INSERT INTO annotation_merged_answer (merge_id, project_id, answer_key, rater_id, comparison_id, revision)
     SELECT ?, ?, t.answer_key, t.rater_id, t.comparison_id, v.revision
     FROM taken t JOIN taken_revision v ON v.rater_id = t.rater_id AND v.comparison_id = t.comparison_id`,
    [mergeId, projectId],
  );
}

/** Newest first. */
export async function listMerges(session: Session, projectId: number): Promise<Merge[]> {
  const rows = await session.all<Omit<Merge, 'report'> & { report: string }>(
    `SELECT merge_id AS "mergeId", merged_at AS "mergedAt", undone_at AS "undoneAt", report::VARCHAR AS report
     FROM annotation_merge WHERE project_id = ? ORDER BY merge_id DESC`,
    [projectId],
  );
  return rows.map((row) => ({ ...row, report: JSON.parse(row.report) as MergeReport }));
}

/**
 * Takes the answers of a merge away, with what they made of votes, ratings and rationales; the answer before each is current
 * again. An answer that was changed since stays. Undoing twice changes nothing. Throws PACK_MERGE_MISSING.
 */
export async function undoMerge(
  session: Session,
  mergeId: number,
): Promise<{ removed: number; kept: number }> {
  const found = await session.find<{ projectId: number; isUndone: boolean }>(
    'SELECT project_id AS "projectId", undone_at IS NOT NULL AS "isUndone" FROM annotation_merge WHERE merge_id = ?',
    [mergeId],
  );
  if (!found)
    throw new AppError('PACK_MERGE_MISSING', `There is no merge ${mergeId} in this workspace.`, { mergeId });
  if (found.isUndone) return { removed: 0, kept: 0 };
  const project = await getProject(session, found.projectId);
  const { projectId } = project;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE touched AS SELECT w.rater_id, w.comparison_id, w.revision
     FROM annotation_merged_answer m JOIN annotation_answer w USING (project_id, rater_id, comparison_id, revision)
     WHERE m.merge_id = ? AND w.is_current`,
    [mergeId],
  );
  const { removed, all } = await session.one<{ removed: number; all: number }>(
    'SELECT (SELECT count(*) FROM touched) AS removed, (SELECT count(*) FROM annotation_merged_answer WHERE merge_id = ?) AS "all"',
    [mergeId],
  );
  await removeTouched(session, projectId, mergeId);
  await rewriteOpinions(session, project);
  await session.run('UPDATE annotation_merge SET undone_at = now() WHERE merge_id = ?', [mergeId]);
  return { removed, kept: all - removed };
}

const isTouched = (table: string) =>
  `${table}.project_id = ? AND ${table}.rater_id = t.rater_id AND ${table}.comparison_id = t.comparison_id`;

async function removeTouched(session: Session, projectId: number, mergeId: number): Promise<void> {
  await session.run(
    `DELETE FROM annotation_answer USING touched t WHERE ${isTouched('annotation_answer')} AND annotation_answer.revision = t.revision`,
    [projectId],
  );
  await session.run(
    `UPDATE annotation_answer SET is_current = true FROM touched t WHERE ${isTouched('annotation_answer')}
       AND annotation_answer.revision = (SELECT max(x.revision) FROM annotation_answer x WHERE x.project_id = annotation_answer.project_id
         AND x.rater_id = annotation_answer.rater_id AND x.comparison_id = annotation_answer.comparison_id)`,
    [projectId],
  );
  const nothingLeft = (table: string) =>
    `NOT EXISTS (SELECT 1 FROM ${table} x WHERE x.project_id = annotation_assignment.project_id
       AND x.rater_id = annotation_assignment.rater_id AND x.comparison_id = annotation_assignment.comparison_id)`;
  await session.run(
    `DELETE FROM annotation_assignment USING touched t WHERE ${isTouched('annotation_assignment')}
       AND ${nothingLeft('annotation_answer')} AND ${nothingLeft('annotation_draft')}`,
    [projectId],
  );
  await session.run(
    `DELETE FROM annotation_merged_answer WHERE merge_id = ? AND (rater_id, comparison_id, revision) IN (SELECT rater_id, comparison_id, revision FROM touched)`,
    [mergeId],
  );
  await session.run(
    `DELETE FROM annotation_rater_key WHERE merge_id = ? AND rater_id NOT IN (SELECT rater_id FROM annotation_merged_answer)`,
    [mergeId],
  );
}
