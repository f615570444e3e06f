import { flattenedPrompt, holding } from '../parts-sql.ts';
import { column, onlyDecided, type Writer } from '../writer.ts';

const steps = 'string_split(text, chr(10))';
const labels = `(SELECT list(g."value" > 0 ORDER BY TRY_CAST(substr(g.aspect, 6) AS INTEGER)) FROM rating g
  WHERE g.response_id = rows_of.response_id AND regexp_full_match(g.aspect, 'step [0-9]+') AND g."value" IS NOT NULL)`;

/** TRL stepwise supervision: the lines of a response are its steps, its ratings `step n` say which are right (above 0). */
export const trlStepwise: Writer = {
  id: 'trl-stepwise',
  title: 'TRL stepwise supervision',
  purpose: 'prompt, completions[] and labels[] for process reward models of TRL',
  relations: ['responses'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: onlyDecided,
  unit: 'row',
  shape: () => ({
    columns: [
      column('prompt', 'VARCHAR', 'prompt', 'the task'),
      column('completions', 'VARCHAR[]', steps, 'the steps, one line each'),
      column('labels', 'BOOLEAN[]', 'step_labels', 'true = the step is right'),
    ],
    prepare: (rows) => `(SELECT rows_of.*, ${labels} AS step_labels FROM ${rows} rows_of)`,
    rowsPerUnit: 1,
    holds: holding('ratings'),
    excludes: [
      { when: 'step_labels IS NULL', why: 'the response has no rating “step 1”, “step 2”, …' },
      {
        when: `len(step_labels) <> len(${steps})`,
        why: 'the response has not as many lines as rated steps',
      },
    ],
    ambiguous: [],
    changes: [flattenedPrompt],
  }),
};
