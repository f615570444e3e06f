import { randomUUID } from 'node:crypto';
import { AppError } from '../../../contract/app-error.ts';
import team from './schema/0001-team.sql?raw';
import type { TeamSession } from './team-server.ts';

/** Numbered, append-only, as the workspace's own. */
const steps: readonly { readonly version: number; readonly name: string; readonly sql: string }[] = [
  { version: 1, name: 'team', sql: team },
];

const teamSchemaVersion = steps.at(-1)?.version ?? 0;

/** Any number that nobody else locks by. */
const setUpLock = 7_204_118_733;

async function findVersion(session: TeamSession): Promise<number> {
  const { isThere } = (await session.find<{ isThere: boolean }>(
    `SELECT to_regclass('assay_team.schema_version') IS NOT NULL AS "isThere"`,
  )) ?? { isThere: false };
  if (!isThere) return 0;
  const row = await session.find<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM assay_team.schema_version',
  );
  return row?.version ?? 0;
}

function requireKnown(version: number): void {
  if (version > teamSchemaVersion)
    throw new AppError(
      'TEAM_SCHEMA_NEWER',
      `The team was not connected: its tables were made by a newer Assay (version ${version}, this one knows ${teamSchemaVersion}). Use the newer Assay.`,
      { version, known: teamSchemaVersion },
    );
}

/**
 * Makes the schema `assay_team`, or brings it to the newest version; all or nothing. Doing it again changes nothing.
 * Throws TEAM_SCHEMA_NEWER, TEAM_ACCESS_DENIED.
 */
export async function setUpTeam(session: TeamSession): Promise<void> {
  await session.run('SELECT pg_advisory_xact_lock($1::bigint)', [setUpLock]);
  const version = await findVersion(session);
  requireKnown(version);
  for (const step of steps.filter((one) => one.version > version)) {
    await session.run(step.sql);
    await session.run('INSERT INTO assay_team.schema_version (version, name) VALUES ($1, $2)', [
      step.version,
      step.name,
    ]);
  }
  await session.run('INSERT INTO assay_team.team (team_key) VALUES ($1) ON CONFLICT DO NOTHING', [
    randomUUID(),
  ]);
}

/**
 * Which team this is.
 * @throws AppError TEAM_SCHEMA_MISSING, TEAM_SCHEMA_OLDER, TEAM_SCHEMA_NEWER, TEAM_OTHER where it is not the one expected.
 */
export async function checkTeam(session: TeamSession, expected: string | null): Promise<string> {
  const version = await findVersion(session);
  requireKnown(version);
  if (version === 0)
    throw new AppError(
      'TEAM_SCHEMA_MISSING',
      'The team was not connected: this database has no tables of a team. Set it up once; one person does it for all.',
    );
  if (version < teamSchemaVersion)
    throw new AppError(
      'TEAM_SCHEMA_OLDER',
      `The team was not connected: its tables are of an older Assay (version ${version}). Set it up again with this one; nothing in them is lost.`,
      { version, known: teamSchemaVersion },
    );
  const row = await session.find<{ teamKey: string }>('SELECT team_key AS "teamKey" FROM assay_team.team');
  const teamKey = row?.teamKey ?? '';
  if (expected !== null && teamKey !== expected)
    throw new AppError(
      'TEAM_OTHER',
      'Nothing was sent: the tables at this address are those of another team, perhaps made anew. The answers stay here. Leave the team, then join this one.',
    );
  return teamKey;
}

/** Makes this workspace known to the team, or says that it is there. */
export async function greet(
  session: TeamSession,
  { machineKey, name }: { readonly machineKey: string; readonly name: string },
): Promise<void> {
  await session.run(
    `INSERT INTO assay_team.machine (machine_key, name) VALUES ($1, $2)
     ON CONFLICT (machine_key) DO UPDATE SET name = excluded.name, seen_at = now()`,
    [machineKey, name],
  );
}
