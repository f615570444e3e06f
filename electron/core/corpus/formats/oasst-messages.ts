import { groupSource } from '../reading/grouped-source.ts';
import { nodeMessage, ranksOf, readThread } from '../reading/oasst-replies.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { hasColumns, jsonOf, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';

const heldColumns = ['message_id', 'parent_id', 'text', 'role', 'lang', 'rank', 'model_name'];

/** What a record takes from a message, as JSON in the form of a tree's node. */
function nodeOf(shape: SourceShape): Sql {
  const text = (name: string) => `'${name}', ${textOf(shape, name)}`;
  return `json_object(${['text', 'role', 'lang', 'model_name'].map(text).join(', ')}, 'rank', ${numberOf(shape, 'rank')},
    'labels', ${jsonOf(shape, 'labels')}, 'emojis', ${jsonOf(shape, 'emojis')})`;
}

/**
 * One row a prompter message with its replies and its path from the root. Replies are folded into the row of their
 * parent; every other row stays, so that it can be told why it is no record.
 */
function foldReplies(shape: SourceShape): (relation: Sql) => Sql {
  const held = presentColumns(shape, ...heldColumns);
  const grouped = groupSource(shape, 'folded', {
    by: ['assay_group'],
    memberId: textOf(shape, 'message_id'),
    keyed: shape.columns
      .map(({ name }) => name)
      .filter((name) => !held.includes(name) && name !== 'message_tree_id'),
    aggregates: {
      assay_own: 'any_value(assay_node ORDER BY src_row) FILTER (NOT assay_is_reply)',
      assay_id: `any_value(assay_message ORDER BY src_row) FILTER (NOT assay_is_reply)`,
      assay_replies: 'list(assay_node ORDER BY src_row) FILTER (assay_is_reply)',
    },
  });
  return (relation) => `(WITH RECURSIVE message AS (
      SELECT *, ${nodeOf(shape)} AS assay_node, ${textOf(shape, 'message_id')} AS assay_message,
        ${textOf(shape, 'parent_id')} AS assay_parent, ${textOf(shape, 'role')} AS assay_role FROM ${relation}),
    thread AS (
      SELECT assay_message, [${nodeMessage('assay_node')}] AS assay_path FROM message WHERE assay_parent IS NULL
      UNION ALL
      SELECT message.assay_message, list_append(thread.assay_path, ${nodeMessage('message.assay_node')})
      FROM message JOIN thread ON message.assay_parent = thread.assay_message),
    prompter AS (SELECT DISTINCT assay_message AS assay_prompter FROM message WHERE assay_role = 'prompter'),
    folded AS (SELECT *, assay_role = 'assistant' AND assay_prompter IS NOT NULL AS assay_is_reply,
        CASE WHEN assay_role = 'assistant' AND assay_prompter IS NOT NULL THEN assay_parent
          ELSE coalesce(assay_message, 'row ' || src_row) END AS assay_group
      FROM message LEFT JOIN prompter ON assay_parent = assay_prompter)
    SELECT item.*, thread.assay_path, ${ranksOf('assay_replies')} AS assay_ranks FROM (${grouped}) AS item LEFT JOIN thread ON thread.assay_message = item.assay_id)`;
}

/** OASST messages, one a row: joined by `parent_id`. */
export const oasstMessages: FormatReader = {
  id: 'oasst-messages',
  title: 'OpenAssistant messages',
  description:
    'One message a row with parent_id; each answered prompter message becomes a record, siblings are paired by rank.',
  detect: (shape) =>
    hasColumns(shape, 'message_id', 'parent_id', 'text', 'role')
      ? { confidence: 0.98, why: 'messages with message_id and parent_id' }
      : null,
  read(shape) {
    return {
      from: foldReplies(shape),
      sourceRows: 'assay_rows',
      exampleId: 'assay_id',
      ...readThread(
        { node: 'assay_own', path: 'assay_path', replies: 'assay_replies', ranks: 'assay_ranks' },
        [
          {
            when: 'assay_path IS NULL',
            text: 'The messages above this one are not in the source.',
            column: 'parent_id',
          },
          {
            when: `json_extract_string(assay_own, '$.role') <> 'prompter'`,
            text: 'This reply does not follow a prompter message.',
            column: 'role',
          },
          { when: 'assay_replies IS NULL', text: 'Nobody replied to this message.', column: 'message_id' },
        ],
      ),
      usedColumns: presentColumns(shape, 'message_id', 'text', 'role', 'lang', 'rank', 'model_name'),
    };
  },
};
