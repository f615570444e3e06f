import type { z } from 'zod';
import { answersPayloadSchema, type PackAnswer } from '../packs/payload.ts';
import type { TeamSession } from './team-server.ts';

/** A rater as the team knows them. */
export interface TeamRater {
  readonly raterKey: string;
  readonly name: string;
}

/** An answer that came from the team. */
export interface ReceivedAnswer {
  readonly seq: number;
  readonly rater: string;
  readonly answer: PackAnswer;
}

const answerSchema: z.ZodType<PackAnswer> = answersPayloadSchema.shape.answers.element;

/** The stored form of an answer. Throws where it is not one. */
export function parseRecord(record: string): PackAnswer {
  return answerSchema.parse(JSON.parse(record));
}

/** The answers among these that the team does not have. */
export async function listMissing(session: TeamSession, answerKeys: readonly string[]): Promise<Set<string>> {
  const rows = await session.all<{ key: string }>(
    `SELECT k::text AS key FROM unnest($1::uuid[]) AS t(k)
     WHERE NOT EXISTS (SELECT 1 FROM assay_team.answer a WHERE a.answer_key = k)`,
    [answerKeys],
  );
  return new Set(rows.map(({ key }) => key));
}

/**
 * Stores answers in the caller's transaction. One that is there already is left as it is, so sending twice is sending once. The
 * project is locked first: numbers of answers then follow the order in which they can be seen, and nobody who reads on
 * from a number misses one.
 */
export async function sendAnswers(
  session: TeamSession,
  {
    projectKey,
    machineKey,
    answers,
  }: { readonly projectKey: string; readonly machineKey: string; readonly answers: readonly PackAnswer[] },
): Promise<number> {
  await session.run('SELECT 1 FROM assay_team.project WHERE project_key = $1 FOR NO KEY UPDATE', [
    projectKey,
  ]);
  const columns = [
    answers.map((one) => one.answerKey),
    answers.map((one) => one.itemKey),
    answers.map((one) => one.raterKey),
    answers.map((one) => one.status),
    answers.map((one) => one.answeredAt),
  ];
  const stored = await session.run(
    `INSERT INTO assay_team.answer (answer_key, project_key, item_key, rater_key, machine_key, status, answered_at, record)
     SELECT t.answer_key, $7, t.item_key, t.rater_key, $8, t.status, t.answered_at, t.record
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
       AS t(answer_key, item_key, rater_key, status, answered_at, record)
       JOIN assay_team.item i ON i.item_key = t.item_key AND i.project_key = $7
     ON CONFLICT (answer_key) DO NOTHING`,
    [...columns, answers.map((one) => JSON.stringify(one)), projectKey, machineKey],
  );
  await session.run(
    `INSERT INTO assay_team.claim AS c (item_key, rater_key, machine_key, shown_first, status, lease_until, answered_at)
     SELECT DISTINCT ON (t.item_key, t.rater_key) t.item_key, t.rater_key, $7, t.shown_first, t.status, now(), t.answered_at
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
       AS t(item_key, rater_key, status, answered_at, shown_first)
       JOIN assay_team.item i ON i.item_key = t.item_key AND i.project_key = $6
     ORDER BY t.item_key, t.rater_key, t.answered_at DESC
     ON CONFLICT (item_key, rater_key) DO UPDATE SET status = excluded.status, answered_at = excluded.answered_at
       WHERE c.answered_at IS NULL OR c.answered_at < excluded.answered_at`,
    [...columns.slice(1), answers.map((one) => one.shownFirst), projectKey, machineKey],
  );
  return stored;
}

/** The next answers of other machines after a number, at most `limit`, and how many had a form that is not understood. */
export async function readAnswers(
  session: TeamSession,
  request: {
    readonly projectKey: string;
    readonly machineKey: string;
    readonly after: number;
    readonly limit: number;
  },
): Promise<{ received: ReceivedAnswer[]; unreadable: number; upTo: number; isEnd: boolean }> {
  const rows = await session.all<{
    seq: string;
    answerKey: string;
    raterKey: string;
    rater: string;
    record: string;
  }>(
    `SELECT a.seq, a.answer_key AS "answerKey", a.rater_key AS "raterKey", r.name AS rater, a.record
     FROM assay_team.answer a JOIN assay_team.rater r USING (rater_key)
     WHERE a.project_key = $1 AND a.machine_key <> $2 AND a.seq > $3 ORDER BY a.seq LIMIT $4`,
    [request.projectKey, request.machineKey, request.after, request.limit],
  );
  const received: ReceivedAnswer[] = [];
  for (const { seq, answerKey, raterKey, rater, record } of rows) {
    const answer = tryParse(record);
    if (answer?.answerKey === answerKey && answer.raterKey === raterKey)
      received.push({ seq: Number(seq), rater: rater.trim(), answer });
  }
  return {
    received,
    unreadable: rows.length - received.length,
    upTo: Math.max(request.after, Number(rows.at(-1)?.seq ?? 0)),
    isEnd: rows.length < request.limit,
  };
}

function tryParse(record: string): PackAnswer | undefined {
  try {
    return parseRecord(record);
  } catch {
    return undefined;
  }
}

/** The last number of an answer in a project; below one that was seen where the server has gone back to an older state. */
export async function readLastNumber(session: TeamSession, projectKey: string): Promise<number> {
  const row = await session.find<{ last: string | null }>(
    'SELECT max(seq) AS last FROM assay_team.answer WHERE project_key = $1',
    [projectKey],
  );
  return Number(row?.last ?? 0);
}

/** Makes a rater known; false where another one has the name. */
export async function addTeamRater(session: TeamSession, { raterKey, name }: TeamRater): Promise<boolean> {
  const known = await session.find('SELECT 1 FROM assay_team.rater WHERE rater_key = $1', [raterKey]);
  if (known) return true;
  const added = await session.run(
    'INSERT INTO assay_team.rater (rater_key, name) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [raterKey, name],
  );
  return added > 0;
}

export async function findTeamRater(session: TeamSession, name: string): Promise<TeamRater | undefined> {
  return session.find<TeamRater>(
    'SELECT rater_key AS "raterKey", name FROM assay_team.rater WHERE lower(name) = lower($1)',
    [name],
  );
}
