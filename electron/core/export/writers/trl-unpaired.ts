import { asChat, chatHoldings, chatType, holding, twoPrompts } from '../parts-sql.ts';
import { singleRows } from '../rows-sql.ts';
import { choice, column, type Condition, type Writer } from '../writer.ts';

/** A response of several turns: only its last turn is read as the completion. */
export const lastTurnOnly = (relation: string): Condition => ({
  when:
    relation === 'pairs'
      ? 'len(coalesce(chosen_messages, a_messages)) > 1 OR len(coalesce(rejected_messages, b_messages)) > 1'
      : 'len(messages) > 1',
  why: 'a response has several turns, of which a reader will take all but the last for the prompt',
});

export const unlabelledResponse: Condition = {
  when: 'wanted IS NULL',
  why: 'the response has no rating “label” that says whether it is wanted',
};

/** TRL unpaired preference: two rows a pair, chosen true and rejected false. A pair that is bad on both sides makes two false rows. */
export const trlUnpaired: Writer = {
  id: 'trl-unpaired',
  title: 'TRL unpaired preference',
  purpose: 'prompt, completion and a boolean label for the KTO trainer of TRL',
  relations: ['pairs', 'responses'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('style', 'Texts', {
      auto: 'conversational if any row has turns',
      standard: 'standard (plain texts)',
      conversational: 'conversational (messages)',
    }),
  ],
  canSay: { tie: false, bothBad: true, unlabelled: false },
  unit: 'row',
  shape: ({ options, isConversational, relation }) => {
    const isChat = options['style'] === 'auto' ? isConversational : options['style'] === 'conversational';
    const [prompt, completion] = isChat
      ? [asChat('prompt_messages'), asChat('messages')]
      : ['prompt', 'text'];
    const type = isChat ? chatType : 'VARCHAR';
    return {
      columns: [
        column('prompt', type, prompt, 'the prompt'),
        column('completion', type, completion, 'one response'),
        column('label', 'BOOLEAN', 'wanted', 'true = chosen, false = rejected'),
      ],
      from: (rows) => singleRows(relation, rows),
      within: ['side'],
      rowsPerUnit: relation === 'pairs' ? 2 : 1,
      holds: holding(...chatHoldings(isChat)),
      excludes: relation === 'pairs' ? [twoPrompts] : [unlabelledResponse],
      ambiguous: isChat ? [lastTurnOnly(relation)] : [],
      changes: isChat
        ? []
        : [
            {
              when: `is_dialogue OR ${relation === 'pairs' ? 'a_is_dialogue OR b_is_dialogue' : 'r_is_dialogue'}`,
              why: 'turns become one text with “User:” and “Assistant:” before each',
            },
          ],
    };
  },
};
