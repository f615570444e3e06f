import { z } from 'zod';
import { measureShareOf } from '../../judging/figure.ts';
import { createDifferences, type ErrorClass, errorClasses } from '../mining/call-differences.ts';
import { miningFamily } from '../mining/family.ts';
import { askLikelihood, likelihoodPayloadSchema } from '../mining/call-likelihood.ts';
import { type AnsweredTable, createAnsweredTable } from '../mining/answered-items.ts';
import type { MiningMethod } from '../mining/mining-method.ts';
import { minedModel } from '../mining/mining-params.ts';
import { dropFormer, storePrompts } from '../rated-pairs.ts';
import { defineStep, type StepContext } from '../step.ts';
import { addPairs, decidedOf, promptsOf, responsesOf, type Work } from '../work.ts';

interface Tables {
  readonly built: string;
  readonly pairs: string;
  readonly differences: string;
  readonly calls: string;
  /** Prompts with the likelihood of their gold call, where a model was asked. */
  readonly hard: string;
}

/** SQL of the gold responses that are no call. */
const badGold = ({ pairs, calls }: Pick<Tables, 'pairs' | 'calls'>): string =>
  `(SELECT gold_id FROM ${pairs} WHERE gold_id IN (SELECT response_id FROM ${calls} WHERE tool IS NULL))`;

/** Creates the table of the pairs: ord, prompt_id, preferred_id, other_id, why, detail. */
async function createPairs(
  work: Work,
  { built, pairs, differences, calls, hard }: Tables,
  params: { readonly most: number; readonly furthest: ErrorClass },
): Promise<void> {
  const classes = `[${errorClasses.map((name) => `'${name}'`).join(', ')}]`;
  await work.session.run(
    `CREATE TABLE ${built} AS
     WITH wrong AS (
       SELECT prompt_id, response_id, gold_id, count(*) AS differences, max(list_position(${classes}, error_class)) AS far,
         arg_max(error_class, list_position(${classes}, error_class)) AS error_class FROM ${differences} GROUP BY ALL),
     placed AS (
       SELECT w.*, (SELECT min(d.path) FROM ${differences} d WHERE d.response_id = w.response_id AND d.gold_id = w.gold_id AND d.error_class = w.error_class) AS path FROM wrong w),
     close AS (
       SELECT w.*, row_number() OVER (PARTITION BY w.prompt_id ORDER BY far, differences, r.position, w.response_id) AS place FROM placed w JOIN response r USING (response_id)
       WHERE far <= list_position(${classes}, ?)),
     right_call AS (
       SELECT p.prompt_id, min(p.response_id) AS response_id FROM ${pairs} p
       WHERE p.response_id NOT IN (SELECT response_id FROM ${differences}) AND p.gold_id NOT IN ${badGold({ pairs, calls })} GROUP BY ALL)
     SELECT row_number() OVER (ORDER BY c.prompt_id, c.place) AS ord, c.prompt_id, coalesce(k.response_id, c.gold_id) AS preferred_id, c.response_id AS other_id, c.error_class AS why,
       to_json({'error_class': c.error_class, 'path': c.path, 'differences': c.differences, 'is_gold': k.response_id IS NULL, 'gold_nll': h.nll}) AS detail
     FROM close c LEFT JOIN right_call k USING (prompt_id) LEFT JOIN ${hard} h USING (prompt_id) WHERE c.place <= ${params.most}`,
    [params.furthest],
    { signal: work.signal },
  );
}

const shape = {
  gold: z
    .enum(['chosen', 'model'])
    .default('chosen')
    .describe(
      'Which response holds the gold call: the chosen one of a prompt’s pairs, or the one of a model name.',
    ),
  goldModel: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Model name of gold responses; needed for gold = model.'),
  most: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Wrong calls of a prompt at most, closest first.'),
  furthest: z
    .enum(errorClasses)
    .default('unparseable')
    .describe('Wrong calls whose worst error is further away than this make no pair.'),
  model: minedModel(
    'Model whose weak spots are looked for: only prompts whose gold call it finds least likely are kept. All prompts without.',
  ),
  hardest: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('Share of the prompts kept where a model is named.'),
  replace: z
    .boolean()
    .default(true)
    .describe('Drops the pairs there were before; otherwise the new ones come beside them.'),
};
const schema = z.object(shape);
type Params = z.infer<typeof schema>;

/** SQL of the gold response of each prompt: prompt_id, gold_id. */
const goldOf = (work: Work, { gold }: Params): string =>
  gold === 'chosen'
    ? `SELECT prompt_id, chosen_id AS gold_id FROM ${decidedOf(work)} QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY candidate_id) = 1`
    : `SELECT prompt_id, response_id AS gold_id FROM response WHERE dataset_id = ${work.datasetId} AND model = ?
       QUALIFY row_number() OVER (PARTITION BY prompt_id ORDER BY response_id) = 1`;
const goldParameters = ({ gold, goldModel = '' }: Params) => (gold === 'model' ? [goldModel] : []);

