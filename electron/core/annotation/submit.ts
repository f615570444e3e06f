import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Answer, Answers, Question, Receipt, Submission } from '../../contract/annotation.contract.ts';
import { findSpanFault, keepShownAnswers, listAnswerFaults } from '../../contract/annotation-rules.ts';
import { type Assignment, getAssignment, type Seat } from './desk.ts';
import { ensureAnnotator } from './rater.repository.ts';

interface FormerAnswer {
  readonly revision: number;
  readonly status: string;
  readonly answers: string;
  readonly skipReason: string | null;
  readonly suggestion: string | null;
}

interface Pair {
  readonly comparisonId: number;
  readonly responseA: number;
  readonly responseB: number;
}

/**
 * Stores an answer as a new revision, makes the rater's votes, ratings and rationales say the same, and drops the draft:
 * one transaction of the caller's. An answer equal to the current one changes nothing.
 *
 * @throws AppError ANNOTATION_ANSWER_INVALID, ANNOTATION_ITEM_MISSING, RATER_MISSING.
 */
export async function storeAnswer(session: Session, seat: Seat, submission: Submission): Promise<Receipt> {
  const { project, raterId } = seat;
  const { comparisonId, status } = submission;
  const assignment = await getAssignment(session, seat, comparisonId);
  const answers = checkAnswers(project.settings.questions, submission);
  if (Object.values(answers).some((answer) => answer.kind === 'span'))
    await checkSpans(session, comparisonId, answers);
  const former = await findFormer(session, seat, comparisonId);
  const suggestion = status === 'submitted' ? await readSuggestion(session, seat, comparisonId) : null;
  const gold = status === 'submitted' ? await readGold(session, seat, { comparisonId, answers }) : null;
  const isSame =
    former !== undefined &&
    former.status === status &&
    former.skipReason === submission.skipReason &&
    former.answers === JSON.stringify(answers);
  const revision = (former?.revision ?? 0) + (isSame ? 0 : 1);
  if (!isSame) {
    await insertAnswer(session, seat, { submission, answers, assignment, revision, suggestion });
    const annotatorId = await ensureAnnotator(session, {
      raterId,
      datasetId: project.datasetId,
      role: 'rater',
    });
    await writeOpinion(session, { ...seat, annotatorId, submission: { ...submission, answers }, assignment });
  }
  await session.run(
    'DELETE FROM annotation_draft WHERE project_id = ? AND rater_id = ? AND comparison_id = ?',
    [project.projectId, raterId, comparisonId],
  );
  return { revision, gold, suggestion };
}

function checkAnswers(questions: readonly Question[], { status, answers, skipReason }: Submission): Answers {
  const refuse = (why: string, details: Record<string, unknown>) => {
    throw new AppError('ANNOTATION_ANSWER_INVALID', `The answer was not stored: ${why}.`, details);
  };
  if (status === 'skipped') {
    if (skipReason === null) refuse('a skip needs a reason', {});
    return {};
  }
  const [first] = listAnswerFaults(questions, answers);
  if (first) {
    const title = questions.find((one) => one.id === first.question)?.title ?? first.question;
    refuse(`“${title}”: ${first.fault}`, first);
  }
  return keepShownAnswers(questions, answers);
}

async function checkSpans(session: Session, comparisonId: number, answers: Answers): Promise<void> {
  const texts = await session.one<{ a: string; b: string }>(
    `SELECT a.text AS a, b.text AS b FROM comparison c JOIN response a ON a.response_id = c.response_a_id
       JOIN response b ON b.response_id = c.response_b_id WHERE c.comparison_id = ?`,
    [comparisonId],
  );
  const fault = findSpanFault(answers, texts);
  if (fault)
    throw new AppError('ANNOTATION_ANSWER_INVALID', `The answer was not stored: ${fault.fault}.`, fault);
}

async function findFormer(
  session: Session,
  seat: Seat,
  comparisonId: number,
): Promise<FormerAnswer | undefined> {
  return session.find<FormerAnswer>(
    `SELECT revision, status, answers::VARCHAR AS answers, skip_reason AS "skipReason", suggestion::VARCHAR AS suggestion
     FROM annotation_answer WHERE project_id = ? AND rater_id = ? AND comparison_id = ? AND is_current`,
    [seat.project.projectId, seat.raterId, comparisonId],
  );
}

