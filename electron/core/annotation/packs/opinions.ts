import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { Question } from '../../../contract/annotation.contract.ts';
import type { StoredProject } from '../project.repository.ts';
import { ensureAnnotator } from '../rater.repository.ts';

/**
 * Makes votes, ratings and rationales of the raters and pairs in the temporary table `touched` (rater_id, comparison_id)
 * say what their current answers say, as `storeAnswer` does for one; a few statements a question, however many there are.
 */
export async function rewriteOpinions(session: Session, project: StoredProject): Promise<void> {
  const { projectId, datasetId, settings } = project;
  const raters = await session.all<{ raterId: number }>(
    'SELECT DISTINCT rater_id AS "raterId" FROM touched ORDER BY ALL',
  );
  for (const { raterId } of raters) await ensureAnnotator(session, { raterId, datasetId, role: 'rater' });
  await session.run(
    `CREATE OR REPLACE TEMP TABLE opinion AS
     SELECT t.comparison_id, m.annotator_id, c.response_a_id, c.response_b_id, w.status, w.answers, w.skip_reason, w.shown_first, w.ms
     FROM touched t JOIN annotation_rater_annotator m ON m.rater_id = t.rater_id AND m.dataset_id = ? AND m.role = 'rater'
       JOIN comparison c ON c.comparison_id = t.comparison_id
       LEFT JOIN annotation_answer w ON w.project_id = ? AND w.rater_id = t.rater_id AND w.comparison_id = t.comparison_id AND w.is_current`,
    [datasetId, projectId],
  );
  const [firstRationale] = settings.questions.filter((one) => one.kind === 'rationale');
  const [firstVote] = settings.questions.filter((one) => one.kind === 'pairwise');
  for (const question of settings.questions) {
    if (question.kind === 'pairwise')
      await rewriteVotes(session, datasetId, { question, isFirst: question === firstVote });
    else if (question.kind === 'rating') await rewriteRatings(session, datasetId, question);
    else if (question.kind === 'rationale' || question.kind === 'multi_label')
      await rewriteRationales(session, datasetId, {
        aspect: question === firstRationale ? null : question.id,
        text:
          question.kind === 'rationale'
            ? `json_extract_string(answers, ${pathTo(question.id, 'text')})`
            : `array_to_string(json_extract(answers, ${pathTo(question.id, 'labels')})::VARCHAR[], '; ')`,
        when: `status = 'submitted'`,
      });
  }
  await rewriteRationales(session, datasetId, {
    aspect: 'skip',
    text: 'skip_reason',
    when: `status = 'skipped'`,
  });
}

const pathTo = (question: string, field: string) => quoteLiteral(`$.${question}.${field}`);

const sameAspect = (
  table: string,
) => `${table}.comparison_id = o.comparison_id AND ${table}.annotator_id = o.annotator_id
  AND ${table}.aspect IS NOT DISTINCT FROM ?`;

async function rewriteVotes(
  session: Session,
  datasetId: number,
  { question, isFirst }: { question: Extract<Question, { kind: 'pairwise' }>; isFirst: boolean },
): Promise<void> {
  const { id, aspect } = question;
  await session.run(`DELETE FROM vote USING opinion o WHERE ${sameAspect('vote')}`, [aspect]);
  const skip = isFirst ? `CASE WHEN status = 'skipped' THEN 'skip' END` : 'NULL';
  await session.run(
    `INSERT INTO vote (comparison_id, dataset_id, annotator_id, aspect, label, strength, shown_first, ms, import_id)
     SELECT comparison_id, ?, annotator_id, ?, label, strength, shown_first, ${isFirst ? 'ms' : 'NULL'}, 0
     FROM (SELECT *, coalesce(${skip}, json_extract_string(answers, ${pathTo(id, 'label')})) AS label,
       json_extract(answers, ${pathTo(id, 'strength')})::DOUBLE AS strength FROM opinion) WHERE label IS NOT NULL`,
    [datasetId, aspect],
  );
}

async function rewriteRatings(
  session: Session,
  datasetId: number,
  question: Extract<Question, { kind: 'rating' }>,
): Promise<void> {
  const { id, aspect, min, max } = question;
  await session.run(
    `DELETE FROM rating USING opinion o WHERE rating.response_id IN (o.response_a_id, o.response_b_id)
       AND rating.annotator_id = o.annotator_id AND rating.aspect = ?`,
    [aspect],
  );
  for (const side of ['a', 'b'])
    await session.run(
      `INSERT INTO rating (response_id, dataset_id, annotator_id, aspect, "value", scale_min, scale_max, import_id)
       SELECT response_${side}_id, ?, annotator_id, ?, value, ?, ?, 0
       FROM (SELECT *, json_extract(answers, ${pathTo(id, side)})::DOUBLE AS value FROM opinion) WHERE value IS NOT NULL`,
      [datasetId, aspect, min, max],
    );
}

async function rewriteRationales(
  session: Session,
  datasetId: number,
  { aspect, text, when }: { aspect: string | null; text: string; when: string },
): Promise<void> {
  await session.run(`DELETE FROM rationale USING opinion o WHERE ${sameAspect('rationale')}`, [aspect]);
  await session.run(
    `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, aspect, text, import_id)
     SELECT ?, comparison_id, annotator_id, ?, said, 0 FROM (SELECT *, ${text} AS said FROM opinion WHERE ${when}) WHERE said IS NOT NULL`,
    [datasetId, aspect],
  );
}
