import { z } from 'zod';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import {
  d4rlScore,
  normaliseScore,
  quadrantOf,
  stateActionCoverage,
} from '../../../statistics/trajectory-profile.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure } from '../plain-figures.ts';
import { sayMany } from '../wording.ts';

interface Params {
  random_return: string;
  expert_return: string;
  random_policy: string;
  expert_policy: string;
  bins: number;
}
type Context = AuditContext<Params>;

const headOf = (metric: string, title: string) => ({ audit: 'trajectory_profile', metric, title });

/** What each quadrant suits. */
export const quadrantReadings = {
  replay: 'high quality and coverage',
  imitate: 'high quality, low coverage: suits cloning',
  explore: 'low quality, high coverage: needs a method that improves on the data',
  poor: 'low quality and coverage',
} as const;

export const trajectoryProfileAudit = defineAudit({
  id: 'trajectory_profile',
  family: 'selection',
  title: 'Exploration and exploitation',
  description: 'Trajectory quality, state-action coverage and D4RL score of the episodes, by policy.',
  inputs: ['steps', 'model'],
  parameters: {
    /** Mean return of a random policy and of an expert; empty = that of the policies named next. */
    random_return: z
      .string()
      .regex(/^(-?\d+(\.\d+)?)?$/)
      .default(''),
    expert_return: z
      .string()
      .regex(/^(-?\d+(\.\d+)?)?$/)
      .default(''),
    random_policy: z.string().default('random'),
    expert_policy: z.string().default('expert'),
    /** Bins an axis of numeric states and actions is cut into. */
    bins: z.number().int().min(2).max(1000).default(100),
  },
  findObstacle: (dataset) => (dataset.trajectories > 0 ? null : 'There are no episodes with steps.'),
  run: async (context) => {
    const table = context.scratch('visited');
    await createVisits(context, table);
    const references = await findReferences(context);
    const rows = await readPolicies(context, table);
    const all = await measure(context, { references, rows });
    const whole = all.find((one) => one.policy === null);
    return {
      findings: [
        makeFinding({
          id: 'profile',
          sentence: describe(whole),
          figure: whole?.figures[0] ?? null,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
        }),
      ],
      figures: all.flatMap((one) => one.figures),
      tables: [
        {
          id: 'policies',
          title: 'By policy',
          columns: ['Policy', 'Episodes', 'Mean return', 'TQ', 'D4RL score', 'SACo', 'Quadrant'],
          rows: all.map((one) => [
            one.policy ?? 'all',
            one.n,
            one.meanReturn,
            one.quality,
            one.score,
            one.coverage,
            one.quadrant,
          ]),
        },
      ],
      params: {
        random: references?.random ?? 'not known',
        expert: references?.expert ?? 'not known',
        saco_reference:
          'distinct (state, action) of all episodes of the dataset (the paper: the replay set of the task, not confirmed)',
      },
    };
  },
});

