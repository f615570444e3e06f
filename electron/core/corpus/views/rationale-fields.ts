import type { Database } from '../../../../native/duckdb/database.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import type { FieldDefinition } from './field-table.ts';

const base = { isLong: false, isSortable: true, isFacet: true, isDefault: false } as const;

const fields: readonly FieldDefinition[] = [
  {
    ...base,
    id: 'n_rationales',
    title: 'Rationales',
    kind: 'number',
    width: 96,
    sql: '(SELECT count(*) FROM rationale q WHERE q.comparison_id = x.comparison_id)',
  },
  {
    ...base,
    id: 'rationale_findings',
    title: 'Rationale findings',
    kind: 'tags',
    isSortable: false,
    width: 160,
    sql: `(SELECT list(DISTINCT found ORDER BY found) FROM (SELECT unnest(l.findings) AS found FROM rationale_lint l WHERE l.comparison_id = x.comparison_id))`,
  },
  {
    ...base,
    id: 'rationale_supports',
    title: 'Rationale supports the label',
    kind: 'boolean',
    width: 130,
    sql: `(SELECT arg_max(k.supports, k.rationale_run_id) FROM rationale_check k WHERE k.comparison_id = x.comparison_id AND k.variant = 'own')`,
  },
];

/** The field of pairs behind an id such as `rationale_findings`. */
export function findRationaleField(relation: Relation, id: string): FieldDefinition | undefined {
  return relation === 'pairs' ? fields.find((field) => field.id === id) : undefined;
}

/** Fields of the rationales on pairs, where a dataset has any. */
export async function listRationaleFields(
  database: Database,
  relation: Relation,
  datasetId: number,
): Promise<readonly FieldDefinition[]> {
  if (relation !== 'pairs') return [];
  const found = await database.find(
    'SELECT 1 AS one FROM rationale WHERE dataset_id = ? AND comparison_id IS NOT NULL LIMIT 1',
    [datasetId],
  );
  return found ? fields : [];
}
