import { messagesOf, promptMessages, renderMessages } from '../reading/message-sql.ts';
import type { FormatReader } from '../reading/reader.ts';
import { problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import { signedProblem, signedVote } from '../reading/signed-preference.ts';
import {
  hasColumns,
  listOf,
  numberField,
  numberOf,
  presentColumns,
  textField,
  textOf,
} from '../reading/source-sql.ts';

/** HelpSteer3: preference (signed, with single raters) and feedback (texts only, kept in extra; nobody voted). */
export const helpSteer3: FormatReader = {
  id: 'helpsteer3',
  title: 'HelpSteer3 (preference, feedback)',
  description:
    'context, response1, response2 with overall_preference −3…3 (negative = first) and single raters.',
  detect: (shape) =>
    hasColumns(shape, 'context', 'response1', 'response2')
      ? { confidence: 0.97, why: 'It has context, response1 and response2.' }
      : null,
  read: (shape) => {
    const [first, second] = [textOf(shape, 'response1'), textOf(shape, 'response2')];
    const hasPreference = hasColumns(shape, 'overall_preference');
    const strength = numberOf(shape, 'overall_preference');
    const single = signedVote(numberField('one', 'score'), {
      annotator: `'rater ' || place`,
      rationale: textField('one', 'reasoning'),
    });
    const singles = hasColumns(shape, 'individual_preference')
      ? `coalesce(list_transform(${listOf(shape, 'individual_preference')}, lambda one, place: ${single}), [])`
      : '[]';
    const overall = hasPreference ? signedVote(strength) : voteStruct({ label: 'NULL' });
    return {
      from: (relation) => `(SELECT *, ${messagesOf(shape, 'context')} AS assay_prompt FROM ${relation})`,
      promptText: renderMessages('assay_prompt'),
      promptMessages: promptMessages('assay_prompt'),
      topic: textOf(shape, 'domain'),
      language: textOf(shape, 'language'),
      responses: `[${responseStruct(first)}, ${responseStruct(second)}]`,
      votes: `list_concat([${overall}], ${singles})`,
      maxResponses: 2,
      usedColumns: presentColumns(
        shape,
        'context',
        'response1',
        'response2',
        'overall_preference',
        'domain',
        'language',
        'individual_preference',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: 'assay_prompt IS NULL', text: 'The context is no list of messages.', column: 'context' },
        { when: `${first} IS NULL`, text: 'There is no response in “response1”.', column: 'response1' },
        { when: `${second} IS NULL`, text: 'There is no response in “response2”.', column: 'response2' },
        ...(hasPreference
          ? [signedProblem(strength, textOf(shape, 'overall_preference'), 'overall_preference')]
          : []),
      ]),
    };
  },
};
