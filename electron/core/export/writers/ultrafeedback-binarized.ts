import {
  asChat,
  chatType,
  holding,
  meanRating,
  sharedBeginning,
  transcriptLike,
  twoPrompts,
} from '../parts-sql.ts';
import { column, onlyDecided, type Writer } from '../writer.ts';

const users = `list_filter(prompt_messages, lambda said: said."role" = 'user')`;
const whole = (side: 'chosen' | 'rejected') => asChat(`list_concat(prompt_messages, ${side}_messages)`);
const score = (side: 'chosen' | 'rejected') =>
  `coalesce(${meanRating(`rows_of.${side}_id`, 'overall')}, ${meanRating(`rows_of.${side}_id`, 'overall_score')})`;

/** UltraFeedback as pairs, in the columns of the Hugging Face H4 set; `prompt` is the last user turn, `prompt_id` its SHA-256. */
export const ultraFeedbackBinarized: Writer = {
  id: 'ultrafeedback-binarized',
  title: 'UltraFeedback binarised',
  purpose: 'chat pairs with a score for each side, as HuggingFaceH4/ultrafeedback_binarized',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: onlyDecided,
  unit: 'row',
  shape: () => ({
    columns: [
      column('prompt', 'VARCHAR', `coalesce(${users}[-1].content, '')`, 'the last thing the user said'),
      column('prompt_id', 'VARCHAR', 'sha256(prompt)', 'SHA-256 of the prompt with all its turns'),
      column('chosen', chatType, whole('chosen'), 'the conversation with the preferred response'),
      column('rejected', chatType, whole('rejected'), 'the conversation with the other response'),
      column('messages', chatType, whole('chosen'), 'the same as chosen, for supervised training'),
      column(
        'score_chosen',
        'DOUBLE',
        'score_chosen_value',
        'mean rating “overall” (or “overall_score”) of the chosen response',
      ),
      column('score_rejected', 'DOUBLE', 'score_rejected_value', 'the same of the rejected response'),
    ],
    prepare: (rows) =>
      `(SELECT rows_of.*, ${score('chosen')} AS score_chosen_value, ${score('rejected')} AS score_rejected_value FROM ${rows} rows_of)`,
    rowsPerUnit: 1,
    holds: holding('prompt_turns', 'system', 'response_turns'),
    excludes: [twoPrompts],
    ambiguous: [
      sharedBeginning,
      transcriptLike,
      {
        when: `prompt_messages <> [] AND len(${users}) = 0`,
        why: 'the prompt has no user turn, so that its column stays empty',
      },
    ],
    changes: [],
  }),
};
