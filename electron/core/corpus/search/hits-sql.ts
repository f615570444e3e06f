import type { Session } from '../../../../native/duckdb/session.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { Sql } from '../reading/reader.ts';
import { nameSearchTables, type SearchIndex } from './search-tables.ts';
import type { AtomPlan, SearchPlan, Unit } from './search-units.ts';

/** Okapi BM25: how soon repetition stops counting, and how much length matters. */
const k1 = 1.2;
const b = 0.75;

interface Statement {
  readonly sql: Sql;
  readonly parameters: string[];
}

interface KnownTerm {
  readonly term: string;
  readonly termId: number;
  readonly df: number;
}

/** Robertson–Spärck Jones weight as Lucene has it, never negative: ln(1 + (N − df + 0.5) / (df + 0.5)). */
export function inverseDocumentFrequency(documents: number, df: number): number {
  return Math.log(1 + (documents - df + 0.5) / (df + 0.5));
}

const bit = (place: number): string => `${1n << BigInt(place)}::BIGINT`;

async function findTerms(session: Session, index: SearchIndex, units: readonly Unit[]): Promise<KnownTerm[]> {
  const exact = units.filter((unit) => unit.match === 'exact');
  if (exact.length === 0) return [];
  return session.all<KnownTerm>(
    `SELECT term, term_id AS "termId", df FROM ${nameSearchTables(index.datasetId).term}
     WHERE term IN (${exact.map(() => '?').join(', ')})`,
    exact.map((unit) => unit.term),
  );
}

/** Postings of all exact units: (row_id, bit, weight, tf). */
function exactPostings(index: SearchIndex, plan: SearchPlan, known: readonly KnownTerm[]): Statement[] {
  const found = plan.units.flatMap((unit, place) => {
    const term = unit.match === 'exact' ? known.find((candidate) => candidate.term === unit.term) : undefined;
    if (!term) return [];
    const weight = plan.wanted.includes(unit) ? inverseDocumentFrequency(index.documents, term.df) : 0;
    return [{ termId: term.termId, place, weight }];
  });
  if (found.length === 0) return [];
  const { posting } = nameSearchTables(index.datasetId);
  const pick = (value: (item: (typeof found)[number]) => string) =>
    `CASE term_id ${found.map((item) => `WHEN ${item.termId} THEN ${value(item)}`).join(' ')} END`;
  return [
    {
      sql: `SELECT row_id, ${pick((item) => bit(item.place))} AS bit, ${pick((item) => `${item.weight}::DOUBLE`)} AS weight, tf
        FROM ${posting} WHERE term_id IN (${found.map((item) => item.termId).join(', ')})`,
      parameters: [],
    },
  ];
}

/** Postings of a unit that stands for many terms, as if they were one. */
function expandedPostings(index: SearchIndex, plan: SearchPlan, place: number): Statement[] {
  const unit = plan.units[place];
  if (!unit || unit.match === 'exact') return [];
  const { term, posting } = nameSearchTables(index.datasetId);
  const matches = unit.match === 'prefix' ? 'starts_with(term, ?)' : 'contains(term, ?)';
  const weight = plan.wanted.includes(unit)
    ? `ln(1 + (${index.documents} - count(*) OVER () + 0.5) / (count(*) OVER () + 0.5))`
    : '0::DOUBLE';
  return [
    {
      sql: `SELECT row_id, ${bit(place)} AS bit, ${weight} AS weight, tf FROM (
        SELECT row_id, sum(tf) AS tf FROM ${posting} WHERE term_id IN (SELECT term_id FROM ${term} WHERE ${matches}) GROUP BY row_id)`,
      parameters: [unit.term],
    },
  ];
}

const textsOf = {
  pairs: {
    joins: `JOIN comparison x ON x.comparison_id = c.row_id JOIN prompt p ON p.prompt_id = x.prompt_id
      LEFT JOIN prompt pb ON pb.prompt_id = x.prompt_b_id
      JOIN response ra ON ra.response_id = x.response_a_id JOIN response rb ON rb.response_id = x.response_b_id`,
    texts: ['p.text', 'pb.text', 'ra.text', 'rb.text'],
  },
  responses: {
    joins: 'JOIN response x ON x.response_id = c.row_id JOIN prompt p ON p.prompt_id = x.prompt_id',
    texts: ['p.text', 'x.text'],
  },
} as const;

