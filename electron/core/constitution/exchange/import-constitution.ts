import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { principleRequestSchema } from '../../../contract/constitution.contract.ts';
import type { ConstitutionImport, WrittenPrinciple } from '../../../contract/constitution-exchange.ts';
import { composeConstitution } from '../principles/principle-constitution.ts';
import { type PrincipleRun, PrincipleRunRepository } from '../principles/principle-run.repository.ts';
import { createEditRun, freezePrinciples, makeRecord } from './edit-run.ts';
import { bare, type Incoming } from './incoming.ts';
import { readConstitutionFile } from './read-file.ts';
import { findIcaiResults, readIcaiFolder } from './read-icai.ts';
import { storeConstitution } from './store-constitution.ts';
import { normalisePrinciple } from './written-text.ts';

export interface ImportSource {
  readonly datasetId: number;
  readonly path?: string | undefined;
  readonly file?: { readonly name: string; readonly text: string } | undefined;
}

interface Places {
  readonly database: Database;
  /** A folder the database may read. */
  readonly incoming: string;
  readonly appVersion: string;
}

/**
 * Reads a constitution from a file or an ICAI result folder into a new constitution of a dataset. Votes are taken over for the
 * pairs of the dataset with the same two texts (in either order), or, where the source has no texts, the same id. Throws
 * IMPORT_FILE_MISSING, IMPORT_FILE_UNREADABLE, CONSTITUTION_NOT_APPLICABLE.
 */
