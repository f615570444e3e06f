import { readPairs } from '../reading/pair-reading.ts';
import type { FormatReader, Sql } from '../reading/reader.ts';
import { problems, responseStruct, voteStruct } from '../reading/record-parts.ts';
import {
  everyValue,
  hasColumns,
  holdsMessages,
  presentColumns,
  textListOf,
  textOf,
} from '../reading/source-sql.ts';

/** RewardBench: pairs with the two models and a subset. */
export const rewardBench: FormatReader = {
  id: 'rewardbench',
  title: 'RewardBench',
  description: 'prompt, chosen, rejected with the model of each side and the subset.',
  detect: (shape) =>
    hasColumns(shape, 'prompt', 'chosen', 'rejected', 'chosen_model', 'rejected_model', 'subset')
      ? { confidence: 0.95, why: 'It has chosen_model, rejected_model and subset beside the pair.' }
      : null,
  read: (shape) =>
    readPairs(shape, {
      prompt: 'prompt',
      chosen: 'chosen',
      rejected: 'rejected',
      chosenModel: 'chosen_model',
      rejectedModel: 'rejected_model',
      subset: 'subset',
      exampleId: 'id',
    }),
};

/** RewardBench 2: lists of right and wrong responses; every right one is preferred to every wrong one. */
export const rewardBench2: FormatReader = {
  id: 'rewardbench-2',
  title: 'RewardBench 2',
  description: 'Lists of chosen and rejected responses; each chosen response wins over each rejected one.',
  detect: (shape) => {
    const isTextList = (value: unknown) =>
      Array.isArray(value) && value.every((item) => typeof item === 'string');
    return hasColumns(shape, 'prompt', 'chosen', 'rejected') &&
      !holdsMessages(shape, 'chosen') &&
      everyValue(shape, 'chosen', isTextList) &&
      everyValue(shape, 'rejected', isTextList)
      ? { confidence: 0.94, why: 'Chosen and rejected are lists of texts.' }
      : null;
  },
  read: (shape) => {
    const [chosen, rejected] = [textListOf(shape, 'chosen'), textListOf(shape, 'rejected')];
    const models = textListOf(shape, 'models');
    const vote = (first: Sql, second: Sql) => voteStruct({ a: first, b: second, label: "'a'" });
    return {
      from: (
        relation,
      ) => `(SELECT *, ${chosen} AS assay_chosen, ${rejected} AS assay_rejected, ${models} AS assay_models
        FROM ${relation})`,
      promptText: textOf(shape, 'prompt'),
      subset: textOf(shape, 'subset'),
      exampleId: textOf(shape, 'id'),
      responses: `list_transform(list_concat(assay_chosen, assay_rejected), lambda said, place:
        ${responseStruct('said', { model: `CASE WHEN len(assay_models) = len(assay_chosen) + len(assay_rejected) THEN assay_models[place] END` })})`,
      votes: `flatten(list_transform(range(len(assay_chosen)), lambda i: list_transform(range(len(assay_rejected)),
        lambda j: ${vote('i', 'len(assay_chosen) + j')})))`,
      usedColumns: presentColumns(shape, 'prompt', 'subset', 'id', 'chosen', 'rejected'),
      hasSides: false,
      relation: 'pairs',
      ...problems([
        {
          when: 'coalesce(len(assay_chosen), 0) = 0',
          text: 'There is no response in “chosen”.',
          column: 'chosen',
        },
        {
          when: 'coalesce(len(assay_rejected), 0) = 0',
          text: 'There is no response in “rejected”.',
          column: 'rejected',
        },
      ]),
    };
  },
};
