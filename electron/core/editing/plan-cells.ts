import type { Parameter } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { EditValues } from '../../contract/editing.contract.ts';
import { plainColumns, planTables, rowTables, toCell } from './cells.ts';
import type { Plan } from './plan.ts';

const { target, cell } = planTables;

/** The target's visible rows of a relation as `x`. */
function fromTarget(relation: Relation): string {
  const { table, id } = rowTables[relation];
  return `${table} x JOIN ${target} t ON t.row_id = x.${id}`;
}

interface CellChange {
  readonly field: string;
  /** Expressions over `x`; as typed values, not JSON. */
  readonly before: string;
  readonly after: string;
  readonly parameters?: readonly Parameter[];
  readonly where?: string;
}

/** Adds one change for each row of the target whose value would become another. */
async function addCells(plan: Plan, relation: Relation, change: CellChange): Promise<void> {
  const { id } = rowTables[relation];
  await plan.run(
    `INSERT INTO ${cell} SELECT '${relation}', id, '${change.field}', ${toCell('before')}, ${toCell('after')}
     FROM (SELECT x.${id} AS id, ${change.before} AS before, ${change.after} AS after FROM ${fromTarget(relation)}
       WHERE ${change.where ?? 'true'})
     WHERE before IS DISTINCT FROM after`,
    change.parameters,
  );
}

/** Sets plain fields. Models belong to the response and are planned with the texts. */
export async function planSet(plan: Plan, relation: Relation, values: EditValues): Promise<void> {
  for (const [field, value] of Object.entries(values)) {
    if (value === undefined || field.startsWith('model')) continue;
    const type = plainColumns[relation][field];
    if (type === undefined)
      throw new AppError('EDIT_INVALID', `Nothing was edited: ${relation} have no ${field}.`, { field });
    await addCells(plan, relation, {
      field,
      before: `x.${field}`,
      after: `?::${type}`,
      parameters: [value],
    });
  }
}

const flipped = "CASE x.label WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' ELSE x.label END";

export async function planFlipLabel(plan: Plan): Promise<void> {
  await addCells(plan, 'pairs', { field: 'label', before: 'x.label', after: flipped });
}

/** The responses change places and everything that speaks of sides follows them. */
export async function planSwapSides(plan: Plan): Promise<void> {
  await planFlipLabel(plan);
  const exchange = async (first: string, second: string, where = 'true') => {
    await addCells(plan, 'pairs', { field: first, before: `x.${first}`, after: `x.${second}`, where });
    await addCells(plan, 'pairs', { field: second, before: `x.${second}`, after: `x.${first}`, where });
  };
  await exchange('response_a_id', 'response_b_id');
  await exchange('prompt_id', 'prompt_b_id', 'x.prompt_b_id IS NOT NULL');
  await addCells(plan, 'pairs', {
    field: 'votes',
    before: 'false',
    after: 'true',
    where: 'EXISTS (SELECT 1 FROM vote v WHERE v.comparison_id = x.comparison_id)',
  });
}

export async function planTag(
  plan: Plan,
  relation: Relation,
  change: { readonly tag: string; readonly isOn: boolean },
): Promise<void> {
  const { id } = rowTables[relation];
  const has = `EXISTS (SELECT 1 FROM tag g WHERE g.relation = '${relation}' AND g.row_id = x.${id} AND g.tag = ?)`;
  await addCells(plan, relation, {
    field: 'tag',
    before: change.isOn ? 'NULL::VARCHAR' : '?::VARCHAR',
    after: change.isOn ? '?::VARCHAR' : 'NULL::VARCHAR',
    where: change.isOn ? `NOT ${has}` : has,
    parameters: [change.tag, change.tag],
  });
}

export async function planNote(plan: Plan, relation: Relation, text: string | null): Promise<void> {
  const { id } = rowTables[relation];
  await addCells(plan, relation, {
    field: 'note',
    before: `(SELECT any_value(n.text) FROM note n WHERE n.relation = '${relation}' AND n.row_id = x.${id})`,
    after: '?::VARCHAR',
    parameters: [text === null || text.trim() === '' ? null : text],
  });
}

/** Throws EDIT_REASON_MISSING: what is hidden must say why, or nobody can judge later whether to bring it back. */
export async function planHide(plan: Plan, relation: Relation, reason: string | null): Promise<void> {
  if (reason === null || reason === '')
    throw new AppError(
      'EDIT_REASON_MISSING',
      'Nothing was hidden: give a reason, so that it can be judged later.',
    );
  if (relation === 'responses') await refuseUsedResponses(plan);
  await addCells(plan, relation, {
    field: 'hidden',
    before: 'NULL::VARCHAR',
    after: '?::VARCHAR',
    parameters: [reason],
  });
}

async function refuseUsedResponses(plan: Plan): Promise<void> {
  const { n } = await plan.one<{ n: number }>(
    `SELECT count(*) AS n FROM ${target} WHERE row_id IN (SELECT response_a_id FROM comparison UNION ALL SELECT response_b_id FROM comparison
       UNION ALL SELECT response_a_id FROM hidden_comparison UNION ALL SELECT response_b_id FROM hidden_comparison)`,
  );
  if (n > 0)
    throw new AppError(
      'EDIT_INVALID',
      `Nothing was hidden: ${n} of these responses belong to pairs. Hide the pairs instead.`,
      { count: n },
    );
}

export async function planUnhide(plan: Plan, relation: Relation): Promise<void> {
  await plan.run(
    `INSERT INTO ${cell} SELECT '${relation}', h.row_id, 'hidden', to_json(h.reason), NULL
     FROM hidden_row h JOIN ${target} t ON t.row_id = h.row_id WHERE h.relation = '${relation}'`,
  );
}
