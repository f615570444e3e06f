import { messageStruct, messagesOf, promptMessages, renderMessages } from '../reading/message-sql.ts';
import type { FormatReader, SourceShape, Sql } from '../reading/reader.ts';
import { problems, ratingStruct, responseStruct, votesFromScores } from '../reading/record-parts.ts';
import {
  columnNamed,
  everyValue,
  holdsMessages,
  listOf,
  numberField,
  numberListOf,
  presentColumns,
  someValue,
  textField,
  textListOf,
  textOf,
} from '../reading/source-sql.ts';
import { flattenedPrompt } from '../reading/transcript.ts';

interface RankedColumns {
  readonly prompt: string;
  readonly list: string;
  /** Column of scores or ranks beside the list; undefined when each item holds its own rank. */
  readonly scores: string | undefined;
  readonly isRank: boolean;
}

const isRankedItem = (value: unknown) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === 'object' && item !== null && 'rank' in item);
const isNumberList = (value: unknown) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (item) => item === null || (item !== '' && !Array.isArray(item) && Number.isFinite(Number(item))),
  );
const isTextList = (value: unknown) =>
  Array.isArray(value) && value.every((item) => item === null || typeof item === 'string');

function findColumns(shape: SourceShape): RankedColumns | undefined {
  const prompt = columnNamed(shape, 'prompt', 'instruction', 'question', 'input');
  const list = columnNamed(
    shape,
    'answers',
    'responses',
    'completions',
    'generations',
    'candidates',
    'outputs',
  );
  if (prompt === undefined || list === undefined) return undefined;
  if (someValue(shape, list, isRankedItem)) return { prompt, list, scores: undefined, isRank: true };
  if (!everyValue(shape, list, isTextList)) return undefined;
  const ranks = columnNamed(shape, 'rank', 'ranks', 'ranking', 'rankings');
  if (ranks !== undefined && someValue(shape, ranks, isNumberList))
    return { prompt, list, scores: ranks, isRank: true };
  const scores = columnNamed(shape, 'ratings', 'scores', 'rating', 'score', 'rewards');
  if (scores === undefined || !someValue(shape, scores, isNumberList)) return undefined;
  return { prompt, list, scores, isRank: false };
}

function promptOf(shape: SourceShape, prompt: string): Sql {
  if (holdsMessages(shape, prompt)) return messagesOf(shape, prompt);
  return flattenedPrompt(shape, prompt) ?? `[${messageStruct("'user'", textOf(shape, prompt))}]`;
}

/** Nectar, and any list of responses with their ranks (1 = best) or scores (higher = better); all pairs are compared. */
export const rankedList: FormatReader = {
  id: 'ranked-list',
  title: 'Ranked responses (Nectar and lists with ranks or scores)',
  description:
    'A prompt with a list of responses and a rank (1 = best) or a score for each; equal values are ties.',
  detect: (shape) => {
    const found = findColumns(shape);
    if (!found) return null;
    return found.scores === undefined
      ? { confidence: 0.96, why: `The items of ${found.list} each have a rank.` }
      : { confidence: 0.85, why: `It has a list in ${found.list} and values for it in ${found.scores}.` };
  },
  read: (shape) => {
    const { prompt, list, scores, isRank } = findColumns(shape) ?? {
      prompt: 'prompt',
      list: 'answers',
      scores: undefined,
      isRank: true,
    };
    const item = (name: string) => textField('one', name);
    const values = scores
      ? numberListOf(shape, scores)
      : `list_transform(assay_items, lambda one: ${numberField('one', 'rank')})`;
    const models = textListOf(shape, 'models');
    const text = scores
      ? `json_extract_string(one, '$')`
      : `coalesce(${item('answer')}, ${item('response')}, ${item('text')}, ${item('content')})`;
    const model = scores ? 'assay_models[place]' : `coalesce(${item('model')}, assay_models[place])`;
    const rating = ratingStruct({
      response: 'place - 1',
      aspect: isRank ? "'rank'" : "'score'",
      value: 'given',
      ...(isRank ? { min: 1, max: 'len(assay_scores)' } : {}),
    });
    return {
      from: (relation) => `(SELECT *, ${values} AS assay_scores FROM (
        SELECT *, ${listOf(shape, list)} AS assay_items, ${models} AS assay_models, ${promptOf(shape, prompt)} AS assay_prompt
        FROM ${relation}))`,
      exampleId: textOf(shape, columnNamed(shape, 'id', 'prompt_id') ?? 'id'),
      promptText: renderMessages('assay_prompt'),
      promptMessages: promptMessages('assay_prompt'),
      responses: `list_transform(assay_items, lambda one, place: ${responseStruct(text, { model })})`,
      votes: votesFromScores({ scores: 'assay_scores', isRank }),
      ratings: `list_filter(list_transform(assay_scores, lambda given, place: ${rating}), lambda one: one."value" IS NOT NULL)`,
      usedColumns: presentColumns(
        shape,
        prompt,
        list,
        ...(scores ? [scores, 'models'] : []),
        'id',
        'prompt_id',
        'num_responses',
      ),
      hasSides: true,
      relation: 'pairs',
      ...problems([
        {
          when: 'coalesce(len(assay_items), 0) = 0',
          text: `There is no response in “${list}”.`,
          column: list,
        },
        {
          when: 'len(assay_items) IS DISTINCT FROM len(assay_scores)',
          text: `There are not as many values in “${scores ?? list}” as responses.`,
          column: scores ?? list,
        },
      ]),
    };
  },
};
