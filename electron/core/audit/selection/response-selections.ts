import { sampleByRejection } from '../../statistics/rejection-sampling.ts';
import { advantages, weighEpisodes } from '../../statistics/episode-weights.ts';
import type { FilterStrategy } from '../../statistics/filter-policy.ts';
import {
  Binder,
  createSelection,
  type SelectionInput,
  type SelectionSummary,
  wholeNumber,
} from './selection-table.ts';

/** Mean rating of an aspect of every response of the dataset. */
const rewards = (binder: Binder, datasetId: number, aspect: string) =>
  `SELECT r.response_id, r.prompt_id, avg(g."value") AS reward FROM response r JOIN rating g USING (response_id)
   WHERE r.dataset_id = ${binder.bind(datasetId, 'INTEGER')} AND g.aspect = ${binder.bind(aspect, 'VARCHAR')} AND g."value" IS NOT NULL GROUP BY ALL`;

const strategyWeights: Readonly<Record<FilterStrategy, string>> = {
  none: '1.0 / n',
  best_of_n: 'CASE WHEN rank = 1 THEN 1.0 ELSE 0 END',
  best_random: 'CASE WHEN n = 1 THEN 1.0 WHEN rank = 1 THEN 0.5 ELSE 0.5 / (n - 1) END',
  best_worst: 'CASE WHEN n = 1 THEN 1.0 WHEN rank IN (1, n) THEN 0.5 ELSE 0 END',
};

/**
 * Policy filtration: weight of every response by the rank of its reward among those of its prompt; kept where above 0.
 * Equal rewards go by id. Rows have response_id and no comparison_id. Source: C. Zhang et al., PF-PPO (2024).
 */
export async function filterResponses(
  input: SelectionInput,
  { aspect, strategy }: { aspect: string; strategy: FilterStrategy },
): Promise<SelectionSummary> {
  const binder = new Binder();
  return createSelection(
    input,
    `WITH rewarded AS (${rewards(binder, input.datasetId, aspect)}),
       ranked AS (SELECT *, row_number() OVER (PARTITION BY prompt_id ORDER BY reward DESC, response_id) AS rank,
         count(*) OVER (PARTITION BY prompt_id) AS n FROM rewarded)
     SELECT NULL::BIGINT AS comparison_id, response_id, weight > 0 AS keep, weight, rank AS place, concat('rank ', rank, ' of ', n) AS reason, prompt_id, reward
     FROM (SELECT *, (${strategyWeights[strategy]})::DOUBLE AS weight FROM ranked) ORDER BY response_id`,
    binder.parameters,
  );
}

/**
 * Statistical rejection sampling: at most `size` responses of each prompt, accepted with chance exp((r − max)/β). The
 * draw of a prompt depends on the seed and the prompt's id only. Source: T. Liu et al., RSO (2023).
 */
export async function sampleResponses(
  input: SelectionInput,
  { aspect, size, beta = 0.5 }: { aspect: string; size: number; beta?: number },
): Promise<SelectionSummary> {
  const binder = new Binder();
  const candidates = await input.session.columns(
    `SELECT response_id, prompt_id, reward FROM (${rewards(binder, input.datasetId, aspect)}) ORDER BY prompt_id, response_id`,
    binder.parameters,
    { signal: input.signal },
  );
  const accepted = drawByPrompt(candidates, { size, beta, seed: input.seed });
  const drawn = new Binder();
  const list = `from_json(${drawn.bind(JSON.stringify(accepted), 'JSON')}, '[{"id":"BIGINT","place":"BIGINT","round":"BIGINT"}]')`;
  return createSelection(
    input,
    `WITH rewarded AS (${rewards(drawn, input.datasetId, aspect)}),
       accepted AS (SELECT one.id AS response_id, one.place, one.round FROM (SELECT unnest(${list}) AS one))
     SELECT NULL::BIGINT AS comparison_id, r.response_id, a.place IS NOT NULL AS keep, 1::DOUBLE AS weight, a.place,
       concat('accepted in round ', a.round) AS reason, r.prompt_id, r.reward AS rso_reward, a.round AS accepted_round,
       exp((r.reward - max(r.reward) OVER (PARTITION BY r.prompt_id)) / ${drawn.bind(Math.max(beta, 1e-12), 'DOUBLE')}) AS accept_prob
     FROM rewarded r LEFT JOIN accepted a USING (response_id) ORDER BY r.response_id`,
    drawn.parameters,
  );
}

