import { asChat, chatType, holding, twoPrompts } from '../parts-sql.ts';
import { singleRows } from '../rows-sql.ts';
import { choice, column, type Writer } from '../writer.ts';
import { lastTurnOnly, unlabelledResponse } from './trl-unpaired.ts';

/** KTO outside TRL: LLaMA-Factory's messages with kto_tag, or HALOs' binary feedback. Two rows a pair. */
export const kto: Writer = {
  id: 'kto',
  title: 'KTO (LLaMA-Factory, HALOs)',
  purpose: 'single responses that are wanted or not, for KTO in LLaMA-Factory or HALOs',
  relations: ['pairs', 'responses'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('dialect', 'Dialect', {
      'llama-factory': 'LLaMA-Factory (messages, kto_tag)',
      halos: 'HALOs (binary_feedback)',
    }),
  ],
  canSay: { tie: false, bothBad: true, unlabelled: false },
  unit: 'row',
  shape: ({ options, relation }) => {
    const isHalos = options['dialect'] === 'halos';
    return {
      columns: isHalos
        ? [
            column('type', 'VARCHAR', "'binary_feedback'", 'always binary_feedback'),
            column('prompt_id', 'VARCHAR', 'example_id', 'id of the example'),
            column('prompt', chatType, asChat('prompt_messages'), 'the conversation so far'),
            column('output', chatType, asChat('messages'), 'one response'),
            column('label', 'INTEGER', 'wanted::INTEGER', '1 = chosen, 0 = rejected'),
          ]
        : [
            column(
              'messages',
              chatType,
              asChat('list_concat(prompt_messages, messages)'),
              'the conversation that ends with the response',
            ),
            column('kto_tag', 'BOOLEAN', 'wanted', 'true = chosen, false = rejected'),
          ],
      from: (rows) => singleRows(relation, rows),
      within: ['side'],
      rowsPerUnit: relation === 'pairs' ? 2 : 1,
      holds: isHalos
        ? holding('example_id', 'prompt_turns', 'system', 'response_turns')
        : holding('prompt_turns', 'system', 'response_turns'),
      excludes: relation === 'pairs' ? [twoPrompts] : [unlabelledResponse],
      ambiguous: isHalos ? [] : [lastTurnOnly(relation)],
      changes: [],
    };
  },
};
