import { compareEpisodes } from '../../selection/episode-pairs.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { shareFigure } from '../plain-figures.ts';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { estimateFigure } from '../plain-figures.ts';
import { sayMany, sayShare } from '../wording.ts';

const headOf = (metric: string, title: string) => ({ audit: 'screen_episodes', metric, title });

/** Faults of an episode, by name; SQL over a trajectory `t` with what its steps say. */
const faults = {
  gap: {
    title: 'Step numbers are not contiguous',
    sql: 's.high - s.low + 1 <> s.numbered OR s.kinds <> s.numbered',
  },
  length: {
    title: 'Length differs from what the source declares',
    sql: 't.declared_steps IS NOT NULL AND t.declared_steps <> t.steps',
  },
  terminal: { title: 'A final status stands before the last step', sql: 's.early > 0' },
  no_end: { title: 'No final status or end', sql: 's.ends = 0' },
} as const;
type Fault = keyof typeof faults;
const faultNames = Object.keys(faults) as Fault[];

export const screenEpisodesAudit = defineAudit({
  id: 'screen_episodes',
  family: 'documentation',
  title: 'Episodes: integrity, splits and action match',
  description:
    'Whether episodes are whole, whether a split leaks into another, and how far episodes of one goal take the same actions.',
  inputs: ['steps', 'subset'],
  parameters: {},
  findObstacle: (dataset) => (dataset.trajectories > 0 ? null : 'There are no episodes with steps.'),
  run: async (context) => {
    const table = context.scratch('faults');
    const n = await findFaults(context, table);
    const whole = await countFaults(context, table);
    const figures = faultNames.map((name) =>
      shareFigure(headOf(`${name}_share`, faults[name].title), whole[name] ?? 0, n),
    );
    const broken = shareFigure(
      headOf('broken_share', 'Episodes with a gap, a wrong length or an early end'),
      whole['broken'] ?? 0,
      n,
    );
    const leak = await measureLeakage(context);
    const match = await measureMatch(context);
    return {
      figures: [broken, ...figures, ...leak.figures, ...match.figures],
      findings: [
        makeFinding({
          id: 'broken',
          sentence: `${sayShare(broken)} of ${sayMany(n, 'episode')} have a gap, a wrong length or an early end.`,
          figure: broken,
          scale: 'amount',
          isDescriptive: true,
          warnFrom: 0.01,
          rows: await context.keepRows({
            set: 'broken',
            relation: 'responses',
            sql: `SELECT trajectory_id AS row_id FROM ${table} WHERE broken ORDER BY row_id`,
          }),
        }),
        ...leak.findings,
        ...match.findings,
      ],
      params: { tap_distance: 0.14, swipe_distance: 0.04, box_growth: 1.4 },
    };
  },
});

type Context = AuditContext<object>;

/** One row an episode with each fault; a final status is a step that is done or whose type begins with status_task. */
async function findFaults({ session, dataset, signal }: Context, table: string): Promise<number> {
  const final = `(coalesce(is_done, false) OR coalesce(action_type LIKE 'status_task%', false))`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH
       s AS (SELECT trajectory_id, min(step_id) AS low, max(step_id) AS high, count(step_id) AS numbered, count(DISTINCT step_id) AS kinds,
         count(*) FILTER (${final}) AS ends, count(*) FILTER (${final} AND step_no < last_no) AS early
         FROM (SELECT *, max(step_no) OVER (PARTITION BY trajectory_id) AS last_no FROM step WHERE dataset_id = ?) GROUP BY trajectory_id)
     SELECT t.trajectory_id, ${faultNames.map((name) => `coalesce(${faults[name].sql}, false) AS "${name}"`).join(', ')},
       ("gap" OR "length" OR "terminal") AS broken
     FROM trajectory t LEFT JOIN s USING (trajectory_id) WHERE t.dataset_id = ?`,
    [dataset.datasetId, dataset.datasetId],
    { signal },
  );
  return (await session.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).n;
}

async function countFaults({ session }: Context, table: string): Promise<Record<string, number>> {
  const counts = [...faultNames, 'broken'].map((name) => `count(*) FILTER ("${name}") AS "${name}"`);
  return session.one<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${table}`);
}