export async function importConstitution(
  places: Places,
  source: ImportSource,
  signal?: AbortSignal,
): Promise<ConstitutionImport> {
  const folder = path.join(places.incoming, `constitution-${randomUUID()}`);
  mkdirSync(folder, { recursive: true });
  try {
    const read = copyAndRead(folder, source);
    if (read.written.length + read.others.length === 0)
      throw new AppError('IMPORT_FILE_UNREADABLE', 'Nothing was imported: the source has no principle.');
    return await adopt(places, { ...source, read, signal });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyAndRead(folder: string, { path: from, file }: ImportSource): Incoming {
  if (file) {
    const copy = path.join(folder, path.basename(file.name) || 'constitution.txt');
    writeFileSync(copy, file.text);
    return readConstitutionFile(copy);
  }
  if (from === undefined || !existsSync(from))
    throw new AppError(
      'IMPORT_FILE_MISSING',
      `Nothing was imported: there is no file or folder ${from ?? ''}. Give the whole path.`,
      { file: from ?? null },
    );
  if (!statSync(from).isDirectory()) {
    const copy = path.join(folder, path.basename(from));
    cpSync(from, copy);
    return readConstitutionFile(copy);
  }
  const results = findIcaiResults(from);
  if (results === undefined)
    throw new AppError(
      'IMPORT_FILE_UNREADABLE',
      `Nothing was imported: ${from} holds no ICAI result (060_constitution.json or 030_distilled_principles_per_cluster.json).`,
    );
  cpSync(results, folder, { recursive: true, filter: (name) => name === results || statSync(name).isFile() });
  return readIcaiFolder(folder);
}

interface Adoption {
  readonly datasetId: number;
  readonly path?: string | undefined;
  readonly file?: { readonly name: string } | undefined;
  readonly read: Incoming;
  readonly signal: AbortSignal | undefined;
}

interface Matched {
  readonly rows: number;
  readonly matched: number;
}

async function adopt(places: Places, adoption: Adoption): Promise<ConstitutionImport> {
  const { database } = places;
  const { read, datasetId } = adoption;
  const table = `scratch.${quoteIdentifier(`import_${randomUUID()}`)}`;
  const written = read.written.map(normalisePrinciple);
  const others = read.others.map((text) => normalisePrinciple(bare(text)));
  try {
    const found = await matchPairs(database, { table, read, datasetId });
    const isVoted = found.matched > 0;
    const run = isVoted
      ? await createVotedRun(places, { table, written, others, adoption })
      : await createPlainRun(places, datasetId, [...written, ...others]);
    const document = await composeConstitution(database, run, {
      acquire: () => Promise.reject(new Error('An import asks no model.')),
      onProgress: () => undefined,
      signal: adoption.signal ?? new AbortController().signal,
      fixed: written.map(({ weight }, index) => ({ index, weight })),
      notes: [describe(adoption, found)],
    });
    const frozen = await new PrincipleRunRepository(database).listPrinciples(run.principleRunId);
    const constitutionId = await storeConstitution(database, document, {
      run,
      pins: frozen.flatMap(({ principleId, place }) =>
        written[place]?.isPinned ? [{ principleId, isPinned: true }] : [],
      ),
    });
    return await report(database, { constitutionId, run, found, adoption });
  } finally {
    await database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
  }
}

const nameOf = ({ path: from, file }: Pick<Adoption, 'path' | 'file'>) =>
  file?.name ?? (from === undefined ? '' : path.basename(from));

function describe(adoption: Adoption, { rows, matched }: Matched): string {
  const from = `Imported from ${nameOf(adoption)} (${adoption.read.format}): principles were read, not selected here.`;
  if (rows === 0) return from;
  return matched === 0
    ? `${from} None of its ${rows} pairs is in this dataset, so its votes were left out.`
    : `${from} Votes on ${matched} of its ${rows} pairs are in this dataset; the others were left out.`;
}

/** Puts into `table` the labelled pairs found: idx, comparison_id, is_swapped. A row is found once, and so is a pair. */
async function matchPairs(
  database: Database,
  { table, read, datasetId }: { table: string; read: Incoming; datasetId: number },
): Promise<Matched> {
  const { pairsSql } = read;
  if (pairsSql === null) return { rows: 0, matched: 0 };
  return database.withReader(async (session) => {
    await session.run(
      `CREATE OR REPLACE TABLE ${table} AS WITH source AS (${pairsSql}),
         own AS (
           SELECT c.comparison_id, c.example_id, md5(a.text) AS a, md5(b.text) AS b FROM comparison c
           JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id
           WHERE c.dataset_id = ? AND c.label IN ('a', 'b')),
         hit AS (
           SELECT s.idx, o.comparison_id, false AS is_swapped FROM source s JOIN own o ON o.a = md5(s.text_a) AND o.b = md5(s.text_b)
           UNION ALL SELECT s.idx, o.comparison_id, true FROM source s JOIN own o ON o.a = md5(s.text_b) AND o.b = md5(s.text_a)
           UNION ALL SELECT s.idx, o.comparison_id, false FROM source s JOIN own o ON o.example_id = s.ext_id WHERE s.text_a IS NULL OR s.text_b IS NULL),
         once AS (SELECT * FROM hit QUALIFY row_number() OVER (PARTITION BY idx ORDER BY is_swapped, comparison_id) = 1)
       SELECT * FROM once QUALIFY row_number() OVER (PARTITION BY comparison_id ORDER BY is_swapped, idx) = 1`,
      [datasetId],
    );
    return session.one<{ rows: number; matched: number }>(
      `SELECT (SELECT count(DISTINCT idx) FROM (${pairsSql})) AS rows, (SELECT count(*) FROM ${table}) AS matched`,
    );
  });
}

/** A run over the pairs found, with the votes of the source as those of a voter of its own. */
async function createVotedRun(
  { database, appVersion }: Places,
  {
    table,
    written,
    others,
    adoption,
  }: {
    table: string;
    written: readonly WrittenPrinciple[];
    others: readonly WrittenPrinciple[];
    adoption: Adoption;
  },
): Promise<PrincipleRun> {
  const { datasetId, read } = adoption;
  const runs = new PrincipleRunRepository(database);
  const request = principleRequestSchema.parse({ datasetId, propose: 'texts', sample: 1_000_000 });
  const digest = createHash('sha256').update(`${randomUUID()}`).digest('hex').slice(0, 16);
  const voter = `import/${digest}`;
  const record = makeRecord(appVersion, {
    request,
    model: { name: `${nameOf(adoption)} (imported)`, hash: voter },
  });
  const id = await runs.create(record, voter);
  const run = await runs.get(id);
  await database.write(async (session) => {
    await session.run(
      `DELETE FROM principle_run_pair WHERE principle_run_id = ? AND comparison_id NOT IN (SELECT comparison_id FROM ${table})`,
      [id],
    );
    await freezePrinciples(session, run, [...written, ...others], { isVotedElsewhere: true });
    await storeVotes(session, { table, run, votesSql: read.votesSql ?? '' });
  });
  return runs.get(id);
}

async function storeVotes(
  session: Session,
  { table, run, votesSql }: { table: string; run: PrincipleRun; votesSql: string },
): Promise<void> {
  const tidy = String.raw`regexp_replace(regexp_replace(trim(regexp_replace(principle, '\s+', ' ', 'g')), '[.;]+$', ''), '^select the response (that|which)\s*', '', 'i')`;
  await session.run(
    `INSERT INTO principle_vote (dataset_id, voter, principle_id, comparison_id, p_a, p_b, p_neither, label, label_ab, label_ba, n_calls, fail_reason)
     WITH said AS (SELECT idx, lower('Select the response that ' || ${tidy}) AS text, said FROM (${votesSql})),
     turned AS (
       SELECT r.principle_id, m.comparison_id, CASE WHEN m.is_swapped AND s.said = 'a' THEN 'b' WHEN m.is_swapped AND s.said = 'b' THEN 'a' ELSE s.said END AS label
       FROM said s JOIN ${table} m USING (idx) JOIN principle_run_principle r ON r.principle_run_id = ? JOIN principle p ON p.principle_id = r.principle_id AND lower(p.text) = s.text
       QUALIFY row_number() OVER (PARTITION BY r.principle_id, m.comparison_id) = 1)
     SELECT ?, ?, principle_id, comparison_id, CASE label WHEN 'a' THEN 1 WHEN 'b' THEN 0 END, CASE label WHEN 'b' THEN 1 WHEN 'a' THEN 0 END,
       CASE label WHEN 'neither' THEN 1 WHEN 'invalid' THEN NULL ELSE 0 END, label, label, label, 0, CASE label WHEN 'invalid' THEN 'invalid in the source' END
     FROM turned`,
    [run.principleRunId, run.datasetId, run.voter],
  );
}

/** Without votes of its own a constitution stands on the pairs and votes of the dataset’s newest run, where there is one. */
async function createPlainRun(
  { database, appVersion }: Places,
  datasetId: number,
  principles: readonly WrittenPrinciple[],
): Promise<PrincipleRun> {
  const runs = new PrincipleRunRepository(database);
  const newest = await database.one<{ run: number | null }>(
    'SELECT max(principle_run_id) AS run FROM principle_run WHERE dataset_id = ? AND constitution_id IS NOT NULL',
    [datasetId],
  );
  const request = principleRequestSchema.parse({ datasetId, propose: 'texts' });
  if (newest.run !== null) {
    const base = await runs.get(newest.run);
    const record = makeRecord(appVersion, {
      model: base.record.model,
      request: { ...request, sample: base.record.request.sample, seed: base.record.request.seed },
    });
    return createEditRun(database, base, { record, voter: base.voter, principles });
  }
  const run = await runs.get(await runs.create(makeRecord(appVersion, { request }), 'none'));
  await database.write((session) => freezePrinciples(session, run, principles));
  return runs.get(run.principleRunId);
}

async function report(
  database: Database,
  {
    constitutionId,
    run,
    found,
    adoption,
  }: { constitutionId: number; run: PrincipleRun; found: Matched; adoption: Adoption },
): Promise<ConstitutionImport> {
  const { read, datasetId } = adoption;
  const { votes } = await database.one<{ votes: number }>(
    'SELECT count(*) AS votes FROM principle_vote WHERE dataset_id = ? AND voter = ?',
    [datasetId, found.matched > 0 ? run.voter : ''],
  );
  const made: ConstitutionImport = {
    constitutionId,
    format: read.format,
    principles: read.written.length,
    others: read.others.length,
    ...found,
    votes,
    kept: [...read.kept.keys()],
    remarks: [
      ...(found.rows > found.matched
        ? [
            `${found.rows - found.matched} of ${found.rows} pairs are not in this dataset with a preferred side.`,
          ]
        : []),
      ...read.remarks,
    ],
  };
  await database.write((session) =>
    session.run(
      `INSERT INTO constitution_import (constitution_id, dataset_id, source, format, report, kept)
       SELECT ?, ?, ?, ?, ?::JSON, coalesce(json_transform(?::JSON, '"MAP(VARCHAR, VARCHAR)"'), MAP {})`,
      [
        constitutionId,
        datasetId,
        nameOf(adoption),
        read.format,
        JSON.stringify(made),
        JSON.stringify(Object.fromEntries(read.kept)),
      ],
    ),
  );
  return made;
}
