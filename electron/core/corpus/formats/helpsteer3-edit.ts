import { messagesOf, promptMessages, renderMessages } from '../reading/message-sql.ts';
import type { FormatReader, SourceShape } from '../reading/reader.ts';
import { problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import { hasColumns, presentColumns, textOf } from '../reading/source-sql.ts';

/** Which columns hold the two texts of a row, and whether the set says that the first is the better one. */
const kinds = [
  { first: 'good_edited_response', second: 'bad_edited_response', label: `'a'` },
  { first: 'edited_response', second: 'original_response', label: 'NULL' },
] as const;

const findKind = (shape: SourceShape) =>
  kinds.find(({ first, second }) => hasColumns(shape, 'context', first, second));

/**
 * HelpSteer3 edit and edit_quality. A good edit is preferred to a bad one; an edit beside what it was made from is a
 * comparison that nobody voted on. All else, the original under two edits too, is kept in extra.
 */
export const helpSteer3Edit: FormatReader = {
  id: 'helpsteer3-edit',
  title: 'HelpSteer3 (edit, edit quality)',
  description:
    'context with good_edited_response and bad_edited_response (a preference), or with original_response and edited_response (no label).',
  detect: (shape) => {
    const kind = findKind(shape);
    return kind ? { confidence: 0.97, why: `It has context, ${kind.first} and ${kind.second}.` } : null;
  },
  read: (shape) => {
    const { first, second, label } = findKind(shape) ?? kinds[1];
    const sides = [first, second].map((column) => ({ column, text: textOf(shape, column) }));
    return {
      from: (relation) => `(SELECT *, ${messagesOf(shape, 'context')} AS assay_prompt FROM ${relation})`,
      promptText: renderMessages('assay_prompt'),
      promptMessages: promptMessages('assay_prompt'),
      topic: textOf(shape, 'domain'),
      language: textOf(shape, 'language'),
      responses: `[${sides.map(({ text }) => responseStruct(text)).join(', ')}]`,
      votes: `[${voteStruct({ label })}]`,
      maxResponses: 2,
      maxVotes: 1,
      usedColumns: presentColumns(shape, 'context', first, second, 'domain', 'language'),
      hasSides: false,
      relation: 'pairs',
      ...problems([
        { when: 'assay_prompt IS NULL', text: 'The context is no list of messages.', column: 'context' },
        ...sides.map(({ column, text }) => ({
          when: `${text} IS NULL`,
          text: `There is no response in “${column}”.`,
          column,
        })),
      ]),
    };
  },
};