function drawByPrompt(
  columns: Record<string, Float64Array>,
  options: { size: number; beta: number; seed: number },
): { id: number; place: number; round: number }[] {
  const { response_id: ids = [], prompt_id: prompts = [], reward = [] } = columns;
  const accepted: { id: number; place: number; round: number }[] = [];
  for (let from = 0; from < ids.length;) {
    let to = from;
    while (to < ids.length && prompts[to] === prompts[from]) to += 1;
    const group = Array.from(reward.slice(from, to));
    const seed = (Math.imul(options.seed, 0x9e3779b1) + ((prompts[from] ?? 0) % 2 ** 32)) >>> 0;
    for (const [place, one] of sampleByRejection(group, { ...options, seed }).entries())
      accepted.push({ id: ids[from + one.index] ?? 0, place: place + 1, round: one.round });
    from = to;
  }
  return accepted;
}

export interface EpisodeWeighting {
  /** `return`: by the return of the episode. `advantage`: by what of it the first state does not predict. `top`: the best share. */
  readonly method: 'return' | 'advantage' | 'top';
  readonly temperature?: number;
  readonly per?: 'episode' | 'step';
  /** For `top`: share of episodes, in (0, 1]. */
  readonly fraction?: number;
}

/**
 * Weights of episodes that sum to 1, from their returns. Advantages regress the return on the numbers of the first state;
 * episodes without a numeric first state count as all zeros. Rows have response_id, the id of the episode. Source: Z.-W. Hong
 * et al. (2023).
 */
export async function weighEpisodeResponses(
  input: SelectionInput,
  { method, temperature = 0.1, per = 'episode', fraction = 0.1 }: EpisodeWeighting,
): Promise<SelectionSummary> {
  const binder = new Binder();
  const dataset = binder.bind(input.datasetId, 'INTEGER');
  const episodes = `SELECT trajectory_id, total_reward, steps FROM trajectory WHERE dataset_id = ${dataset} AND total_reward IS NOT NULL`;
  if (method === 'top') {
    return createSelection(
      input,
      `WITH ranked AS (SELECT *, row_number() OVER (ORDER BY total_reward DESC, trajectory_id) AS place, count(*) OVER () AS n FROM (${episodes})),
         cut AS (SELECT *, place <= round(${binder.bind(fraction, 'DOUBLE')} * n) AS keep FROM ranked)
       SELECT NULL::BIGINT AS comparison_id, trajectory_id AS response_id, keep, CASE WHEN keep THEN 1.0 / count(*) FILTER (keep) OVER () ELSE 0 END::DOUBLE AS weight,
         place, concat('return ', total_reward) AS reason, total_reward FROM cut ORDER BY trajectory_id`,
      binder.parameters,
    );
  }
  const columns = await input.session.columns(`${episodes} ORDER BY trajectory_id`, binder.parameters, {
    signal: input.signal,
  });
  const { trajectory_id: ids = new Float64Array(0), total_reward: returns = [], steps = [] } = columns;
  const scores = method === 'return' ? returns : advantages(returns, await readFirstStates(input, ids));
  const weights = ids.length === 0 ? [] : weighEpisodes(scores, steps, { temperature, per });
  const rows = Array.from(ids, (id, i) => ({ id, weight: weights[i] ?? 0, score: scores[i] ?? 0 }));
  const written = new Binder();
  return createSelection(
    input,
    `SELECT NULL::BIGINT AS comparison_id, one.id AS response_id, true AS keep, one.weight AS weight,
       row_number() OVER (ORDER BY one.weight DESC, one.id) AS place, concat('${method} ', one.score) AS reason, one.score AS score
     FROM (SELECT unnest(from_json(${written.bind(JSON.stringify(rows), 'JSON')}, '[{"id":"BIGINT","weight":"DOUBLE","score":"DOUBLE"}]')) AS one) ORDER BY one.id`,
    written.parameters,
  );
}

/** Most numbers of a first state that the regression takes. */
const mostFeatures = 32;

/** The numbers of each episode's first state, one array per number, in the order of the ids. */
async function readFirstStates(input: SelectionInput, ids: Float64Array): Promise<Float64Array[]> {
  const place = new Map(Array.from(ids, (id, i) => [id, i]));
  const cells = await input.session.columns(
    `SELECT trajectory_id, axis, state[axis + 1] AS "value" FROM (
       SELECT trajectory_id, state, unnest(range(least(len(state), ${wholeNumber(mostFeatures)}))) AS axis FROM (
         SELECT trajectory_id, TRY_CAST(CASE WHEN json_valid(state) AND json_type(state) = 'ARRAY' THEN state::JSON END AS DOUBLE[]) AS state
         FROM step WHERE dataset_id = ? AND step_no = 0))`,
    [input.datasetId],
    { signal: input.signal },
  );
  const { trajectory_id: owners = [], axis = [], value = [] } = cells;
  const features: Float64Array[] = [];
  for (let i = 0; i < owners.length; i++) {
    const column = (features[axis[i] ?? 0] ??= new Float64Array(ids.length));
    const row = place.get(owners[i] ?? Number.NaN);
    if (row !== undefined && Number.isFinite(value[i])) column[row] = value[i] ?? 0;
  }
  return Array.from(features, (column) => column ?? new Float64Array(ids.length));
}
