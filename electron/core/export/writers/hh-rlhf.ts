import { asTranscript, hasOtherRole, hasText, holding, sharedBeginning, twoPrompts } from '../parts-sql.ts';
import { column, onlyDecided, type Writer } from '../writer.ts';

const marker = '\\n\\n(Human|Assistant):';
const whole = (side: 'chosen' | 'rejected') => `list_concat(prompt_messages, ${side}_messages)`;
const both = (test: (messages: string) => string) => `${test(whole('chosen'))} OR ${test(whole('rejected'))}`;

/** Anthropic's transcripts: each side is the whole dialogue with `\n\nHuman: ` and `\n\nAssistant: ` before the turns. */
export const hhRlhf: Writer = {
  id: 'hh-rlhf',
  title: 'HH-RLHF transcripts',
  purpose: 'whole dialogues with Human and Assistant markers, as Anthropic published them',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: onlyDecided,
  unit: 'row',
  shape: () => ({
    columns: (['chosen', 'rejected'] as const).map((side) =>
      column(side, 'VARCHAR', asTranscript(whole(side)), `the dialogue that ends with the ${side} response`),
    ),
    rowsPerUnit: 1,
    holds: holding('prompt_turns', 'response_turns'),
    excludes: [
      twoPrompts,
      {
        when: both((messages) => hasOtherRole(messages, 'user', 'assistant')),
        why: 'the dialogue has a system or tool turn, for which there is no marker',
      },
      {
        when: both((messages) => hasText(messages, marker)),
        why: 'a text holds a Human or Assistant marker itself and would be read as several turns',
      },
      {
        when: both(
          (messages) =>
            `len(list_filter(${messages}, lambda said: said."role" = 'user' AND coalesce(said.content, '') = '')) > 0`,
        ),
        why: 'a user turn is empty',
      },
    ],
    ambiguous: [sharedBeginning],
    changes: [],
  }),
};
