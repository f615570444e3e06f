import { randomUUID } from 'node:crypto';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { Sql } from '../corpus/reading/reader.ts';

/**
 * The candidate pairs of one run of a recipe, in tables of the scratch database: they cost nothing to throw away, and
 * the source is never written to. A candidate refers to prompts and responses by id; texts that a step has made have
 * negative ids.
 */
export interface Work {
  readonly session: Session;
  readonly datasetId: number;
  /** Place of the running step in the recipe. */
  readonly step: number;
  /** The step's id; `method` of the pairs it adds. */
  readonly method: string;
  /** Table of all candidates, dropped ones too. */
  readonly candidates: string;
  readonly madePrompts: string;
  readonly madeResponses: string;
  readonly signal: AbortSignal | undefined;
}

const messagesType = 'STRUCT("role" VARCHAR, content VARCHAR)[]';

/** What a step may decide about a candidate, with its type. */
const decisions = {
  prompt_id: 'BIGINT',
  label: 'VARCHAR',
  strength: 'DOUBLE',
  weight: 'DOUBLE',
  soft_label: 'DOUBLE',
  margin: 'DOUBLE',
  place: 'BIGINT',
  stage: 'INTEGER',
  split: 'VARCHAR',
  route: 'VARCHAR',
  goal_score: 'DOUBLE',
  is_relabelled: 'BOOLEAN',
  detail: 'JSON',
} as const;
export type Decision = keyof typeof decisions;

/** Names the tables of a run and makes them, holding every pair of the dataset, with what a former recipe decided of it. */
export async function openWork(
  session: Session,
  datasetId: number,
  signal?: AbortSignal,
): Promise<{ work: Work; drop: () => Promise<void> }> {
  const key = randomUUID().replaceAll('-', '');
  const work: Work = {
    session,
    datasetId,
    step: -1,
    method: 'source',
    candidates: `scratch.curate_${key}_pair`,
    madePrompts: `scratch.curate_${key}_prompt`,
    madeResponses: `scratch.curate_${key}_response`,
    signal,
  };
  const drop = async () => {
    for (const table of [work.candidates, work.madePrompts, work.madeResponses])
      await session.run(`DROP TABLE IF EXISTS ${table}`);
  };
  try {
    await makeTables(work);
  } catch (error) {
    await drop();
    throw error;
  }
  return { work, drop };
}

async function makeTables({ session, candidates, madePrompts, madeResponses, datasetId, signal }: Work) {
  await session.run(
    `CREATE TABLE ${madePrompts} (prompt_id BIGINT, made_key VARCHAR, text VARCHAR, messages ${messagesType})`,
  );
  await session.run(
    `CREATE TABLE ${madeResponses} (response_id BIGINT, made_key VARCHAR, text VARCHAR, messages ${messagesType}, model VARCHAR)`,
  );
  const decided = Object.entries(decisions).map(([name, type]) =>
    name === 'weight'
      ? `${name} ${type} NOT NULL DEFAULT 1`
      : name === 'is_relabelled'
        ? `${name} ${type} NOT NULL DEFAULT false`
        : `${name} ${type}`,
  );
  await session.run(
    `CREATE TABLE ${candidates} (candidate_id BIGINT NOT NULL, pair_key VARCHAR NOT NULL, comparison_id BIGINT, prompt_b_id BIGINT,
       response_a_id BIGINT NOT NULL, response_b_id BIGINT NOT NULL, ${decided.join(', ')}, method VARCHAR NOT NULL,
       added_by INTEGER NOT NULL, dropped_by INTEGER, touched_by INTEGER, why VARCHAR)`,
  );
  await session.run(
    `INSERT INTO ${candidates} BY NAME
     SELECT row_number() OVER (ORDER BY c.comparison_id) AS candidate_id, ${pairKey('p.text', 'a.text', 'b.text')} AS pair_key,
       c.comparison_id, c.prompt_b_id, c.response_a_id, c.response_b_id, c.prompt_id, c.label, c.strength, 'source' AS method, -1 AS added_by,
       coalesce(q.weight, 1) AS weight, q.soft_label, q.margin, q.place, q.stage, q.split, q.route, q.goal_score, coalesce(q.is_relabelled, false) AS is_relabelled, q.detail
     FROM comparison c JOIN prompt p USING (prompt_id) JOIN response a ON a.response_id = c.response_a_id
     JOIN response b ON b.response_id = c.response_b_id LEFT JOIN curation_row q ON q.comparison_id = c.comparison_id
     WHERE c.dataset_id = ? ORDER BY c.comparison_id`,
    [datasetId],
    { signal },
  );
}

