import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import {
  messagesType,
  messageStruct,
  normaliseRole,
  promptMessages,
  renderMessages,
} from '../reading/message-sql.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems, ratingStruct, responseStruct } from '../reading/record-parts.ts';
import {
  booleanFromText,
  columnNamed,
  findColumn,
  hasColumns,
  listOf,
  numberField,
  presentColumns,
  someValue,
  textField,
  textOf,
} from '../reading/source-sql.ts';

const promptNames = ['prompt', 'question', 'query', 'instruction'] as const;
const treeNames = ['tree_id', 'id'] as const;
const searcher = "'tree search'";

/** Nodes of a tree at most this far below its root; a deeper one is refused. */
const deepest = 2_000;

function isNodeList(value: unknown): boolean {
  const isNode = (one: unknown) =>
    typeof one === 'object' && one !== null && 'id' in one && 'parent' in one && 'text' in one;
  return Array.isArray(value) && value.length > 0 && value.every(isNode);
}

const number = (...keys: readonly string[]): Sql =>
  `coalesce(${keys.map((key) => numberField('body', key)).join(', ')})`;

/** Columns of a node that its JSON says itself. The prior is exp(sum of log-probabilities / tokens^1.25) where none is given. */
const nodeColumns: Sql = `${textField('body', 'id')} AS id, ${textField('body', 'parent')} AS parent, ${textField('body', 'text')} AS said_text,
  ${normaliseRole(textField('body', 'role'))} AS speaker, ${number('q', 'Q')} AS given_q, ${number('visits', 'N')} AS visits,
  coalesce(${number('prior', 'p')}, exp(${number('logprob')} / nullif(${number('tokens')}, 0) ^ 1.25)) AS prior,
  ${number('value', 'v')} AS given_value, ${number('reward', 'r')} AS given_reward, ${number('confidence')} AS confidence,
  ${booleanFromText(textField('body', 'success'))} AS success, ${booleanFromText(textField('body', 'terminal'))} AS terminal`;

/**
 * The value of a state below one of depth `above.depth`: as given; else confidence / max(depth − 3, 1), at the end of a
 * line of thought +1 for success and −1 for anything else, an unreadable answer too; 0 becomes the parent's value.
 */
const valueBelow: Sql = `coalesce(n.given_value, nullif(n.confidence / greatest(above.depth - 3, 1)
    + CASE WHEN NOT n.is_end THEN 0 WHEN n.success THEN 1 ELSE -1 END, 0), CASE WHEN n.confidence IS NOT NULL THEN above."value" END)`;

const walk: Sql = `walk AS (
  SELECT n.*, 0 AS depth, []::${messagesType} AS said, [id] AS lineage, coalesce(given_value, confidence, 0)::DOUBLE AS "value", NULL::DOUBLE AS reward
  FROM node n JOIN plain USING (src_row) WHERE parent IS NULL
  UNION ALL
  SELECT n.*, above.depth + 1, list_append(above.said, ${messageStruct('n.speaker', 'n.said_text')}), list_append(above.lineage, n.id),
    ${valueBelow}, coalesce(n.given_reward, ${valueBelow} - above."value")
  FROM walk above JOIN node n ON n.src_row = above.src_row AND n.parent = above.id WHERE above.depth < ${deepest})`;

/**
 * V(s) = Σ max(1, N)·Q / Σ max(1, N) over the children with Q = r + V (discount 1), as one sum over everything below s:
 * each node's reward times the shares on the way to it, down to nodes whose Q is given.
 */
const values: Sql = `weighed AS MATERIALIZED (
  SELECT *, greatest(1, coalesce(visits, 0)) / sum(greatest(1, coalesce(visits, 0))) OVER (PARTITION BY src_row, parent) AS share FROM walk),
  under AS (
    SELECT src_row, parent AS top, id AS low, share AS factor, given_q, reward FROM weighed WHERE parent IS NOT NULL
    UNION ALL
    SELECT u.src_row, u.top, n.id, u.factor * n.share, n.given_q, n.reward
    FROM under u JOIN weighed n ON n.src_row = u.src_row AND n.parent = u.low WHERE u.given_q IS NULL),
  state AS (
    SELECT src_row, top AS id, CASE WHEN count(*) = count(gain) THEN sum(factor * gain) END AS v
    FROM (SELECT src_row, top, factor, coalesce(given_q, reward) AS gain FROM under)
    GROUP BY ALL)`;

