import { asChat, chatHoldings, chatType, flattenedPrompt, holding } from '../parts-sql.ts';
import { amount, choice, column, type Writer } from '../writer.ts';

/** The beginning of a text up to a share of its characters, cut back to whole words. */
const prefixOf = (share: number) =>
  `rtrim(regexp_replace(left(answer_text, floor(length(answer_text) * ${share})::BIGINT), '\\S*$', ''))`;

/**
 * TRL prompt-only rows. Each distinct prompt once, in the order of its first row. With `prefix` above 0 each row also has the
 * beginning of the chosen response up to that share of its characters, cut back to whole words: reset states for
 * online methods that continue from offline data (DR-PO); where to cut is our operationalisation.
 */
export const trlPrompts: Writer = {
  id: 'trl-prompts',
  title: 'TRL prompts only',
  purpose: 'prompts for online trainers and for generating new responses',
  relations: ['pairs', 'responses'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('style', 'Texts', {
      auto: 'conversational if any row has turns',
      standard: 'standard (plain texts)',
      conversational: 'conversational (messages)',
    }),
    amount(
      'prefix',
      'Offline prefix',
      { default: 0, min: 0, max: 0.9 },
      'share of the chosen response to begin from; 0 = none',
    ),
  ],
  canSay: { tie: true, bothBad: true, unlabelled: true },
  unit: 'row',
  shape: ({ options, isConversational, relation }) => {
    const isChat = options['style'] === 'auto' ? isConversational : options['style'] === 'conversational';
    const share = Number(options['prefix'] ?? 0);
    const answer = relation === 'pairs' ? 'coalesce(chosen, a)' : 'text';
    const key = share > 0 ? 'prompt_id, answer_text' : 'prompt_id';
    return {
      columns: [
        isChat
          ? column('prompt', chatType, asChat('prompt_messages'), 'the conversation so far')
          : column('prompt', 'VARCHAR', 'prompt', 'the prompt'),
        ...(share > 0
          ? [column('prefix', 'VARCHAR', prefixOf(share), 'beginning of the offline response')]
          : []),
      ],
      prepare: (rows) => `(SELECT *, row_number() OVER (PARTITION BY ${key} ORDER BY unit) AS repetition
        FROM (SELECT *, ${answer} AS answer_text FROM ${rows}))`,
      rowsPerUnit: 1,
      holds: holding(...chatHoldings(isChat)),
      excludes: [{ when: 'repetition > 1', why: 'the same prompt is there already and is written once' }],
      ambiguous: [
        {
          when: 'true',
          why: 'only prompts are written; Assay itself reads no file of prompts without responses',
        },
      ],
      changes: isChat ? [] : [flattenedPrompt],
    };
  },
};
