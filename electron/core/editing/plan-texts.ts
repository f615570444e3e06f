import type { Parameter } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Relation } from '../../contract/corpus.contract.ts';
import type { EditChange, EditRequest, EditValues, TextPart } from '../../contract/editing.contract.ts';
import { renderMessages } from '../corpus/reading/message-sql.ts';
import type { Sql } from '../corpus/reading/reader.ts';
import { messagesJsonType, planTables, rowTables, textCell } from './cells.ts';
import type { Plan } from './plan.ts';

const { target, aim, revised, copied, cell } = planTables;

type Sharing = EditRequest['sharing'];
type TextChange = Extract<EditChange, { op: 'text' }>;
type ReplaceChange = Extract<EditChange, { op: 'replace' }>;

interface Pointer {
  readonly kind: 'prompts' | 'responses';
  readonly column: string;
}

const pointers: Readonly<
  Record<Relation, Partial<Record<TextPart | 'model_a' | 'model_b' | 'model', Pointer>>>
> = {
  pairs: {
    prompt: { kind: 'prompts', column: 'prompt_id' },
    prompt_b: { kind: 'prompts', column: 'prompt_b_id' },
    response_a: { kind: 'responses', column: 'response_a_id' },
    response_b: { kind: 'responses', column: 'response_b_id' },
    model_a: { kind: 'responses', column: 'response_a_id' },
    model_b: { kind: 'responses', column: 'response_b_id' },
  },
  responses: {
    prompt: { kind: 'prompts', column: 'prompt_id' },
    response: { kind: 'responses', column: 'response_id' },
    model: { kind: 'responses', column: 'response_id' },
  },
};

/** Notes where the target's rows point to the part; `response_id` stands for the row itself. */
async function addAims(
  plan: Plan,
  relation: Relation,
  part: keyof (typeof pointers)['pairs'],
): Promise<void> {
  const pointer = pointers[relation][part];
  if (!pointer)
    throw new AppError('EDIT_INVALID', `Nothing was edited: ${relation} have no ${part}.`, { part });
  const { table, id } = rowTables[relation];
  await plan.run(
    `INSERT INTO ${aim} SELECT '${relation}', x.${id}, '${pointer.column}', x.${pointer.column}, '${pointer.kind}'
     FROM ${table} x JOIN ${target} t ON t.row_id = x.${id} WHERE x.${pointer.column} IS NOT NULL`,
  );
}

interface Revision {
  readonly kind: 'prompts' | 'responses';
  /** Expressions over `x`, the prompt or response, with their parameters in this order. */
  readonly text: Sql;
  readonly messages: Sql;
  readonly model?: Sql;
  readonly parameters: readonly Parameter[];
}

const sourceOf = { prompts: 'prompt', responses: 'response' } as const;

/** Computes what the aimed-at texts become; those that stay as they are are left out. */
async function addRevisions(plan: Plan, revision: Revision): Promise<void> {
  const { kind, text, messages, parameters } = revision;
  const table = sourceOf[kind];
  const currentModel = kind === 'responses' ? 'x.model' : 'NULL::VARCHAR';
  await plan.run(
    `INSERT INTO ${revised} SELECT kind, text_id, new_text, new_messages, new_model FROM (
       SELECT '${kind}' AS kind, x.${table}_id AS text_id, ${text} AS new_text, ${messages} AS new_messages,
         ${revision.model ?? currentModel} AS new_model, x.text, x.messages, ${currentModel} AS model
       FROM ${table} x WHERE x.${table}_id IN (SELECT text_id FROM ${aim} WHERE kind = '${kind}'))
     WHERE new_text IS DISTINCT FROM text OR new_messages IS DISTINCT FROM messages OR new_model IS DISTINCT FROM model`,
    parameters,
  );
}

/**
 * Finds the revised texts that something outside the target points to, and numbers a copy of each. Prompts belong to
 * pairs and to responses that are in no pair; responses belong to pairs.
 */
