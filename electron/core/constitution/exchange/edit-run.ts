import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { principleRequestSchema } from '../../../contract/constitution.contract.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import type { WrittenPrinciple } from '../../../contract/constitution-exchange.ts';
import { storeCandidate } from '../principles/adopt-principles.ts';
import { insertPrinciple } from '../principles/insert-principle.ts';
import { type CandidatePrinciple, defaultTraits, surfaceCandidates } from '../principles/default-traits.ts';
import {
  type PrincipleRun,
  type PrincipleRunRecord,
  PrincipleRunRepository,
} from '../principles/principle-run.repository.ts';
import { oppositeOf, readStoredPrinciple, spellPrinciple } from './written-text.ts';

export interface Stored {
  readonly constitutionId: number;
  readonly document: ConstitutionDocument;
}

const byCode = new Map(
  [...defaultTraits, ...surfaceCandidates]
    .filter(({ traitId }) => traitId !== null)
    .map((candidate) => [candidate.text.toLowerCase(), candidate]),
);

/** Where code can vote on a written principle: its trait and direction. */
export function findCodeVote(
  written: Pick<WrittenPrinciple, 'text' | 'polarity'>,
): Pick<CandidatePrinciple, 'traitId' | 'direction'> | undefined {
  const own = byCode.get(spellPrinciple({ ...written, polarity: 'for' }).toLowerCase());
  if (!own) return undefined;
  return {
    traitId: own.traitId,
    direction: written.polarity === 'for' ? own.direction : own.direction === 1 ? -1 : 1,
  };
}

/**
 * The run on whose pairs and votes a constitution is edited: the newest one that voted for its editor, else the one it was
 * made by. A surface constitution gets one of all its labelled pairs, with the same split.
 */
export async function findBaseRun(
  database: Database,
  { constitutionId, document }: Stored,
  appVersion: string,
): Promise<PrincipleRun> {
  const runs = new PrincipleRunRepository(database);
  const newest = await database.one<{ run: number | null }>(
    `SELECT max(principle_run_id) AS run FROM principle_run WHERE dataset_id = ? AND TRY_CAST(record->>'$.baseOf' AS INTEGER) = ?`,
    [document.dataset_id, constitutionId],
  );
  const known = newest.run ?? document.run?.run;
  if (known !== undefined) return runs.get(known);
  const request = principleRequestSchema.parse({
    datasetId: document.dataset_id,
    propose: 'texts',
    sample: 1_000_000,
    seed: document.seed,
  });
  const record = makeRecord(appVersion, { request, baseOf: constitutionId });
  const run = await runs.get(await runs.create(record, 'none'));
  await database.write((session) => freezePrinciples(session, run, readSelected(document)));
  return runs.get(run.principleRunId);
}

/** The record of a run that proposes nothing. */
export function makeRecord(
  appVersion: string,
  own: Pick<PrincipleRunRecord, 'request'> & Partial<PrincipleRunRecord>,
): PrincipleRunRecord {
  return {
    schema: 'assay.principle-run/1',
    model: null,
    embedModel: null,
    templates: {},
    appVersion,
    ...own,
  };
}

/** The principles of a constitution in order, with their weights; the 0 of one nobody has voted on is no weight. */
export function listSelected(document: ConstitutionDocument): { stored: string; weight: number | null }[] {
  return document.principles
    .filter((principle) => principle.is_selected)
    .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))
    .map(({ text, weight, n }) => ({ stored: text, weight: n === 0 && weight === 0 ? null : weight }));
}

const readSelected = (document: ConstitutionDocument): WrittenPrinciple[] =>
  listSelected(document).map(({ stored, weight }) => ({
    ...readStoredPrinciple(stored),
    weight,
    isPinned: false,
  }));

/**
 * A run over the very pairs and split of another. Principles of the list that the dataset does not have are added; a
 * wording that is the opposite of a known one gets its votes the other way round.
 */
