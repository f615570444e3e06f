import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { meanInterval } from '../../../statistics/descriptive.ts';
import {
  countTriads,
  cyclicRatio,
  type Dominance,
  simulateCycles,
} from '../../../statistics/intransitivity.ts';
import { permutationPValue } from '../../../statistics/permutation.ts';
import { type AuditContext, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, statusOf, sumClusterMoments } from '../clustered-share.ts';
import type { ComparisonGraph } from './edge-table.ts';

type Context = Pick<AuditContext<{ rounds: number }>, 'session' | 'signal' | 'seed' | 'params'>;

const headOf = (metric: string, title: string) => ({ audit: 'intransitivity', metric, title });

/** Triads times rounds at most in the simulation; above it a repeatable sample of the prompts is drawn. */
const workLimit = 2e7;

/** Cyclic share of the triads within prompts, tested against random orientations; by scope where there are several. */
export async function measurePromptCycles(
  context: Context,
  graph: ComparisonGraph,
  what: { metric: string; title: string; scope: string | null },
): Promise<AuditFigure[]> {
  const { session, signal } = context;
  const head = headOf(what.metric, what.title);
  const options = { parameters: [], signal };
  const triads = `(SELECT scope, cluster, cyclic AS outcome FROM ${graph.triads})`;
  const [all] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, outcome FROM ${triads})`,
    options,
  );
  const p = all ? await testOrientation(context, graph) : null;
  const whole = makeFigure(head, { ...measureShare(all), p, neutral: 0.25 });
  if (what.scope === null) return [whole];
  const by = await sumClusterMoments(
    session,
    `(SELECT scope AS slice, cluster, outcome FROM ${triads})`,
    options,
  );
  return [
    whole,
    ...by
      .sort((left, right) => right.sumX - left.sumX)
      .slice(0, maximumSlices)
      .map((moments) =>
        makeFigure(head, {
          slice_dim: what.scope,
          slice_value: String(moments.slice),
          ...measureShare(moments),
          p: null,
          neutral: 0.25,
        }),
      ),
  ];
}

/** Triads left out because one of their pairs is tied. */
export async function measureSkipped(
  { session, signal }: Context,
  graph: ComparisonGraph,
): Promise<AuditFigure> {
  const [moments] = await sumClusterMoments(
    session,
    `(SELECT NULL AS slice, cluster, (cyclic IS NULL)::INTEGER AS outcome FROM ${graph.triads})`,
    { parameters: [], signal },
  );
  return makeFigure(headOf('skipped_triads', 'Triads left out for a tie'), {
    ...measureShare(moments),
    p: null,
  });
}

interface PromptEdges {
  size: number;
  rows: [number, number, number][];
}

/** The edges of a repeatable sample of prompts with a triad, as codes within the prompt. */
async function readPrompts(
  { session, signal, seed, params }: Context,
  { edges, triads }: ComparisonGraph,
): Promise<PromptEdges[]> {
  const rows = await session.all<{ size: number; rows: [number, number, number][] }>(
    `WITH triad AS (SELECT scope, cluster, count(*) AS triads FROM ${triads} GROUP BY ALL),
       drawn AS (SELECT scope, cluster FROM (SELECT *, sum(triads) OVER (ORDER BY md5(concat(scope, '/', cluster, '/', $1::INTEGER))) AS total FROM triad) WHERE total <= $2),
       node AS (SELECT scope, cluster, key, row_number() OVER (PARTITION BY scope, cluster ORDER BY key) - 1 AS code
         FROM (SELECT scope, cluster, x AS key FROM ${edges} SEMI JOIN drawn USING (scope, cluster) UNION SELECT scope, cluster, y FROM ${edges} SEMI JOIN drawn USING (scope, cluster)))
     SELECT max(greatest(i.code, j.code)) + 1 AS size, list([i.code::DOUBLE, j.code::DOUBLE, e.score] ORDER BY i.code, j.code) AS rows
     FROM ${edges} e JOIN node i ON i.scope = e.scope AND i.cluster = e.cluster AND i.key = e.x JOIN node j ON j.scope = e.scope AND j.cluster = e.cluster AND j.key = e.y
     GROUP BY e.scope, e.cluster ORDER BY e.scope, e.cluster`,
    [seed, Math.floor(workLimit / params.rounds)],
    { signal },
  );
  return rows;
}

async function testOrientation(context: Context, graph: ComparisonGraph): Promise<number | null> {
  const relations: Dominance[] = [];
  let [cyclic, complete] = [0, 0];
  for (const { size, rows } of await readPrompts(context, graph)) {
    const sign = new Int8Array(size * size);
    for (const [i, j, score] of rows) {
      sign[i * size + j] = Math.sign(score - 0.5);
      sign[j * size + i] = -Math.sign(score - 0.5);
    }
    const found = countTriads({ size, sign }, 0);
    cyclic += found.cyclic;
    complete += found.complete;
    if (found.complete > 0) relations.push({ size, sign });
  }
  if (complete === 0) return null;
  const { seed, params, signal } = context;
  const simulated = await simulateCycles(relations, { seed, rounds: params.rounds, signal });
  const outcome = permutationPValue(
    cyclic - complete / 4,
    simulated.map((count) => count - complete / 4),
  );
  return outcome.status === 'undefined' ? null : outcome.p;
}

/** Mean over prompts of the share of preference logits that no score explains (our diagnostic), with a t interval. */
export async function measureCyclicRatios(context: Context, graph: ComparisonGraph): Promise<AuditFigure> {
  const ratios = (await readPrompts(context, graph))
    .map(({ size, rows }) =>
      cyclicRatio({
        players: size,
        left: rows.map((row) => row[0]),
        right: rows.map((row) => row[1]),
        p: rows.map((row) => row[2]),
      }),
    )
    .filter((ratio) => !Number.isNaN(ratio));
  const head = headOf(
    'cyclic_ratio',
    'Mean share of the preference logits of a prompt that no score explains (our operationalisation)',
  );
  const outcome = meanInterval(ratios);
  if (ratios.length === 0) return makeFigure(head, {});
  const value = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const base = {
    value,
    n_items: ratios.length,
    n_clusters: ratios.length,
    status: statusOf(ratios.length),
    neutral: 0,
  };
  if (outcome.status === 'undefined') return makeFigure(head, base);
  return makeFigure(head, { ...base, ci_lo: Math.max(0, outcome.lower), ci_hi: Math.min(1, outcome.upper) });
}
