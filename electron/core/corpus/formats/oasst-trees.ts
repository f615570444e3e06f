import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import { nodeMessage, ranksOf, readThread } from '../reading/oasst-replies.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { columnNamed, hasColumns, jsonOf, someValue, textField } from '../reading/source-sql.ts';

function isTreeNode(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'text' in value && ('replies' in value || 'role' in value)
  );
}

/** What records do not hold of a node and its replies, and in full the messages below that nobody answered. */
const rest: Sql = `json_merge_patch(body, json_object('text', NULL,
  'replies', list_transform(coalesce(replies, []), lambda reply: json_merge_patch(reply, '{"text":null}')),
  'unanswered', leaf.leaves))`;

const above = (pointer: Sql): Sql => `regexp_replace(${pointer}, '\\.replies\\[\\d+\\]$', '')`;

/** Pointers of a node's ancestors and of itself, root first. */
const lineage: Sql = `list_transform(range(1, len(string_split(pointer, '.')) + 1),
  lambda depth: array_to_string(string_split(pointer, '.')[1:depth], '.'))`;

/**
 * One row an answered prompter node, and one for the root in any case. Every message is held once, without the messages
 * below it; ancestors and replies are joined by their pointers, so that memory stays near the size of the source.
 */
function unnestTrees(shape: SourceShape): (relation: Sql) => Sql {
  const prompt = quoteIdentifier(columnNamed(shape, 'prompt') ?? 'prompt');
  return (relation) => `(WITH tree AS MATERIALIZED (
      SELECT * EXCLUDE (${prompt}), ${jsonOf(shape, 'prompt')} AS assay_root FROM ${relation}),
    node AS MATERIALIZED (
      SELECT tree.src_row, branch.fullkey AS pointer, json_merge_patch(branch.value, '{"replies":null}') AS body,
        json_extract_string(branch.value, '$.role') AS speaker
      FROM tree, json_tree(tree.assay_root) AS branch
      WHERE branch.type = 'OBJECT' AND regexp_matches(branch.fullkey, '^\\$(\\.replies\\[\\d+\\])*$')),
    answer AS (
      SELECT src_row, ${above('pointer')} AS pointer,
        list(body ORDER BY regexp_extract(pointer, '(\\d+)\\]$', 1)::INTEGER) AS replies
      FROM node WHERE pointer <> '$' AND speaker = 'assistant' GROUP BY ALL),
    asked AS (
      SELECT node.src_row, node.pointer, body, replies FROM node LEFT JOIN answer USING (src_row, pointer)
      WHERE pointer = '$' OR speaker = 'prompter'),
    leaf AS (
      SELECT src_row, ${above(above('pointer'))} AS pointer, list(body) AS leaves
      FROM asked WHERE replies IS NULL AND pointer <> '$' GROUP BY ALL),
    thread AS (SELECT * FROM asked WHERE pointer = '$' OR replies IS NOT NULL),
    path AS (
      SELECT step.src_row, step.pointer, list(${nodeMessage('node.body')} ORDER BY length(node.pointer)) AS said
      FROM (SELECT src_row, pointer, unnest(${lineage}) AS ancestor FROM thread) AS step
      JOIN node ON node.src_row = step.src_row AND node.pointer = step.ancestor GROUP BY ALL)
    SELECT tree.* EXCLUDE (assay_root), coalesce(thread.pointer, '$') = '$' AS assay_is_root, body AS assay_node,
      said AS assay_path, replies AS assay_replies, ${ranksOf('replies')} AS assay_ranks, ${rest} AS ${prompt}
    FROM tree LEFT JOIN thread USING (src_row)
    LEFT JOIN path ON path.src_row = thread.src_row AND path.pointer = thread.pointer
    LEFT JOIN leaf ON leaf.src_row = thread.src_row AND leaf.pointer = thread.pointer)`;
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
      sourceRows: 'CASE WHEN assay_is_root THEN 1 ELSE 0 END',
      exampleId: textField('assay_node', 'message_id'),
      ...readThread(
        { node: 'assay_node', path: 'assay_path', replies: 'assay_replies', ranks: 'assay_ranks' },
        [
          {
            when: `${textField('assay_node', 'text')} IS NULL`,
            text: 'The root of the tree holds no text.',
            column: 'prompt',
          },
          {
            when: 'assay_replies IS NULL',
            text: 'Nobody replied to the root of this tree.',
            column: 'prompt',
          },
        ],
      ),
      usedColumns: [],
    };
  },
};
