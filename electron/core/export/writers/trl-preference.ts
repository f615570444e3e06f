import { sharedTurns } from '../../corpus/reading/message-sql.ts';
import {
  asChat,
  chatHoldings,
  chatType,
  flattenedPrompt,
  flattenedResponse,
  holding,
  preferenceColumns,
  preferenceConditions,
  transcriptLike,
  twoPrompts,
} from '../parts-sql.ts';
import {
  choice,
  column,
  type Condition,
  onlyDecided,
  type Shape,
  type Writer,
  type WriterContext,
} from '../writer.ts';

const join = `CASE WHEN prompt = '' THEN '' ELSE prompt || chr(10) || chr(10) END`;
const firstLine = (side: string) => `split_part(${side}, chr(10), 1)`;

/** Where a text prompt cannot be told from its responses again. */
const unclearSplit: readonly Condition[] = [
  {
    when: `prompt <> '' AND contains(chosen, chr(10)) AND contains(rejected, chr(10)) AND ${firstLine('chosen')} = ${firstLine('rejected')}`,
    why: 'both responses begin with the same line, which a reader of implicit prompts will take for the end of the prompt',
  },
  {
    when: `prompt = '' AND (split_part(chosen, ' ', 1) = split_part(rejected, ' ', 1) OR ${firstLine('chosen')} = ${firstLine('rejected')})`,
    why: 'there is no prompt and both responses begin alike, which a reader will take for one',
  },
  {
    when: `prompt <> '' AND prompt <> trim(prompt, ' ' || chr(10))`,
    why: 'the prompt begins or ends with blanks, which a reader of implicit prompts will drop',
  },
];

/** The reward trainer subtracts it from the difference of rewards; it takes no empty one. */
const marginOf = ({ recipe }: WriterContext) =>
  recipe.has('margin')
    ? [column('margin', 'DOUBLE', 'coalesce(recipe_margin, 0)', 'margin of the recipe, 0 where it has none')]
    : [];

function implicitShape(isChat: boolean, context: WriterContext): Shape {
  const both = (side: 'chosen' | 'rejected') =>
    isChat
      ? column(
          side,
          chatType,
          asChat(`list_concat(prompt_messages, ${side}_messages)`),
          `prompt and ${side} response`,
        )
      : column(side, 'VARCHAR', `${join} || ${side}`, `prompt, an empty line and the ${side} response`);
  return {
    columns: [both('chosen'), both('rejected'), ...marginOf(context)],
    rowsPerUnit: 1,
    holds: holding(...chatHoldings(isChat)),
    excludes: [twoPrompts],
    ambiguous: isChat
      ? [
          {
            when: `(${sharedTurns('chosen_messages', 'rejected_messages')}) > 0`,
            why: 'both responses begin with the same turns, which a reader will take for the end of the prompt',
          },
        ]
      : [...unclearSplit, transcriptLike],
    changes: isChat ? [] : [flattenedPrompt, flattenedResponse],
  };
}

/** TRL preference pairs: standard or conversational, with an explicit or an implicit prompt. */
export const trlPreference: Writer = {
  id: 'trl',
  title: 'TRL preference',
  purpose: 'prompt, chosen, rejected for DPO and reward trainers of TRL',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('style', 'Texts', {
      auto: 'conversational if any row has turns',
      standard: 'standard (plain texts)',
      conversational: 'conversational (messages)',
    }),
    choice('prompt', 'Prompt', { explicit: 'explicit column', implicit: 'inside chosen and rejected' }),
  ],
  canSay: onlyDecided,
  unit: 'row',
  recipePlaces: { margin: 'margin' },
  shape: (context) => {
    const { options, isConversational } = context;
    const isChat = options['style'] === 'auto' ? isConversational : options['style'] === 'conversational';
    if (options['prompt'] === 'implicit') return implicitShape(isChat, context);
    return {
      columns: [...preferenceColumns(isChat), ...marginOf(context)],
      rowsPerUnit: 1,
      holds: holding(...chatHoldings(isChat)),
      excludes: [twoPrompts],
      ...preferenceConditions(isChat),
    };
  },
};
