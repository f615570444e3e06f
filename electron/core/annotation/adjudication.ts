import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Answers, Conflict, PairwiseQuestion, Span } from '../../contract/annotation.contract.ts';
import type { EditingService } from '../editing/editing.service.ts';
import { type ImageRow, listImages } from './desk.ts';
import { getProject, type StoredProject } from './project.repository.ts';
import { ensureAnnotator, getRater } from './rater.repository.ts';
import { imagesSql, namedImageJoins, shownTextSql } from './shown-text.ts';

export interface Decision {
  readonly projectId: number;
  readonly raterId: number;
  readonly comparisonId: number;
  readonly question: string;
  readonly label: 'a' | 'b' | 'tie' | 'both_bad';
  readonly note: string | null;
  readonly applyToLabel: boolean;
}

function getPairwise(project: StoredProject, id: string): PairwiseQuestion {
  const question = project.settings.questions.find((one) => one.id === id);
  if (question?.kind === 'pairwise') return question;
  throw new AppError(
    'INPUT_INVALID',
    `Nothing was read: ${id} is not a question about which response is better.`,
    {
      question: id,
    },
  );
}

/**
 * Pairs on which raters gave different labels to a question, undecided ones first, in the order of the queue, with
 * every rater's current answer. Throws INPUT_INVALID for another kind of question.
 */
export async function listConflicts(
  session: Session,
  project: StoredProject,
  { question, offset, limit }: { question: string; offset: number; limit: number },
): Promise<{ count: number; rows: Conflict[] }> {
  getPairwise(project, question);
  const [reason] = project.settings.questions.filter((one) => one.kind === 'rationale');
  const answered = `SELECT w.comparison_id, r.name AS rater, w.ms, json_extract_string(w.answers, ?) AS label,
      json_extract(w.answers, ?)::DOUBLE AS strength, json_extract_string(w.answers, ?) AS rationale, w.answers::VARCHAR AS said
    FROM annotation_answer w JOIN annotation_rater r USING (rater_id)
    WHERE w.project_id = ? AND w.is_current AND w.status = 'submitted'`;
  const parameters = [
    `$.${question}.label`,
    `$.${question}.strength`,
    `$.${reason?.id ?? 'none'}.text`,
    project.projectId,
  ];
  const differing = `SELECT comparison_id FROM (${answered}) WHERE label IS NOT NULL GROUP BY comparison_id HAVING count(DISTINCT label) > 1`;
  const { count } = await session.one<{ count: number }>(
    `SELECT count(*) AS count FROM (${differing})`,
    parameters,
  );
  const rows = await session.all<ConflictRow>(
    `WITH answered AS MATERIALIZED (${answered}),
     decided AS (SELECT d.comparison_id, {'label': d.label, 'note': d.note, 'by': r.name, 'isApplied': d.is_applied} AS decision
       FROM annotation_decision d JOIN annotation_rater r USING (rater_id) WHERE d.project_id = ? AND d.question = ? AND d.is_current
       QUALIFY row_number() OVER (PARTITION BY d.comparison_id ORDER BY d.decided_at DESC, d.revision DESC) = 1)
     SELECT c.comparison_id AS "comparisonId", p.text AS prompt, ${shownTextSql('a')} AS "responseA", ${shownTextSql('b')} AS "responseB",
       ${imagesSql('a')} AS "imagesA", ${imagesSql('b')} AS "imagesB", c.label AS "datasetLabel",
       (SELECT list({'rater': w.rater, 'label': w.label, 'strength': w.strength, 'rationale': w.rationale, 'ms': w.ms, 'said': w.said} ORDER BY w.rater)
        FROM answered w WHERE w.comparison_id = c.comparison_id AND w.label IS NOT NULL) AS answers, x.decision
     FROM (SELECT comparison_id FROM answered WHERE label IS NOT NULL GROUP BY comparison_id HAVING count(DISTINCT label) > 1) f
     JOIN annotation_item i ON i.comparison_id = f.comparison_id AND i.project_id = ?
     JOIN comparison c ON c.comparison_id = f.comparison_id JOIN prompt p ON p.prompt_id = c.prompt_id
     JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id ${namedImageJoins}
     LEFT JOIN decided x ON x.comparison_id = c.comparison_id
     ORDER BY x.decision IS NOT NULL, i.pos LIMIT ${Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`,
    [...parameters, project.projectId, question, project.projectId],
  );
  return {
    count,
    rows: rows.map(({ imagesA, imagesB, answers, ...row }) => ({
      ...row,
      imagesA: listImages(imagesA),
      imagesB: listImages(imagesB),
      answers: answers.map(({ said, ...answer }) => ({ ...answer, spans: listSpans(said) })),
    })),
  };
}