async function findShared(plan: Plan): Promise<void> {
  const wanted = (kind: string) => `IN (SELECT text_id FROM ${revised} WHERE kind = '${kind}')`;
  const references = [
    ...['comparison', 'hidden_comparison'].flatMap((table) => [
      ...['prompt_id', 'prompt_b_id'].map((column) => ({ table, column, kind: 'prompts' })),
      ...['response_a_id', 'response_b_id'].map((column) => ({ table, column, kind: 'responses' })),
    ]),
  ].map(
    ({ table, column, kind }) =>
      `SELECT 'pairs' AS entity, comparison_id AS entity_id, '${column}' AS pointer, ${column} AS text_id, '${kind}' AS kind
       FROM ${table} WHERE ${column} ${wanted(kind)}`,
  );
  const unpaired = ['comparison', 'hidden_comparison']
    .map((table) => `SELECT response_a_id AS id FROM ${table} UNION ALL SELECT response_b_id FROM ${table}`)
    .join(' UNION ALL ');
  const alone = ['response', 'hidden_response'].map(
    (table) =>
      `SELECT 'responses', response_id, 'prompt_id', prompt_id, 'prompts'
       FROM (SELECT response_id, prompt_id FROM ${table} WHERE prompt_id ${wanted('prompts')}) r
       WHERE NOT EXISTS (SELECT 1 FROM (${unpaired}) u WHERE u.id = r.response_id)`,
  );
  const itself = `SELECT entity, entity_id, 'response_id', text_id, kind FROM ${aim} WHERE pointer = 'response_id'`;
  await plan.run(
    `INSERT INTO ${copied} SELECT kind, text_id, NULL FROM (
       SELECT DISTINCT kind, text_id FROM (${[...references, ...alone, itself].join(' UNION ALL ')}) r
       WHERE NOT EXISTS (SELECT 1 FROM ${aim} a WHERE a.kind = r.kind AND a.text_id = r.text_id AND a.entity = r.entity
         AND a.entity_id = r.entity_id AND a.pointer = r.pointer))
     WHERE (kind, text_id) NOT IN (SELECT (kind, text_id) FROM ${aim} WHERE pointer = 'response_id')`,
  );
}

async function numberCopies(plan: Plan): Promise<void> {
  await plan.run(
    `UPDATE ${copied} SET new_id = n.new_id FROM (
       SELECT kind, text_id, CASE kind WHEN 'prompts' THEN (SELECT prompt FROM next_id) ELSE (SELECT response FROM next_id) END
         + row_number() OVER (PARTITION BY kind ORDER BY text_id) - 1 AS new_id FROM ${copied}) n
     WHERE n.kind = edit_copied.kind AND n.text_id = edit_copied.text_id`,
  );
}

/** An edited prompt has a key no import can have, so that later files get a prompt of their own. */
export const editedKey = (id: Sql): Sql =>
  `md5_number('edited prompt ' || ${id} || ' ' || gen_random_uuid())`;

async function addInPlace(plan: Plan): Promise<void> {
  const isAlone = `NOT EXISTS (SELECT 1 FROM ${copied} c WHERE c.kind = r.kind AND c.text_id = r.text_id)`;
  const hasNewText = 'r.text IS DISTINCT FROM x.text OR r.messages IS DISTINCT FROM x.messages';
  await plan.run(
    `INSERT INTO ${cell} SELECT 'prompts', r.text_id, 'text', ${textCell('x.text', 'x.messages', 'x.text_key')},
       ${textCell('r.text', 'r.messages', editedKey('r.text_id'))}
     FROM ${revised} r JOIN prompt x ON x.prompt_id = r.text_id WHERE r.kind = 'prompts' AND ${isAlone}`,
  );
  await plan.run(
    `INSERT INTO ${cell} SELECT 'responses', r.text_id, 'text', ${textCell('x.text', 'x.messages')}, ${textCell('r.text', 'r.messages')}
     FROM ${revised} r JOIN response x ON x.response_id = r.text_id WHERE r.kind = 'responses' AND (${hasNewText}) AND ${isAlone}`,
  );
  await plan.run(
    `INSERT INTO ${cell} SELECT 'responses', r.text_id, 'model', to_json(x.model), to_json(r.model)
     FROM ${revised} r JOIN response x ON x.response_id = r.text_id
     WHERE r.kind = 'responses' AND r.model IS DISTINCT FROM x.model AND ${isAlone}`,
  );
}

