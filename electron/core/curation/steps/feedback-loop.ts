import { z } from 'zod';
import { measureShareOf } from '../../judging/figure.ts';
import { createAnsweredTable, whatIsMissing } from '../mining/answered-items.ts';
import { eligiblePrompts } from '../mining/eligible-prompts.ts';
import { miningFamily } from '../mining/family.ts';
import { askLoop, loopPayloadSchema, loopTemplates } from '../mining/feedback-loop.ts';
import { limitShape, minedModel } from '../mining/mining-params.ts';
import type { MiningMethod } from '../mining/mining-method.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs, drawKey, makeTexts } from '../work.ts';

const shape = {
  model: minedModel('Model that writes and revises.'),
  reviewer: minedModel('Model that gives feedback; the writer where none is named.'),
  judge: minedModel('Model that picks the best answer; the reviewer where none is named.'),
  answers: z
    .number()
    .int()
    .min(2)
    .max(6)
    .default(3)
    .describe('Answers of a prompt at most, the first included.'),
  ...limitShape('Prompts at most, drawn by the seed.'),
};
const schema = z.object(shape);
const read = (params: unknown) => schema.parse(params);

export const feedbackLoopStep = defineStep({
  id: 'feedback-loop',
  family: miningFamily,
  title: 'Feedback loop',
  description:
    'A writer answers each prompt, a reviewer gives feedback, the writer revises; a judge compares the answers in both orders, and the best is paired with the worst. Of equal answers the earliest is the best.',
  source: 'S. Wang et al., Fellowship of LLMs for synthetic preference optimisation datasets (2024)',
  unconfirmed: null,
  params: shape,
  apply: async ({ work, params, seed, scratch }) => {
    const table = scratch('items');
    const answered = await createAnsweredTable(feedbackLoopMethod, work, { table, params, seed });
    if (answered === null) return { notes: [whatIsMissing('models that write, review and decide')] };
    if (answered.asked === 0) return { notes: answered.notes };
    const key = (what: string) => `concat('${work.method}.${work.step}.', item_key, '.${what}')`;
    const paired = `(SELECT * FROM ${table} WHERE json_extract_string(result, '$.chosen') IS NOT NULL AND json_extract_string(result, '$.rejected') IS NOT NULL)`;
    await makeTexts(work, 'response', {
      sql: `SELECT ${key('chosen')} AS made_key, json_extract_string(result, '$.chosen') AS text, NULL AS messages, ?::VARCHAR AS model FROM ${paired}
        UNION ALL SELECT ${key('rejected')}, json_extract_string(result, '$.rejected'), NULL, ?::VARCHAR FROM ${paired}`,
      parameters: [params.model ?? null, params.model ?? null],
    });
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT row_number() OVER (ORDER BY item_key) AS ord, i.prompt_id, c.response_id AS preferred_id, r.response_id AS other_id, 'preferred' AS label,
          'iteration ' || (json_extract_string(result, '$.best')) || ' against ' || (json_extract_string(result, '$.worst')) AS why,
          json_object('iteration_w', json_extract(result, '$.best'), 'iteration_l', json_extract(result, '$.worst'), 'reviews', json_extract(result, '$.reviews'), 'verdicts', json_extract(result, '$.verdicts')) AS detail
        FROM ${paired} i JOIN ${work.madeResponses} c ON c.made_key = ${key('chosen')} JOIN ${work.madeResponses} r ON r.made_key = ${key('rejected')}`,
      with: ['detail'],
    });
    const wins = await work.session.all<{ iteration: number; n: number; won: number }>(
      `SELECT iteration, count(*) AS n, count(*) FILTER (best = iteration) AS won FROM (
         SELECT unnest(from_json(json_extract(result, '$.iterations'), '["INTEGER"]')) AS iteration, (json_extract_string(result, '$.best'))::INTEGER AS best FROM ${table} WHERE result IS NOT NULL)
       GROUP BY iteration ORDER BY iteration`,
    );
    const { reviews, failed } = await work.session.one<{ reviews: number; failed: number }>(
      `SELECT count(*) AS reviews, count(*) FILTER (json_type(json_extract(review, '$.score')) = 'NULL') AS failed FROM (
         SELECT unnest(json_extract(result, '$.reviews[*]')) AS review FROM ${table} WHERE result IS NOT NULL)`,
    );
    return {
      figures: wins.map(({ iteration, n, won }) => ({
        name: `answer ${iteration} is the best`,
        ...measureShareOf(won, n),
      })),
      notes: [
        ...answered.notes,
        ...(failed > 0 ? [`${failed} of ${reviews} reviews failed; their iterations were skipped.`] : []),
      ],
    };
  },
});

export const feedbackLoopMethod: MiningMethod = {
  step: feedbackLoopStep,
  roles: { model: ['generate'], reviewer: ['generate'], judge: ['decide'] },
  chooseModels: (given) => {
    const { model, reviewer, judge } = read(given);
    if (model === undefined) return null;
    const second = reviewer ?? model;
    return { model, reviewer: second, judge: judge ?? second };
  },
  describeSetting: (given) => [loopTemplates, read(given).maxTokens, read(given).answers],
  selectItems: (work, given, seed) => ({
    sql: `SELECT prompt_id, payload, md5(payload::VARCHAR) AS item_key FROM (
        SELECT prompt_id, json_object('messages', coalesce(messages, [{'role': 'user', 'content': text}])) AS payload FROM prompt WHERE ${eligiblePrompts(work)})
      QUALIFY row_number() OVER (PARTITION BY item_key ORDER BY prompt_id) = 1 ORDER BY ${drawKey('item_key', seed, 'feedback-loop')} LIMIT ${read(given).limit}`,
  }),
  ask: (payload, given, tools) => askLoop(loopPayloadSchema.parse(payload), read(given), tools),
  estimate: (given) => {
    const { answers, maxTokens } = read(given);
    const compared = answers * (answers - 1);
    return {
      calls: answers + (answers - 1) + compared,
      generatedTokens: answers * maxTokens + (answers - 1) * 200,
      reads: 2 * answers - 1 + compared,
      extraTokens: (answers - 1) * (maxTokens + 100) + compared * (2 * maxTokens + 90),
    };
  },
};
