import type { FormatReader, Sql } from '../reading/reader.ts';
import {
  annotatorStruct,
  problems,
  ratingStruct,
  responseStruct,
  votesFromScores,
} from '../reading/record-parts.ts';
import {
  everyValue,
  hasColumns,
  listOf,
  numberFromText,
  presentColumns,
  textOf,
} from '../reading/source-sql.ts';

const aspects = ['instruction_following', 'honesty', 'truthfulness', 'helpfulness'] as const;
const annotator = "'GPT-4'";
const held = JSON.stringify({
  response: null,
  model: null,
  critique: null,
  overall_score: null,
  'fine-grained_score': null,
  annotations: {
    instruction_following: null,
    honesty: null,
    truthfulness: { Rating: null, 'Rationale For Rating': null },
    helpfulness: { Rating: null, 'Rationale For Rating': null },
  },
});

/** What is read of a completion, so that each is parsed once. */
const wanted = JSON.stringify({
  response: 'VARCHAR',
  model: 'VARCHAR',
  critique: 'VARCHAR',
  overall_score: 'VARCHAR',
  'fine-grained_score': 'VARCHAR',
  annotations: Object.fromEntries(
    aspects.map((aspect) => [
      aspect,
      { Rating: 'VARCHAR', Rationale: 'VARCHAR', 'Rationale For Rating': 'VARCHAR' },
    ]),
  ),
});

const ratingOf = (completion: Sql, aspect: string) =>
  numberFromText(`${completion}.annotations.${aspect}."Rating"`);

function ratingsOf(completion: Sql, response: Sql): Sql {
  const perAspect = aspects.map((aspect) =>
    ratingStruct({
      response,
      annotator,
      aspect: `'${aspect}'`,
      value: ratingOf(completion, aspect),
      min: 1,
      max: 5,
      rationale: `coalesce(${completion}.annotations.${aspect}."Rationale For Rating",
        ${completion}.annotations.${aspect}."Rationale")`,
    }),
  );
  const overall = ratingStruct({
    response,
    annotator,
    aspect: "'overall_score'",
    value: numberFromText(`${completion}.overall_score`),
    min: 1,
    max: 10,
    rationale: `${completion}.critique`,
  });
  const fine = ratingStruct({
    response,
    annotator,
    aspect: "'fine-grained_score'",
    value: numberFromText(`${completion}."fine-grained_score"`),
    min: 1,
    max: 5,
  });
  return `list_filter([${[...perAspect, overall, fine].join(', ')}], lambda given: given."value" IS NOT NULL)`;
}

/**
 * UltraFeedback with its completions. Pairs are labelled by the mean of the four aspect ratings, because a known share of
 * `overall_score` came from a parsing slip; both are kept.
 */
export const ultraFeedback: FormatReader = {
  id: 'ultrafeedback',
  title: 'UltraFeedback (completions with ratings)',
  description:
    'openbmb UltraFeedback: four completions rated on four aspects; pairs are labelled by the mean rating.',
  detect: (shape) =>
    hasColumns(shape, 'instruction', 'completions') &&
    !everyValue(
      shape,
      'completions',
      (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    )
      ? {
          confidence: hasColumns(shape, 'models') ? 0.97 : 0.85,
          why: 'It has instruction and completions with annotations.',
        }
      : null,
  read: (shape) => {
    const mean = (completion: Sql) =>
      `list_avg([${aspects.map((aspect) => ratingOf(completion, aspect)).join(', ')}])`;
    const rest = `list_transform(assay_raw, lambda one: json_merge_patch(one, '${held}'::JSON))`;
    return {
      from: (relation) => `(SELECT * REPLACE (to_json(${rest}) AS completions),
          list_transform(assay_completions, lambda one: ${mean('one')}) AS assay_scores
        FROM (SELECT *, list_transform(assay_raw, lambda one: json_transform(one, '${wanted}')) AS assay_completions
          FROM (SELECT *, ${listOf(shape, 'completions')} AS assay_raw FROM ${relation})))`,
      promptText: textOf(shape, 'instruction'),
      subset: textOf(shape, 'source'),
      responses: `list_transform(assay_completions, lambda one: ${responseStruct('one.response', { model: 'one.model' })})`,
      votes: votesFromScores({ scores: 'assay_scores', isRank: false, annotator }),
      ratings: `flatten(list_transform(assay_completions, lambda one, place: ${ratingsOf('one', 'place - 1')}))`,
      annotators: `[${annotatorStruct(annotator, "'model'")}]`,
      usedColumns: presentColumns(shape, 'instruction', 'source', 'models'),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        {
          when: 'assay_completions IS NULL',
          text: 'The completions are missing or no list.',
          column: 'completions',
        },
        { when: 'len(assay_completions) = 0', text: 'There is no completion.', column: 'completions' },
      ]),
    };
  },
};