/** Copies with their new texts; the rows of the target then point to them. */
async function addCopies(plan: Plan): Promise<void> {
  const isCopied = 'c.kind = r.kind AND c.text_id = r.text_id';
  const users = 'coalesce(len(list_filter(r.messages, lambda m: m."role" = \'user\')), 1)';
  await plan.run(
    `INSERT INTO ${cell} SELECT 'prompts', c.new_id, 'row', NULL, to_json({'prompt_id': c.new_id, 'dataset_id': x.dataset_id,
       'text': r.text, 'messages': r.messages, 'text_key': (${editedKey('c.new_id')})::VARCHAR, 'chars': length(r.text),
       'turns': ${users}, 'import_id': x.import_id})
     FROM ${revised} r JOIN ${copied} c ON ${isCopied} JOIN prompt x ON x.prompt_id = r.text_id WHERE r.kind = 'prompts'`,
  );
  await plan.run(
    `INSERT INTO ${cell} SELECT 'responses', c.new_id, 'row', NULL, to_json({'response_id': c.new_id, 'dataset_id': x.dataset_id,
       'prompt_id': coalesce(p.new_id, x.prompt_id), 'text': r.text, 'messages': r.messages, 'model': r.model, 'position': x.position,
       'chars': length(r.text), 'example_id': x.example_id, 'language': x.language, 'topic': x.topic, 'subset': x.subset,
       'extra': x.extra, 'import_id': x.import_id, 'source_file': x.source_file, 'source_row': x.source_row, 'copied_from': c.text_id})
     FROM ${revised} r JOIN ${copied} c ON ${isCopied} JOIN response x ON x.response_id = r.text_id
     LEFT JOIN ${copied} p ON p.kind = 'prompts' AND p.text_id = x.prompt_id WHERE r.kind = 'responses'`,
  );
  await plan.run(
    `INSERT INTO ${cell} SELECT a.entity, a.entity_id, a.pointer, to_json(a.text_id), to_json(c.new_id)
     FROM ${aim} a JOIN ${copied} c ON c.kind = a.kind AND c.text_id = a.text_id
     JOIN ${revised} r ON r.kind = a.kind AND r.text_id = a.text_id`,
  );
  await addFollowers(plan);
}

/** A response whose pairs all leave a prompt for its copy goes with them. */
async function addFollowers(plan: Plan): Promise<void> {
  const uses = ['comparison', 'hidden_comparison'].flatMap((table) =>
    ['response_a_id', 'response_b_id'].flatMap((side) =>
      ['prompt_id', 'prompt_b_id'].map(
        (pointer) =>
          `SELECT u.${side} AS response_id, EXISTS (SELECT 1 FROM ${aim} a WHERE a.entity = 'pairs' AND a.entity_id = u.comparison_id
             AND a.pointer = '${pointer}') AS is_moved
           FROM ${table} u JOIN follower r ON r.response_id = u.${side} AND r.prompt_id = u.${pointer}`,
      ),
    ),
  );
  await plan.run(
    `INSERT INTO ${cell}
     WITH follower AS (SELECT r.response_id, r.prompt_id, c.new_id FROM response r
       JOIN ${copied} c ON c.kind = 'prompts' AND c.text_id = r.prompt_id)
     SELECT 'responses', r.response_id, 'prompt_id', to_json(r.prompt_id), to_json(r.new_id) FROM follower r
     JOIN (${uses.join(' UNION ALL ')}) u ON u.response_id = r.response_id
     GROUP BY r.response_id, r.prompt_id, r.new_id HAVING bool_and(u.is_moved)`,
  );
}

/** Turns revised texts into changes: in place where nobody else uses them, as copies where others do. */
async function addTextCells(plan: Plan, sharing: Sharing): Promise<void> {
  if (sharing === 'rows') {
    await findShared(plan);
    await numberCopies(plan);
  }
  await addInPlace(plan);
  await addCopies(plan);
}

export async function planModels(
  plan: Plan,
  { relation, values, sharing }: { relation: Relation; values: EditValues; sharing: Sharing },
): Promise<void> {
  const given = (['model_a', 'model_b', 'model'] as const).filter((field) => values[field] !== undefined);
  if (new Set(given.map((field) => values[field])).size > 1)
    throw new AppError('EDIT_INVALID', 'Nothing was edited: set the two models one after the other.');
  const [first] = given;
  if (first === undefined) return;
  for (const field of given) await addAims(plan, relation, field);
  await addRevisions(plan, {
    kind: 'responses',
    text: 'x.text',
    messages: 'x.messages',
    model: '?::VARCHAR',
    parameters: [values[first] ?? null],
  });
  await addTextCells(plan, sharing);
}

