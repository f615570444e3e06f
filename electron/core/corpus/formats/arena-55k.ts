import { readDialogueSides } from '../reading/dialogue-sides.ts';
import { messageStruct } from '../reading/message-sql.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { problems, voteStruct } from '../reading/record-parts.ts';
import {
  hasColumns,
  numberOf,
  plainPair,
  presentColumns,
  textListOf,
  textOf,
} from '../reading/source-sql.ts';

const winners = ['winner_model_a', 'winner_model_b', 'winner_tie'] as const;

/** Turns of one side: question, answer, question, answer; a null inside a list is an empty turn. */
function dialogueOf(questions: Sql, answers: Sql): Sql {
  return `flatten(list_transform(${answers}, lambda said, place: [
    ${messageStruct("'user'", `coalesce((${questions})[place], '')`)},
    ${messageStruct("'assistant'", `coalesce(said, '')`)}]))`;
}

function listProblem(shape: SourceShape, column: string) {
  return {
    when: `${textOf(shape, column)} IS NOT NULL AND ${textListOf(shape, column)} IS NULL`,
    text: `“${column}” holds no readable JSON list of turns.`,
    column,
  };
}

/** The Arena set of 55k battles: turns as JSON lists inside the cells, the winner in three 0/1 columns. */
export const arena55k: FormatReader = {
  id: 'chatbot-arena-55k',
  title: 'Chatbot Arena 55k',
  description:
    'prompt, response_a and response_b are JSON lists of turns; winner_model_a, winner_model_b, winner_tie.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'response_a', 'response_b', ...winners)
      ? { confidence: 0.99, why: 'It has response_a, response_b and the three winner columns.' }
      : null,
  read: (shape) => {
    const [a, b, tie] = winners.map((name) => numberOf(shape, name)) as [Sql, Sql, Sql];
    const label = `CASE WHEN ${a} = 1 THEN 'a' WHEN ${b} = 1 THEN 'b' WHEN ${tie} = 1 THEN 'tie' END`;
    const { missing, ...sides } = readDialogueSides({
      a: dialogueOf('assay_questions', 'assay_answers_a'),
      b: dialogueOf('assay_questions', 'assay_answers_b'),
      modelA: textOf(shape, 'model_a'),
      modelB: textOf(shape, 'model_b'),
      columnA: 'response_a',
      columnB: 'response_b',
    });
    const lists = (relation: Sql) => `(SELECT *, ${textListOf(shape, 'prompt')} AS assay_questions,
      ${textListOf(shape, 'response_a')} AS assay_answers_a, ${textListOf(shape, 'response_b')} AS assay_answers_b
      FROM ${relation})`;
    return {
      ...plainPair,
      ...sides,
      from: (relation) => sides.from(lists(relation)),
      exampleId: textOf(shape, 'id'),
      votes: `[${voteStruct({ label })}]`,
      usedColumns: presentColumns(
        shape,
        'id',
        'model_a',
        'model_b',
        'prompt',
        'response_a',
        'response_b',
        ...winners,
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        ...['prompt', 'response_a', 'response_b'].map((column) => listProblem(shape, column)),
        ...missing,
        {
          when: `coalesce(${a}, 0) + coalesce(${b}, 0) + coalesce(${tie}, 0) > 1`,
          text: 'More than one of the three winner columns is 1.',
          column: 'winner_model_a',
        },
      ]),
    };
  },
};
