import { z } from 'zod';
import { bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { type CellVisits, measureCoverage } from '../../../statistics/coverage.ts';
import { undefinedOutcome } from '../../../statistics/outcome.ts';
import { normaliseScore, quadrantOf } from '../../../statistics/trajectory-profile.ts';
import { type AuditContext as Context, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { estimateFigure } from '../plain-figures.ts';
import { sayMany, sayShare } from '../wording.ts';
import { storeTextClusters } from './text-clusters.ts';
import { quadrantReadings } from './trajectory-profile.ts';

interface Params {
  sample: number;
  clusters: number;
  reference_column: 'all' | 'model' | 'language' | 'topic' | 'subset';
  reference_group: string;
  aspect: string;
  rounds: number;
}
type AuditContext = Context<Params>;

const headOf = (metric: string, title: string) => ({ audit: 'text_coverage', metric, title });

export const textCoverageAudit = defineAudit({
  id: 'text_coverage',
  family: 'selection',
  title: 'Coverage of texts (analogue)',
  description:
    'An analogue for texts of trajectory quality and state-action coverage: which combinations of prompt cluster and response cluster the chosen responses reach, and how good they are. Our operationalisation.',
  inputs: ['label', 'text', 'ratings', 'model', 'topic', 'subset', 'language'],
  parameters: {
    /** Labelled pairs clustered, drawn by md5 of id and seed. */
    sample: z.number().int().min(10).max(10_000).default(1000),
    /** Clusters of prompts, and as many of responses. */
    clusters: z.number().int().min(2).max(50).default(20),
    /** The reference: all responses of the sampled pairs, or those of one group of a column. */
    reference_column: z.enum(['all', 'model', 'language', 'topic', 'subset']).default('all'),
    reference_group: z.string().default(''),
    /** Rating aspect that scores the responses; empty = the first that is no log-probability. */
    aspect: z.string().default(''),
    rounds: z.number().int().min(100).max(10_000).default(1000),
  },
  findObstacle: (dataset) => {
    if (dataset.trajectories > 0)
      return 'The responses are episodes with steps: the audit trajectory_profile counts their states and actions.';
    return dataset.labelled === 0
      ? 'No pair has a preferred side: the column label holds neither a nor b.'
      : null;
  },
  run: async (context: AuditContext) => {
    const { params, dataset } = context;
    const tables = await storeVisits(context);
    const visits = await readVisits(context, tables.visits);
    if (visits.sizes.reference === 0)
      return {
        obstacle: `No response of the ${params.sample} pairs drawn has ${params.reference_column} = “${params.reference_group}”.`,
      };
    const aspect =
      params.aspect || (dataset.aspects.find((one) => !one.startsWith('logp') && one !== 'shown') ?? '');
    const quality = await measureQuality(context, tables.pairs, aspect);
    const covered = await measureSets(context, visits);
    const [chosen] = covered;
    const quadrant =
      quality.value === null || chosen?.value == null
        ? null
        : quadrantReadings[quadrantOf(quality.value, chosen.value)];
    return {
      figures: [...covered, quality],
      findings: chosen
        ? [
            makeFinding({
              id: 'text_coverage',
              sentence: `${sayMany(visits.sizes.chosen, 'chosen response')} reach ${sayShare(chosen)} of the combinations of prompt and response cluster in the reference (analogue of SACo)${quadrant === null ? '; without scores or a reference that differs there is no quadrant' : `: ${quadrant}`}.`,
              figure: chosen,
              scale: 'amount',
              isDescriptive: true,
              noticeFrom: Number.POSITIVE_INFINITY,
            }),
          ]
        : [],
      tables: [
        {
          id: 'coverage',
          title: 'Different (prompt cluster, response cluster) by set (analogue of SACo)',
          columns: ['Responses', 'n', 'Combinations', 'In the reference', 'SACo analogue', 'Quadrant'],
          rows: (['chosen', 'rejected'] as const).map((set, index) => [
            set,
            visits.sizes[set],
            countVisited(visits.cells[set]),
            countVisited(visits.cells.reference),
            covered[index]?.value ?? null,
            set === 'chosen' ? quadrant : null,
          ]),
        },
      ],
      params: {
        prompt_clusters: tables.states,
        response_clusters: tables.actions,
        vectors: 'words hashed into 512 places; clusters of words, not of meanings (our operationalisation)',
        reference: params.reference_column === 'all' ? 'all responses' : `${params.reference_column} = ${params.reference_group}`, // prettier-ignore
        scored_by: aspect || 'nothing: no rating',
      },
    };
  },
});

const setNames = ['chosen', 'rejected', 'reference'] as const;
type SetName = (typeof setNames)[number];

/** The sampled pairs, and a row for each response of each set with its prompt (cluster), state and action. */
async function storeVisits(context: AuditContext) {
  const { session, pairs: all, seed, params, signal } = context;
  const [pairs, states, actions, visits] = ['pairs', 'states', 'actions', 'visits'].map((name) =>
    context.scratch(`coverage_${name}`),
  ) as [string, string, string, string];
  await session.run(
    `CREATE OR REPLACE TABLE ${pairs} AS SELECT * FROM (SELECT DISTINCT ON (comparison_id) * FROM ${all} WHERE label IN ('a', 'b') ORDER BY comparison_id, row_id)
     ORDER BY md5(comparison_id || '/' || ?), comparison_id LIMIT ?`,
    [seed, params.sample],
    { signal },
  );
  const cluster = (texts: string, into: string) =>
    storeTextClusters(session, { texts, into, clusters: params.clusters, seed, signal });
  const found = {
    states: await cluster(
      `SELECT prompt_id AS id, text FROM prompt WHERE prompt_id IN (SELECT prompt_id FROM ${pairs})`,
      states,
    ),
    actions: await cluster(
      `SELECT response_id AS id, text FROM response WHERE response_id IN (SELECT response_a_id FROM ${pairs} UNION ALL SELECT response_b_id FROM ${pairs})`,
      actions,
    ),
  };
  const owner = params.reference_column === 'model' ? 'r.model' : `x.${params.reference_column}`;
  const inReference = params.reference_column === 'all' ? '?::VARCHAR IS NOT NULL' : `${owner}::VARCHAR = ?`;
  await session.run(
    `CREATE OR REPLACE TABLE ${visits} AS
     WITH one AS (SELECT *, unnest([chosen_id, rejected_id]) AS response_id FROM ${pairs}),
       member AS (
         SELECT DISTINCT 'chosen' AS name, prompt_id, cluster, chosen_id AS response_id FROM ${pairs}
         UNION ALL SELECT DISTINCT 'rejected', prompt_id, cluster, rejected_id FROM ${pairs}
         UNION ALL SELECT DISTINCT 'reference', x.prompt_id, x.cluster, x.response_id FROM one x JOIN response r ON r.response_id = x.response_id WHERE ${inReference})
     SELECT m.*, s.cluster AS state, a.cluster AS "action" FROM member m JOIN ${states} s ON s.id = m.prompt_id JOIN ${actions} a ON a.id = m.response_id`,
    [params.reference_group],
    { signal },
  );
  return { pairs, visits, ...found };
}

interface Visits {
  readonly sizes: Readonly<Record<SetName, number>>;
  /** Per set, the visits of each prompt to each cell. */
  readonly cells: Readonly<Record<SetName, readonly CellVisits[]>>;
  /** Whether a set has the very responses of the reference, so that their ratio says nothing. */
  readonly isReference: Readonly<Record<SetName, boolean>>;
}

async function readVisits({ session, signal }: AuditContext, table: string): Promise<Visits> {
  const counts = setNames.map((name) => `count(*) FILTER (name = '${name}') AS "${name}"`).join(', ');
  const columns = await session.columns(
    `SELECT dense_rank() OVER (ORDER BY cluster) - 1 AS prompt, dense_rank() OVER (ORDER BY state, "action") - 1 AS cell, ${counts}
     FROM ${table} GROUP BY cluster, state, "action" ORDER BY prompt, cell`,
    [],
    { signal },
  );
  const { prompt = new Float64Array(0), cell = new Float64Array(0) } = columns;
  const prompts = (prompt.at(-1) ?? -1) + 1;
  const width = cell.reduce((most, one) => Math.max(most, one + 1), 0);
  const fill = (name: SetName) => {
    const cells = Array.from({ length: width }, () => new Float64Array(prompts));
    for (const [row, count] of (columns[name] ?? new Float64Array(0)).entries()) {
      const visits = cells[cell[row] ?? -1];
      if (visits) visits[prompt[row] ?? 0] = count;
    }
    return cells;
  };
  const sizes = await session.one<Record<SetName, number>>(`SELECT ${counts} FROM ${table}`);
  const unlike = (name: SetName) =>
    `(SELECT count(*) FROM (SELECT response_id FROM ${table} WHERE name IN ('${name}', 'reference') GROUP BY response_id HAVING count(DISTINCT name) < 2)) AS "${name}"`;
  const differing = await session.one<Record<'chosen' | 'rejected', number>>(
    `SELECT ${unlike('chosen')}, ${unlike('rejected')}`,
  );
  return {
    sizes,
    cells: { chosen: fill('chosen'), rejected: fill('rejected'), reference: fill('reference') },
    isReference: { chosen: differing.chosen === 0, rejected: differing.rejected === 0, reference: true },
  };
}

const countVisited = (cells: readonly CellVisits[]) =>
  cells.filter((visits) => visits.some((count) => count > 0)).length;

async function measureSets({ seed, params, signal }: AuditContext, { sizes, cells, isReference }: Visits) {
  const n_clusters = cells.reference[0]?.length ?? 0;
  const [chosen, rejected] = await measureCoverage([cells.chosen, cells.rejected], cells.reference, {
    seed,
    rounds: params.rounds,
    ...(signal ? { signal } : {}),
  });
  const figure = (name: 'chosen' | 'rejected', outcome: typeof chosen) =>
    estimateFigure(
      {
        ...headOf(`coverage_${name}`, `Combinations of clusters the ${name} responses reach, over the reference’s (SACo analogue)`), // prettier-ignore
        n_clusters,
      },
      outcome === undefined || isReference[name] ? undefinedOutcome('zero_variance') : outcome,
      sizes[name],
    );
  return [figure('chosen', chosen), figure('rejected', rejected)];
}

/** (mean score chosen − mean score of both) / (mean of the better − mean of both), prompts resampled. */
async function measureQuality(
  { session, seed, params, signal }: AuditContext,
  pairs: string,
  aspect: string,
) {
  const columns = await session.columns(
    `WITH scored AS (SELECT response_id, avg("value") AS score FROM rating WHERE aspect = ? AND response_id IN (SELECT chosen_id FROM ${pairs} UNION ALL SELECT rejected_id FROM ${pairs}) GROUP BY response_id HAVING score IS NOT NULL)
     SELECT cluster, sum(c.score) AS chosen, sum((c.score + r.score) / 2) AS random, sum(greatest(c.score, r.score)) AS best, count(*)::DOUBLE AS n
     FROM ${pairs} x JOIN scored c ON c.response_id = x.chosen_id JOIN scored r ON r.response_id = x.rejected_id GROUP BY cluster ORDER BY cluster`,
    [aspect],
    { signal },
  );
  const none = new Float64Array(0);
  const { chosen = none, random = none, best = none, n = none } = columns;
  const outcome = await bootstrapClusters(
    [chosen, random, best],
    ([value = 0, low = 0, high = 0]) => {
      const quality = normaliseScore(value, { random: low, expert: high });
      return quality.status === 'undefined' ? Number.NaN : quality.value;
    },
    { seed, rounds: params.rounds, ...(signal ? { signal } : {}) },
  );
  return estimateFigure(
    {
      ...headOf(
        'text_quality',
        'Score of the chosen response between a random and the better one (TQ analogue)',
      ),
      n_clusters: n.length,
    },
    outcome,
    n.reduce((sum, pairsOfPrompt) => sum + pairsOfPrompt, 0),
  );
}