/** Episodes and goals that occur in more than one split. */
async function measureLeakage(context: Context) {
  const counts = await context.session.one<{
    splits: number;
    episodes: number;
    leaked: number;
    goals: number;
    shared: number;
  }>(
    `WITH e AS (SELECT t.episode_id, r.prompt_id, r.subset FROM trajectory t JOIN response r ON r.response_id = t.trajectory_id WHERE t.dataset_id = ? AND r.subset IS NOT NULL)
     SELECT (SELECT count(DISTINCT subset) FROM e) AS splits, (SELECT count(DISTINCT episode_id) FROM e) AS episodes,
       (SELECT count(*) FROM (SELECT episode_id FROM e GROUP BY ALL HAVING count(DISTINCT subset) > 1)) AS leaked,
       (SELECT count(DISTINCT prompt_id) FROM e) AS goals, (SELECT count(*) FROM (SELECT prompt_id FROM e GROUP BY ALL HAVING count(DISTINCT subset) > 1)) AS shared`,
    [context.dataset.datasetId],
  );
  if (counts.splits < 2) return { figures: [], findings: [] };
  const leaked = shareFigure(
    headOf('leaked_episodes', 'Episodes in more than one split'),
    counts.leaked,
    counts.episodes,
  );
  const shared = shareFigure(
    headOf('shared_goals', 'Goals in more than one split'),
    counts.shared,
    counts.goals,
  );
  return {
    figures: [leaked, shared],
    findings: [
      makeFinding({
        id: 'leakage',
        sentence: `${sayMany(counts.leaked, 'episode')} of ${counts.episodes} and ${sayMany(counts.shared, 'goal')} of ${counts.goals} lie in more than one of ${counts.splits} splits.`,
        figure: { ...leaked, status: leaked.value === null ? 'undefined' : 'ok' },
        scale: 'amount',
        isDescriptive: true,
        warnFrom: Number.MIN_VALUE,
        rows: await context.keepRows({
          set: 'leaked',
          relation: 'responses',
          sql: `SELECT t.trajectory_id AS row_id FROM trajectory t WHERE t.dataset_id = ? AND t.episode_id IN (SELECT x.episode_id FROM trajectory x
            JOIN response r ON r.response_id = x.trajectory_id WHERE x.dataset_id = t.dataset_id AND r.subset IS NOT NULL GROUP BY x.episode_id HAVING count(DISTINCT r.subset) > 1) ORDER BY row_id`,
          parameters: [context.dataset.datasetId],
        }),
      }),
    ],
  };
}

/** Matched steps of the other episodes of a goal against its first successful one; goals are the clusters. */
async function measureMatch(context: Context) {
  const pairs = await compareEpisodes({
    session: context.session,
    datasetId: context.dataset.datasetId,
    into: context.scratch('unused'),
    seed: context.seed,
    signal: context.signal,
  });
  if (pairs.length === 0) return { figures: [], findings: [] };
  const goals = [...new Set(pairs.map((pair) => pair.promptId))];
  const place = new Map(goals.map((goal, i) => [goal, i]));
  const [sums, counts] = [new Float64Array(goals.length), new Float64Array(goals.length)];
  for (const pair of pairs) {
    const goal = place.get(pair.promptId) ?? 0;
    sums[goal] = (sums[goal] ?? 0) + pair.partial;
    counts[goal] = (counts[goal] ?? 0) + 1;
  }
  const outcome = await bootstrapClusters([sums, counts], ([sum = 0, n = 0]) => sum / n, {
    seed: context.seed,
    ...(context.signal ? { signal: context.signal } : {}),
  });
  const partial = {
    ...estimateFigure(headOf('partial_match', 'Matched steps over length'), outcome, pairs.length),
    n_clusters: goals.length,
  };
  const complete = shareFigure(
    headOf('complete_match', 'All steps match'),
    pairs.filter((pair) => pair.isComplete).length,
    pairs.length,
  );
  return {
    figures: [partial, complete],
    findings: [
      makeFinding({
        id: 'match',
        sentence: `Episodes of one goal match the first successful one in ${sayShare(partial)} of its steps and completely in ${sayShare(complete)} of ${sayMany(pairs.length, 'pair')}.`,
        figure: partial,
        scale: 'amount',
        isDescriptive: true,
        noticeFrom: Number.POSITIVE_INFINITY,
      }),
    ],
  };
}
