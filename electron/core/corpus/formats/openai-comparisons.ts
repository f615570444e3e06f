import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { FormatReader, Reading, SourceShape, Sql } from '../reading/reader.ts';
import { annotatorStruct, problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import {
  columnNamed,
  hasColumns,
  jsonOf,
  listOf,
  numberOf,
  plainPair,
  presentColumns,
  textField,
  textOf,
} from '../reading/source-sql.ts';

/** WebGPT: scores −1…1 of two answers; the higher one is better, equal scores are a tie. */
export const webgpt: FormatReader = {
  id: 'webgpt-comparisons',
  title: 'WebGPT comparisons',
  description: 'question, answer_0, answer_1 and their scores; the higher score is better.',
  detect: (shape) =>
    hasColumns(shape, 'question', 'answer_0', 'answer_1', 'score_0', 'score_1')
      ? { confidence: 0.99, why: 'answer_0 and answer_1 with scores' }
      : null,
  read(shape) {
    const question = textField(jsonOf(shape, 'question'), 'full_text');
    const [first, second] = [numberOf(shape, 'score_0'), numberOf(shape, 'score_1')];
    const text = `coalesce(${question}, CASE WHEN json_type(${jsonOf(shape, 'question')}) = 'OBJECT' THEN NULL ELSE ${textOf(shape, 'question')} END)`;
    return {
      exampleId: textField(jsonOf(shape, 'question'), 'id'),
      promptText: text,
      subset: textField(jsonOf(shape, 'question'), 'dataset'),
      responses: `[${responseStruct(textOf(shape, 'answer_0'))}, ${responseStruct(textOf(shape, 'answer_1'))}]`,
      votes: `[${voteStruct({
        label: `CASE WHEN ${first} > ${second} THEN 'a' WHEN ${first} < ${second} THEN 'b' WHEN ${first} = ${second} THEN 'tie' END`,
        strength: `least(abs(${first} - ${second}) / 2, 1)`,
      })}]`,
      ...problems([
        { when: `${text} IS NULL`, text: 'There is no question.', column: 'question' },
        {
          when: `${textOf(shape, 'answer_0')} IS NULL`,
          text: 'There is no first answer.',
          column: 'answer_0',
        },
        {
          when: `${textOf(shape, 'answer_1')} IS NULL`,
          text: 'There is no second answer.',
          column: 'answer_1',
        },
      ]),
      ...plainPair,
      usedColumns: presentColumns(shape, 'question', 'answer_0', 'answer_1'),
      hasSides: true,
      relation: 'pairs',
    };
  },
};

const info = 'assay_info';

/** The query as the paper gave it to the models: subreddit, title and post, or the article. */
function summaryPrompt(): Sql {
  const line = (word: string, name: string) => `'${word}: ' || nullif(${textField(info, name)}, '')`;
  return `coalesce(CASE WHEN ${textField(info, 'post')} IS NOT NULL THEN concat_ws(chr(10),
    ${line('SUBREDDIT', 'subreddit')}, ${line('TITLE', 'title')}, ${line('POST', 'post')}) END, ${textField(info, 'article')})`;
}

/** Parses the nested columns once and leaves in them what no part holds. */
function splitNested(shape: SourceShape): (relation: Sql) => Sql {
  const held = '{"id":null,"post":null,"title":null,"subreddit":null,"article":null}';
  return (
    relation,
  ) => `(SELECT * REPLACE (json_merge_patch(assay_info, '${held}') AS ${columnOf(shape, 'info')},
      list_transform(assay_summaries, lambda one: json_merge_patch(one, '{"text":null,"policy":null}')) AS ${columnOf(shape, 'summaries')})
    FROM (SELECT *, ${jsonOf(shape, 'info')} AS assay_info, ${listOf(shape, 'summaries')} AS assay_summaries FROM ${relation}))`;
}

function columnOf(shape: SourceShape, name: string): Sql {
  return quoteIdentifier(columnNamed(shape, name) ?? name);
}

function readSummaries(shape: SourceShape): Reading {
  const response = (place: number) =>
    responseStruct(textField(`assay_summaries[${place}]`, 'text'), {
      model: textField(`assay_summaries[${place}]`, 'policy'),
    });
  const choice = numberOf(shape, 'choice');
  const worker = textOf(shape, 'worker');
  return {
    from: splitNested(shape),
    exampleId: textField(info, 'id'),
    promptText: summaryPrompt(),
    topic: textField(info, 'subreddit'),
    subset: textOf(shape, 'split'),
    responses: `[${response(1)}, ${response(2)}]`,
    votes: `[${voteStruct({ label: `CASE ${choice} WHEN 0 THEN 'a' WHEN 1 THEN 'b' END`, annotator: worker })}]`,
    annotators: `CASE WHEN ${worker} IS NOT NULL THEN [${annotatorStruct(worker, "'human'")}] END`,
    ...problems([
      { when: `${summaryPrompt()} IS NULL`, text: 'There is no post or article.', column: 'info' },
      {
        when: 'coalesce(len(assay_summaries), 0) <> 2',
        text: 'There are not two summaries.',
        column: 'summaries',
      },
      { when: `${choice} NOT IN (0, 1)`, text: 'The choice is neither 0 nor 1.', column: 'choice' },
    ]),
    ...plainPair,
    usedColumns: presentColumns(shape, 'choice', 'worker', 'split'),
    hasSides: true,
    relation: 'pairs',
  };
}

/** summarize_from_feedback comparisons: two summaries by policies, the choice of one worker. */
export const summarizeFromFeedback: FormatReader = {
  id: 'summarize-comparisons',
  title: 'Summaries compared (summarize_from_feedback)',
  description: 'info, summaries[2] and choice 0 or 1 by a worker.',
  detect: (shape) =>
    hasColumns(shape, 'info', 'summaries', 'choice')
      ? { confidence: 0.99, why: 'summaries with the choice of a worker' }
      : null,
  read: (shape) => readSummaries(shape),
};
