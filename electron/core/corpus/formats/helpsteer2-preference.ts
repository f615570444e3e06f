import { promptMessages, renderMessages } from '../reading/message-sql.ts';
import type { FormatReader } from '../reading/reader.ts';
import { problems, responseStruct } from '../reading/record-parts.ts';
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
import { nvidiaPrompt } from '../reading/transcript.ts';

/** HelpSteer2 preference: a signed strength, negative for the first response, with the raters' single votes. */
export const helpSteer2Preference: FormatReader = {
  id: 'helpsteer2-preference',
  title: 'HelpSteer2 preference',
  description: 'response_1 and response_2 with preference_strength −3…3 (negative = first) and reasons.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'response_1', 'response_2', 'preference_strength')
      ? { confidence: 0.98, why: 'It has response_1, response_2 and preference_strength.' }
      : null,
  read: (shape) => {
    const [first, second] = [textOf(shape, 'response_1'), textOf(shape, 'response_2')];
    const strength = numberOf(shape, 'preference_strength');
    const overall = signedVote(strength, {
      rationale: `nullif(concat_ws(chr(10) || chr(10), ${textOf(shape, 'preference_statement')},
        ${textOf(shape, 'preference_elaboration')}), '')`,
    });
    const single = signedVote(numberField('one', 'strength'), {
      annotator: `'rater ' || place`,
      rationale: textField('one', 'justification'),
    });
    const singles = hasColumns(shape, 'all_preferences_unprocessed')
      ? `coalesce(list_transform(${listOf(shape, 'all_preferences_unprocessed')}, lambda one, place: ${single}), [])`
      : '[]';
    return {
      from: (relation) =>
        `(SELECT *, ${nvidiaPrompt(textOf(shape, 'prompt'))} AS assay_prompt FROM ${relation})`,
      promptText: renderMessages('assay_prompt'),
      promptMessages: promptMessages('assay_prompt'),
      subset: textOf(shape, 'split'),
      responses: `[${responseStruct(first)}, ${responseStruct(second)}]`,
      votes: `list_concat([${overall}], ${singles})`,
      maxResponses: 2,
      usedColumns: presentColumns(
        shape,
        'split',
        'prompt',
        'response_1',
        'response_2',
        'preference_strength',
        'preference_statement',
        'preference_elaboration',
        'all_preferences_unprocessed',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        { when: `${first} IS NULL`, text: 'There is no response in “response_1”.', column: 'response_1' },
        { when: `${second} IS NULL`, text: 'There is no response in “response_2”.', column: 'response_2' },
        signedProblem(strength, textOf(shape, 'preference_strength'), 'preference_strength'),
      ]),
    };
  },
};