const pairKey = (prompt: Sql, a: Sql, b: Sql): Sql => `md5(concat_ws(chr(31), ${prompt}, ${a}, ${b}))`;

/**
 * A pseudo-random key of a row, for drawing and shuffling by ORDER BY: depends on the row's texts, the seed and `salt`
 * only, so it is the same in every workspace. `key` is SQL, usually `pair_key`; break ties by candidate_id.
 */
export const drawKey = (key: Sql, seed: number, salt: string): Sql =>
  `md5(${key} || ${quoteLiteral(`.${Math.trunc(seed)}.${salt}`)})`;

/** All prompts a candidate may refer to: prompt_id, text, messages. */
export const promptsOf = ({ datasetId, madePrompts }: Work): Sql =>
  `(SELECT prompt_id, text, messages FROM prompt WHERE dataset_id = ${datasetId}
    UNION ALL SELECT prompt_id, text, messages FROM ${madePrompts})`;

/** All responses a candidate may refer to: response_id, text, messages, model. */
export const responsesOf = ({ datasetId, madeResponses }: Work): Sql =>
  `(SELECT response_id, text, messages, model FROM response WHERE dataset_id = ${datasetId}
    UNION ALL SELECT response_id, text, messages, model FROM ${madeResponses})`;

/**
 * The live candidates with the columns of `comparison` (label and strength as the steps have left them) and those of a
 * candidate. SQL written over `comparison x` or `comparison c` works over this relation too. comparison_id is NULL for
 * pairs that a step has built.
 */
export function pairsOf(work: Work): Sql {
  const modelOf = (side: 'a' | 'b') =>
    `CASE WHEN o.response_${side}_id = k.response_${side}_id THEN coalesce(o.model_${side}, r${side}.model) ELSE r${side}.model END AS model_${side}`;
  return `(SELECT k.*, ${work.datasetId} AS dataset_id, coalesce(o.example_id, k.pair_key) AS example_id, coalesce(o.n_votes, 0) AS n_votes,
      ${modelOf('a')}, ${modelOf('b')}, o.language, o.topic, o.subset, length(p.text) AS prompt_chars, length(ra.text) AS chars_a,
      length(rb.text) AS chars_b, coalesce(o.turns, 1) AS turns, o.extra, coalesce(o.source_file, k.method) AS source_file,
      coalesce(o.source_row, k.candidate_id) AS source_row
    FROM ${work.candidates} k LEFT JOIN comparison o ON o.comparison_id = k.comparison_id
    JOIN ${promptsOf(work)} p ON p.prompt_id = k.prompt_id
    JOIN ${responsesOf(work)} ra ON ra.response_id = k.response_a_id JOIN ${responsesOf(work)} rb ON rb.response_id = k.response_b_id
    WHERE k.dropped_by IS NULL)`;
}

/** The live candidates without their texts: the columns of the table alone; cheap. */
export const liveOf = ({ candidates }: Work): Sql => `(SELECT * FROM ${candidates} WHERE dropped_by IS NULL)`;

/** Rows a step speaks of: SQL with its parameters. */
export interface Chosen {
  readonly sql: Sql;
  readonly parameters?: readonly Parameter[];
}

/**
 * Drops live candidates. `sql` answers candidate_id and why (a category without numbers of single rows, since reasons are
 * counted). Answers how many were dropped.
 */
export async function dropPairs(work: Work, { sql, parameters = [] }: Chosen): Promise<number> {
  return work.session.run(
    `UPDATE ${work.candidates} SET dropped_by = ${work.step}, touched_by = ${work.step}, why = f.why
     FROM (SELECT candidate_id, min(why) AS why FROM (${sql}) GROUP BY candidate_id) f
     WHERE ${work.candidates}.candidate_id = f.candidate_id AND dropped_by IS NULL`,
    parameters,
    { signal: work.signal },
  );
}

/**
 * Changes what is decided of live candidates. `sql` answers candidate_id, why and a column for each name of `set`; at most
 * one row a candidate. Rows whose values stay as they are do not count. Answers how many were changed.
 */
