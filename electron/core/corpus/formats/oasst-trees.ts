import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { nodeMessage, readThread } from './oasst-replies.ts';
import type { FormatReader, SourceShape, Sql } from './reader.ts';
import { columnNamed, hasColumns, itemsOf, jsonOf, someValue, textField } from './source-sql.ts';

function isTreeNode(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'text' in value && ('replies' in value || 'role' in value)
  );
}

/**
 * The node and its replies without the texts that records hold: what goes to `extra`. Messages to which nobody replied
 * make no record and are kept in full.
 */
function restOf(node: Sql): Sql {
  const replies = (json: Sql) => `coalesce(${itemsOf(`json_extract(${json}, '$.replies')`)}, [])`;
  const bare = (json: Sql) => `json_merge_patch(${json}, '{"text":null,"replies":null}')`;
  const unanswered = `list_filter(${replies('reply')}, lambda below: coalesce(json_array_length(below, '$.replies'), 0) = 0)`;
  return `json_merge_patch(${bare(node)}, json_object('replies', list_transform(${replies(node)}, lambda reply:
    json_merge_patch(${bare('reply')}, CASE WHEN len(${unanswered}) > 0 THEN json_object('replies', ${unanswered}) ELSE '{}' END))))`;
}

/** Walks each tree from its root; keeps prompter nodes that were answered, and the root in any case. */
function unnestTrees(shape: SourceShape): (relation: Sql) => Sql {
  const replies = (node: Sql) => `coalesce(${itemsOf(`json_extract(${node}, '$.replies')`)}, [])`;
  const prompt = quoteIdentifier(columnNamed(shape, 'prompt') ?? 'prompt');
  return (relation) => `(WITH RECURSIVE tree AS MATERIALIZED (
      SELECT * EXCLUDE (${prompt}), ${jsonOf(shape, 'prompt')} AS assay_root FROM ${relation}),
    walk AS (
      SELECT src_row, 0 AS depth, assay_root AS node, [${nodeMessage('assay_root')}] AS path FROM tree
      UNION ALL
      SELECT src_row, depth + 1, child, list_append(path, ${nodeMessage('child')})
      FROM (SELECT src_row, depth, path, unnest(${replies('node')}) AS child FROM walk)),
    thread AS (
      SELECT src_row, depth AS assay_depth, node AS assay_node, path AS assay_path,
        list_filter(${replies('node')}, lambda reply: ${textField('reply', 'role')} = 'assistant') AS assay_replies
      FROM walk
      WHERE depth = 0 OR ${textField('node', 'role')} = 'prompter')
    SELECT tree.* EXCLUDE (assay_root), thread.* EXCLUDE (src_row), ${restOf('assay_node')} AS ${prompt}
    FROM thread JOIN tree USING (src_row)
    WHERE assay_depth = 0 OR len(assay_replies) > 0)`;
}

/** OASST message trees: every answered prompter message becomes a record with its ranked replies. */
export const oasstTrees: FormatReader = {
  id: 'oasst-trees',
  title: 'OpenAssistant trees',
  description:
    'Nested message trees; each answered prompter message becomes a record, siblings are paired by rank.',
  detect: (shape) =>
    hasColumns(shape, 'message_tree_id', 'prompt') && someValue(shape, 'prompt', isTreeNode)
      ? { confidence: 0.99, why: 'message trees with nested replies' }
      : null,
  read(shape) {
    return {
      from: unnestTrees(shape),
      sourceRows: 'CASE WHEN assay_depth = 0 THEN 1 ELSE 0 END',
      exampleId: textField('assay_node', 'message_id'),
      ...readThread({ node: 'assay_node', path: 'assay_path', replies: 'assay_replies' }, [
        {
          when: `${textField('assay_node', 'text')} IS NULL`,
          text: 'The root of the tree holds no text.',
          column: 'prompt',
        },
        {
          when: 'len(assay_replies) = 0',
          text: 'Nobody replied to the root of this tree.',
          column: 'prompt',
        },
      ]),
      usedColumns: [],
    };
  },
};
