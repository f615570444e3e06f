import type { Database } from '../../../../native/duckdb/database.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { FieldDefinition } from './field-table.ts';

const base = { isLong: false, isSortable: true, isFacet: true, isDefault: false } as const;

const field = (
  column: string,
  title: string,
  kind: 'number' | 'category' | 'boolean',
  isDefault = false,
): FieldDefinition => ({
  ...base,
  id: `recipe_${column}`,
  title,
  kind,
  width: kind === 'number' ? 96 : 110,
  isDefault,
  sql: `(SELECT q.${column} FROM curation_row q WHERE q.comparison_id = x.comparison_id)`,
});

const fields: readonly FieldDefinition[] = [
  field('weight', 'Weight', 'number', true),
  field('soft_label', 'Soft label', 'number', true),
  field('margin', 'Margin', 'number', true),
  field('split', 'Split', 'category', true),
  field('place', 'Place', 'number'),
  field('stage', 'Stage', 'number'),
  field('route', 'Route', 'category'),
  field('goal_score', 'Goal score', 'number'),
  field('is_relabelled', 'Relabelled', 'boolean'),
  field('method', 'Made by', 'category'),
];

/** The field of pairs behind an id such as `recipe_weight`. */
export function findCurationField(relation: Relation, id: string): FieldDefinition | undefined {
  return relation === 'pairs' ? fields.find((one) => one.id === id) : undefined;
}

/** What a recipe decided about the pairs of a dataset that it has made. */
export async function listCurationFields(
  database: Database,
  relation: Relation,
  datasetId: number,
): Promise<readonly FieldDefinition[]> {
  if (relation !== 'pairs') return [];
  const found = await database.find('SELECT 1 AS one FROM curation_row WHERE dataset_id = ? LIMIT 1', [
    datasetId,
  ]);
  return found ? fields : [];
}
