import { z } from 'zod';
import type { Parameter } from '../../../../native/duckdb/session.ts';
import {
  Binder,
  createSelection,
  scoreSql,
  type SelectionInput,
  type SelectionSummary,
} from './selection-table.ts';

const matchColumns = ['language', 'topic', 'subset', 'source_file', 'model_a', 'model_b', 'label'] as const;

const thresholdSchema = z.object({
  node: z.literal('threshold'),
  score: z.string(),
  least: z.number().nullable().default(null),
  most: z.number().nullable().default(null),
  keepNull: z.boolean().default(false),
});
const topSchema = z.object({
  node: z.literal('top'),
  score: z.string(),
  /** Share of what comes in, in (0, 1]. */
  fraction: z.number().gt(0).max(1),
  keepNull: z.boolean().default(false),
});
const matchSchema = z.object({
  node: z.literal('match'),
  column: z.enum(matchColumns),
  values: z.array(z.string()).min(1),
});
const textSchema = z.object({
  node: z.literal('text'),
  /** Words of the prompt and characters of the shorter response: more than these. */
  moreWordsThan: z.number().int().min(0).default(2),
  moreCharactersThan: z.number().int().min(0).default(5),
});
const leafSchema = z.discriminatedUnion('node', [thresholdSchema, topSchema, matchSchema, textSchema]);

/** One node of a filter pipeline; an intersection keeps what all its branches keep of what comes in. */
export const filterNodeSchema = z.discriminatedUnion('node', [
  ...leafSchema.options,
  z.object({ node: z.literal('intersection'), branches: z.array(leafSchema).min(2) }),
]);
export type FilterNode = z.infer<typeof filterNodeSchema>;
type Leaf = z.infer<typeof leafSchema>;

/** A node that keeps the pairs of a relation: a saved filter, a content cluster. Made by code, not typed by a person. */
export interface RowsNode {
  readonly node: 'rows';
  readonly name: string;
  /** Answers comparison_id; `?` marks its parameters. */
  readonly sql: string;
  readonly parameters?: readonly Parameter[];
}

export interface PipelineStep {
  readonly node: string;
  readonly in: number;
  readonly kept: number;
  /** Of all rows, with no other node before it. */
  readonly kept_if_alone: number;
  /** Rows that only this node removes. */
  readonly unique_removals: number;
  /** Of all rows, after this node. */
  readonly cumulative_share: number;
  /** Rows with the score of the last one kept that were left out: the order of ids decided. Null where there is no cut. */
  readonly ties_at_cut: number | null;
}

export interface SliceSurvival {
  readonly dimension: string;
  readonly slice: string;
  readonly in: number;
  readonly kept: number;
  readonly rate: number;
  /** Rate over the highest rate of the dimension. */
  readonly ratio: number;
  /** Ratio below 0.8 with at least 20 rows in (our number). */
  readonly is_flagged: boolean;
}

export interface PipelineReport extends SelectionSummary {
  readonly steps: readonly PipelineStep[];
  readonly survival: readonly SliceSurvival[];
  /** samples_seen / kept: how often training sees each row; above 4 deserves a warning (our number). */
  readonly repeats: number | null;
}

const sliceColumns = ['language', 'topic', 'subset', 'source_file'] as const;

export interface PipelineOptions {
  readonly nodes: readonly (FilterNode | RowsNode)[];
  /** Rows that training will see, whatever survives; the rows there are by default. */
  readonly samplesSeen?: number;
}

/** A short name of a node for tables and reasons. */
export function nameNode(node: FilterNode | RowsNode): string {
  switch (node.node) {
    case 'threshold':
      return [
        node.least === null ? '' : `${node.least} ≤ `,
        node.score,
        node.most === null ? '' : ` ≤ ${node.most}`,
      ].join('');
    case 'top':
      return `top ${Number((node.fraction * 100).toFixed(2))} % by ${node.score}`;
    case 'match':
      return `${node.column} in ${node.values.join(', ')}`;
    case 'text':
      return `more than ${node.moreWordsThan} words and ${node.moreCharactersThan} characters`;
    case 'intersection':
      return node.branches.map(nameNode).join(' ∩ ');
    case 'rows':
      return node.name;
  }
}

