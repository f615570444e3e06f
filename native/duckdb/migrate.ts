import { AppError } from '../../electron/contract/app-error.ts';
import type { Database } from './database.ts';
import foundation from './migrations/0001-foundation.sql?raw';
import editing from './migrations/0003-editing.sql?raw';
import audits from './migrations/0004-audits.sql?raw';
import episodesAndDatasheets from './migrations/0005-episodes-and-datasheets.sql?raw';
import models from './migrations/0006-models.sql?raw';
import judging from './migrations/0007-judging.sql?raw';
import principles from './migrations/0008-principles.sql?raw';
import annotation from './migrations/0009-annotation.sql?raw';
import curation from './migrations/0010-curation.sql?raw';
import packs from './migrations/0011-packs.sql?raw';
import rationales from './migrations/0012-rationales.sql?raw';
import constitutionSlices from './migrations/0013-constitution-slices.sql?raw';
import modelAudits from './migrations/0014-model-audits.sql?raw';
import team from './migrations/0015-team.sql?raw';
import mining from './migrations/0016-mining.sql?raw';
import constitutionImports from './migrations/0017-constitution-imports.sql?raw';
import refusalsAndLanguages from './migrations/0018-refusals-and-languages.sql?raw';

/** Numbered, append-only: a landed migration is never edited, only followed by another. */
const migrations: readonly { readonly version: number; readonly name: string; readonly sql: string }[] = [
  { version: 1, name: 'foundation', sql: foundation },
  { version: 3, name: 'editing', sql: editing },
  { version: 4, name: 'audits', sql: audits },
  { version: 5, name: 'episodes-and-datasheets', sql: episodesAndDatasheets },
  { version: 6, name: 'models', sql: models },
  { version: 7, name: 'judging', sql: judging },
  { version: 8, name: 'principles', sql: principles },
  { version: 9, name: 'annotation', sql: annotation },
  { version: 10, name: 'curation', sql: curation },
  { version: 11, name: 'packs', sql: packs },
  { version: 12, name: 'rationales', sql: rationales },
  { version: 13, name: 'constitution-slices', sql: constitutionSlices },
  { version: 14, name: 'model-audits', sql: modelAudits },
  { version: 15, name: 'team', sql: team },
  { version: 16, name: 'mining', sql: mining },
  { version: 17, name: 'constitution-imports', sql: constitutionImports },
  { version: 18, name: 'refusals-and-languages', sql: refusalsAndLanguages },
];

export const schemaVersion = migrations.at(-1)?.version ?? 0;

/**
 * Brings the schema to the newest version, each step with its version mark in one transaction, so that a kill in the
 * middle leaves the former version; at the end the log is written into the file. Throws WORKSPACE_NEWER for a file a later release has written.
 */
export async function migrate(database: Database): Promise<void> {
  await database.write(async (session) => {
    await session.run(
      'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ DEFAULT now())',
    );
  });
  const { version } = await database.one<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM schema_version',
  );
  if (version > schemaVersion) {
    throw new AppError(
      'WORKSPACE_NEWER',
      `The workspace was not opened: it was written by a newer Assay (schema ${version}, this one knows ${schemaVersion}). Use the newer Assay.`,
      { version, known: schemaVersion },
    );
  }
  const missing = migrations.filter((candidate) => candidate.version > version);
  for (const migration of missing) {
    await database.write(async (session) => {
      await session.run(migration.sql);
      await session.run('INSERT INTO schema_version (version, name) VALUES (?, ?)', [
        migration.version,
        migration.name,
      ]);
    });
  }
  if (missing.length > 0) await database.enterWriteLane((session) => session.run('CHECKPOINT'));
}
