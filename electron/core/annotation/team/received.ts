import { createHash } from 'node:crypto';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { MergeReport, MergeRequest, Signer } from '../../../contract/pack.contract.ts';
import { mergeAnswers, previewMerge } from '../packs/merge.ts';
import { type AnswersPayload, hashOf } from '../packs/payload.ts';
import { getProject } from '../project.repository.ts';
import { parseRecord } from './team-answers.ts';
import type { LocalShare } from './team.repository.ts';

/** Answers of a team are signed by nobody; this stands where the signer of a pack does. */
export function signerOfTeam(where: string): Signer {
  return { hex: createHash('sha256').update(`team ${where}`).digest('hex'), words: `team ${where}` };
}

interface Merging {
  readonly where: string;
  readonly incoming: string;
  readonly choices: Pick<MergeRequest, 'defaults' | 'choices'>;
}

/** What lies in the inbox, the newest answer of each rater to each item, as the payload of a pack. */
async function readInbox(session: Session, share: LocalShare, where: string): Promise<AnswersPayload> {
  const { settings } = await getProject(session, share.projectId);
  const rows = await session.all<{ raterKey: string; rater: string; record: string }>(
    `SELECT rater_key AS "raterKey", rater, record FROM team_inbox WHERE project_key = ?
     QUALIFY row_number() OVER (PARTITION BY rater_key, item_key ORDER BY answered_at DESC, seq DESC) = 1 ORDER BY seq`,
    [share.projectKey],
  );
  return {
    kind: 'answers',
    handOffKey: share.handOffKey,
    projectKey: share.projectKey,
    createdAt: new Date().toISOString(),
    from: where.slice(0, 200),
    questionsHash: hashOf(settings.questions),
    guidelinesHash: hashOf(settings.guidelines),
    raters: [...new Map(rows.map(({ raterKey, rater }) => [raterKey, { raterKey, name: rater }])).values()],
    project: { name: settings.name, questions: settings.questions },
    answers: rows.map(({ record }) => parseRecord(record)),
  };
}

async function readIncoming(session: Session, share: LocalShare, { where, incoming, choices }: Merging) {
  return {
    payload: await readInbox(session, share, where),
    signer: signerOfTeam(where),
    request: { projectId: share.projectId, ...choices },
    incoming,
  };
}

/** What is held back by conflicts; nothing is written. */
export async function previewReceived(
  session: Session,
  share: LocalShare,
  merging: Merging,
): Promise<MergeReport> {
  return previewMerge(session, await readIncoming(session, share, merging));
}

/**
 * Takes what lies in the inbox by the rules of packs, in the caller's transaction. What conflicts stays there until a person
 * chooses; everything else leaves it.
 */
export async function mergeReceived(
  session: Session,
  share: LocalShare,
  merging: Merging,
): Promise<MergeReport> {
  const incoming = await readIncoming(session, share, merging);
  const report = await mergeAnswers(session, incoming);
  if (report.mergeId !== null) await joinMerges(session, report.mergeId, report.handOffId);
  await clearInbox(session, share, { report, payload: incoming.payload });
  return report;
}

/** Makes one merge of those of a team, so that the list of merges tells of it once, and it is undone at once. */
async function joinMerges(session: Session, mergeId: number, handOffId: number): Promise<void> {
  const first = await session.find<{ mergeId: number; report: string }>(
    `SELECT merge_id AS "mergeId", report::VARCHAR AS report FROM annotation_merge
     WHERE hand_off_id = ? AND merge_id < ? AND undone_at IS NULL ORDER BY merge_id LIMIT 1`,
    [handOffId, mergeId],
  );
  if (!first) return;
  const { report } = await session.one<{ report: string }>(
    'SELECT report::VARCHAR AS report FROM annotation_merge WHERE merge_id = ?',
    [mergeId],
  );
  const joined = addReports(JSON.parse(first.report) as MergeReport, JSON.parse(report) as MergeReport);
  for (const table of ['annotation_merged_answer', 'annotation_rater_key'])
    await session.run(`UPDATE ${table} SET merge_id = ? WHERE merge_id = ?`, [first.mergeId, mergeId]);
  await session.run('UPDATE annotation_merge SET report = ?::JSON, merged_at = now() WHERE merge_id = ?', [
    JSON.stringify(joined),
    first.mergeId,
  ]);
  await session.run('DELETE FROM annotation_merge WHERE merge_id = ?', [mergeId]);
}

function addReports(first: MergeReport, next: MergeReport): MergeReport {
  const tallies = new Map(first.byRater.map((tally) => [tally.rater, tally]));
  for (const tally of next.byRater) {
    const former = tallies.get(tally.rater);
    tallies.set(tally.rater, {
      ...tally,
      taken: tally.taken + (former?.taken ?? 0),
      known: tally.known + (former?.known ?? 0),
    });
  }
  return {
    ...next,
    mergeId: first.mergeId,
    received: first.received + next.taken + next.known,
    taken: first.taken + next.taken,
    known: first.known + next.known,
    byRater: [...tallies.values()],
  };
}

async function clearInbox(
  session: Session,
  { projectKey }: LocalShare,
  { report, payload }: { readonly report: MergeReport; readonly payload: AnswersPayload },
): Promise<void> {
  const open = report.conflicts.filter((conflict) => conflict.resolution === 'ours' && !conflict.isChosen);
  const told = report.conflicts.reduce(
    (sum, conflict) => sum + (conflict.resolution === 'ours' ? conflict.answers : 0),
    0,
  );
  const isAllTold = told >= report.leftOut;
  const heldKeys = new Set(open.map(({ conflictId }) => conflictId.slice(conflictId.indexOf('/') + 1)));
  const areQuestionsOpen = open.some(({ kind }) => kind === 'questions');
  const isHeld = (answerKey: string, raterKey: string) =>
    areQuestionsOpen || heldKeys.has(answerKey) || heldKeys.has(raterKey);
  const kept = payload.answers.filter(({ answerKey, raterKey }) => !isAllTold || isHeld(answerKey, raterKey));
  await session.run('CREATE OR REPLACE TEMP TABLE kept_inbox (answer_key VARCHAR)');
  for (const { answerKey } of kept) await session.run('INSERT INTO kept_inbox VALUES (?)', [answerKey]);
  await session.run(
    `DELETE FROM team_inbox WHERE project_key = ? AND answer_key NOT IN (SELECT answer_key FROM kept_inbox)`,
    [projectKey],
  );
}
