import { randomUUID } from 'node:crypto';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import type { ExportSpec, ExportWarning, RecipeColumn } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { compileClauses, explainPatternError, getField } from '../corpus/views/compile-filter.ts';
import { baseTable, fromClause } from '../corpus/views/field-table.ts';
import { chooseRecipeColumns, countRecipeColumns } from './recipe-columns.ts';
import { resolveOptions } from './registry.ts';
import { selectedRows } from './rows-sql.ts';
import { clusterKey, splitRank, splitSelect, type SplitShare } from './splits.ts';
import type { Shape, Writer, WriterContext } from './writer.ts';

/** The rows of an export in order, in a table of the session-shared scratch database, and what was left out. */
export interface Selection {
  /** Columns unit, split, row_id, label, strength; units are 0-based without gaps, splits are contiguous. */
  readonly table: string;
  readonly context: WriterContext;
  readonly shape: Shape;
  /** The prepared rows of the whole selection. */
  readonly rows: Sql;
  readonly selected: number;
  readonly written: number;
  readonly leftOut: readonly ExportWarning[];
  readonly splits: readonly SplitShare[];
  /** What a recipe decided about the rows, with how many. */
  readonly recipe: ReadonlyMap<RecipeColumn, number>;
  /** Changes whenever other rows, labels or splits would be written. */
  readonly fingerprint: string;
  drop(): Promise<void>;
}

