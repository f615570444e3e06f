import { AppError } from '../../contract/app-error.ts';
import type { Message, Relation } from '../../contract/corpus.contract.ts';
import { renderMessages } from '../corpus/reading/message-sql.ts';
import { messagesJsonType, planTables, rowTables } from './cells.ts';
import type { Plan } from './plan.ts';
import { editedKey } from './plan-texts.ts';

const { cell, target } = planTables;

interface Conversation {
  readonly id: number;
  readonly promptId: number;
  readonly messages: Message[] | null;
  readonly promptText: string;
  readonly label: string | null;
  readonly firstText: string;
  readonly firstModel: string | null;
  readonly secondText: string | null;
  readonly secondModel: string | null;
  readonly hasTwoPrompts: boolean;
}

const selectConversations: Readonly<Record<Relation, string>> = {
  pairs: `SELECT x.comparison_id AS id, x.prompt_id AS "promptId", p.messages, p.text AS "promptText", x.label, a.text AS "firstText",
      a.model AS "firstModel", b.text AS "secondText", b.model AS "secondModel", x.prompt_b_id IS NOT NULL AS "hasTwoPrompts"
    FROM comparison x JOIN prompt p ON p.prompt_id = x.prompt_id JOIN response a ON a.response_id = x.response_a_id
    JOIN response b ON b.response_id = x.response_b_id`,
  responses: `SELECT x.response_id AS id, x.prompt_id AS "promptId", p.messages, p.text AS "promptText", NULL::VARCHAR AS label,
      x.text AS "firstText", x.model AS "firstModel", NULL::VARCHAR AS "secondText", NULL::VARCHAR AS "secondModel",
      false AS "hasTwoPrompts"
    FROM response x JOIN prompt p ON p.prompt_id = x.prompt_id`,
};

async function readConversations(plan: Plan, relation: Relation): Promise<Conversation[]> {
  const { id } = rowTables[relation];
  const rows = await plan.all<Conversation>(
    `${selectConversations[relation]} JOIN ${target} t ON t.row_id = x.${id} ORDER BY x.${id} LIMIT 3`,
  );
  if (rows.some((row) => row.hasTwoPrompts))
    throw refused('the two responses of this pair answer different prompts');
  return rows;
}

function refused(why: string): AppError {
  return new AppError('EDIT_INVALID', `The conversation was not changed: ${why}.`);
}

function turnsOf(row: Conversation): Message[] {
  return row.messages ?? [{ role: 'user', content: row.promptText }];
}

/** A new prompt with these turns, derived from another; answers its id. */
async function addPrompt(
  plan: Plan,
  options: { readonly turns: readonly Message[]; readonly from: number; readonly place: number },
): Promise<number> {
  const { id } = await plan.one<{ id: number }>(`SELECT prompt + ?::BIGINT AS id FROM next_id`, [
    options.place,
  ]);
  const messages = `from_json(?::JSON, '${messagesJsonType}')`;
  await plan.run(
    `INSERT INTO ${cell} SELECT 'prompts', ${id}, 'row', NULL, to_json({'prompt_id': ${id}::BIGINT, 'dataset_id': x.dataset_id,
       'text': g.text, 'messages': g.messages, 'text_key': (${editedKey(`'${id}'`)})::VARCHAR, 'chars': length(g.text),
       'turns': len(list_filter(g.messages, lambda m: m."role" = 'user')), 'import_id': x.import_id})
     FROM prompt x, (SELECT m AS messages, ${renderMessages('m')} AS text FROM (SELECT ${messages} AS m)) g WHERE x.prompt_id = ?`,
    [JSON.stringify(options.turns), options.from],
  );
  return id;
}

async function point(plan: Plan, relation: Relation, row: Conversation, promptId: number): Promise<void> {
  const move = (entity: string, id: number) =>
    plan.run(
      `INSERT INTO ${cell} SELECT '${entity}', ?, 'prompt_id', to_json(?::BIGINT), to_json(?::BIGINT)`,
      [id, row.promptId, promptId],
    );
  await move(relation, row.id);
  if (relation === 'responses') return;
  const own = await plan.all<{ id: number }>(
    `SELECT response_id AS id FROM response r JOIN comparison c ON c.comparison_id = ? AND r.response_id IN (c.response_a_id, c.response_b_id)
     WHERE r.prompt_id = c.prompt_id AND NOT EXISTS (SELECT 1 FROM comparison o WHERE o.comparison_id <> c.comparison_id
       AND r.response_id IN (o.response_a_id, o.response_b_id))`,
    [row.id],
  );
  for (const { id } of own) await move('responses', id);
}

/**
 * Cuts one row's prompt before message `turn`. What follows stays the row's prompt; what was before, which must end with
 * an assistant's message, becomes a single response of its own, so that nothing is lost.
 */
export async function planSplit(plan: Plan, relation: Relation, turn: number): Promise<void> {
  const [row, second] = await readConversations(plan, relation);
  if (!row || second) throw refused('choose exactly one row to split');
  const turns = turnsOf(row);
  const answer = turns[turn - 1];
  if (turn < 2 || turn >= turns.length || answer?.role !== 'assistant')
    throw refused('it can only be split before a message that follows an answer of the assistant');
  const head = await addPrompt(plan, { turns: turns.slice(0, turn - 1), from: row.promptId, place: 0 });
  const tail = await addPrompt(plan, { turns: turns.slice(turn), from: row.promptId, place: 1 });
  await point(plan, relation, row, tail);
  const { table, id } = rowTables[relation];
  await plan.run(
    `INSERT INTO ${cell} SELECT 'responses', n.response, 'row', NULL, to_json({'response_id': n.response, 'dataset_id': x.dataset_id,
       'prompt_id': ${head}::BIGINT, 'text': ?::VARCHAR, 'messages': NULL, 'model': NULL, 'position': 0, 'chars': length(?::VARCHAR),
       'example_id': coalesce(x.example_id, '') || ':before', 'language': x.language, 'topic': x.topic, 'subset': x.subset,
       'extra': NULL, 'import_id': x.import_id, 'source_file': x.source_file, 'source_row': x.source_row, 'copied_from': NULL})
     FROM ${table} x, next_id n WHERE x.${id} = ?`,
    [answer.content, answer.content, row.id],
  );
}

/**
 * Puts the earlier of two rows (by id, which is file order) before the later one: its turns and its chosen or only
 * response open the later row's prompt. The earlier row is hidden, with that as the reason.
 */
export async function planMerge(plan: Plan, relation: Relation): Promise<void> {
  const [first, second, third] = await readConversations(plan, relation);
  if (!first || !second || third) throw refused('choose exactly two rows to merge');
  const isSecond = first.label === 'b';
  if (relation === 'pairs' && first.label !== 'a' && !isSecond)
    throw refused('the earlier pair has no chosen response to go on from; label it first');
  const answer = (isSecond ? first.secondText : first.firstText) ?? '';
  const turns = [...turnsOf(first), { role: 'assistant', content: answer }, ...turnsOf(second)];
  const prompt = await addPrompt(plan, { turns, from: second.promptId, place: 0 });
  await point(plan, relation, second, prompt);
  await plan.run(`INSERT INTO ${cell} VALUES ('${relation}', ?, 'hidden', NULL, to_json(?::VARCHAR))`, [
    first.id,
    `merged into row ${second.id}`,
  ]);
}