export async function createEditRun(
  database: Database,
  base: PrincipleRun,
  edit: {
    readonly record: PrincipleRunRecord;
    readonly voter: string;
    readonly principles: readonly WrittenPrinciple[];
  },
): Promise<PrincipleRun> {
  const runs = new PrincipleRunRepository(database);
  const id = await database.write(async (session) => {
    const { run } = await session.one<{ run: number }>(
      'SELECT coalesce(max(principle_run_id), 0) + 1 AS run FROM principle_run',
    );
    await session.run(
      'INSERT INTO principle_run_pair SELECT * REPLACE (?::INTEGER AS principle_run_id) FROM principle_run_pair WHERE principle_run_id = ?',
      [run, base.principleRunId],
    );
    await session.run(
      'INSERT INTO principle_run (principle_run_id, dataset_id, voter, record) VALUES (?, ?, ?, ?::JSON)',
      [run, base.datasetId, edit.voter, JSON.stringify(edit.record)],
    );
    await freezePrinciples(session, { principleRunId: run, datasetId: base.datasetId }, edit.principles);
    return run;
  });
  return runs.get(id);
}

/**
 * Puts a list into the dataset’s principles and freezes it as what a run votes on, in order. Where votes come with the list,
 * code does not vote on it.
 */
export async function freezePrinciples(
  session: Session,
  { principleRunId, datasetId }: Pick<PrincipleRun, 'principleRunId' | 'datasetId'>,
  principles: readonly WrittenPrinciple[],
  { isVotedElsewhere = false }: { readonly isVotedElsewhere?: boolean } = {},
): Promise<void> {
  for (const [place, written] of principles.entries()) {
    const id = isVotedElsewhere
      ? await storeForVotes(session, datasetId, written)
      : await storeWritten(session, datasetId, written);
    await session.run(
      'INSERT INTO principle_run_principle (principle_run_id, dataset_id, place, principle_id) VALUES (?, ?, ?, ?)',
      [principleRunId, datasetId, place, id],
    );
  }
  await session.run('UPDATE principle_run SET is_proposed = true WHERE principle_run_id = ?', [
    principleRunId,
  ]);
}

/** A principle whose votes come with it: one that code votes on here is another. */
async function storeForVotes(
  session: Session,
  datasetId: number,
  written: WrittenPrinciple,
): Promise<number> {
  const text = spellPrinciple(written);
  const known = await session.find<{ id: number }>(
    'SELECT principle_id AS id FROM principle WHERE dataset_id = ? AND lower(text) = lower(?) AND trait_id IS NULL',
    [datasetId, text],
  );
  if (known) return known.id;
  return insertPrinciple(session, datasetId, { text, origin: 'list' });
}

async function storeWritten(session: Session, datasetId: number, written: WrittenPrinciple): Promise<number> {
  const code = findCodeVote(written);
  const id = await storeCandidate(session, datasetId, {
    text: spellPrinciple(written),
    origin: code ? 'surface' : 'hand',
    traitId: code?.traitId ?? null,
    direction: code?.direction ?? 1,
    n: 1,
  });
  const opposite = spellPrinciple(oppositeOf(written));
  const flip = (column: string) =>
    `CASE o.${column} WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' ELSE o.${column} END`;
  await session.run(
    `INSERT INTO principle_vote (dataset_id, voter, principle_id, comparison_id, p_a, p_b, p_neither, label, label_ab, label_ba, n_calls, fail_reason)
     SELECT o.dataset_id, o.voter, ?, o.comparison_id, o.p_b, o.p_a, o.p_neither, ${flip('label')}, ${flip('label_ab')}, ${flip('label_ba')}, 0, o.fail_reason
     FROM principle_vote o JOIN principle p ON p.principle_id = o.principle_id AND p.dataset_id = ? AND lower(p.text) = lower(?)
     WHERE p.principle_id <> ? AND NOT EXISTS (SELECT 1 FROM principle_vote v WHERE v.principle_id = ? AND v.voter = o.voter AND v.comparison_id = o.comparison_id)`,
    [id, datasetId, opposite, id, id],
  );
  return id;
}
