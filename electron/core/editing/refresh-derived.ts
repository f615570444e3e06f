import type { Session } from '../../../native/duckdb/session.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import { refreshSearchRows } from '../corpus/search/search-delta.ts';
import { type LoggedChanges, selectChanges } from './apply-changes.ts';

export interface DerivedState {
  /** True where more rows changed than the search index takes at once: it has to be built anew. */
  readonly needsIndex: boolean;
}

const textFields = `field IN ('text', 'row')`;

/** Rows of the two relations whose texts, models or visibility the changes touch: temp.edit_row(relation, row_id). */
async function findTouchedRows(session: Session, changes: LoggedChanges): Promise<void> {
  const touched = (entity: string, fields: string) =>
    `(SELECT c.entity_id FROM ${selectChanges(changes, `entity = '${entity}' AND ${fields}`)} c)`;
  const pairs = ['comparison', 'hidden_comparison'].map(
    (table) => `SELECT 'pairs' AS relation, comparison_id AS row_id FROM ${table}
      WHERE prompt_id IN ${touched('prompts', textFields)} OR prompt_b_id IN ${touched('prompts', textFields)}
      OR response_a_id IN ${touched('responses', `field IN ('text', 'model')`)} OR response_b_id IN ${touched('responses', `field IN ('text', 'model')`)}`,
  );
  const pointing = `field IN ('prompt_id', 'prompt_b_id', 'response_a_id', 'response_b_id', 'hidden', 'row')`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE edit_row AS
     SELECT DISTINCT relation, row_id FROM (
       ${pairs.join(' UNION ALL ')}
       UNION ALL SELECT entity, entity_id FROM ${selectChanges(changes, `entity = 'pairs' AND ${pointing}`)}
       UNION ALL SELECT 'responses', entity_id FROM ${selectChanges(changes, `entity = 'responses' AND field IN ('text', 'prompt_id', 'hidden', 'row')`)}
       UNION ALL SELECT 'responses', response_id FROM response WHERE prompt_id IN ${touched('prompts', textFields)})`,
  );
}

/** Lengths, turns and models that pairs repeat from their texts. */
async function refreshPairs(session: Session): Promise<void> {
  for (const table of ['comparison', 'hidden_comparison'])
    await session.run(
      `UPDATE ${table} SET prompt_chars = d.prompt_chars, turns = d.turns, chars_a = d.chars_a, chars_b = d.chars_b,
         model_a = d.model_a, model_b = d.model_b
       FROM (SELECT c.comparison_id, p.chars AS prompt_chars, p.turns, a.chars AS chars_a, b.chars AS chars_b, a.model AS model_a,
           b.model AS model_b
         FROM ${table} c JOIN temp.edit_row t ON t.relation = 'pairs' AND t.row_id = c.comparison_id
         JOIN prompt p ON p.prompt_id = c.prompt_id JOIN response a ON a.response_id = c.response_a_id
         JOIN response b ON b.response_id = c.response_b_id) d
       WHERE ${table}.comparison_id = d.comparison_id`,
    );
}

/** Removes computed traits of responses whose own or prompt's text is another now; they are computed again when asked for. */
async function dropTraits(session: Session, datasetId: number): Promise<void> {
  const table = `response_trait_${datasetId}`;
  const isThere = await session.find('SELECT 1 FROM information_schema.tables WHERE table_name = ?', [table]);
  if (!isThere) return;
  await session.run(
    `DELETE FROM ${table} WHERE response_id IN (SELECT row_id FROM temp.edit_row WHERE relation = 'responses')`,
  );
}

/**
 * After changes were applied: brings up to date what is computed from texts (lengths, models of pairs, traits, the search
 * index). Nothing of it is logged, for it follows from what is.
 */
export async function refreshDerived(
  session: Session,
  changes: LoggedChanges,
  options: { readonly datasetId: number; readonly relation: Relation },
): Promise<DerivedState> {
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM ${selectChanges(changes, `field IN ('text', 'row', 'model', 'prompt_id', 'prompt_b_id', 'response_a_id', 'response_b_id', 'hidden')`)}`,
  );
  if (n === 0) return { needsIndex: false };
  await findTouchedRows(session, changes);
  try {
    await refreshPairs(session);
    await dropTraits(session, options.datasetId);
    const isDone = await refreshSearchRows(session, {
      datasetId: options.datasetId,
      rows: 'temp.edit_row',
    });
    return { needsIndex: !isDone };
  } finally {
    await session.run('DROP TABLE IF EXISTS temp.edit_row');
  }
}
