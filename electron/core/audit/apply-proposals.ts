import type { Session } from '../../../native/duckdb/session.ts';

/** The tag of pairs whose accepted proposal is to leave them out. */
export const dropTag = 'drop';

/**
 * The one place where an accepted proposal changes data, and where undoing it changes the data back; inside the
 * caller's transaction. `chosen` is a table with proposal_id, dataset_id, comparison_id, kind, before, after, reason.
 *
 * A flip sets the label, where it still is what the proposal saw; a drop sets the tag “drop”. Weights and soft labels
 * have no column in the data: exports read the accepted ones from the view `proposals`. Every change gets an entry in
 * the change log under `operation`. Answers nothing; rows that could not be changed are removed from `chosen`.
 */
export async function applyProposals(session: Session, chosen: string, operation: string): Promise<void> {
  await session.run(
    `DELETE FROM ${chosen} WHERE kind = 'flip' AND NOT EXISTS (SELECT 1 FROM comparison c
       WHERE c.comparison_id = ${chosen}.comparison_id AND c.label IS NOT DISTINCT FROM ${chosen}.before)`,
  );
  await setLabels(session, { chosen, operation, from: 'before', to: 'after' });
  await session.run(
    `INSERT INTO change (change_id, operation_id, dataset_id, entity, entity_id, field, before, after, who, reason)
     SELECT nextval('change_id'), ?, dataset_id, 'pairs', comparison_id, 'tag', NULL, to_json(?::VARCHAR), 'local', reason
     FROM ${chosen} x WHERE kind = 'drop' AND NOT ${hasDropTag}`,
    [operation, dropTag, dropTag],
  );
  await session.run(
    `INSERT INTO tag SELECT DISTINCT dataset_id, 'pairs', comparison_id, ? FROM ${chosen} x WHERE kind = 'drop' AND NOT ${hasDropTag}`,
    [dropTag, dropTag],
  );
}

/** Takes back what `applyProposals` did, where the data still are as it left them. */
export async function revertProposals(session: Session, chosen: string, operation: string): Promise<void> {
  await setLabels(session, { chosen, operation, from: 'after', to: 'before' });
  const dropped = `kind = 'drop' AND ${hasDropTag} AND NOT EXISTS (SELECT 1 FROM proposal o WHERE o.kind = 'drop' AND o.status = 'accepted'
    AND o.comparison_id = x.comparison_id AND o.proposal_id NOT IN (SELECT proposal_id FROM ${chosen}))`;
  await session.run(
    `INSERT INTO change (change_id, operation_id, dataset_id, entity, entity_id, field, before, after, who, reason)
     SELECT nextval('change_id'), ?, dataset_id, 'pairs', comparison_id, 'tag', to_json(?::VARCHAR), NULL, 'local', 'undone: ' || reason
     FROM ${chosen} x WHERE ${dropped}`,
    [operation, dropTag, dropTag],
  );
  await session.run(
    `DELETE FROM tag WHERE relation = 'pairs' AND tag = ? AND row_id IN (SELECT comparison_id FROM ${chosen} x WHERE ${dropped})`,
    [dropTag, dropTag],
  );
}

const hasDropTag = `EXISTS (SELECT 1 FROM tag t WHERE t.relation = 'pairs' AND t.row_id = x.comparison_id AND t.tag = ?)`;

async function setLabels(
  session: Session,
  step: { chosen: string; operation: string; from: 'before' | 'after'; to: 'before' | 'after' },
): Promise<void> {
  const { chosen, operation, from, to } = step;
  const fitting = `FROM ${chosen} x JOIN comparison c USING (comparison_id) WHERE x.kind = 'flip' AND c.label IS NOT DISTINCT FROM x."${from}"`;
  await session.run(
    `INSERT INTO change (change_id, operation_id, dataset_id, entity, entity_id, field, before, after, who, reason)
     SELECT nextval('change_id'), ?, x.dataset_id, 'pairs', x.comparison_id, 'label', to_json(x."${from}"), to_json(x."${to}"), 'local',
       ${to === 'after' ? 'x.reason' : "'undone: ' || x.reason"} ${fitting}`,
    [operation],
  );
  await session.run(
    `UPDATE comparison SET label = n.label FROM (SELECT c.comparison_id, x."${to}" AS label ${fitting}) n
     WHERE comparison.comparison_id = n.comparison_id`,
  );
}