async function refuseManyTurns(plan: Plan, kind: 'prompts' | 'responses'): Promise<void> {
  const table = sourceOf[kind];
  const { n } = await plan.one<{ n: number }>(
    `SELECT count(*) AS n FROM ${table} WHERE len(messages) > 1 AND ${table}_id IN (SELECT text_id FROM ${aim} WHERE kind = '${kind}')`,
  );
  if (n > 0)
    throw new AppError(
      'EDIT_INVALID',
      `Nothing was edited: ${n} of these texts have several turns. Give the turns in place of one text.`,
      { count: n },
    );
}

export async function planText(
  plan: Plan,
  { relation, change, sharing }: { relation: Relation; change: TextChange; sharing: Sharing },
): Promise<void> {
  await addAims(plan, relation, change.part);
  const kind = pointers[relation][change.part]?.kind ?? 'responses';
  if (change.messages) {
    const messages = `from_json(?::JSON, '${messagesJsonType}')`;
    const json = JSON.stringify(change.messages);
    await addRevisions(plan, {
      kind,
      text: `(SELECT ${renderMessages('g.m')} FROM (SELECT ${messages} AS m) g)`,
      messages,
      parameters: [json, json],
    });
  } else if (change.text !== undefined) {
    await refuseManyTurns(plan, kind);
    await addRevisions(plan, {
      kind,
      text: '?::VARCHAR',
      messages:
        'CASE WHEN len(x.messages) = 1 THEN [struct_pack("role" := x.messages[1]."role", content := ?::VARCHAR)] ELSE x.messages END',
      parameters: [change.text, change.text],
    });
  } else throw new AppError('EDIT_INVALID', 'Nothing was edited: there is neither a text nor turns.');
  await addTextCells(plan, sharing);
}

/** A plain text as an RE2 expression that matches just it. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** The replacement as SQL over `text`, and its two parameters. */
function replaceSql({ find, with: by, isRegex, ignoreCase }: ReplaceChange) {
  if (!isRegex && !ignoreCase) {
    return { sql: (text: Sql) => `replace(${text}, ?::VARCHAR, ?::VARCHAR)`, parameters: [find, by] };
  }
  const pattern = isRegex ? find : escapePattern(find);
  const replacement = isRegex ? by : by.replaceAll('\\', '\\\\');
  const options = ignoreCase ? 'gi' : 'g';
  return {
    sql: (text: Sql) => `regexp_replace(${text}, ?::VARCHAR, ?::VARCHAR, '${options}')`,
    parameters: [pattern, replacement],
  };
}

function explainPattern(pattern: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const message = error.message.split('\n')[0] ?? '';
  if (!/invalid|missing|repetition|escape|rewrite|backreference|parenthesis|pattern/i.test(message))
    return error;
  return new AppError(
    'EDIT_INVALID',
    `Nothing was replaced: “${pattern}” is not a valid regular expression, or the replacement names a group it has not. ${message}`,
    { pattern },
  );
}

/**
 * Replaces in every text of the parts. Of texts with turns the contents of the turns change and the text is written
 * anew from them; where a source's text is no rendering of its turns, both change.
 */
export async function planReplace(
  plan: Plan,
  { relation, change, sharing }: { relation: Relation; change: ReplaceChange; sharing: Sharing },
): Promise<void> {
  for (const part of new Set(change.parts)) await addAims(plan, relation, part);
  const { sql, parameters } = replaceSql(change);
  const inTurns = `list_transform(x.messages, lambda m: struct_pack("role" := m."role", content := ${sql('m.content')}))`;
  const kinds = new Set(change.parts.map((part) => pointers[relation][part]?.kind ?? 'responses'));
  try {
    for (const kind of kinds) {
      await addRevisions(plan, {
        kind,
        text: `CASE WHEN x.messages IS NOT NULL AND x.text = ${renderMessages('x.messages')}
          THEN (SELECT ${renderMessages('g.m')} FROM (SELECT ${inTurns} AS m) g) ELSE ${sql('x.text')} END`,
        messages: `CASE WHEN x.messages IS NOT NULL THEN ${inTurns} END`,
        parameters: [...parameters, ...parameters, ...parameters],
      });
    }
  } catch (error) {
    throw explainPattern(change.find, error);
  }
  await addTextCells(plan, sharing);
}
