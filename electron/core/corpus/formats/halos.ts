import {
  messagesOf,
  promptMessages,
  renderMessages,
  responseMessages,
  responseText,
} from '../reading/message-sql.ts';
import type { FormatReader, Sql } from '../reading/reader.ts';
import {
  presentRatings,
  problems,
  ratingStruct,
  responseStruct,
  voteStruct,
} from '../reading/record-parts.ts';
import { hasColumns, numberOf, presentColumns, textOf } from '../reading/source-sql.ts';

const used = [
  'type',
  'prompt_id',
  'prompt',
  'split',
  'output',
  'output_A',
  'output_B',
  'label',
  'reward',
  'reward_A',
  'reward_B',
];

/** HALOs feedback: binary and pairwise rows in one file. */
export const halos: FormatReader = {
  id: 'halos',
  title: 'HALOs feedback',
  description:
    'Rows of type binary_feedback (one output, label 0/1) or pairwise_feedback (two outputs, label 1 = A).',
  detect: (shape) =>
    hasColumns(shape, 'type', 'prompt', 'label') &&
    (hasColumns(shape, 'output_A', 'output_B') || hasColumns(shape, 'output', 'prompt_id'))
      ? { confidence: 0.95, why: 'It has type, prompt, label and HALOs outputs.' }
      : null,
  read: (shape) => {
    const isPair = `${textOf(shape, 'type')} = 'pairwise_feedback'`;
    const label = numberOf(shape, 'label');
    const response = (messages: Sql) =>
      responseStruct(responseText(messages), { messages: responseMessages(messages) });
    const messages = (name: string) => messagesOf(shape, name, 'assistant');
    const pairRatings = ['reward_A', 'reward_B'].map((name, place) =>
      ratingStruct({ response: place, aspect: "'reward'", value: numberOf(shape, name) }),
    );
    const singleRatings = [
      ratingStruct({ response: 0, aspect: "'label'", value: label, min: 0, max: 1 }),
      ratingStruct({ response: 0, aspect: "'reward'", value: numberOf(shape, 'reward') }),
    ];
    return {
      from: (relation) => `(SELECT *, ${messagesOf(shape, 'prompt')} AS assay_prompt,
        ${messages('output')} AS assay_output, ${messages('output_A')} AS assay_a, ${messages('output_B')} AS assay_b
        FROM ${relation})`,
      exampleId: textOf(shape, 'prompt_id'),
      subset: textOf(shape, 'split'),
      promptText: renderMessages('assay_prompt'),
      promptMessages: promptMessages('assay_prompt'),
      responses: `CASE WHEN ${isPair} THEN [${response('assay_a')}, ${response('assay_b')}] ELSE [${response('assay_output')}] END`,
      votes: `CASE WHEN ${isPair} THEN [${voteStruct({ label: `CASE WHEN ${label} = 1 THEN 'a' ELSE 'b' END` })}] END`,
      ratings: `CASE WHEN ${isPair} THEN ${presentRatings(pairRatings)} ELSE ${presentRatings(singleRatings)} END`,
      maxResponses: hasColumns(shape, 'output_A') ? 2 : 1,
      maxVotes: 1,
      usedColumns: presentColumns(shape, ...used),
      hasSides: true,
      relation: hasColumns(shape, 'output_A') ? 'pairs' : 'responses',
      ...problems([
        {
          when: `${isPair} AND assay_a IS NULL`,
          text: 'There is no response in “output_A”.',
          column: 'output_A',
        },
        {
          when: `${isPair} AND assay_b IS NULL`,
          text: 'There is no response in “output_B”.',
          column: 'output_B',
        },
        {
          when: `NOT ${isPair} AND assay_output IS NULL`,
          text: 'There is no response in “output”.',
          column: 'output',
        },
        { when: `${label} IS NULL`, text: 'The label is missing or no number.', column: 'label' },
      ]),
    };
  },
};
