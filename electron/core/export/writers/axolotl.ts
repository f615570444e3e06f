import {
  asChat,
  askedText,
  chatType,
  flattenedResponse,
  holding,
  severalTurns,
  systemText,
  transcriptLike,
  twoPrompts,
} from '../parts-sql.ts';
import { choice, column, onlyDecided, type Shape, type Writer } from '../writer.ts';

const messageType = 'STRUCT("role" VARCHAR, "content" VARCHAR)';

const chatShape = (): Shape => ({
  columns: [
    column('messages', chatType, asChat('prompt_messages'), 'the conversation so far'),
    column('chosen', messageType, 'chosen_messages[1]', 'the preferred response'),
    column('rejected', messageType, 'rejected_messages[1]', 'the other response'),
  ],
  rowsPerUnit: 1,
  holds: holding('prompt_turns', 'system'),
  excludes: [twoPrompts, severalTurns('chat_template takes one message on each side')],
  ambiguous: [],
  changes: [],
});

const names = {
  argilla: ['instruction', 'chosen_response', 'rejected_response'],
  icr: ['input', 'chosen', 'rejected'],
  intel: ['question', 'chosen', 'rejected'],
} as const;

/** Axolotl's DPO dialects. */
export const axolotl: Writer = {
  id: 'axolotl',
  title: 'Axolotl DPO',
  purpose: 'pairs in the column names of an Axolotl strategy',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('dialect', 'Strategy', {
      chat_template: 'chat_template.default (messages, chosen, rejected)',
      argilla: 'chatml.argilla (system, instruction, chosen_response, rejected_response)',
      icr: 'chatml.icr (system, input, chosen, rejected)',
      intel: 'chatml.intel (system, question, chosen, rejected)',
    }),
  ],
  canSay: onlyDecided,
  unit: 'row',
  shape: ({ options }) => {
    if (options['dialect'] === 'chat_template') return chatShape();
    const [prompt, chosen, rejected] = names[options['dialect'] as keyof typeof names];
    return {
      columns: [
        column('system', 'VARCHAR', systemText, 'the system text, or empty'),
        column(prompt, 'VARCHAR', askedText, 'the prompt'),
        column(chosen, 'VARCHAR', 'chosen', 'the preferred response'),
        column(rejected, 'VARCHAR', 'rejected', 'the other response'),
      ],
      rowsPerUnit: 1,
      holds: holding('system'),
      excludes: [twoPrompts],
      ambiguous: [transcriptLike],
      changes: [flattenedTurns, flattenedResponse],
    };
  },
};

/** More than one turn below the system text. */
const flattenedTurns = {
  when: `len(prompt_messages) - (coalesce(prompt_messages[1]."role", '') = 'system')::INTEGER > 1`,
  why: 'the turns of the prompt become one text with “User:” and “Assistant:” before each turn',
};