/** One row a node that has children; for a tree that cannot be used one row with the reason. */
function unnestTrees(shape: SourceShape): (relation: Sql) => Sql {
  const nodes = quoteIdentifier(columnNamed(shape, 'nodes') ?? 'nodes');
  const given = findColumn(shape, ...promptNames);
  const prompt = given ? `nullif(${textOf(shape, given.name)}, '')` : 'NULL::VARCHAR';
  return (relation) => `(WITH RECURSIVE tree AS MATERIALIZED (
      SELECT * EXCLUDE (${nodes}), ${listOf(shape, 'nodes')} AS assay_nodes, ${prompt} AS assay_given FROM ${relation}),
    listed AS MATERIALIZED (
      SELECT src_row, place, body, ${nodeColumns} FROM (
        SELECT src_row, unnest(assay_nodes) AS body, generate_subscripts(assay_nodes, 1) AS place FROM tree)),
    node AS MATERIALIZED (
      SELECT listed.* EXCLUDE (terminal), coalesce(terminal, false) OR below.parent IS NULL AS is_end, below.parent IS NOT NULL AS has_children
      FROM listed LEFT JOIN (SELECT DISTINCT src_row, parent FROM listed) below ON below.src_row = listed.src_row AND below.parent = listed.id),
    plain AS (
      SELECT src_row, count(*) AS nodes, bool_or(success IS NOT NULL) AS knows_success FROM node GROUP BY src_row
      HAVING count(*) = count(DISTINCT id) AND count(*) FILTER (parent IS NULL) = 1 AND count(*) FILTER (parent IS NOT NULL AND said_text IS NULL) = 0),
    ${walk},
    whole AS (SELECT src_row, any_value(knows_success) AS knows_success FROM walk JOIN plain USING (src_row) GROUP BY src_row HAVING count(*) = any_value(plain.nodes)),
    ${values},
    winner AS (SELECT DISTINCT src_row, unnest(lineage) AS id FROM walk WHERE success),
    child AS (
      SELECT w.src_row, w.parent, list(struct_pack(id := w.id, said := w.said_text, body := w.body, depth := w.depth, q := coalesce(w.given_q, w.reward + CASE WHEN w.has_children THEN s.v ELSE 0 END),
          visits := w.visits, prior := w.prior, worth := w."value", wins := CASE WHEN whole.knows_success THEN win.id IS NOT NULL END,
          error := ${textField('w.body', 'error')}) ORDER BY w.place) AS children
      FROM weighed w JOIN whole USING (src_row) LEFT JOIN state s ON s.src_row = w.src_row AND s.id = w.id
      LEFT JOIN winner win ON win.src_row = w.src_row AND win.id = w.id WHERE w.parent IS NOT NULL GROUP BY ALL)
    SELECT tree.* EXCLUDE (assay_nodes, assay_given), coalesce(len(above.lineage) = 1, true) AS assay_is_root, above.id AS assay_node,
      coalesce(assay_given, root.said_text) AS assay_prompt, above.said AS assay_said, child.children AS assay_children,
      json_object('node', above.body, 'children', list_transform(child.children, lambda one: json_merge_patch(one.body, '{"text":null}'))) AS ${nodes}
    FROM tree LEFT JOIN child USING (src_row) LEFT JOIN walk above ON above.src_row = child.src_row AND above.id = child.parent
    LEFT JOIN walk root ON root.src_row = tree.src_row AND root.parent IS NULL)`;
}

/** The prompt, then what was said on the way: one assistant turn, or a turn a node where nodes say who speaks. */
const history: Sql = `list_concat([${messageStruct("'user'", 'assay_prompt')}], CASE WHEN len(assay_said) = 0 THEN []
  WHEN len(list_filter(assay_said, lambda turn: turn."role" IS NOT NULL)) = 0
    THEN [${messageStruct("'assistant'", `array_to_string(list_transform(assay_said, lambda turn: turn.content), chr(10))`)}]
  ELSE list_transform(assay_said, lambda turn: ${messageStruct(`coalesce(turn."role", 'assistant')`, 'turn.content')}) END)`;

const rated = (aspect: string, value: Sql, text?: Sql): Sql =>
  ratingStruct({
    response: 'place - 1',
    aspect: `'${aspect}'`,
    value,
    annotator: searcher,
    ...(text ? { valueText: text } : {}),
  });

/** Trees of a search made elsewhere: every node with children becomes a record, its children the responses. */
export const searchTrees: FormatReader = {
  id: 'search-trees',
  title: 'Search trees',
  description:
    'nodes[{id, parent, text, q, visits, prior, value, reward, confidence, success, error}], one tree a row; each node with children becomes a record with its children as responses.',
  detect: (shape) =>
    hasColumns(shape, 'nodes') && someValue(shape, 'nodes', isNodeList)
      ? { confidence: 0.97, why: 'nodes with id, parent and text' }
      : null,
  read(shape) {
    const name = columnNamed(shape, ...treeNames);
    const tree =
      name === undefined ? 'src_row::VARCHAR' : `coalesce(${textOf(shape, name)}, src_row::VARCHAR)`;
    return {
      from: unnestTrees(shape),
      sourceRows: 'CASE WHEN assay_is_root THEN 1 ELSE 0 END',
      exampleId: `concat(${tree}, '/', assay_node)`,
      promptText: renderMessages(`(${history})`),
      promptMessages: promptMessages(`(${history})`),
      responses: `list_transform(coalesce(assay_children, []), lambda one: ${responseStruct('one.said')})`,
      ratings: `list_filter(flatten(list_transform(coalesce(assay_children, []), lambda one, place: [
        ${rated('node', 'NULL', `concat(${tree}, '/', one.id)`)}, ${rated('depth', 'one.depth')}, ${rated('q', 'one.q')}, ${rated('visits', 'one.visits')},
        ${rated('prior', 'one.prior')}, ${rated('state value', 'one.worth')}, ${rated('leads to success', 'one.wins::INTEGER')}, ${rated('error', 'NULL', 'one.error')}])),
        lambda given: given."value" IS NOT NULL OR given.value_text IS NOT NULL)`,
      annotators: `[${annotatorStruct(searcher, "'rule'")}]`,
      ...problems([
        {
          when: 'assay_children IS NULL',
          text: 'No tree: every node needs an id of its own, all but the one root a text and a parent among the nodes, and the root children.',
          column: 'nodes',
        },
        {
          when: 'assay_prompt IS NULL',
          text: 'There is no prompt: neither the tree nor its root has a text.',
          column: 'nodes',
        },
      ]),
      maxVotes: 0,
      usedColumns: presentColumns(shape, ...promptNames, ...(name === undefined ? [] : [name])),
      hasSides: false,
      relation: 'responses',
    };
  },
};
