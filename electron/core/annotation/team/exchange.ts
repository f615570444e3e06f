import type { Database } from '../../../../native/duckdb/database.ts';
import type { TeamSync } from '../../../contract/team.contract.ts';
import { type Claim, claimItems, countOpen, renewLeases } from './claims.ts';
import { mergeReceived } from './received.ts';
import { listMissing, readAnswers, readLastNumber, sendAnswers } from './team-answers.ts';
import {
  type Connection,
  forgetSent,
  listSentKeys,
  listUnsent,
  type LocalShare,
  markSent,
  rewindPull,
  storeClaims,
  storeReceived,
} from './team.repository.ts';
import type { TeamServer } from './team-server.ts';

/** One workspace and its team, while they are connected. */
export interface Exchange {
  readonly database: Database;
  readonly server: TeamServer;
  readonly connection: Connection;
  readonly incoming: string;
  readonly leaseSeconds: number;
}

const sendAtOnce = 200;
const readAtOnce = 500;

/**
 * Finds out what the server has lost since it was last seen, as after a restored backup: answers it lacks wait to be sent
 * again, and reading begins anew where its numbers have gone back.
 */
export async function checkKept({ database, server }: Exchange, share: LocalShare): Promise<number> {
  const { projectKey } = share;
  const keys = await database.withReader((session) => listSentKeys(session, projectKey));
  const { missing, last } = await server.transact(async (session) => ({
    missing: await listMissing(session, keys),
    last: await readLastNumber(session, projectKey),
  }));
  if (missing.size > 0) await database.write((session) => forgetSent(session, projectKey, missing));
  if (last < share.pulledTo) await database.write((session) => rewindPull(session, projectKey));
  return missing.size;
}

/** Sends what waits; an answer counts as sent when the server has committed it. Answers how many went. */
export async function sendWaiting(exchange: Exchange, share: LocalShare): Promise<number> {
  const { database, server, connection } = exchange;
  const { projectKey } = share;
  const { machineKey } = connection;
  for (let sent = 0; ;) {
    const waiting = await database.withReader((session) => listUnsent(session, share, sendAtOnce));
    if (waiting.length === 0) return sent;
    const answers = waiting.map(({ answer }) => answer);
    const missing = await server.transact(async (session) => {
      await sendAnswers(session, { projectKey, machineKey, answers });
      return listMissing(
        session,
        answers.map(({ answerKey }) => answerKey),
      );
    });
    const stored = waiting.filter(({ answer }) => !missing.has(answer.answerKey));
    await database.write((session) => markSent(session, share, stored));
    sent += stored.length;
    if (stored.length === 0) return sent;
  }
}

/** Fetches what others said and merges it by the rules of packs. */
export async function fetchReceived(exchange: Exchange, former: LocalShare): Promise<Omit<TeamSync, 'sent'>> {
  const { database, server, connection, incoming } = exchange;
  const { machineKey } = connection;
  const merging = { where: server.where, incoming, choices: { defaults: {}, choices: {} } };
  let share = former;
  let received = 0;
  let unreadable = 0;
  let taken = 0;
  for (let isEnd = false; !isEnd;) {
    const request = { projectKey: share.projectKey, machineKey, after: share.pulledTo, limit: readAtOnce };
    const part = await server.transact((session) => readAnswers(session, request));
    ({ isEnd } = part);
    if (part.upTo === share.pulledTo) break;
    const report = await database.write(async (session) => {
      await storeReceived(session, share, { ...part, incoming });
      return mergeReceived(session, share, merging);
    });
    taken += report.taken;
    share = { ...share, pulledTo: part.upTo };
    received += part.received.length;
    unreadable += part.unreadable;
  }
  return { received, unreadable, taken };
}

/** Merges again what is held back, after something was settled. */
export async function mergeInbox({ database, server, incoming }: Exchange, share: LocalShare) {
  const merging = { where: server.where, incoming, choices: { defaults: {}, choices: {} } };
  return database.write((session) => mergeReceived(session, share, merging));
}

export async function renewShare({ server, connection, leaseSeconds }: Exchange, { projectKey }: LocalShare) {
  const { machineKey } = connection;
  await server.transact((session) => renewLeases(session, { projectKey, machineKey, leaseSeconds }));
}

const pause = 60;
const turns = 5;

/**
 * Fills a rater's desk up to `count` items that are given and not answered, and answers how many came. Where everything open is
 * locked by other claims at this moment, it looks again.
 */
export async function fillDesk(
  { database, server, connection, leaseSeconds }: Exchange,
  share: LocalShare,
  seat: { readonly raterId: number; readonly raterKey: string; readonly count: number },
): Promise<number> {
  const { raterId, raterKey, count } = seat;
  const { projectKey, projectId } = share;
  const keys = { projectKey, raterKey, machineKey: connection.machineKey };
  let claims: Claim[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const { held, open } = await server.transact(async (session) => {
      const held = await claimItems(session, { ...keys, count, leaseSeconds });
      return { held, open: held.length > 0 ? 0 : await countOpen(session, keys) };
    });
    claims = held;
    if (held.length > 0 || open === 0) break;
    await new Promise((resolve) => setTimeout(resolve, pause * (1 + Math.random())));
  }
  return database.write((session) => storeClaims(session, { projectId, raterId }, claims));
}
