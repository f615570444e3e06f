import { asNvidia, flattenedResponse, hasOtherRole, hasText, holding, twoPrompts } from '../parts-sql.ts';
import { labelFromScores, meansOf } from '../ratings-sql.ts';
import { column, type Condition, type Writer } from '../writer.ts';

const attributes = ['helpfulness', 'correctness', 'coherence', 'complexity', 'verbosity'] as const;

/** Prompts that cannot be flattened with NVIDIA's markers. */
export const unflattenable: readonly Condition[] = [
  {
    when: hasOtherRole('prompt_messages', 'user', 'assistant', 'system'),
    why: 'the prompt has a tool turn, for which there is no marker',
  },
  {
    when: hasText('prompt_messages', '<extra_id_1>'),
    why: 'the prompt holds the marker <extra_id_1> itself',
  },
  { when: hasText('prompt_messages', '^$'), why: 'a turn of the prompt is empty' },
];

/** HelpSteer2 attributes: two rows a pair, each a response with five ratings 0–4, the mean of its raters rounded. */
export const helpSteer2: Writer = {
  id: 'helpsteer2',
  title: 'HelpSteer2 attributes',
  purpose: 'one response a row with five ratings 0–4, for attribute (SteerLM) reward models',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: { tie: true, bothBad: false, unlabelled: false },
  unit: 'row',
  spreadsPrompts: true,
  shape: ({ datasetId }) => ({
    columns: [
      column(
        'prompt',
        'VARCHAR',
        asNvidia('prompt_messages'),
        'the prompt; further turns after <extra_id_1>',
      ),
      column('response', 'VARCHAR', 'CASE side WHEN 0 THEN a ELSE b END', 'the response'),
      ...attributes.map((name, place) =>
        column(
          name,
          'INTEGER',
          `round(CASE side WHEN 0 THEN a_${place} ELSE b_${place} END)`,
          `mean ${name}, 0–4`,
        ),
      ),
    ],
    prepare: (
      rows,
    ) => `(SELECT rows_of.*, ${attributes.map((_, at) => `ma.mean_${at} AS a_${at}, mb.mean_${at} AS b_${at}`).join(', ')}
      FROM ${rows} rows_of LEFT JOIN ${meansOf(datasetId, attributes)} ma ON ma.response_id = response_a_id
      LEFT JOIN ${meansOf(datasetId, attributes)} mb ON mb.response_id = response_b_id)`,
    from: (rows) => `(SELECT * FROM ${rows} CROSS JOIN (SELECT unnest([0, 1]) AS side))`,
    within: ['side'],
    rowsPerUnit: 2,
    holds: holding('prompt_turns', 'system', 'ratings'),
    excludes: [
      twoPrompts,
      ...unflattenable,
      {
        when: 'a_0 IS NULL OR b_0 IS NULL',
        why: 'a response has no rating “helpfulness”, by which the format tells the better one',
      },
      {
        when: `${labelFromScores('round(a_0)', 'round(b_0)')} IS DISTINCT FROM label`,
        why: 'the rounded helpfulness says another preference than the label',
      },
    ],
    ambiguous: [
      {
        when: 'lag(prompt_id) OVER (ORDER BY unit) = prompt_id',
        why: 'two pairs with one prompt stand next to each other and are read as one record',
      },
    ],
    changes: [
      flattenedResponse,
      {
        when: attributes
          .map((_, at) => `a_${at} <> round(a_${at}) OR b_${at} <> round(b_${at})`)
          .join(' OR '),
        why: 'mean ratings are rounded to whole numbers',
      },
    ],
  }),
};
