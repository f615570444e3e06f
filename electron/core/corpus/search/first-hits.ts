import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { fitsText } from './hits-sql.ts';
import type { AtomPlan, SearchPlan } from './search-units.ts';

/** Candidates whose texts are read at once, and after how many the search for a first page gives up. */
const chunk = 512;
const mostLooked = 1_024;

interface Candidate {
  readonly id: number;
  readonly mask: number | string;
}

interface Place {
  readonly id: number;
  readonly prompts: readonly (number | null)[];
  readonly responses: readonly number[];
}

const placeColumns: Readonly<Record<Relation, string>> = {
  pairs: `comparison_id AS id, [prompt_id, prompt_b_id] AS prompts, [response_a_id, response_b_id] AS responses FROM comparison WHERE comparison_id`,
  responses: `response_id AS id, [prompt_id] AS prompts, [response_id] AS responses FROM response WHERE response_id`,
};

/** Which of the phrases each text holds, bit n for phrase n. Ids are listed in the statement, so that the index serves. */
async function readPhrases(
  session: Session,
  table: 'prompt' | 'response',
  options: {
    ids: readonly (number | null)[];
    phrases: readonly AtomPlan[];
    signal?: AbortSignal | undefined;
  },
): Promise<Map<number, number>> {
  const listed = [...new Set(options.ids)].filter((id) => id !== null);
  if (listed.length === 0) return new Map();
  const parameters: string[] = [];
  const bits = options.phrases.map(
    (phrase, place) => `CASE WHEN ${fitsText(phrase, ['text'], parameters)} THEN ${2 ** place} ELSE 0 END`,
  );
  const rows = await session.all<{ id: number; bits: number }>(
    `SELECT ${table}_id AS id, ${bits.join(' + ')} AS bits FROM ${table} WHERE ${table}_id IN (${listed.join(', ')})`,
    parameters,
    { signal: options.signal },
  );
  return new Map(rows.map((row) => [row.id, row.bits]));
}

/** Whether the plan admits a row, from the words it has and the phrases its texts hold. */
function admits(plan: SearchPlan, words: bigint, holdsPhrase: (atom: AtomPlan) => boolean): boolean {
  const holds = (atom: AtomPlan) =>
    (words & atom.mask) === atom.mask && (atom.pattern === undefined || holdsPhrase(atom));
  return plan.clauses.every((clause) => clause.some(holds)) && !plan.excluded.some(holds);
}

/** The ids that the plan admits, in the order given. */
async function checkChunk(
  session: Session,
  { relation, plan, signal }: FirstRequest,
  candidates: readonly Candidate[],
): Promise<number[]> {
  const phrases = [...plan.clauses.flat(), ...plan.excluded].filter((atom) => atom.pattern !== undefined);
  const places = await session.all<Place>(
    `SELECT ${placeColumns[relation]} IN (${candidates.map(({ id }) => id).join(', ')})`,
    [],
    { signal },
  );
  const read = (table: 'prompt' | 'response', ids: readonly (number | null)[]) =>
    readPhrases(session, table, { ids, phrases, signal });
  const prompts = await read(
    'prompt',
    places.flatMap((place) => place.prompts),
  );
  const responses = await read(
    'response',
    places.flatMap((place) => place.responses),
  );
  const held = new Map(
    places.map(({ id, prompts: asked, responses: given }) => [
      id,
      [
        ...asked.map((one) => prompts.get(one ?? 0)),
        ...given.map((one) => responses.get(one)),
      ].reduce<number>((all, bits) => all | (bits ?? 0), 0),
    ]),
  );
  return candidates
    .filter(({ id, mask }) =>
      admits(plan, BigInt(mask), (atom) => ((held.get(id) ?? 0) & (2 ** phrases.indexOf(atom))) !== 0),
    )
    .map(({ id }) => id);
}

export interface FirstRequest {
  /** Table (row_id, mask, score), best first. */
  readonly candidates: string;
  readonly relation: Relation;
  readonly plan: SearchPlan;
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The best rows that the plan admits, found by reading the texts of candidates in order of their score until `limit` are
 * found or some thousands were looked at; `isComplete` where that was all of them.
 */
export async function findFirstRows(
  session: Session,
  request: FirstRequest,
): Promise<{ readonly ids: number[]; readonly isComplete: boolean }> {
  const ids: number[] = [];
  let looked = 0;
  while (ids.length < request.limit && looked < mostLooked) {
    const candidates = await session.all<Candidate>(
      `SELECT row_id AS id, mask FROM ${request.candidates} WHERE rowid >= ${looked} AND rowid < ${looked + chunk} ORDER BY rowid`,
      [],
      { signal: request.signal },
    );
    if (candidates.length > 0) ids.push(...(await checkChunk(session, request, candidates)));
    if (candidates.length < chunk) return { ids, isComplete: true };
    looked += chunk;
  }
  return { ids, isComplete: false };
}
