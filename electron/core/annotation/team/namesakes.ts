import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { TeamStatus } from '../../../contract/team.contract.ts';
import { addRaterNamed, ensureRaterKey } from '../packs/keys.ts';
import { getRater } from '../rater.repository.ts';
import type { Exchange } from './exchange.ts';
import { storeTeamRater } from './share-project.ts';
import { addTeamRater, findTeamRater, type TeamRater } from './team-answers.ts';

/** Raters here whose name the team knows for a person that none of those here is known to be. */
export async function listNamesakes({ database, server }: Exchange): Promise<TeamStatus['namesakes']> {
  const team = await server.transact((session) =>
    session.all<TeamRater>('SELECT rater_key AS "raterKey", name FROM assay_team.rater'),
  );
  return database.withReader(async (session) => {
    const known = await session.all<{ key: string }>(
      `SELECT rater_key AS key FROM annotation_rater_key WHERE role = 'own'`,
    );
    const keys = new Set(known.map(({ key }) => key));
    const strangers = new Set(
      team.filter(({ raterKey }) => !keys.has(raterKey)).map(({ name }) => name.toLowerCase()),
    );
    const raters = await session.all<{ raterId: number; name: string }>(
      'SELECT rater_id AS "raterId", name FROM annotation_rater ORDER BY rater_id',
    );
    return raters.filter(({ name }) => strangers.has(name.toLowerCase()));
  });
}

/**
 * Says who a rater here is. The same person: they go on under the team's key. Another: the team's becomes a rater of its own
 * here, and this one gets a name in the team that tells them apart.
 * @throws AppError RATER_MISSING; TEAM_RATER_FREE where the team has nobody of that name
 */
export async function settleRater(
  { database, server }: Exchange,
  choice: { readonly raterId: number; readonly isSamePerson: boolean; readonly workspace: string },
): Promise<void> {
  const { raterId, isSamePerson, workspace } = choice;
  const { name } = await database.withReader((session) => getRater(session, raterId));
  const stranger = await server.transact((session) => findTeamRater(session, name));
  if (!stranger)
    throw new AppError('TEAM_RATER_FREE', `Nothing was changed: the team has nobody called ${name}.`, {
      raterId,
    });
  const isTaken = await database.withReader((session) => findOwner(session, stranger.raterKey));
  if (isTaken !== undefined && isTaken !== raterId)
    throw new AppError(
      'TEAM_RATER_FREE',
      `Nothing was changed: who ${name} is in the team is settled already.`,
      {
        raterId,
      },
    );
  if (isSamePerson) return database.write((session) => storeTeamRater(session, raterId, stranger.raterKey));
  const raterKey = await database.write(async (session) => {
    const other = await addRaterNamed(session, stranger.name);
    await session.run(`INSERT INTO annotation_rater_key VALUES (?, 'own', ?, NULL)`, [
      stranger.raterKey,
      other.raterId,
    ]);
    return ensureRaterKey(session, raterId);
  });
  const base = `${name} (${workspace})`.slice(0, 95);
  await server.transact(async (session) => {
    for (let number = 1; ; number++)
      if (await addTeamRater(session, { raterKey, name: number === 1 ? base : `${base} ${number}` })) return;
  });
  await database.write((session) => storeTeamRater(session, raterId, raterKey));
}

async function findOwner(session: Session, raterKey: string): Promise<number | undefined> {
  const row = await session.find<{ raterId: number }>(
    `SELECT rater_id AS "raterId" FROM annotation_rater_key WHERE rater_key = ? AND role = 'own'`,
    [raterKey],
  );
  return row?.raterId;
}
