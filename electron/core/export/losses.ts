import type { Session } from '../../../native/duckdb/session.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { ExportWarning } from '../../contract/export.contract.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import type { Holding, Shape } from './writer.ts';

interface HoldingDefinition {
  readonly id: Holding;
  /** What is lost, as “no place for …”. */
  readonly title: string;
  readonly relations: readonly Relation[];
  /** True for a selected row that has it. */
  readonly has: (datasetId: number, hasSides: boolean, relation: Relation) => Sql;
}

const both: readonly Relation[] = ['pairs', 'responses'];
const pairs: readonly Relation[] = ['pairs'];
const isIn = (table: string, key: string, datasetId: number, rest = '') =>
  `IN (SELECT ${key} FROM ${table} WHERE dataset_id = ${datasetId} ${rest})`;
const responses = (relation: Relation) =>
  relation === 'pairs' ? ['response_a_id', 'response_b_id'] : ['response_id'];
const anyResponse = (relation: Relation, test: string) =>
  `(${responses(relation)
    .map((id) => `${id} ${test}`)
    .join(' OR ')})`;

/** Everything beside prompt, responses and a or b that a file may have no place for. */
export const holdings: readonly HoldingDefinition[] = [
  {
    id: 'sides',
    title: 'which response stood first',
    relations: pairs,
    has: (_, hasSides) => String(hasSides),
  },
  {
    id: 'models',
    title: 'model names',
    relations: both,
    has: (_d, _s, relation) =>
      relation === 'pairs' ? 'model_a IS NOT NULL OR model_b IS NOT NULL' : 'model IS NOT NULL',
  },
  {
    id: 'strength',
    title: 'the strength of the preference',
    relations: pairs,
    has: () => 'strength IS NOT NULL',
  },
  {
    id: 'example_id',
    title: 'ids of examples',
    relations: both,
    has: () => `NOT regexp_matches(example_id, '#[0-9]+(:[0-9]+-[0-9]+)?$')`,
  },
  { id: 'language', title: 'the language', relations: both, has: () => 'language IS NOT NULL' },
  { id: 'topic', title: 'the topic', relations: both, has: () => 'topic IS NOT NULL' },
  { id: 'subset', title: 'the subset', relations: both, has: () => 'subset IS NOT NULL' },
  {
    id: 'votes',
    title: 'single votes',
    relations: pairs,
    has: (datasetId) =>
      `row_id ${isIn('vote', 'comparison_id', datasetId, 'GROUP BY comparison_id HAVING count(*) > 1')}`,
  },
  {
    id: 'rationales',
    title: 'rationales',
    relations: pairs,
    has: (datasetId) =>
      `row_id ${isIn('rationale', 'comparison_id', datasetId, 'AND comparison_id IS NOT NULL')}`,
  },
  {
    id: 'ratings',
    title: 'ratings of responses',
    relations: both,
    has: (datasetId, _, relation) =>
      anyResponse(relation, isIn('rating', 'response_id', datasetId, `AND aspect <> 'label'`)),
  },
  {
    id: 'tags',
    title: 'tags',
    relations: both,
    has: (datasetId, _, relation) =>
      `row_id ${isIn('tag', 'row_id', datasetId, `AND relation = '${relation}'`)}`,
  },
  { id: 'extra', title: 'further columns of the source', relations: both, has: () => 'extra IS NOT NULL' },
  {
    id: 'media',
    title: 'images',
    relations: both,
    has: (datasetId, _, relation) => anyResponse(relation, isIn('media', 'response_id', datasetId)),
  },
];

export interface LossRequest {
  readonly shape: Shape;
  readonly relation: Relation;
  readonly datasetId: number;
  readonly hasSides: boolean;
  /** The prepared rows of the whole selection. */
  readonly rows: Sql;
}

/** Counts of rows, with some of them, for which each condition holds. */
async function countConditions(
  session: Session,
  rows: Sql,
  conditions: readonly Sql[],
  signal: AbortSignal | undefined,
): Promise<{ count: number; rows: number[] }[]> {
  if (conditions.length === 0) return [];
  const flags = conditions.map((when, at) => `(${when}) AS flag_${at}`).join(', ');
  const counts = conditions.map(
    (_, at) =>
      `count(*) FILTER (flag_${at}) AS count_${at}, min_by(row_id, unit, 5) FILTER (flag_${at}) AS rows_${at}`,
  );
  const row = await session.one<Record<string, number | number[] | null>>(
    `SELECT ${counts.join(', ')} FROM (SELECT unit, row_id, ${flags} FROM ${rows})`,
    [],
    { signal },
  );
  return conditions.map((_, at) => ({
    count: Number(row[`count_${at}`] ?? 0),
    rows: (row[`rows_${at}`] as number[] | null) ?? [],
  }));
}

/** What the file will not hold, hold otherwise, or leave open to its reader, each with the number of rows concerned. */
export async function listLosses(
  session: Session,
  { shape, relation, datasetId, hasSides, rows }: LossRequest,
  signal?: AbortSignal,
): Promise<ExportWarning[]> {
  const lost = holdings.filter((one) => one.relations.includes(relation) && !shape.holds.has(one.id));
  const found = await countConditions(
    session,
    rows,
    [
      ...lost.map((one) => one.has(datasetId, hasSides, relation)),
      ...shape.changes.map(({ when }) => when),
      ...shape.ambiguous.map(({ when }) => when),
    ],
    signal,
  );
  const told = [
    ...lost.map((one) => ({
      kind: 'no-place' as const,
      text: `no place for ${one.title}`,
    })),
    ...shape.changes.map(({ why }) => ({ kind: 'changed' as const, text: why })),
    ...shape.ambiguous.map(({ why }) => ({ kind: 'ambiguous' as const, text: why })),
  ];
  return told.flatMap(({ kind, text }, at) => {
    const { count, rows: sample } = found[at] ?? { count: 0, rows: [] };
    return count > 0 ? [{ kind, count, rows: sample, text }] : [];
  });
}
