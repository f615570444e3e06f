import { z } from 'zod';
import { renderMessages, promptMessages } from '../../corpus/reading/message-sql.ts';
import { measureShareOf } from '../../judging/figure.ts';
import { createAnsweredTable, whatIsMissing } from '../mining/answered-items.ts';
import { askFeedback, feedbackPayloadSchema, feedbackTemplates } from '../mining/conversation-feedback.ts';
import { miningFamily } from '../mining/family.ts';
import { eligiblePrompts } from '../mining/eligible-prompts.ts';
import { limitShape, minedModel } from '../mining/mining-params.ts';
import type { MiningMethod } from '../mining/mining-method.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs, drawKey, makeTexts } from '../work.ts';

const shape = {
  model: minedModel('Model that writes the better response; reads and judges too where no judge is named.'),
  judge: minedModel('Model that reads what users say and judges by their checklist.'),
  ...limitShape('User turns that are read at most, drawn by the seed.'),
};
const schema = z.object(shape);
const read = (params: unknown) => schema.parse(params);

export const conversationFeedbackStep = defineStep({
  id: 'conversation-feedback',
  family: miningFamily,
  title: 'What users say in conversations',
  description:
    'Finds later turns in which users show dissatisfaction with the response before, and pairs that response with one written to a checklist of the feedback, kept only where a judge of the checklist prefers it in both orders. The checklist never stands in the prompt.',
  source: 'T. Shi et al., WildFeedback: aligning LLMs with in-situ user interactions and feedback (2024)',
  unconfirmed: 'the names of the nine satisfaction and nine dissatisfaction categories are partly recalled',
  params: shape,
  apply: async ({ work, params, seed, scratch }) => {
    const table = scratch('items');
    const answered = await createAnsweredTable(conversationFeedbackMethod, work, { table, params, seed });
    if (answered === null) return { notes: [whatIsMissing('a model that decides and writes')] };
    if (answered.items === 0)
      return {
        notes: [
          'No conversation here has a user turn that follows a response, beyond the first; nothing was changed.',
        ],
      };
    if (answered.asked === 0) return { notes: answered.notes };
    const key = (what: string) => `concat('${work.method}.${work.step}.', item_key, '.${what}')`;
    const passed = `(SELECT * FROM ${table} WHERE (json_extract_string(result, '$.isPassed'))::BOOLEAN)`;
    await makeTexts(work, 'prompt', {
      sql: `SELECT ${key('prompt')} AS made_key, ${renderMessages('history')} AS text, ${promptMessages('history')} AS messages FROM ${passed}`,
    });
    await makeTexts(work, 'response', {
      sql: `SELECT ${key('rejected')} AS made_key, response AS text, NULL AS messages, NULL AS model FROM ${passed}
        UNION ALL SELECT ${key('chosen')}, json_extract_string(result, '$.chosen'), NULL, ? FROM ${passed}`,
      parameters: [params.model ?? null],
    });
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT row_number() OVER (ORDER BY item_key) AS ord, p.prompt_id, c.response_id AS preferred_id, r.response_id AS other_id, 'preferred' AS label,
          json_extract_string(result, '$.signals[0].category') AS why, json_object('fb_category', json_extract(result, '$.signals[*].category'), 'fb_span', json_extract(result, '$.signals[*].span'),
            'checklist', json_extract(result, '$.checklist'), 'p', json_extract(result, '$.p'), 'checklist_pass', true) AS detail
        FROM ${passed} JOIN ${work.madePrompts} p ON p.made_key = ${key('prompt')} JOIN ${work.madeResponses} c ON c.made_key = ${key('chosen')}
        JOIN ${work.madeResponses} r ON r.made_key = ${key('rejected')}`,
      with: ['detail'],
    });
    const found = await work.session.one<{
      read: number;
      satisfied: number;
      dissatisfied: number;
      judged: number;
      passed: number;
    }>(
      `SELECT count(*) AS read, count(*) FILTER (NOT bad AND len(signals) > 0) AS satisfied, count(*) FILTER (bad) AS dissatisfied,
         count(judged) AS judged, count(*) FILTER (judged) AS passed
       FROM (SELECT (json_extract_string(result, '$.isDissatisfied'))::BOOLEAN AS bad, json_extract(result, '$.signals[*]') AS signals, (json_extract_string(result, '$.isPassed'))::BOOLEAN AS judged FROM ${table} WHERE result IS NOT NULL)`,
    );
    const notes =
      found.satisfied + found.dissatisfied > 0
        ? [
            `${found.dissatisfied} turns show dissatisfaction and ${found.satisfied} satisfaction alone: those who give feedback are not all users, and complaints outnumber thanks in the published data too.`,
          ]
        : [];
    return {
      figures: [
        { name: 'turns that show dissatisfaction', ...measureShareOf(found.dissatisfied, found.read) },
        { name: 'turns that show satisfaction alone', ...measureShareOf(found.satisfied, found.read) },
        {
          name: 'new responses the judge prefers in both orders',
          ...measureShareOf(found.passed, found.judged),
        },
      ],
      notes: [...answered.notes, ...notes],
    };
  },
});

export const conversationFeedbackMethod: MiningMethod = {
  step: conversationFeedbackStep,
  roles: { model: ['generate'], judge: ['generate', 'decide'] },
  chooseModels: (given) => {
    const { model, judge } = read(given);
    return model === undefined ? null : { model, judge: judge ?? model };
  },
  describeSetting: (given) => [feedbackTemplates, read(given).maxTokens],
  selectItems: (work, given, seed) => ({
    sql: `SELECT *, md5(payload::VARCHAR) AS item_key FROM (
        SELECT history, response, json_object('history', history, 'response', response, 'turn', turn) AS payload FROM (
          SELECT messages[1:spot - 2] AS history, messages[spot - 1].content AS response, messages[spot].content AS turn
          FROM (SELECT messages, unnest(range(3, len(messages) + 1)) AS spot FROM prompt WHERE ${eligiblePrompts(work)})
          WHERE messages[spot]."role" = 'user' AND messages[spot - 1]."role" = 'assistant'
            AND len(list_filter(messages[1:spot - 2], lambda said: said."role" = 'user')) > 0 AND trim(coalesce(messages[spot].content, '')) <> '' AND trim(coalesce(messages[spot - 1].content, '')) <> ''))
      QUALIFY row_number() OVER (PARTITION BY item_key) = 1 ORDER BY ${drawKey('item_key', seed, 'conversation-feedback')} LIMIT ${read(given).limit}`,
  }),
  ask: (payload, given, tools) => askFeedback(feedbackPayloadSchema.parse(payload), read(given), tools),
  estimate: (given) => ({
    calls: 5,
    generatedTokens: 60 + 150 + read(given).maxTokens,
    reads: 5,
    extraTokens: 1_200,
  }),
};