type Said = Omit<Conflict['answers'][number], 'spans'> & { said: string };
type ConflictRow = Omit<Conflict, 'imagesA' | 'imagesB' | 'answers'> & {
  imagesA: ImageRow[] | null;
  imagesB: ImageRow[] | null;
  answers: Said[];
};

// Stored by `storeAnswer`, and read back unchanged.
const listSpans = (said: string): Span[] =>
  Object.values(JSON.parse(said) as Answers).flatMap((answer) =>
    answer.kind === 'span' ? answer.spans : [],
  );

/**
 * Stores a decision as the vote of the rater's adjudicator, beside the raters' own, keeping former decisions; with
 * `applyToLabel` it also becomes the label of the pair, as one edit that can be undone.
 *
 * @throws AppError INPUT_INVALID for another kind of question, and for the label from a question about one aspect.
 */
export async function decideConflict(
  {
    database,
    editing,
  }: { readonly database: Database; readonly editing: Pick<EditingService, 'applyLabels'> },
  decision: Decision,
): Promise<{ revision: number; operationId: string | null }> {
  const stored = await database.write((session) => storeDecision(session, decision));
  if (!decision.applyToLabel) return { revision: stored.revision, operationId: null };
  const key = `project_id = ${Math.trunc(decision.projectId)} AND comparison_id = ${Math.trunc(decision.comparisonId)}`;
  const outcome = await editing.applyLabels(
    {
      datasetId: stored.datasetId,
      source: `(SELECT comparison_id, label FROM annotation_decision WHERE ${key} AND rater_id = ${Math.trunc(decision.raterId)}
        AND question = '${stored.question.replaceAll("'", "''")}' AND is_current)`,
      title: 'Label from adjudication',
    },
    { who: stored.name, reason: decision.note === '' ? null : decision.note },
  );
  await database.write((session) =>
    session.run(
      `UPDATE annotation_decision SET is_applied = true WHERE ${key} AND rater_id = ? AND question = ? AND is_current`,
      [decision.raterId, stored.question],
    ),
  );
  return { revision: stored.revision, operationId: outcome.operationId };
}

async function storeDecision(session: Session, decision: Decision) {
  const { projectId, raterId, comparisonId, label, note } = decision;
  const project = await getProject(session, projectId);
  const question = getPairwise(project, decision.question);
  if (decision.applyToLabel && question.aspect !== null)
    throw new AppError(
      'INPUT_INVALID',
      'Nothing was decided: only the overall question can give a pair its label. Decide without applying it.',
    );
  const { name } = await getRater(session, raterId);
  const { datasetId } = project;
  const item = await session.find(
    'SELECT 1 FROM annotation_item WHERE project_id = ? AND comparison_id = ?',
    [projectId, comparisonId],
  );
  if (!item)
    throw new AppError('ANNOTATION_ITEM_MISSING', 'Nothing was decided: the pair is not in this project.', {
      comparisonId,
    });
  const annotatorId = await ensureAnnotator(session, { raterId, datasetId, role: 'adjudicator' });
  const key = [projectId, comparisonId, question.id, raterId];
  const where = 'project_id = ? AND comparison_id = ? AND question = ? AND rater_id = ?';
  const { revision } = await session.one<{ revision: number }>(
    `SELECT coalesce(max(revision), 0) + 1 AS revision FROM annotation_decision WHERE ${where}`,
    key,
  );
  await session.run(`UPDATE annotation_decision SET is_current = false WHERE ${where}`, key);
  await session.run(
    `INSERT INTO annotation_decision (project_id, comparison_id, question, rater_id, revision, is_current, label, note)
     VALUES (?, ?, ?, ?, ?, true, ?, ?)`,
    [...key, revision, label, note],
  );
  const own = [comparisonId, annotatorId, question.aspect];
  for (const table of ['vote', 'rationale'])
    await session.run(
      `DELETE FROM ${table} WHERE comparison_id = ? AND annotator_id = ? AND aspect IS NOT DISTINCT FROM ?`,
      own,
    );
  await session.run(
    'INSERT INTO vote (comparison_id, dataset_id, annotator_id, aspect, label, import_id) VALUES (?, ?, ?, ?, ?, 0)',
    [comparisonId, datasetId, annotatorId, question.aspect, label],
  );
  if (note !== null && note !== '')
    await session.run(
      'INSERT INTO rationale (dataset_id, comparison_id, annotator_id, aspect, text, import_id) VALUES (?, ?, ?, ?, ?, 0)',
      [datasetId, comparisonId, annotatorId, question.aspect, note],
    );
  return { revision, datasetId, name, question: question.id };
}