async function insertAnswer(
  session: Session,
  { project, raterId }: Seat,
  answer: {
    submission: Submission;
    answers: Answers;
    assignment: Assignment;
    revision: number;
    suggestion: Receipt['suggestion'];
  },
): Promise<void> {
  const { submission, answers, assignment, revision, suggestion } = answer;
  const place = [project.projectId, raterId, submission.comparisonId];
  const { sawSuggestion, sawGold } = await session.one<{ sawSuggestion: boolean; sawGold: boolean }>(
    `SELECT coalesce(bool_or(w.suggestion IS NOT NULL), false) AS "sawSuggestion",
       coalesce(bool_or(w.status = 'submitted' AND i.gold_label IS NOT NULL), false) AS "sawGold"
     FROM annotation_answer w JOIN annotation_item i USING (project_id, comparison_id)
     WHERE w.project_id = ? AND w.rater_id = ? AND w.comparison_id = ?`,
    place,
  );
  await session.run(
    'UPDATE annotation_answer SET is_current = false WHERE project_id = ? AND rater_id = ? AND comparison_id = ? AND is_current',
    place,
  );
  await session.run(
    `INSERT INTO annotation_answer (project_id, rater_id, comparison_id, revision, is_current, status, answers, skip_reason,
       shown_first, ms, saw_suggestion, saw_gold, suggestion) VALUES (?, ?, ?, ?, true, ?, ?::JSON, ?, ?, ?, ?, ?, ?::JSON)`,
    [
      ...place,
      revision,
      submission.status,
      JSON.stringify(answers),
      submission.skipReason,
      assignment.shownFirst,
      submission.ms,
      sawSuggestion,
      sawGold,
      suggestion && JSON.stringify(suggestion),
    ],
  );
}

interface Opinion extends Seat {
  readonly annotatorId: number;
  readonly submission: Submission;
  readonly assignment: Assignment;
}

/** Replaces what the rater's annotator says about the pair: votes, ratings and rationales. */
async function writeOpinion(session: Session, opinion: Opinion): Promise<void> {
  const { project, annotatorId, submission } = opinion;
  const pair = await session.one<Pair>(
    `SELECT comparison_id AS "comparisonId", response_a_id AS "responseA", response_b_id AS "responseB"
     FROM comparison WHERE comparison_id = ?`,
    [submission.comparisonId],
  );
  const { questions } = project.settings;
  const [firstRationale] = questions.filter((one) => one.kind === 'rationale');
  const [firstVote] = questions.filter((one) => one.kind === 'pairwise');
  for (const question of questions) {
    const answer = submission.answers[question.id];
    if (question.kind === 'pairwise')
      await writeVote(session, opinion, {
        aspect: question.aspect,
        answer: submission.status === 'skipped' && question === firstVote ? 'skip' : answer,
        ms: question === firstVote ? submission.ms : null,
      });
    else if (question.kind === 'rating') await writeRatings(session, opinion, { pair, question, answer });
    else if (question.kind === 'rationale' || question.kind === 'multi_label')
      await writeRationale(session, opinion, {
        aspect: question === firstRationale ? null : question.id,
        text: textOf(answer),
      });
  }
  if (submission.status === 'skipped')
    await writeRationale(
      session,
      { ...opinion, annotatorId },
      { aspect: 'skip', text: submission.skipReason },
    );
  else await writeRationale(session, opinion, { aspect: 'skip', text: null });
}

function textOf(answer: Answer | undefined): string | null {
  if (answer?.kind === 'rationale') return answer.text;
  return answer?.kind === 'multi_label' ? answer.labels.join('; ') : null;
}