/** Keys of states and actions: numeric lists by bins of each axis over the dataset, everything else as it is. */
async function createVisits({ session, dataset, params, signal }: Context, table: string): Promise<void> {
  const binned = (column: string) => `${column}_cells AS (
      SELECT trajectory_id, step_no, axis, cell, min(cell) OVER (PARTITION BY axis) AS low, max(cell) OVER (PARTITION BY axis) AS high FROM (
        SELECT trajectory_id, step_no, unnest(numbers) AS cell, unnest(range(len(numbers))) AS axis FROM (
          SELECT trajectory_id, step_no, TRY_CAST(CASE WHEN json_valid("${column}") AND json_type("${column}") = 'ARRAY' THEN "${column}"::JSON END AS DOUBLE[]) AS numbers FROM base))),
    ${column}_keys AS (SELECT trajectory_id, step_no, string_agg(least(${params.bins} - 1, floor(${params.bins} * (cell - low) / nullif(high - low, 0)))::INTEGER::VARCHAR, ',' ORDER BY axis) AS key
      FROM ${column}_cells GROUP BY ALL)`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH base AS (SELECT trajectory_id, step_no, state, "action" FROM step WHERE dataset_id = ?),
       ${binned('state')}, ${binned('action')}
     SELECT b.trajectory_id, r.model AS policy, md5(concat_ws('|', coalesce(s.key, b.state), coalesce(a.key, b."action"))) AS visit
     FROM base b JOIN response r ON r.response_id = b.trajectory_id LEFT JOIN state_keys s USING (trajectory_id, step_no) LEFT JOIN action_keys a USING (trajectory_id, step_no)`,
    [dataset.datasetId],
    { signal },
  );
}

interface References {
  readonly random: number;
  readonly expert: number;
}

async function findReferences({ session, dataset, params }: Context): Promise<References | undefined> {
  const meanOf = async (given: string, policy: string) => {
    if (given !== '') return Number(given);
    const { value } = await session.one<{ value: number | null }>(
      `SELECT avg(t.total_reward) AS value FROM trajectory t JOIN response r ON r.response_id = t.trajectory_id WHERE t.dataset_id = ? AND lower(r.model) = lower(?)`,
      [dataset.datasetId, policy],
    );
    return value;
  };
  const random = await meanOf(params.random_return, params.random_policy);
  const expert = await meanOf(params.expert_return, params.expert_policy);
  return random === null || expert === null ? undefined : { random, expert };
}

interface PolicyRow {
  readonly policy: string | null;
  readonly n: number;
  readonly visits: number;
  readonly all_visits: number;
}

async function readPolicies({ session }: Context, table: string): Promise<PolicyRow[]> {
  return session.all<PolicyRow>(
    `SELECT policy, count(DISTINCT trajectory_id) AS n, count(DISTINCT visit) AS visits, (SELECT count(DISTINCT visit) FROM ${table}) AS all_visits
     FROM ${table} GROUP BY GROUPING SETS ((), (policy)) HAVING grouping(policy) = 1 OR policy IS NOT NULL ORDER BY grouping(policy) DESC, n DESC, policy LIMIT 21`,
  );
}

async function measure(
  { session, dataset, seed, signal }: Context,
  { references, rows }: { references: References | undefined; rows: readonly PolicyRow[] },
) {
  const measured = [];
  for (const { policy, n, visits, all_visits } of rows) {
    const { g = new Float64Array(0) } = await session.columns(
      `SELECT total_reward AS g FROM trajectory t JOIN response r ON r.response_id = t.trajectory_id
       WHERE t.dataset_id = $1 AND total_reward IS NOT NULL AND ($2::VARCHAR IS NULL OR r.model = $2) ORDER BY trajectory_id`,
      [dataset.datasetId, policy],
      { signal },
    );
    const ones = new Float64Array(g.length).fill(1);
    const bootstrap = async (of: (value: number) => number) =>
      bootstrapClusters([g, ones], ([sum = 0, count = 0]) => of(sum / count), {
        seed,
        ...(signal ? { signal } : {}),
      });
    const slice = policy === null ? {} : { slice_dim: 'policy', slice_value: policy };
    const quality = await bootstrap((value) => toValue(references && normaliseScore(value, references)));
    const score = await bootstrap((value) => toValue(references && d4rlScore(value, references)));
    const coverage = toValue(stateActionCoverage(visits, all_visits));
    const [tq, d4rl] = [quality, score].map((outcome) =>
      outcome.status === 'undefined' ? null : outcome.estimate,
    );
    measured.push({
      policy,
      n,
      meanReturn: g.length === 0 ? null : g.reduce((sum, value) => sum + value, 0) / g.length,
      quality: tq ?? null,
      score: d4rl ?? null,
      coverage,
      quadrant: tq == null ? null : quadrantReadings[quadrantOf(tq, coverage)],
      figures: [
        estimateFigure(
          { ...headOf('trajectory_quality', 'Trajectory quality TQ'), ...slice },
          quality,
          g.length,
        ),
        estimateFigure({ ...headOf('d4rl_score', 'D4RL score'), ...slice }, score, g.length),
        countFigure(
          { ...headOf('state_action_coverage', 'State-action coverage SACo'), ...slice },
          coverage,
          n,
        ),
      ],
    });
  }
  return measured;
}

const toValue = (outcome: { status: string; value?: number } | undefined): number =>
  outcome?.value ?? Number.NaN;

function describe(whole: Awaited<ReturnType<typeof measure>>[number] | undefined): string {
  if (!whole) return 'No episode has a step.';
  const returns = whole.meanReturn === null ? 'no rewards' : `mean return ${whole.meanReturn.toPrecision(4)}`;
  const figure = whole.figures[0];
  if (whole.quality === null || !figure)
    return `${sayMany(whole.n, 'episode')} with ${returns}; without the returns of a random and an expert policy their quality has no scale.`;
  return `${sayMany(whole.n, 'episode')} with ${returns}: trajectory quality ${whole.quality.toFixed(3)} [${(figure.ci_lo ?? Number.NaN).toFixed(3)}, ${(figure.ci_hi ?? Number.NaN).toFixed(3)}], D4RL score ${(whole.score ?? Number.NaN).toFixed(1)}.`;
}