export interface SelectionRequest {
  readonly dataset: Dataset;
  readonly spec: ExportSpec;
  readonly writer: Writer;
  /** Table of full-text hits with row_id and score, where the view searches for words. */
  readonly hits: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const vote = (datasetId: number): Sql => `(SELECT comparison_id,
    CASE WHEN n_a > greatest(n_b, n_tie + n_bad) THEN 'a' WHEN n_b > greatest(n_a, n_tie + n_bad) THEN 'b'
      WHEN n_bad > greatest(n_a, n_b, n_tie) THEN 'both_bad' WHEN n_a + n_b + n_tie + n_bad > 0 THEN 'tie' END AS label, strength
  FROM (SELECT comparison_id, count(*) FILTER (label = 'a') AS n_a, count(*) FILTER (label = 'b') AS n_b,
      count(*) FILTER (label = 'tie') AS n_tie, count(*) FILTER (label = 'both_bad') AS n_bad,
      abs(avg(CASE label WHEN 'a' THEN strength WHEN 'b' THEN -strength END)) AS strength
    FROM vote WHERE dataset_id = ${datasetId} AND annotator_id = ? AND aspect IS NOT DISTINCT FROM ? GROUP BY comparison_id))`;

/** The first reason why a row is not written, as SQL; the words that follow a count are its value. */
function reasonSql({ spec, writer, dataset }: SelectionRequest): Sql {
  if (dataset.relation === 'responses') return 'NULL::VARCHAR';
  const { canSay } = writer;
  const cases: Sql[] = [];
  if (!canSay.unlabelled) cases.push(`WHEN label IS NULL OR label = 'skip' THEN 'without a label'`);
  const keepsBad = spec.bothBad === 'keep' || (spec.bothBad === 'auto' && canSay.bothBad);
  if (!keepsBad) cases.push(`WHEN label = 'both_bad' THEN 'with both responses bad'`);
  const keepsTies = spec.ties === 'both' || spec.ties === 'keep' || (spec.ties === 'auto' && canSay.tie);
  if (!keepsTies) cases.push(`WHEN label = 'tie' THEN 'ties'`);
  if (spec.minStrength !== null)
    cases.push(
      `WHEN label IN ('a', 'b') AND coalesce(strength, -1) < ${spec.minStrength} THEN 'below the least strength, or without one'`,
    );
  return cases.length > 0 ? `CASE ${cases.join(' ')} END` : 'NULL::VARCHAR';
}

function checkPolicies({ spec, writer, dataset }: SelectionRequest): void {
  const refuse = (text: string) => {
    throw new AppError('EXPORT_OPTION_INVALID', `Not exported: ${text}`, { format: writer.id });
  };
  if (!writer.relations.includes(dataset.relation))
    refuse(
      `${writer.title} is made from ${writer.relations.join(' or ')}, and ${dataset.name} has ${dataset.relation}.`,
    );
  if (spec.ties === 'keep' && !writer.canSay.tie)
    refuse(`${writer.title} cannot say that a pair is a tie. Drop ties, or write them in both orders.`);
  if (spec.bothBad === 'keep' && !writer.canSay.bothBad)
    refuse(`${writer.title} cannot say that both responses are bad. Drop such pairs, or take them for ties.`);
}

/** Ids, labels and reasons in the order of the view: columns pos, row_id, label, strength, reason, prompt_id, copy. */
async function pickRows(session: Session, name: string, request: SelectionRequest): Promise<void> {
  const { dataset, spec, hits, signal } = request;
  const { relation, datasetId } = dataset;
  const { id } = baseTable[relation];
  const conditions = compileClauses(relation, spec.filter.clauses);
  const order = spec.sort.map(({ field, direction }) => ({
    definition: getField(relation, field),
    direction,
  }));
  const from = fromClause(relation, [...conditions.fields, ...order.map(({ definition }) => definition)]);
  const keys = order.map(({ definition, direction }) => `${definition.sql} ${direction} NULLS LAST`);
  if (hits && keys.length === 0) keys.push('h.score DESC');
  const isByVotes = relation === 'pairs' && spec.annotatorId !== null;
  const label = relation === 'responses' ? 'NULL::VARCHAR' : isByVotes ? 'w.label' : 'x.label';
  const strength = relation === 'responses' ? 'NULL::DOUBLE' : isByVotes ? 'w.strength' : 'x.strength';
  const parameters: Parameter[] = [
    ...(isByVotes ? [spec.annotatorId ?? 0, spec.aspect] : []),
    datasetId,
    ...conditions.parameters,
  ];
  const labelled =
    spec.bothBad === 'tie' ? `CASE ${label} WHEN 'both_bad' THEN 'tie' ELSE ${label} END` : label;
  const view = `SELECT x.${id} AS row_id, x.prompt_id, x.source_file, x.source_row, ${labelled} AS label, ${strength} AS strength
    FROM ${from} ${isByVotes ? `LEFT JOIN ${vote(datasetId)} w ON w.comparison_id = x.${id}` : ''}
    ${hits ? `JOIN ${hits} h ON h.row_id = x.${id}` : ''}
    WHERE x.dataset_id = ? AND (${conditions.sql}) ORDER BY ${[...keys, `x.${id}`].join(', ')}`;
  const copies =
    spec.ties === 'both' ? `CASE WHEN label = 'tie' THEN ['a', 'b'] ELSE [label] END` : '[label]';
  try {
    await session.run(
      `CREATE OR REPLACE TABLE ${name} AS SELECT row_number() OVER (ORDER BY place, copy) - 1 AS pos, row_id, prompt_id, source_file,
         source_row, said AS label, strength, reason, copy
       FROM (SELECT *, unnest(${copies}) AS said, unnest(range(len(${copies}))) AS copy FROM (
         SELECT *, ${reasonSql(request)} AS reason FROM (SELECT row_number() OVER () AS place, * FROM (${view}))))`,
      parameters,
      { signal },
    );
  } catch (error) {
    const pattern = spec.filter.clauses.find((clause) => clause.op === 'matches');
    if (pattern?.op === 'matches') explainPatternError(pattern.pattern, error);
    throw error;
  }
}

async function findConversations(
  session: Session,
  pick: string,
  request: SelectionRequest,
): Promise<boolean> {
  const { relation } = request.dataset;
  const sides = relation === 'pairs' ? ['response_a_id', 'response_b_id'] : ['response_id'];
  const joins = sides.map((side, at) => `JOIN response r${at} ON r${at}.response_id = x.${side}`).join(' ');
  const { table: base, id } = baseTable[relation];
  const { found } = await session.one<{ found: boolean }>(
    `SELECT count(*) > 0 AS found FROM ${pick} k JOIN ${base} x ON x.${id} = k.row_id JOIN prompt p ON p.prompt_id = x.prompt_id ${joins}
     WHERE k.reason IS NULL AND (p.messages IS NOT NULL OR ${sides.map((_, at) => `r${at}.messages IS NOT NULL`).join(' OR ')})`,
    [],
    { signal: request.signal },
  );
  return found;
}

const prepared = (shape: Shape, rows: Sql): Sql => (shape.prepare ? shape.prepare(rows) : rows);

/** Writes the reason of every row that the format cannot write into the picked rows. */
async function excludeRows(
  session: Session,
  pick: string,
  { shape, request }: { shape: Shape; request: SelectionRequest },
): Promise<void> {
  if (shape.excludes.length === 0) return;
  const rows = prepared(
    shape,
    selectedRows(
      request.dataset.relation,
      `(SELECT pos AS unit, NULL::VARCHAR AS split, row_id, label, strength FROM ${pick} WHERE reason IS NULL)`,
    ),
  );
  const cases = shape.excludes.map(({ when }, at) => `WHEN ${when} THEN ${at}`).join(' ');
  await session.run(
    `CREATE OR REPLACE TABLE ${pick}_out AS SELECT * FROM (SELECT unit AS pos, CASE ${cases} END AS why FROM ${rows}) WHERE why IS NOT NULL`,
    [],
    { signal: request.signal },
  );
  for (const [at, { why }] of shape.excludes.entries())
    await session.run(
      `UPDATE ${pick} SET reason = ? WHERE pos IN (SELECT pos FROM ${pick}_out WHERE why = ?)`,
      [why, at],
    );
  await session.run(`DROP TABLE ${pick}_out`);
}

/** Place of a row among those of its split: pairs of one record share it, pairs of one prompt are spread. */
function rankSql(writer: Writer): Sql {
  if (writer.unit === 'record')
    return 'min(pos) OVER (PARTITION BY split, source_file, source_row, prompt_id)';
  return writer.spreadsPrompts ? 'row_number() OVER (PARTITION BY split, prompt_id ORDER BY pos)' : '0';
}

/** The picked rows that are left, in their splits, numbered in the order they will be written. */
async function numberRows(
  session: Session,
  names: { pick: string; table: string },
  { writer, spec: { splits }, signal }: SelectionRequest,
): Promise<void> {
  const cluster = splits ? clusterKey : 'NULL';
  const kept = `SELECT k.*, ${cluster} AS cluster FROM ${names.pick} k JOIN prompt p USING (prompt_id) WHERE reason IS NULL`;
  if (splits?.from === 'recipe') await requireRecipeSplits(session, names.pick);
  const assigned =
    splits?.from === 'recipe'
      ? `SELECT k.*, q.split FROM (${kept}) k JOIN curation_row q ON q.comparison_id = k.row_id`
      : splits
        ? splitSelect(kept, splits)
        : `SELECT *, NULL::VARCHAR AS split FROM (${kept})`;
  const unit =
    writer.unit === 'record'
      ? `dense_rank() OVER (ORDER BY ${splitRank}, rank)`
      : `row_number() OVER (ORDER BY ${splitRank}, rank, pos)`;
  await session.run(
    `CREATE OR REPLACE TABLE ${names.table} AS SELECT ${unit} - 1 AS unit, split, row_id, label, strength, cluster
     FROM (SELECT *, ${rankSql(writer)} AS rank FROM (${assigned}))`,
    [],
    { signal },
  );
}

async function requireRecipeSplits(session: Session, pick: string): Promise<void> {
  const { without } = await session.one<{ without: number }>(
    `SELECT count(*) AS without FROM ${pick} k LEFT JOIN curation_row q ON q.comparison_id = k.row_id WHERE k.reason IS NULL AND q.split IS NULL`,
  );
  if (without > 0)
    throw new AppError(
      'EXPORT_OPTION_INVALID',
      `Not exported: ${without} of the rows are in no split of a recipe. Add the step “split” to the recipe, or give shares.`,
      { without },
    );
}

async function listLeftOut(session: Session, pick: string): Promise<ExportWarning[]> {
  const rows = await session.all<{ reason: string; count: number; rows: number[] }>(
    `SELECT reason, count(DISTINCT row_id) AS count, min_by(row_id, pos, 5) AS rows FROM ${pick}
     WHERE reason IS NOT NULL AND row_id NOT IN (SELECT row_id FROM ${pick} WHERE reason IS NULL) GROUP BY reason ORDER BY count DESC, reason`,
  );
  return rows.map(({ reason, count, rows: sample }) => ({
    kind: 'left-out' as const,
    count,
    text: reason,
    rows: sample,
  }));
}

/**
 * Chooses, orders and numbers the rows of an export. Hidden rows are in tables of their own and so never chosen. The
 * tables live until `drop`.
 * @throws AppError EXPORT_OPTION_INVALID for what the format cannot do, FILTER_INVALID, FIELD_UNKNOWN
 */
export async function selectRows(session: Session, request: SelectionRequest): Promise<Selection> {
  checkPolicies(request);
  const { dataset, spec, writer } = request;
  const key = randomUUID().replaceAll('-', '');
  const pick = `scratch.export_pick_${key}`;
  const table = `scratch.export_rows_${key}`;
  const drop = async () => {
    for (const name of [pick, `${pick}_out`, table]) await session.run(`DROP TABLE IF EXISTS ${name}`);
  };
  try {
    await pickRows(session, pick, request);
    const recipe =
      dataset.relation === 'pairs'
        ? await countRecipeColumns(session, `(SELECT row_id FROM ${pick} WHERE reason IS NULL AND copy = 0)`)
        : new Map<RecipeColumn, number>();
    const context: WriterContext = {
      options: resolveOptions(writer, spec.options),
      relation: dataset.relation,
      container: spec.container ?? writer.containers[0] ?? 'jsonl',
      datasetId: dataset.datasetId,
      datasetName: dataset.name,
      recipe: chooseRecipeColumns(writer, spec.recipe, recipe),
      isConversational: await findConversations(session, pick, request),
      selection: table,
    };
    const shape = writer.shape(context);
    await excludeRows(session, pick, { shape, request });
    await numberRows(session, { pick, table }, request);
    const { selected } = await session.one<{ selected: number }>(
      `SELECT count(DISTINCT row_id) AS selected FROM ${pick}`,
    );
    const { written, fingerprint } = await session.one<{ written: number; fingerprint: string }>(
      `SELECT count(DISTINCT row_id) AS written, coalesce(bit_xor(hash(unit, split, row_id, label, strength)), 0)::VARCHAR AS fingerprint FROM ${table}`,
    );
    const splits = await session.all<SplitShare>(
      `SELECT split, count(DISTINCT row_id) AS written, count(DISTINCT cluster) AS clusters, min(unit) AS first, max(unit) + 1 AS "end"
       FROM ${table} GROUP BY split ORDER BY min(unit)`,
    );
    const leftOut = await listLeftOut(session, pick);
    const rows = prepared(shape, selectedRows(dataset.relation, table));
    return { table, context, shape, rows, selected, written, leftOut, splits, recipe, fingerprint, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}
