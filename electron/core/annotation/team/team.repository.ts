import { randomUUID } from 'node:crypto';
import type { Session } from '../../../../native/duckdb/session.ts';
import { type TeamPlace, teamPlaceSchema, type TeamStatus } from '../../../contract/team.contract.ts';
import { answersSchema } from '../../../contract/annotation.contract.ts';
import { type PackAnswer, textHashSql, textJoins } from '../packs/payload.ts';
import { stageRows } from '../packs/stage-rows.ts';
import type { Claim } from './claims.ts';
import type { ReceivedAnswer } from './team-answers.ts';

export interface Connection {
  readonly teamKey: string;
  /** What this workspace is known by in the team. */
  readonly machineKey: string;
  readonly place: TeamPlace;
  readonly isOn: boolean;
}

export async function findConnection(session: Session): Promise<Connection | undefined> {
  const row = await session.find<{ teamKey: string; machineKey: string; settings: string; isOn: boolean }>(
    `SELECT team_key AS "teamKey", machine_key AS "machineKey", settings::VARCHAR AS settings, is_on AS "isOn" FROM team_connection`,
  );
  return row && { ...row, place: teamPlaceSchema.parse(JSON.parse(row.settings)) };
}

/** Keeps the connection; the workspace keeps its key while it stays with the same team. */
export async function storeConnection(
  session: Session,
  { teamKey, place }: { readonly teamKey: string; readonly place: TeamPlace },
): Promise<Connection> {
  const former = await findConnection(session);
  const machineKey = former?.teamKey === teamKey ? former.machineKey : randomUUID();
  await session.run('DELETE FROM team_connection');
  await session.run(
    'INSERT INTO team_connection (team_key, machine_key, settings, is_on) VALUES (?, ?, ?::JSON, true)',
    [teamKey, machineKey, JSON.stringify(place)],
  );
  return { teamKey, machineKey, place, isOn: true };
}

export async function switchConnection(session: Session, isOn: boolean): Promise<void> {
  await session.run('UPDATE team_connection SET is_on = ?', [isOn]);
}

/** Ends sharing; projects, answers and what was sent stay. */
export async function removeConnection(session: Session): Promise<void> {
  await session.run('UPDATE team_project SET left_at = now() WHERE left_at IS NULL');
  await session.run('DELETE FROM team_connection');
  await session.run('DELETE FROM team_rater');
}

export interface LocalShare {
  readonly projectId: number;
  readonly projectKey: string;
  readonly handOffKey: string;
  readonly isOwn: boolean;
  readonly pulledTo: number;
}

const shareSql = `SELECT k.project_id AS "projectId", t.project_key AS "projectKey", t.hand_off_key AS "handOffKey",
  t.is_own AS "isOwn", t.pulled_to AS "pulledTo"
  FROM team_project t JOIN annotation_project_key k USING (project_key) JOIN annotation_project p ON p.project_id = k.project_id
  WHERE t.left_at IS NULL AND ((t.is_own AND k.hand_off_key IS NULL) OR k.hand_off_key = t.hand_off_key)`;

export async function listShares(session: Session): Promise<LocalShare[]> {
  return session.all<LocalShare>(`${shareSql} ORDER BY k.project_id`);
}

/** Undefined for a project that no team shares. */
export async function findShare(session: Session, projectId: number): Promise<LocalShare | undefined> {
  return session.find<LocalShare>(`${shareSql} AND k.project_id = ?`, [projectId]);
}

/** Answers that were given here, or came otherwise than from the team, and are not known to be there. */
const unsentSql = `SELECT w.* FROM annotation_answer w
  WHERE w.project_id = ? AND w.is_current
    AND NOT EXISTS (SELECT 1 FROM team_sent s WHERE s.project_key = ? AND s.rater_id = w.rater_id
      AND s.comparison_id = w.comparison_id AND s.revision = w.revision)
    AND NOT EXISTS (SELECT 1 FROM annotation_merged_answer m JOIN annotation_merge g USING (merge_id)
      JOIN annotation_hand_off o USING (hand_off_id) WHERE m.project_id = w.project_id AND m.rater_id = w.rater_id
        AND m.comparison_id = w.comparison_id AND m.revision = w.revision AND o.hand_off_key = ?)`;

