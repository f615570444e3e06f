import type { FormatReader } from '../reading/reader.ts';
import { problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import { hasColumns, presentColumns, plainPair, textOf } from '../reading/source-sql.ts';

/** DOVE: joint preferences over (instruction, response) pairs; the two instructions may differ. */
export const dove: FormatReader = {
  id: 'dove',
  title: 'DOVE joint preferences',
  description: 'i_chosen, r_chosen, i_reject, r_reject: each response with its own instruction.',
  detect: (shape) =>
    hasColumns(shape, 'i_chosen', 'r_chosen', 'i_reject', 'r_reject')
      ? { confidence: 0.99, why: 'chosen and rejected, each with its own instruction' }
      : null,
  read(shape) {
    const prompt = textOf(shape, 'i_chosen');
    const other = textOf(shape, 'i_reject');
    return {
      promptText: prompt,
      promptBText: `CASE WHEN ${other} IS DISTINCT FROM ${prompt} THEN ${other} END`,
      responses: `[${responseStruct(textOf(shape, 'r_chosen'))}, ${responseStruct(textOf(shape, 'r_reject'))}]`,
      votes: `[${voteStruct({ label: "'a'" })}]`,
      ...problems([
        { when: `${prompt} IS NULL`, text: 'The chosen response has no instruction.', column: 'i_chosen' },
        { when: `${other} IS NULL`, text: 'The rejected response has no instruction.', column: 'i_reject' },
        {
          when: `${textOf(shape, 'r_chosen')} IS NULL`,
          text: 'There is no chosen response.',
          column: 'r_chosen',
        },
        {
          when: `${textOf(shape, 'r_reject')} IS NULL`,
          text: 'There is no rejected response.',
          column: 'r_reject',
        },
      ]),
      ...plainPair,
      usedColumns: presentColumns(shape, 'i_chosen', 'r_chosen', 'i_reject', 'r_reject'),
      hasSides: false,
      relation: 'pairs',
    };
  },
};
