import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { answersSchema } from '../../../contract/annotation.contract.ts';
import { getProject } from '../project.repository.ts';
import { ensureProjectKey, ensureRaterKey, findProjectKey } from './keys.ts';
import { type AnswersPayload, hashOf, type PackAnswer, textHashSql, textJoins } from './payload.ts';

type AnswerRow = Omit<PackAnswer, 'answers' | 'answeredAt'> & { answers: string; answeredAt: string };

async function readAnswers(session: Session, projectId: number): Promise<PackAnswer[]> {
  const rows = await session.all<AnswerRow>(
    `SELECT md5(concat_ws('/', k.item_key, r.rater_key, w.revision, epoch_us(w.answered_at)))::UUID::VARCHAR AS "answerKey",
       k.item_key AS "itemKey", r.rater_key AS "raterKey", ${textHashSql} AS "textHash", w.status, w.answers::VARCHAR AS answers,
       w.skip_reason AS "skipReason", w.shown_first AS "shownFirst", w.ms, w.answered_at AS "answeredAt"
     FROM annotation_answer w
       JOIN annotation_item_key k ON k.project_id = w.project_id AND k.comparison_id = w.comparison_id
       JOIN (SELECT rater_id, min(rater_key) AS rater_key FROM annotation_rater_key WHERE role = 'own' GROUP BY rater_id) r
         ON r.rater_id = w.rater_id
       JOIN annotation_item i ON i.project_id = w.project_id AND i.comparison_id = w.comparison_id
       JOIN comparison c ON c.comparison_id = w.comparison_id ${textJoins}
     WHERE w.project_id = ? AND w.is_current ORDER BY i.pos, w.rater_id`,
    [projectId],
  );
  return rows.map((row) => ({
    ...row,
    answers: answersSchema.parse(JSON.parse(row.answers)),
    answeredAt: new Date(row.answeredAt).toISOString(),
  }));
}

/**
 * The current answers of a project that came in a pack, for the workspace it comes from.
 * @throws AppError ANNOTATION_PROJECT_MISSING, PACK_WRONG_PROJECT for a project made here, ANNOTATION_EMPTY
 */
export async function makeAnswersPayload(
  session: Session,
  projectId: number,
  from: string,
): Promise<AnswersPayload> {
  const { settings } = await getProject(session, projectId);
  if (!(await findProjectKey(session, projectId))?.handOffKey)
    throw new AppError(
      'PACK_WRONG_PROJECT',
      'Nothing was written: this project was made here, so its answers are at home already. Only a project opened from a pack gives answers back.',
      { projectId },
    );
  const { projectKey, handOffKey } = await ensureProjectKey(session, projectId);
  const people = await session.all<{ raterId: number; name: string }>(
    `SELECT rater_id AS "raterId", name FROM annotation_rater
     WHERE rater_id IN (SELECT rater_id FROM annotation_answer WHERE project_id = ?) ORDER BY rater_id`,
    [projectId],
  );
  const raters = [];
  for (const { raterId, name } of people)
    raters.push({ raterKey: await ensureRaterKey(session, raterId), name });
  const answers = await readAnswers(session, projectId);
  if (answers.length === 0)
    throw new AppError('ANNOTATION_EMPTY', 'Nothing was written: nobody has answered an item yet.');
  const used = new Set(answers.map((answer) => answer.raterKey));
  return {
    kind: 'answers',
    handOffKey: handOffKey ?? '',
    projectKey,
    createdAt: new Date().toISOString(),
    from,
    questionsHash: hashOf(settings.questions),
    guidelinesHash: hashOf(settings.guidelines),
    raters: raters.filter((rater) => used.has(rater.raterKey)),
    project: { name: settings.name, questions: settings.questions },
    answers,
  };
}