const unsentParameters = ({ projectId, projectKey, handOffKey }: LocalShare) => [
  projectId,
  projectKey,
  handOffKey,
];

export async function countUnsent(session: Session, share: LocalShare): Promise<number> {
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM (${unsentSql})`,
    unsentParameters(share),
  );
  return n;
}

export async function listUnsentRaters(session: Session, share: LocalShare): Promise<number[]> {
  const rows = await session.all<{ raterId: number }>(
    `SELECT DISTINCT rater_id AS "raterId" FROM (${unsentSql}) ORDER BY ALL`,
    unsentParameters(share),
  );
  return rows.map(({ raterId }) => raterId);
}

interface UnsentAnswer {
  readonly raterId: number;
  readonly comparisonId: number;
  readonly revision: number;
  readonly answer: PackAnswer;
}

type UnsentRow = Omit<UnsentAnswer, 'answer'> & Omit<PackAnswer, 'answers'> & { answers: string };

/**
 * The oldest answers that wait, of raters the team knows. The key of an answer follows from item, rater, revision and time, as
 * in packs, so that it is the same however often it is sent.
 */
export async function listUnsent(
  session: Session,
  share: LocalShare,
  limit: number,
): Promise<UnsentAnswer[]> {
  const rows = await session.all<UnsentRow>(
    `SELECT w.rater_id AS "raterId", w.comparison_id AS "comparisonId", w.revision,
       coalesce((SELECT any_value(m.answer_key) FROM annotation_merged_answer m WHERE m.project_id = w.project_id
         AND m.rater_id = w.rater_id AND m.comparison_id = w.comparison_id AND m.revision = w.revision),
         md5(concat_ws('/', k.item_key, r.rater_key, w.revision, epoch_us(w.answered_at)))::UUID::VARCHAR) AS "answerKey",
       k.item_key AS "itemKey", r.rater_key AS "raterKey", ${textHashSql} AS "textHash", w.status, w.answers::VARCHAR AS answers,
       w.skip_reason AS "skipReason", w.shown_first AS "shownFirst", w.ms, w.answered_at AS "answeredAt"
     FROM (${unsentSql}) w JOIN team_rater r ON r.rater_id = w.rater_id
       JOIN annotation_item_key k ON k.project_id = w.project_id AND k.comparison_id = w.comparison_id
       JOIN comparison c ON c.comparison_id = w.comparison_id ${textJoins}
     ORDER BY w.answered_at, w.rater_id, w.comparison_id LIMIT ${Math.trunc(limit)}`,
    unsentParameters(share),
  );
  return rows.map(({ raterId, comparisonId, revision, answers, answeredAt, ...rest }) => ({
    raterId,
    comparisonId,
    revision,
    answer: {
      ...rest,
      answers: answersSchema.parse(JSON.parse(answers)),
      answeredAt: new Date(answeredAt).toISOString(),
    },
  }));
}

export async function markSent(
  session: Session,
  { projectKey }: LocalShare,
  sent: readonly UnsentAnswer[],
): Promise<void> {
  for (const { raterId, comparisonId, revision, answer } of sent)
    await session.run(
      `INSERT INTO team_sent (project_key, rater_id, comparison_id, revision, answer_key) SELECT ?, ?, ?, ?, ?
       WHERE NOT EXISTS (SELECT 1 FROM team_sent WHERE project_key = ? AND answer_key = ?)`,
      [projectKey, raterId, comparisonId, revision, answer.answerKey, projectKey, answer.answerKey],
    );
}

export async function listSentKeys(session: Session, projectKey: string): Promise<string[]> {
  const rows = await session.all<{ key: string }>(
    'SELECT answer_key AS key FROM team_sent WHERE project_key = ?',
    [projectKey],
  );
  return rows.map(({ key }) => key);
}

/** Lets answers wait again that a server has lost. */
export async function forgetSent(
  session: Session,
  projectKey: string,
  keys: ReadonlySet<string>,
): Promise<void> {
  for (const key of keys)
    await session.run('DELETE FROM team_sent WHERE project_key = ? AND answer_key = ?', [projectKey, key]);
}

/** Puts what came where the merge finds it, with the number to read on from, in one transaction of the caller's. */
export async function storeReceived(
  session: Session,
  { projectKey }: LocalShare,
  { received, upTo, incoming }: { received: readonly ReceivedAnswer[]; upTo: number; incoming: string },
): Promise<void> {
  const rows = received.map(({ seq, rater, answer }) => ({
    seq,
    answer_key: answer.answerKey,
    rater_key: answer.raterKey,
    rater,
    item_key: answer.itemKey,
    answered_at: answer.answeredAt,
    record: JSON.stringify(answer),
  }));
  const columns = {
    ...{ seq: 'BIGINT', answer_key: 'VARCHAR', rater_key: 'VARCHAR', rater: 'VARCHAR', item_key: 'VARCHAR' },
    ...{ answered_at: 'TIMESTAMPTZ', record: 'VARCHAR' },
  };
  await stageRows(session, rows, { table: 'pulled', columns, incoming });
  await session.run(
    `INSERT INTO team_inbox (project_key, seq, answer_key, rater_key, rater, item_key, answered_at, record)
     SELECT ?, seq, answer_key, rater_key, rater, item_key, answered_at, record FROM pulled p
     WHERE NOT EXISTS (SELECT 1 FROM team_inbox i WHERE i.project_key = ? AND i.answer_key = p.answer_key)`,
    [projectKey, projectKey],
  );
  await session.run('UPDATE team_project SET pulled_to = ? WHERE project_key = ?', [upTo, projectKey]);
}

export async function rewindPull(session: Session, projectKey: string): Promise<void> {
  await session.run('UPDATE team_project SET pulled_to = 0 WHERE project_key = ?', [projectKey]);
}

/** Gives a rater the items the team has given them, with the sides it drew. Answers how many are new. */
export async function storeClaims(
  session: Session,
  { projectId, raterId }: { readonly projectId: number; readonly raterId: number },
  claims: readonly Claim[],
): Promise<number> {
  let added = 0;
  for (const { itemKey, shownFirst } of claims)
    added += await session.run(
      `INSERT INTO annotation_assignment (project_id, rater_id, turn, comparison_id, shown_first)
       SELECT ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM annotation_assignment WHERE project_id = ? AND rater_id = ?),
         k.comparison_id, ? FROM annotation_item_key k WHERE k.project_id = ? AND k.item_key = ?
         AND NOT EXISTS (SELECT 1 FROM annotation_assignment s WHERE s.project_id = ? AND s.rater_id = ?
           AND s.comparison_id = k.comparison_id)`,
      [projectId, raterId, projectId, raterId, shownFirst, projectId, itemKey, projectId, raterId],
    );
  return added;
}

/** Items a rater has been given and not answered. */
export async function countAhead(
  session: Session,
  { projectId, raterId }: { readonly projectId: number; readonly raterId: number },
): Promise<number> {
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM annotation_assignment s WHERE s.project_id = ? AND s.rater_id = ?
       AND NOT EXISTS (SELECT 1 FROM annotation_answer w WHERE w.project_id = s.project_id AND w.rater_id = s.rater_id
         AND w.comparison_id = s.comparison_id AND w.is_current)`,
    [projectId, raterId],
  );
  return n;
}

/** The shared projects with their figures. */
export async function readShares(session: Session): Promise<TeamStatus['projects']> {
  const shares = await listShares(session);
  const projects: TeamStatus['projects'] = [];
  for (const share of shares) {
    const { projectId, projectKey, isOwn } = share;
    const row = await session.one<{ datasetId: number; name: string; sent: number; heldBack: number }>(
      `SELECT dataset_id AS "datasetId", document ->> '$.name' AS name,
         (SELECT count(*) FROM team_sent WHERE project_key = ?) AS sent,
         (SELECT count(*) FROM team_inbox WHERE project_key = ?) AS "heldBack"
       FROM annotation_project WHERE project_id = ?`,
      [projectKey, projectKey, projectId],
    );
    projects.push({ projectId, projectKey, isOwn, ...row, waiting: await countUnsent(session, share) });
  }
  return projects;
}