function holdsMask({ mask }: AtomPlan): Sql {
  return `(mask & ${mask}::BIGINT) = ${mask}::BIGINT`;
}

const isAscii = (text: string) => /^[\x20-\x7e]*$/.test(text.replace(/[’＇]/g, ''));

/** The atom's phrase as a condition on any of the texts; adds what is bound to `parameters`. */
export function fitsText(atom: AtomPlan, texts: readonly Sql[], parameters: string[]): Sql {
  const { pattern = '', literal } = atom;
  const proofs = texts.flatMap((text) => {
    if (literal === undefined) return [];
    parameters.push(literal);
    return [`coalesce(contains(${text}, ?), false)`];
  });
  const fits = texts.map((text) => {
    parameters.push(pattern);
    const composed = isAscii(pattern) ? text : `nfc_normalize(${text})`;
    return `coalesce(regexp_matches(${composed}, ?), false)`;
  });
  return `(${[...proofs, ...fits].join(' OR ')})`;
}

/** The atom as a condition on a row with its texts. */
function holdsText(atom: AtomPlan, texts: readonly Sql[], parameters: string[]): Sql {
  if (atom.pattern === undefined) return holdsMask(atom);
  return `(${holdsMask(atom)} AND ${fitsText(atom, texts, parameters)})`;
}

function combine(
  plan: SearchPlan,
  holds: (atom: AtomPlan) => Sql,
  isExcluding: (atom: AtomPlan) => boolean,
): Sql {
  const wanted = plan.clauses.map((clause) => `(${clause.map(holds).join(' OR ')})`);
  const excluded = plan.excluded.filter(isExcluding).map((atom) => `NOT (${holds(atom)})`);
  return [...wanted, ...excluded].join(' AND ');
}

/** True where words of the plan have to stand next to each other, which only the texts can tell. */
export function hasPhrase(plan: SearchPlan): boolean {
  return [...plan.clauses.flat(), ...plan.excluded].some((atom) => atom.pattern !== undefined);
}

/**
 * The statement that answers (row_id, mask, score) of every row that has the words the plan wants, wherever they stand;
 * bit n of a mask is unit n. Numbers in it are our own ids and weights; terms are bound.
 */
export async function compileCandidates(
  session: Session,
  index: SearchIndex,
  plan: SearchPlan,
): Promise<Statement> {
  const postings = [
    ...exactPostings(index, plan, await findTerms(session, index, plan.units)),
    ...plan.units.flatMap((_, place) => expandedPostings(index, plan, place)),
  ];
  if (postings.length === 0)
    return {
      sql: 'SELECT 0::BIGINT AS row_id, 0::BIGINT AS mask, 0::DOUBLE AS score WHERE false',
      parameters: [],
    };
  const meanLength = Math.max(index.meanLength, Number.EPSILON);
  const score = `weight * tf * ${k1 + 1}::DOUBLE / (tf + ${k1}::DOUBLE * (${1 - b}::DOUBLE + ${b}::DOUBLE * length / ${meanLength}::DOUBLE))`;
  const scored = `FROM (${postings.map((statement) => statement.sql).join(' UNION ALL ')})
    JOIN ${nameSearchTables(index.datasetId).document} USING (row_id)`;
  const condition = combine(plan, holdsMask, (atom) => atom.pattern === undefined);
  // One unit has one posting a row: there is nothing to add up.
  const sql =
    plan.units.length === 1
      ? `SELECT * FROM (SELECT row_id, bit AS mask, ${score} AS score ${scored}) WHERE ${condition}`
      : `SELECT row_id, bit_or(bit) AS mask, sum(${score}) AS score ${scored} GROUP BY row_id HAVING ${condition}`;
  return { sql, parameters: postings.flatMap((statement) => statement.parameters) };
}

/** The statement that answers (row_id, score) of those candidates whose texts hold the plan's phrases; its patterns are bound. */
export function compileHits(relation: Relation, plan: SearchPlan, candidates: Sql): Statement {
  const { joins, texts } = textsOf[relation];
  const parameters: string[] = [];
  const condition = combine(
    plan,
    (atom) => holdsText(atom, texts, parameters),
    () => true,
  );
  return { sql: `SELECT c.row_id, c.score FROM ${candidates} c ${joins} WHERE ${condition}`, parameters };
}
