import { asShare, holding, shareType, twoPrompts } from '../parts-sql.ts';
import { singleRows } from '../rows-sql.ts';
import { column, type Writer } from '../writer.ts';

const lastAssistant = (messages: string) => `len(${messages}) > 1`;

/** ShareGPT conversations for supervised training: of a pair the chosen response only. */
export const sharegpt: Writer = {
  id: 'sharegpt',
  title: 'ShareGPT conversations',
  purpose: 'conversations that end with the chosen response, for supervised fine-tuning',
  relations: ['pairs', 'responses'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: { tie: false, bothBad: false, unlabelled: false },
  unit: 'row',
  shape: ({ relation }) => ({
    columns: [
      column('id', 'VARCHAR', 'example_id', 'id of the example'),
      column(
        'conversations',
        shareType,
        asShare('list_concat(prompt_messages, messages)'),
        'the conversation that ends with the response',
      ),
      column('model', 'VARCHAR', 'model', 'who wrote the response'),
      column('source', 'VARCHAR', 'subset', 'subset of the example'),
    ],
    from: (rows) => singleRows(relation, rows, 'chosen'),
    rowsPerUnit: 1,
    holds: holding('models', 'example_id', 'subset', 'prompt_turns', 'system', 'response_turns'),
    excludes: relation === 'pairs' ? [twoPrompts] : [],
    ambiguous: [
      {
        when: lastAssistant(relation === 'pairs' ? 'chosen_messages' : 'messages'),
        why: 'the response has several turns, of which a reader will take all but the last for the prompt',
      },
    ],
    changes: relation === 'pairs' ? [{ when: 'true', why: 'the rejected response is not written' }] : [],
  }),
};
