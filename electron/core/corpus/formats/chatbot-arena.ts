import { readDialogueSides } from '../reading/dialogue-sides.ts';
import { messagesOf } from '../reading/message-sql.ts';
import type { FormatReader, Sql } from '../reading/reader.ts';
import { annotatorStruct, labelFromWord, problems, voteStruct } from '../reading/record-parts.ts';
import { columnNamed, hasColumns, plainPair, presentColumns, textOf } from '../reading/source-sql.ts';

const isArena = (shape: Parameters<FormatReader['detect']>[0]) =>
  hasColumns(shape, 'conversation_a', 'conversation_b', 'model_a', 'model_b', 'winner');

/** MT-bench judgments are arena battles without a time, a language or a session, judged turn by turn. */
const isBench = (shape: Parameters<FormatReader['detect']>[0]) =>
  isArena(shape) &&
  hasColumns(shape, 'question_id', 'judge', 'turn') &&
  columnNamed(shape, 'tstamp', 'timestamp', 'language', 'evaluation_session_id', 'anony') === undefined;

/** Chatbot Arena battles: the 33k, 100k and 140k sets. */
export const chatbotArena: FormatReader = {
  id: 'chatbot-arena',
  title: 'Chatbot Arena conversations (33k, 100k, 140k)',
  description:
    'Two conversations with two models and a winner: model_a, model_b, tie, tie (bothbad) or both_bad.',
  detect: (shape) =>
    isArena(shape) && !isBench(shape)
      ? { confidence: 0.97, why: 'It has conversation_a, conversation_b, both models and a winner.' }
      : null,
  read: (shape) => {
    const winner = textOf(shape, 'winner');
    const label = labelFromWord(winner);
    const judge = textOf(shape, 'judge');
    const { missing, ...sides } = readDialogueSides({
      a: messagesOf(shape, 'conversation_a'),
      b: messagesOf(shape, 'conversation_b'),
      modelA: textOf(shape, 'model_a'),
      modelB: textOf(shape, 'model_b'),
      columnA: 'conversation_a',
      columnB: 'conversation_b',
    });
    const id = columnNamed(shape, 'question_id', 'id');
    return {
      ...plainPair,
      ...sides,
      ...(id ? { exampleId: textOf(shape, id) } : {}),
      language: textOf(shape, 'language'),
      votes: `[${voteStruct({ label, annotator: judge })}]`,
      annotators: `CASE WHEN ${judge} IS NOT NULL THEN [${annotatorStruct(judge, "'human'")}] END`,
      usedColumns: presentColumns(
        shape,
        ...(id ? [id] : []),
        'model_a',
        'model_b',
        'winner',
        'judge',
        'conversation_a',
        'conversation_b',
        'language',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        ...missing,
        {
          when: `${winner} IS NOT NULL AND (${label}) IS NULL`,
          text: 'The winner is none of model_a, model_b, tie, tie (bothbad), both_bad.',
          column: 'winner',
        },
      ]),
    };
  },
};

/**
 * MT-bench judgments: several judges on one pair of answers become the votes of one comparison. `turn` says up to which
 * turn the judge read, so the conversations are cut there.
 */
export const mtBench: FormatReader = {
  id: 'mt-bench-judgments',
  title: 'MT-bench judgments',
  description:
    'Battles on MT-bench questions with a named judge; rows on the same answers become one record.',
  detect: (shape) =>
    isBench(shape)
      ? {
          confidence: 0.97,
          why: 'It has two conversations, question_id, judge and turn, but no time or language.',
        }
      : null,
  read: (shape) => {
    const winner = textOf(shape, 'winner');
    const read = (name: string) =>
      `(${messagesOf(shape, name)})[:2 * greatest(${textOf(shape, 'turn')}::INTEGER, 1)]`;
    const { missing, ...sides } = readDialogueSides({
      a: 'assay_conversation_a',
      b: 'assay_conversation_b',
      modelA: 'assay_model_a',
      modelB: 'assay_model_b',
      columnA: 'conversation_a',
      columnB: 'conversation_b',
    });
    const vote = voteStruct({ label: labelFromWord('one.winner'), annotator: 'one.judge' });
    const kind = `CASE WHEN one.judge ILIKE '%gpt%' OR one.judge ILIKE '%claude%' THEN 'model' ELSE 'human' END`;
    const grouped = `SELECT min(src_row) AS src_row, count(*) AS assay_count, assay_question, assay_turn,
        assay_model_a, assay_model_b, assay_conversation_a, assay_conversation_b,
        list(struct_pack(winner := assay_winner, judge := assay_judge) ORDER BY src_row) AS assay_votes`;
    const rows = (relation: Sql) => `SELECT src_row, ${textOf(shape, 'question_id')} AS assay_question,
        ${textOf(shape, 'turn')} AS assay_turn, ${textOf(shape, 'model_a')} AS assay_model_a,
        ${textOf(shape, 'model_b')} AS assay_model_b, ${read('conversation_a')} AS assay_conversation_a,
        ${read('conversation_b')} AS assay_conversation_b, ${winner} AS assay_winner, ${textOf(shape, 'judge')} AS assay_judge
      FROM ${relation}`;
    return {
      ...sides,
      from: (relation) => sides.from(`(${grouped} FROM (${rows(relation)}) GROUP BY ALL)`),
      sourceRows: 'assay_count',
      exampleId: `concat_ws(':', assay_question, assay_model_a, assay_model_b, assay_turn)`,
      subset: `'turn ' || assay_turn`,
      votes: `list_transform(assay_votes, lambda one: ${vote})`,
      annotators: `list_transform(list_filter(assay_votes, lambda one: one.judge IS NOT NULL), lambda one:
        ${annotatorStruct('one.judge', kind)})`,
      maxResponses: 2,
      usedColumns: shape.columns.map((column) => column.name),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        ...missing,
        {
          when: `len(list_filter(assay_votes, lambda one: one.winner IS NOT NULL AND (${labelFromWord('one.winner')}) IS NULL)) > 0`,
          text: 'The winner is none of model_a, model_b, tie.',
          column: 'winner',
        },
      ]),
    };
  },
};
