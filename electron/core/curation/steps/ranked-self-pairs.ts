import { z } from 'zod';
import { measureShareOf } from '../../judging/figure.ts';
import { createAnsweredTable, whatIsMissing } from '../mining/answered-items.ts';
import { eligiblePrompts } from '../mining/eligible-prompts.ts';
import { miningFamily } from '../mining/family.ts';
import { limitShape, minedModel } from '../mining/mining-params.ts';
import type { MiningMethod } from '../mining/mining-method.ts';
import {
  askRanking,
  pairPolicies,
  rankingPayloadSchema,
  rankingTemplates,
} from '../mining/ranked-answers.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs, drawKey, makeTexts } from '../work.ts';

const shape = {
  model: minedModel('Model that answers, and judges its own answers where no other is named.'),
  judge: minedModel('Model that compares the answers; the one that wrote them where none is named.'),
  answers: z.number().int().min(2).max(8).default(4).describe('Answers sampled of a prompt.'),
  temperature: z.number().min(0.1).max(2).default(1).describe('Temperature of the samples.'),
  pairs: z.enum(pairPolicies).default('all').describe('Which pairs of the ranking are made.'),
  ...limitShape('Prompts at most, drawn by the seed.'),
};
const schema = z.object(shape);
const read = (params: unknown) => schema.parse(params);

const chosenIsLonger = `length(list_extract(from_json(json_extract(result, '$.samples'), '["VARCHAR"]'), (pair->>'chosen')::BIGINT + 1))
  > length(list_extract(from_json(json_extract(result, '$.samples'), '["VARCHAR"]'), (pair->>'rejected')::BIGINT + 1))`;

export const rankedSelfPairsStep = defineStep({
  id: 'ranked-self-pairs',
  family: miningFamily,
  title: 'Ranked self-preferences',
  description:
    'A model answers each prompt several times and compares its answers in both orders; they are ranked by the mean probability of winning, and pairs of the ranking carry the probability as soft label. Pairs that the direct comparison contradicts are left out and counted.',
  source: 'OSP, optimised self-preference ranking',
  unconfirmed: 'Which pairs of the ranking the authors make is not known; how many are made is your choice.',
  params: shape,
  apply: async ({ work, params, seed, scratch }) => {
    const table = scratch('items');
    const answered = await createAnsweredTable(rankedSelfPairsMethod, work, { table, params, seed });
    if (answered === null) return { notes: [whatIsMissing('models that write and decide')] };
    if (answered.asked === 0) return { notes: answered.notes };
    const { session } = work;
    const key = (place: string) => `concat('${work.method}.${work.step}.', item_key, '.', ${place})`;
    const pairs = `(SELECT *, unnest(json_extract(result, '$.pairs[*]')) AS pair FROM ${table} WHERE result IS NOT NULL)`;
    await makeTexts(work, 'response', {
      sql: `SELECT ${key('place')} AS made_key, text, NULL AS messages, ?::VARCHAR AS model FROM (
          SELECT item_key, unnest(samples) AS text, unnest(range(len(samples))) AS place FROM (
            SELECT item_key, from_json(json_extract(result, '$.samples'), '["VARCHAR"]') AS samples FROM ${table} WHERE result IS NOT NULL))`,
      parameters: [params.model ?? null],
    });
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT row_number() OVER (ORDER BY item_key, (pair->>'rank_i')::INTEGER, (pair->>'rank_j')::INTEGER) AS ord, prompt_id,
          c.response_id AS preferred_id, r.response_id AS other_id, 'preferred' AS label, 'ranked' AS why, (pair->>'p')::DOUBLE AS soft_label,
          json_object('rank_i', pair->'rank_i', 'rank_j', pair->'rank_j', 'p', pair->'p') AS detail
        FROM ${pairs} i JOIN ${work.madeResponses} c ON c.made_key = ${key("(pair->>'chosen')")}
          JOIN ${work.madeResponses} r ON r.made_key = ${key("(pair->>'rejected')")}`,
      with: ['soft_label', 'detail'],
    });
    const made = await session.one<{ n: number; longer: number }>(
      `SELECT count(*) AS n, count(*) FILTER (${chosenIsLonger}) AS longer FROM ${pairs}`,
    );
    const left = await session.one<{ intransitive: number; undecided: number }>(
      `SELECT coalesce(sum((result->>'intransitive')::INTEGER), 0) AS intransitive, coalesce(sum((result->>'undecided')::INTEGER), 0) AS undecided
       FROM ${table} WHERE result IS NOT NULL`,
    );
    return {
      figures: [
        { name: 'the chosen answer is the longer one', ...measureShareOf(made.longer, made.n) },
        {
          name: 'the comparison contradicts the rank',
          ...measureShareOf(left.intransitive, made.n + left.intransitive + left.undecided),
        },
      ],
      notes: [
        ...answered.notes,
        ...(left.undecided > 0 ? [`${left.undecided} comparisons were undecided and made no pair.`] : []),
      ],
    };
  },
});

export const rankedSelfPairsMethod: MiningMethod = {
  step: rankedSelfPairsStep,
  roles: { model: ['generate'], judge: ['decide'] },
  chooseModels: (given) => {
    const { model, judge } = read(given);
    return model === undefined ? null : { model, judge: judge ?? model };
  },
  describeSetting: (given) => {
    const { maxTokens, answers, temperature, pairs } = read(given);
    return [rankingTemplates, maxTokens, answers, temperature, pairs];
  },
  selectItems: (work, given, seed) => ({
    sql: `SELECT prompt_id, payload, md5(payload::VARCHAR) AS item_key FROM (
        SELECT prompt_id, json_object('messages', coalesce(messages, [{'role': 'user', 'content': text}])) AS payload FROM prompt WHERE ${eligiblePrompts(work)})
      QUALIFY row_number() OVER (PARTITION BY item_key ORDER BY prompt_id) = 1 ORDER BY ${drawKey('item_key', seed, 'ranked-self-pairs')} LIMIT ${read(given).limit}`,
  }),
  ask: (payload, given, tools) => askRanking(rankingPayloadSchema.parse(payload), read(given), tools),
  estimate: (given) => {
    const { answers, maxTokens } = read(given);
    const compared = answers * (answers - 1);
    return {
      calls: answers + compared,
      generatedTokens: answers * maxTokens,
      reads: answers + compared,
      extraTokens: compared * (2 * maxTokens + 90),
    };
  },
};