/**
 * Runs an ordered filter pipeline over the pairs and writes its table: keep, and as reason the node that removed the row.
 * A top node counts the rows that come in, nulls included; nulls fail unless `keepNull`; equal scores at the cut go by
 * id. Source: S. Gadre et al., DataComp (2023).
 */
export async function runFilterPipeline(
  input: SelectionInput,
  { nodes, samplesSeen }: PipelineOptions,
): Promise<PipelineReport> {
  const binder = new Binder();
  const { columns, conditions } = compileNodes(nodes, binder);
  const pool = `SELECT c.comparison_id, c.language, c.topic, c.subset, c.source_file${columns.map((one) => `, ${one}`).join('')}
    FROM comparison c JOIN prompt p USING (prompt_id) WHERE c.comparison_id IN ${binder.rows(input)}`;
  const chain = conditions.map(
    (condition, index) =>
      `n${index + 1} AS (SELECT *, coalesce(${condition('PARTITION BY alive')}, false) AND alive AS pass_${index},
        coalesce(${condition('')}, false) AS alone_${index} FROM a${index}),
      a${index + 1} AS (SELECT * EXCLUDE (alive), pass_${index} AS alive FROM n${index + 1})`,
  );
  const removedBy = nodes.map(
    (_, index) =>
      `WHEN NOT pass_${index} THEN ${binder.bind(nameNode(nodes[index] ?? { node: 'rows', name: '', sql: '' }), 'VARCHAR')}`,
  );
  const reason = nodes.length === 0 ? 'NULL' : `CASE ${removedBy.join(' ')} END`;
  const summary = await createSelection(
    input,
    `WITH ${[`a0 AS (SELECT *, true AS alive FROM (${pool}))`, ...chain].join(',\n')}
     SELECT comparison_id, NULL::BIGINT AS response_id, alive AS keep, 1::DOUBLE AS weight,
       CASE WHEN alive THEN row_number() OVER (PARTITION BY alive ORDER BY comparison_id) END AS place, (${reason})::VARCHAR AS reason,
       * EXCLUDE (comparison_id, alive) FROM a${nodes.length} ORDER BY comparison_id`,
    binder.parameters,
  );
  return {
    ...summary,
    steps: await readSteps(input, nodes),
    survival: await readSurvival(input),
    repeats: summary.kept === 0 ? null : (samplesSeen ?? summary.rows) / summary.kept,
  };
}

type Condition = (over: string) => string;

function compileNodes(
  nodes: PipelineOptions['nodes'],
  binder: Binder,
): { columns: string[]; conditions: Condition[] } {
  const columns: string[] = [];
  const addColumn = (sql: string): string => {
    columns.push(`${sql} AS score_${columns.length}`);
    return `score_${columns.length - 1}`;
  };
  const compileLeaf = (node: Leaf): Condition => {
    if (node.node === 'match') {
      const column = addColumn(`c.${node.column}`);
      const values = node.values.map((value) => binder.bind(value, 'VARCHAR')).join(', ');
      return () => `${column} IN (${values})`;
    }
    if (node.node === 'text') {
      const words = addColumn(`len(string_split_regex(trim(p.text), '\\s+'))`);
      const chars = addColumn('least(c.chars_a, c.chars_b)');
      const least = [
        binder.bind(node.moreWordsThan, 'INTEGER'),
        binder.bind(node.moreCharactersThan, 'INTEGER'),
      ];
      return () => `${words} > ${least[0]} AND ${chars} > ${least[1]}`;
    }
    const score = addColumn(scoreSql(node.score, binder));
    const orNull = node.keepNull ? ` OR ${score} IS NULL` : '';
    if (node.node === 'threshold') {
      const least = node.least === null ? 'true' : `${score} >= ${binder.bind(node.least, 'DOUBLE')}`;
      const most = node.most === null ? 'true' : `${score} <= ${binder.bind(node.most, 'DOUBLE')}`;
      return () => `((${score} IS NOT NULL AND ${least} AND ${most})${orNull})`;
    }
    const fraction = binder.bind(node.fraction, 'DOUBLE');
    return (over) =>
      `((${score} IS NOT NULL AND row_number() OVER (${over} ORDER BY ${score} DESC NULLS LAST, comparison_id)
        <= round(${fraction} * count(*) OVER (${over})))${orNull})`;
  };
  const conditions = nodes.map((node): Condition => {
    if (node.node === 'intersection') {
      const branches = node.branches.map(compileLeaf);
      return (over) => branches.map((branch) => `coalesce(${branch(over)}, false)`).join(' AND ');
    }
    if (node.node !== 'rows') return compileLeaf(node);
    let next = 0;
    const values = (node.parameters ?? []).map((value) => binder.bind(value));
    const sql = node.sql.replace(/\?/g, () => values[next++] ?? '?');
    return () => `comparison_id IN (SELECT comparison_id FROM (${sql}))`;
  });
  return { columns, conditions };
}