async function writeVote(
  session: Session,
  { project, annotatorId, submission, assignment }: Opinion,
  vote: { aspect: string | null; answer: Answer | 'skip' | undefined; ms: number | null },
): Promise<void> {
  const { aspect, answer, ms } = vote;
  await session.run(
    'DELETE FROM vote WHERE comparison_id = ? AND annotator_id = ? AND aspect IS NOT DISTINCT FROM ?',
    [submission.comparisonId, annotatorId, aspect],
  );
  const preference = answer === 'skip' ? { label: 'skip', strength: null } : answer;
  if (preference === undefined || !('label' in preference)) return;
  await session.run(
    `INSERT INTO vote (comparison_id, dataset_id, annotator_id, aspect, label, strength, shown_first, ms, import_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`,
    [
      submission.comparisonId,
      project.datasetId,
      annotatorId,
      aspect,
      preference.label,
      preference.strength,
      assignment.shownFirst,
      ms,
    ],
  );
}

async function writeRatings(
  session: Session,
  { project, annotatorId }: Opinion,
  rating: { pair: Pair; question: Extract<Question, { kind: 'rating' }>; answer: Answer | undefined },
): Promise<void> {
  const { pair, question, answer } = rating;
  await session.run('DELETE FROM rating WHERE response_id IN (?, ?) AND annotator_id = ? AND aspect = ?', [
    pair.responseA,
    pair.responseB,
    annotatorId,
    question.aspect,
  ]);
  if (answer?.kind !== 'rating') return;
  for (const [responseId, value] of [
    [pair.responseA, answer.a],
    [pair.responseB, answer.b],
  ] as const)
    await session.run(
      `INSERT INTO rating (response_id, dataset_id, annotator_id, aspect, "value", scale_min, scale_max, import_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
      [responseId, project.datasetId, annotatorId, question.aspect, value, question.min, question.max],
    );
}

async function writeRationale(
  session: Session,
  { project, annotatorId, submission }: Opinion,
  { aspect, text }: { aspect: string | null; text: string | null },
): Promise<void> {
  await session.run(
    'DELETE FROM rationale WHERE comparison_id = ? AND annotator_id = ? AND aspect IS NOT DISTINCT FROM ?',
    [submission.comparisonId, annotatorId, aspect],
  );
  if (text === null) return;
  await session.run(
    'INSERT INTO rationale (dataset_id, comparison_id, annotator_id, aspect, text, import_id) VALUES (?, ?, ?, ?, ?, 0)',
    [project.datasetId, submission.comparisonId, annotatorId, aspect, text],
  );
}

async function readGold(
  session: Session,
  { project }: Seat,
  { comparisonId, answers }: { comparisonId: number; answers: Answers },
): Promise<Receipt['gold']> {
  const question = findOverallQuestion(project.settings.questions);
  const known = await session.find<{ label: string }>(
    'SELECT gold_label AS label FROM annotation_item WHERE project_id = ? AND comparison_id = ? AND gold_label IS NOT NULL',
    [project.projectId, comparisonId],
  );
  const answer = question && answers[question.id];
  if (!known || answer?.kind !== 'pairwise') return null;
  return { label: known.label, isRight: answer.label === known.label };
}

/** The question whose answer a known label is compared with: the overall preference. */
export function findOverallQuestion(questions: readonly Question[]): Question | undefined {
  return questions.find((one) => one.kind === 'pairwise' && one.aspect === null);
}

async function readSuggestion(
  session: Session,
  { project }: Seat,
  comparisonId: number,
): Promise<Receipt['suggestion']> {
  const { suggestionsFrom } = project.settings;
  if (suggestionsFrom === null) return null;
  const found = await session.find<NonNullable<Receipt['suggestion']>>(
    `SELECT n.name, v.label,
       (SELECT any_value(j.p_a) FROM judgement j JOIN judge_run r USING (judge_run_id)
        WHERE r.annotator_id = v.annotator_id AND j.comparison_id = v.comparison_id) AS "pA",
       (SELECT any_value(q.text) FROM rationale q WHERE q.comparison_id = v.comparison_id AND q.annotator_id = v.annotator_id
          AND q.aspect IS NULL) AS rationale
     FROM vote v JOIN annotator n USING (annotator_id) WHERE v.comparison_id = ? AND v.annotator_id = ? AND v.aspect IS NULL LIMIT 1`,
    [comparisonId, suggestionsFrom],
  );
  return found ?? null;
}
