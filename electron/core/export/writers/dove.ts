import { flattenedPrompt, flattenedResponse, holding } from '../parts-sql.ts';
import { column, onlyDecided, type Writer } from '../writer.ts';

/** DOVE joint preference: each side with the prompt it answers; where both answer one prompt it stands twice. */
export const dove: Writer = {
  id: 'dove',
  title: 'DOVE joint preference',
  purpose: 'pairs across prompts: i_chosen, r_chosen, i_reject, r_reject',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: onlyDecided,
  unit: 'row',
  shape: () => ({
    columns: [
      column(
        'i_chosen',
        'VARCHAR',
        `CASE label WHEN 'a' THEN prompt ELSE coalesce(prompt_b, prompt) END`,
        'prompt of the preferred response',
      ),
      column('r_chosen', 'VARCHAR', 'chosen', 'the preferred response'),
      column(
        'i_reject',
        'VARCHAR',
        `CASE label WHEN 'b' THEN prompt ELSE coalesce(prompt_b, prompt) END`,
        'prompt of the other response',
      ),
      column('r_reject', 'VARCHAR', 'rejected', 'the other response'),
    ],
    rowsPerUnit: 1,
    holds: holding('two_prompts'),
    excludes: [],
    ambiguous: [],
    changes: [flattenedPrompt, flattenedResponse],
  }),
};
