import { z } from 'zod';
import { Binder } from '../../audit/selection/selection-table.ts';
import { pairwiseReward, sampleByRejection } from '../../statistics/rejection-sampling.ts';
import { dropFormer, ratedShape, storePrompts } from '../rated-pairs.ts';
import { drawOrder, ratedResponses } from '../scores.ts';
import { defineStep, type StepContext } from '../step.ts';
import { addPairs } from '../work.ts';

interface Accepted {
  readonly id: number;
  readonly place: number;
  readonly round: number;
}

const params = {
  ...ratedShape,
  size: z.number().int().min(2).default(8).describe('Responses accepted of each prompt at most.'),
  beta: z.number().min(0).default(0.5).describe('0 takes the best, a large value a uniform sample.'),
  isProbability: z
    .boolean()
    .default(false)
    .describe(
      'The score is the probability of beating a baseline; its logit (cut to 1e-4 … 1 − 1e-4) is the reward.',
    ),
  label: z
    .enum(['score', 'none'])
    .default('score')
    .describe(
      'score: the higher reward is chosen, equal ones are a tie; none: the pairs are left for a judge to label.',
    ),
};

/** Candidates of all prompts, drawn prompt by prompt with a stream that depends on the seed and the texts. */
async function draw(
  { work, session, signal, seed, ...context }: StepContext<z.infer<z.ZodObject<typeof params>>>,
  eligible: string,
): Promise<Accepted[]> {
  const binder = new Binder();
  const cells = await session.columns(
    `SELECT response_id, prompt_id, score, min(md5_number_lower(key) % 4294967296) OVER (PARTITION BY prompt_id) AS stream
     FROM (${ratedResponses(work, context.params, binder)}) WHERE ${eligible} ORDER BY prompt_id, key`,
    binder.parameters,
    { signal },
  );
  const { response_id: ids = [], prompt_id: prompts = [], score = new Float64Array(0), stream = [] } = cells;
  const accepted: Accepted[] = [];
  for (let from = 0; from < ids.length;) {
    let to = from;
    while (to < ids.length && prompts[to] === prompts[from]) to += 1;
    const group = score.slice(from, to);
    const rewards = context.params.isProbability ? group.map(pairwiseReward) : group;
    const own = (Math.imul(seed, 0x9e3779b1) + (stream[from] ?? 0)) >>> 0;
    for (const [place, one] of sampleByRejection(rewards, { ...context.params, seed: own }).entries())
      accepted.push({ id: ids[from + one.index] ?? 0, place: place + 1, round: one.round });
    from = to;
  }
  return accepted;
}

export const rejectionSamplingStep = defineStep({
  id: 'rejection-sampling',
  family: 'build',
  title: 'Rejection sampling',
  description:
    'Statistical rejection sampling: accepts candidates of each prompt with the chance exp((reward − highest) / β) in rounds, then pairs the accepted ones at random.',
  source: 'T. Liu et al., Statistical rejection sampling improves preference optimization (RSO, 2023)',
  unconfirmed: null,
  params,
  apply: async (context) => {
    const { work, session, signal, seed, scratch } = context;
    const eligible = await storePrompts(work, scratch('prompts'));
    const accepted = await draw(context, eligible);
    const binder = new Binder();
    const drawn = scratch('drawn');
    const list = `from_json(${binder.bind(JSON.stringify(accepted), 'JSON')}, '[{"id":"BIGINT","place":"BIGINT","round":"BIGINT"}]')`;
    await session.run(
      `CREATE TABLE ${drawn} AS SELECT r.*, one.place, one.round, row_number() OVER (PARTITION BY prompt_id ORDER BY ${drawOrder(seed, 'pairing')}, key) AS turn
       FROM (SELECT unnest(${list}) AS one) JOIN (${ratedResponses(work, context.params, binder)}) r ON r.response_id = one.id`,
      binder.parameters,
      { signal },
    );
    await dropFormer(work, context.params.replace);
    const isLabelled = context.params.label === 'score';
    const swap = isLabelled ? 'l.score > w.score' : 'false';
    const label = isLabelled ? `CASE WHEN w.score = l.score THEN 'tie' ELSE 'preferred' END` : 'NULL';
    await addPairs(work, {
      sql: `SELECT row_number() OVER (ORDER BY w.prompt_id, w.turn) AS ord, w.prompt_id,
          CASE WHEN ${swap} THEN l.response_id ELSE w.response_id END AS preferred_id, CASE WHEN ${swap} THEN w.response_id ELSE l.response_id END AS other_id,
          ${label} AS label, ${isLabelled ? 'abs(w.score - l.score)' : 'NULL'} AS margin, 'accepted pair' AS why,
          to_json({'rso_reward': [w.score, l.score], 'accepted_round': [w.round, l.round]}) AS detail
        FROM ${drawn} w JOIN ${drawn} l ON l.prompt_id = w.prompt_id AND l.turn = w.turn + 1 WHERE w.turn % 2 = 1`,
      with: ['margin', 'detail'],
    });
    const { candidates } = await session.one<{ candidates: number }>(
      `SELECT count(*) AS candidates FROM ${drawn}`,
    );
    return {
      figures: [{ name: 'accepted responses', value: accepted.length, low: null, high: null, n: candidates }],
      notes: accepted.length === 0 ? ['No prompt has responses rated on this aspect.'] : [],
    };
  },
});