/** Creates the tables of the gold calls' likelihoods (of the hardest prompts) and of prompt_id, response_id, gold_id. */
async function createCandidates(
  { work, params, seed, scratch }: StepContext<Params>,
  { pairs, hard }: { readonly pairs: string; readonly hard: string },
): Promise<AnsweredTable | null> {
  const items = scratch('likelihood');
  const answered = await createAnsweredTable(toolCallMethod, work, { table: items, params, seed });
  await work.session.run(
    answered === null
      ? `CREATE TABLE ${hard} AS SELECT NULL::BIGINT AS prompt_id, NULL::DOUBLE AS nll WHERE false`
      : `CREATE TABLE ${hard} AS SELECT prompt_id, json_extract_string(result, '$.nll')::DOUBLE AS nll FROM ${items} WHERE result IS NOT NULL
         QUALIFY row_number() OVER (ORDER BY nll DESC, item_key) <= ceil(${params.hardest} * count(*) OVER ())`,
  );
  const eligible = await storePrompts(work, scratch('prompts'));
  const others =
    params.gold === 'chosen' ? `r.response_id NOT IN (SELECT chosen_id FROM ${decidedOf(work)})` : 'true';
  const weak = answered === null ? 'true' : `r.prompt_id IN (SELECT prompt_id FROM ${hard})`;
  await work.session.run(
    `CREATE TABLE ${pairs} AS SELECT r.prompt_id, r.response_id, g.gold_id FROM response r JOIN (${goldOf(work, params)}) g USING (prompt_id)
     WHERE r.dataset_id = ${work.datasetId} AND r.response_id <> g.gold_id AND r.${eligible} AND ${others} AND ${weak}`,
    goldParameters(params),
    { signal: work.signal },
  );
  return answered;
}

export const toolCallPairsStep = defineStep({
  id: 'tool-call-pairs',
  family: miningFamily,
  title: 'Pairs from tool-call errors',
  description:
    'Compares the tool calls among a prompt’s responses with the gold call, value by value, and pairs a right call with the wrong ones closest to it; tells what is wrong and where.',
  source: 'Y. Zeng et al., iTool: reinforced fine-tuning with dynamic deficiency calibration (2025)',
  unconfirmed:
    'how the paper scores a call is not confirmed; the order of error classes from close to far is ours',
  params: shape,
  findFault: ({ gold, goldModel }) =>
    gold === 'model' && goldModel === undefined ? 'gold = model needs goldModel' : null,
  apply: async (context) => {
    const { work, params, session, scratch } = context;
    const pairs = scratch('calls_of');
    const hard = scratch('hard');
    const answered = await createCandidates(context, { pairs, hard });
    if (answered !== null && answered.asked === 0) return { notes: answered.notes };
    const differences = scratch('differences');
    const calls = scratch('calls');
    await createDifferences(work, { pairs, table: differences, calls });
    const built = scratch('built');
    await createPairs(work, { built, differences, calls, pairs, hard }, params);
    const bad = badGold({ pairs, calls });
    const found = await session.one<{ compared: number; unread: number; right: number }>(
      `SELECT count(*) FILTER (gold_id NOT IN ${bad}) AS compared, count(DISTINCT gold_id) FILTER (gold_id IN ${bad}) AS unread,
         count(*) FILTER (gold_id NOT IN ${bad} AND response_id NOT IN (SELECT response_id FROM ${differences})) AS "right" FROM ${pairs}`,
    );
    if (found.compared === 0)
      return {
        notes: ['No prompt has a gold tool call and another response beside it; nothing was changed.'],
      };
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT ord, prompt_id, preferred_id, other_id, 'preferred' AS label, why, detail FROM ${built}`,
      with: ['detail'],
    });
    return {
      figures: [
        {
          name: 'calls equal to gold',
          ...measureShareOf(found.right, found.compared),
        },
      ],
      notes: [
        ...(answered?.notes ?? []),
        ...(found.unread > 0
          ? [`${found.unread} gold responses are no tool call in JSON and were left out.`]
          : []),
      ],
    };
  },
});

export const toolCallMethod: MiningMethod = {
  step: toolCallPairsStep,
  roles: { model: ['score'] },
  chooseModels: (given) => {
    const { model } = schema.parse(given);
    return model === undefined ? null : { model };
  },
  describeSetting: () => [],
  selectItems: (work, given) => {
    const params = schema.parse(given);
    return {
      sql: `SELECT prompt_id, payload, md5(payload::VARCHAR) AS item_key FROM (
          SELECT p.prompt_id, json_object('messages', coalesce(p.messages, [{'role': 'user', 'content': p.text}]), 'gold', r.text) AS payload
          FROM (${goldOf(work, params)}) g JOIN ${promptsOf(work)} p USING (prompt_id) JOIN ${responsesOf(work)} r ON r.response_id = g.gold_id WHERE r.text <> '')
        QUALIFY row_number() OVER (PARTITION BY item_key ORDER BY prompt_id) = 1 ORDER BY item_key`,
      parameters: goldParameters(params),
    };
  },
  ask: (payload, _given, tools) => askLikelihood(likelihoodPayloadSchema.parse(payload), tools),
  estimate: () => ({ calls: 1, generatedTokens: 0, reads: 1, extraTokens: 0 }),
};
