import type { Sql } from '../reading/reader.ts';
import type { IdPlan, Loader } from './loader.ts';

/**
 * Episodes behind responses: one `trajectory` under the id of its response, one `step` a step. The value of the end is 0
 * where the last step ends the episode and the source says nothing else.
 */
export async function loadTrajectories(loader: Loader, records: Sql, plan: IdPlan): Promise<void> {
  if (loader.request.reading.trajectories === undefined) return;
  const { importId, heldUnder } = loader.request;
  const episodes = `(SELECT ${plan.responseBase} + record_no * ${plan.responseStride} + t.response AS trajectory_id, t
    FROM (SELECT record_no, unnest(trajectories) AS t FROM ${records}))`;
  await loader.run(
    'Loading episodes',
    `INSERT INTO trajectory (trajectory_id, dataset_id, episode_id, is_success, declared_steps, steps, total_reward, start_value,
       end_value, attributes, import_id)
     SELECT trajectory_id, ${heldUnder}, coalesce(t.episode, trajectory_id::VARCHAR), t.is_success, t.declared_steps,
       coalesce(len(t.steps), 0), list_sum(list_transform(t.steps, lambda one: one.reward)),
       coalesce(t.start_value, t.steps[1]."value"), coalesce(t.end_value, CASE WHEN t.steps[-1].is_done THEN 0 END),
       t.attributes, ${importId}
     FROM ${episodes}`,
  );
  await loader.run(
    'Loading episodes',
    `INSERT INTO step (trajectory_id, dataset_id, step_no, step_id, state, "action", action_type, reward, "value", is_done, propensity,
       target_propensity, touch, lift, boxes, media, import_id)
     SELECT trajectory_id, ${heldUnder}, step_no, one.step_id, one.state, one."action", one.action_type, one.reward, one."value",
       one.is_done, one.propensity, one.target_propensity, one.touch, one.lift, one.boxes, one.media, ${importId}
     FROM (SELECT trajectory_id, unnest(t.steps) AS one, unnest(range(len(t.steps))) AS step_no FROM ${episodes})`,
  );
}
