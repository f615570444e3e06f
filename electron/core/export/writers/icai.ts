import { flattenedPrompt, flattenedResponse, holding, twoPrompts } from '../parts-sql.ts';
import { column, type Writer } from '../writer.ts';

/** Inverse Constitutional AI's CSV: the label is the word text_a, text_b, tie or tie (bothbad). */
export const icai: Writer = {
  id: 'icai',
  title: 'ICAI CSV',
  purpose: 'text_a, text_b and preferred_text for Inverse Constitutional AI',
  relations: ['pairs'],
  containers: ['csv'],
  options: [],
  canSay: { tie: true, bothBad: true, unlabelled: true },
  unit: 'row',
  shape: () => ({
    columns: [
      column('id', 'VARCHAR', 'example_id', 'id of the example'),
      column('input', 'VARCHAR', 'prompt', 'the prompt'),
      column('text_a', 'VARCHAR', 'a', 'the first response'),
      column('text_b', 'VARCHAR', 'b', 'the second response'),
      column(
        'preferred_text',
        'VARCHAR',
        `CASE label WHEN 'a' THEN 'text_a' WHEN 'b' THEN 'text_b' WHEN 'tie' THEN 'tie' WHEN 'both_bad' THEN 'tie (bothbad)' WHEN 'skip' THEN 'skip' END`,
        'which response is preferred, in words',
      ),
      column('model_a', 'VARCHAR', 'model_a', 'who wrote the first response'),
      column('model_b', 'VARCHAR', 'model_b', 'who wrote the second response'),
    ],
    rowsPerUnit: 1,
    holds: holding('sides', 'models', 'example_id'),
    excludes: [
      twoPrompts,
      { when: "a = '' OR b = ''", why: 'a response is empty, which a CSV cannot tell from a missing one' },
    ],
    ambiguous: [
      {
        when: `label NOT IN ('a', 'b') OR label IS NULL`,
        why: 'the label is no preference; ICAI itself reads only text_a and text_b',
      },
    ],
    changes: [flattenedPrompt, flattenedResponse],
  }),
};