export async function changePairs(
  work: Work,
  { sql, parameters = [], set }: Chosen & { readonly set: readonly Decision[] },
): Promise<number> {
  const { candidates, step } = work;
  const differs = set.map((name) => `${candidates}.${name} IS DISTINCT FROM f.${name}::${decisions[name]}`);
  return work.session.run(
    `UPDATE ${candidates} SET touched_by = ${step}, why = f.why, ${set.map((name) => `${name} = f.${name}::${decisions[name]}`).join(', ')}
     FROM (${sql}) f WHERE ${candidates}.candidate_id = f.candidate_id AND dropped_by IS NULL AND (${differs.join(' OR ')})`,
    parameters,
    { signal: work.signal },
  );
}

/**
 * Adds pairs. `sql` answers ord (their order, unique), prompt_id, preferred_id, other_id (responses), why, label
 * ('preferred', 'tie' or NULL for a pair still to be judged) and the columns named in `with`; comparison_id too where
 * `hasParent`. Which response becomes side a is drawn by the texts, so that the side says nothing. Answers how many.
 */
export async function addPairs(
  work: Work,
  {
    sql,
    parameters = [],
    with: columns = [],
    hasParent = false,
  }: Chosen & {
    readonly with?: readonly Exclude<Decision, 'prompt_id' | 'label'>[];
    readonly hasParent?: boolean;
  },
): Promise<number> {
  const { candidates, step, method, session } = work;
  const names = [...columns, ...(hasParent ? ['comparison_id'] : [])];
  const own = names.map((name) => `, ${name}`).join('');
  const { last } = await session.one<{ last: number }>(
    `SELECT coalesce(max(candidate_id), 0) AS last FROM ${candidates}`,
  );
  return session.run(
    `INSERT INTO ${candidates} BY NAME
     WITH made AS (${sql}), texted AS (SELECT m.*, ${pairKey('p.text', 'a.text', 'b.text')} AS drawn, p.text AS p_text, a.text AS a_text, b.text AS b_text
       FROM made m JOIN ${promptsOf(work)} p USING (prompt_id) JOIN ${responsesOf(work)} a ON a.response_id = m.preferred_id
       JOIN ${responsesOf(work)} b ON b.response_id = m.other_id),
     sided AS (SELECT *, md5_number_lower(drawn) % 2 = 0 AS is_first FROM texted)
     SELECT ${last} + row_number() OVER (ORDER BY ord) AS candidate_id, prompt_id,
       CASE WHEN is_first THEN drawn ELSE ${pairKey('p_text', 'b_text', 'a_text')} END AS pair_key,
       CASE WHEN is_first THEN preferred_id ELSE other_id END AS response_a_id,
       CASE WHEN is_first THEN other_id ELSE preferred_id END AS response_b_id,
       CASE label WHEN 'preferred' THEN CASE WHEN is_first THEN 'a' ELSE 'b' END ELSE label END AS label,
       ${quoteLiteral(method)} AS method, ${step} AS added_by, ${step} AS touched_by, why${own}
     FROM sided ORDER BY candidate_id`,
    parameters,
    { signal: work.signal },
  );
}

/**
 * Makes prompts or responses that the corpus does not hold. `sql` answers made_key (unique in the run; prefix it with the
 * step's id), text, messages (or NULL) and, for responses, model. Their ids are then read from `madePrompts` or
 * `madeResponses` by made_key.
 */
export async function makeTexts(
  work: Work,
  kind: 'prompt' | 'response',
  { sql, parameters = [] }: Chosen,
): Promise<number> {
  const table = kind === 'prompt' ? work.madePrompts : work.madeResponses;
  const id = `${kind}_id`;
  return work.session.run(
    `INSERT INTO ${table} BY NAME SELECT (SELECT coalesce(min(${id}), 0) FROM ${table}) - row_number() OVER (ORDER BY made_key) AS ${id}, * FROM (${sql})`,
    parameters,
    { signal: work.signal },
  );
}

/** SQL that sets a chosen and a rejected response beside each live candidate with label a or b. */
export const decidedOf = (work: Work): Sql =>
  `(SELECT *, CASE label WHEN 'a' THEN response_a_id ELSE response_b_id END AS chosen_id,
      CASE label WHEN 'a' THEN response_b_id ELSE response_a_id END AS rejected_id FROM ${liveOf(work)} WHERE label IN ('a', 'b'))`;