async function readSteps(
  { session, into, signal }: SelectionInput,
  nodes: PipelineOptions['nodes'],
): Promise<PipelineStep[]> {
  if (nodes.length === 0) return [];
  const others = (index: number) =>
    nodes.flatMap((_, other) => (other === index ? [] : [` AND alone_${other}`])).join('');
  let column = 0;
  const parts = nodes.flatMap((node, index) => {
    const cut = node.node === 'top' ? `score_${column}` : undefined;
    column += countColumns(node);
    const before = index === 0 ? 'true' : `pass_${index - 1}`;
    return [
      `count(*) FILTER (${before}) AS in_${index}`,
      `count(*) FILTER (pass_${index}) AS kept_${index}`,
      `count(*) FILTER (alone_${index}) AS alone_${index}`,
      `count(*) FILTER (NOT alone_${index}${others(index)}) AS unique_${index}`,
      cut === undefined
        ? `NULL::BIGINT AS ties_${index}`
        : `count(*) FILTER (${before} AND NOT pass_${index} AND ${cut} = (SELECT min(${cut}) FROM ${into} WHERE pass_${index})) AS ties_${index}`,
    ];
  });
  const row = await session.one<Record<string, number | null>>(
    `SELECT count(*) AS rows, ${parts.join(', ')} FROM ${into}`,
    [],
    { signal },
  );
  return nodes.map((node, index) => ({
    node: nameNode(node),
    in: row[`in_${index}`] ?? 0,
    kept: row[`kept_${index}`] ?? 0,
    kept_if_alone: row[`alone_${index}`] ?? 0,
    unique_removals: row[`unique_${index}`] ?? 0,
    cumulative_share: (row[`kept_${index}`] ?? 0) / Math.max(1, row['rows'] ?? 0),
    ties_at_cut: row[`ties_${index}`] ?? null,
  }));
}

function countColumns(node: FilterNode | RowsNode): number {
  if (node.node === 'rows') return 0;
  if (node.node === 'text') return 2;
  return node.node === 'intersection'
    ? node.branches.reduce((sum, branch) => sum + countColumns(branch), 0)
    : 1;
}

async function readSurvival({ session, into, signal }: SelectionInput): Promise<SliceSurvival[]> {
  const counts = sliceColumns.map(
    (
      column,
    ) => `SELECT '${column}' AS dimension, ${column}::VARCHAR AS slice, count(*) AS "in", count(*) FILTER (keep) AS kept
      FROM ${into} WHERE ${column} IS NOT NULL GROUP BY ${column}`,
  );
  return session.all<SliceSurvival>(
    `WITH counted AS (${counts.join(' UNION ALL ')}),
       rated AS (SELECT *, kept / "in" AS rate, count(*) OVER (PARTITION BY dimension) AS slices,
         max(kept / "in") FILTER ("in" >= 20) OVER (PARTITION BY dimension) AS highest FROM counted)
     SELECT dimension, slice, "in", kept, rate, coalesce(rate / nullif(highest, 0), 0)::DOUBLE AS ratio,
       coalesce("in" >= 20 AND rate / nullif(highest, 0) < 0.8, false) AS is_flagged
     FROM rated WHERE slices > 1 ORDER BY dimension, ratio, slice`,
    [],
    { signal },
  );
}
