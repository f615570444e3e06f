import { flattenedPrompt, flattenedResponse, holding, twoPrompts } from '../parts-sql.ts';
import { labelFromScores, meansOf } from '../ratings-sql.ts';
import type { Sql } from '../../corpus/reading/reader.ts';
import { column, type Writer } from '../writer.ts';

const aspects = ['instruction_following', 'honesty', 'truthfulness', 'helpfulness'] as const;
const scores = [...aspects, 'overall_score', 'fine-grained_score'] as const;
const plain = 'STRUCT("Rating" VARCHAR, "Rationale" VARCHAR)';
const typed =
  'STRUCT("Type" VARCHAR[], "Rationale" VARCHAR, "Rating" VARCHAR, "Rationale For Rating" VARCHAR)';
const completionType = `STRUCT(model VARCHAR, response VARCHAR, annotations STRUCT(instruction_following ${plain}, honesty ${plain}, truthfulness ${typed}, helpfulness ${typed}), critique VARCHAR, overall_score DOUBLE, "fine-grained_score" DOUBLE)[]`;

const rating = (place: number): Sql =>
  `CASE WHEN m.mean_${place} IS NULL THEN 'N/A' WHEN m.mean_${place} = round(m.mean_${place}) THEN m.mean_${place}::BIGINT::VARCHAR
    ELSE m.mean_${place}::VARCHAR END`;
const reason = (aspect: string): Sql => `t.reasons['${aspect}']`;

const annotations = `{${aspects
  .map((aspect, place) =>
    place < 2
      ? `'${aspect}': {'Rating': ${rating(place)}, 'Rationale': ${reason(aspect)}}`
      : `'${aspect}': {'Type': NULL, 'Rationale': NULL, 'Rating': ${rating(place)}, 'Rationale For Rating': ${reason(aspect)}}`,
  )
  .join(', ')}}`;

/** All responses of the record with their ratings, one row a record. */
const records = (
  rows: Sql,
  datasetId: number,
): Sql => `(SELECT u.unit, u.split, any_value(u.prompt) AS prompt, any_value(u.subset) AS subset,
    list(r.model ORDER BY r.position) AS models,
    list({'model': r.model, 'response': r.text, 'annotations': ${annotations}, 'critique': ${reason('overall_score')},
      'overall_score': m.mean_4, 'fine-grained_score': m.mean_5} ORDER BY r.position) AS completions
  FROM (SELECT DISTINCT unit, split, prompt, subset, unnest([response_a_id, response_b_id]) AS response_id FROM ${rows}) u
  JOIN response r USING (response_id) LEFT JOIN ${meansOf(datasetId, scores)} m USING (response_id)
  LEFT JOIN (SELECT response_id, map_from_entries(list({'k': aspect, 'v': text})) AS reasons FROM (SELECT response_id, aspect, any_value(text) AS text
      FROM rationale WHERE dataset_id = ${datasetId} AND response_id IS NOT NULL AND aspect IS NOT NULL GROUP BY ALL) GROUP BY response_id) t USING (response_id)
  GROUP BY u.unit, u.split)`;

const meanOf = (side: 'ma' | 'mb') =>
  `list_avg([${aspects.map((_, at) => `${side}.mean_${at}`).join(', ')}])`;

/** openbmb UltraFeedback: all responses of a prompt with four ratings; who reads it labels pairs by the mean rating. */
export const ultraFeedback: Writer = {
  id: 'ultrafeedback',
  title: 'UltraFeedback completions',
  purpose: 'a prompt with all its responses, each rated on four aspects',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [],
  canSay: { tie: true, bothBad: false, unlabelled: false },
  unit: 'record',
  shape: ({ datasetId }) => ({
    columns: [
      column('source', 'VARCHAR', 'subset', 'where the prompt is from'),
      column('instruction', 'VARCHAR', 'prompt', 'the prompt'),
      column('models', 'VARCHAR[]', 'models', 'models in the order of the completions'),
      column('completions', completionType, 'completions', 'responses with ratings and reasons'),
      column('correct_answers', 'VARCHAR[]', '[]', 'always empty'),
      column('incorrect_answers', 'VARCHAR[]', '[]', 'always empty'),
    ],
    prepare: (rows) => `(SELECT rows_of.*, ${meanOf('ma')} AS mean_of_a, ${meanOf('mb')} AS mean_of_b
      FROM ${rows} rows_of LEFT JOIN ${meansOf(datasetId, aspects)} ma ON ma.response_id = response_a_id
      LEFT JOIN ${meansOf(datasetId, aspects)} mb ON mb.response_id = response_b_id)`,
    from: (rows) => records(rows, datasetId),
    rowsPerUnit: 1,
    holds: holding('sides', 'models', 'subset', 'ratings'),
    excludes: [
      twoPrompts,
      {
        when: 'mean_of_a IS NULL OR mean_of_b IS NULL',
        why: `a response has none of the ratings ${aspects.join(', ')}, by which the format tells the better one`,
      },
      {
        when: `${labelFromScores('mean_of_a', 'mean_of_b')} IS DISTINCT FROM label`,
        why: 'the mean rating says another preference than the label',
      },
    ],
    ambiguous: [
      {
        when: `2 * count(*) OVER (PARTITION BY unit) < len(list_distinct(list(response_a_id) OVER (PARTITION BY unit) || list(response_b_id) OVER (PARTITION BY unit)))
          * (len(list_distinct(list(response_a_id) OVER (PARTITION BY unit) || list(response_b_id) OVER (PARTITION BY unit))) - 1)`,
        why: 'other pairs of the same prompt are left out, but a reader makes every pair of the responses again',
      },
    ],
    changes: [flattenedPrompt, flattenedResponse],
  }),
};
