import type { Database } from '../../../native/duckdb/database.ts';
import type { JuryFigure } from '../../contract/judging.contract.ts';
import { kappaOfTotals } from '../statistics/cohen-kappa.ts';
import { bootstrapFigure, measureShareOf } from './figure.ts';
import { asVerdict, verdictOfVotes } from './verdict-sql.ts';

export type JuryTiePolicy = 'tie' | 'non_tie_wins';
export type Verdict = 'a' | 'b' | 'tie';

const verdicts: readonly Verdict[] = ['a', 'b', 'tie'];

/**
 * The mode of the jurors' verdicts (judging spec 2.2). Without a unique mode: `tie`, or under `non_tie_wins` the only
 * side among the modes (tie + a gives a), and a tie where both sides are among them. Undefined without verdicts.
 */
export function decideJury(labels: readonly Verdict[], policy: JuryTiePolicy): Verdict | undefined {
  if (labels.length === 0) return undefined;
  const counts = verdicts.map((verdict) => labels.filter((label) => label === verdict).length);
  const most = Math.max(...counts);
  const modes = verdicts.filter((_, index) => counts[index] === most);
  const [only] = modes;
  if (modes.length === 1) return only;
  const sides = modes.filter((mode) => mode !== 'tie');
  return policy === 'non_tie_wins' && sides.length === 1 ? sides[0] : 'tie';
}

/** Every jury of at least two of `judges` jurors, as lists of their places: 57 for six. */
export function listJuries(judges: number): number[][] {
  const juries: number[][] = [];
  for (let members = 1; members < 2 ** judges; members++) {
    const jury = Array.from({ length: judges }, (_, index) => index).filter(
      (index) => (members >> index) & 1,
    );
    if (jury.length >= 2) juries.push(jury);
  }
  return juries.sort((left, right) => left.length - right.length || left.join().localeCompare(right.join()));
}

export interface JuryOptions {
  readonly datasetId: number;
  readonly annotatorIds: readonly number[];
  readonly referenceId: number | null;
  readonly tiePolicy: JuryTiePolicy;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

interface VerdictRow {
  readonly cluster: number;
  readonly reference: Verdict;
  readonly labels: readonly (Verdict | null)[];
}

/**
 * Kappa (ties counted as a third label) and accuracy of each single judge and of every jury against the reference, best
 * kappa first. Pairs a juror gave no verdict on are decided by the others. The interval of kappa resamples prompts:
 * 1,000 seeded rounds, 200 beyond 5,000 prompts.
 */
export async function measureJuries(database: Database, options: JuryOptions): Promise<JuryFigure[]> {
  const names = await readNames(database, options);
  const rows = await readVerdicts(database, options);
  const single = options.annotatorIds.map((_, index) => [index]);
  const figures: JuryFigure[] = [];
  for (const members of [...single, ...listJuries(options.annotatorIds.length)]) {
    options.signal?.throwIfAborted();
    figures.push(await measureJury(rows, members, { ...options, names }));
  }
  return figures.sort((left, right) => (right.kappa.value ?? -2) - (left.kappa.value ?? -2));
}

async function readNames(database: Database, options: JuryOptions): Promise<string[]> {
  const rows = await database.all<{ id: number; name: string }>(
    'SELECT annotator_id AS id, name FROM annotator WHERE dataset_id = ?',
    [options.datasetId],
  );
  return options.annotatorIds.map((id) => rows.find((row) => row.id === id)?.name ?? String(id));
}

async function readVerdicts(database: Database, options: JuryOptions): Promise<VerdictRow[]> {
  const { datasetId, annotatorIds, referenceId, signal } = options;
  const wanted = referenceId === null ? annotatorIds : [...annotatorIds, referenceId];
  const columns = annotatorIds.map(() => 'max(label) FILTER (annotator_id = ?)').join(', ');
  const reference = referenceId === null ? asVerdict('c.label') : 'x.reference';
  return database.all<VerdictRow>(
    `WITH verdict AS (
       SELECT v.comparison_id, v.annotator_id, ${verdictOfVotes} AS label FROM vote v
       WHERE v.dataset_id = ? AND v.aspect IS NULL AND v.label <> 'skip' AND v.annotator_id IN (${wanted.map(() => '?').join(', ')})
       GROUP BY ALL),
     wide AS (
       SELECT comparison_id, [${columns}] AS labels ${referenceId === null ? '' : ', max(label) FILTER (annotator_id = ?) AS reference'}
       FROM verdict GROUP BY comparison_id)
     SELECT CASE WHEN trim(p.text) = '' THEN -c.comparison_id ELSE c.prompt_id END AS cluster, ${reference} AS reference, x.labels
     FROM wide x JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id)
     WHERE ${reference} IN ('a', 'b', 'tie') ORDER BY c.comparison_id`,
    [datasetId, ...wanted, ...annotatorIds, ...(referenceId === null ? [] : [referenceId])],
    { signal },
  );
}

async function measureJury(
  rows: readonly VerdictRow[],
  members: readonly number[],
  { tiePolicy, seed, names, signal }: JuryOptions & { names: readonly string[] },
): Promise<JuryFigure> {
  const clusters = new Map(rows.map((row) => [row.cluster, 0]));
  [...clusters.keys()].forEach((cluster, index) => clusters.set(cluster, index));
  const cells = Array.from({ length: 9 }, () => new Float64Array(clusters.size));
  const totals = { n: 0, equal: 0, tied: 0 };
  for (const row of rows) {
    const verdict = decideJury(
      members.flatMap((member) => row.labels[member] ?? []),
      tiePolicy,
    );
    if (verdict === undefined) continue;
    const cell = cells[verdicts.indexOf(row.reference) * 3 + verdicts.indexOf(verdict)];
    const cluster = clusters.get(row.cluster) ?? 0;
    if (cell) cell[cluster] = (cell[cluster] ?? 0) + 1;
    totals.n++;
    if (verdict === row.reference) totals.equal++;
    if (verdict === 'tie') totals.tied++;
  }
  const { n } = totals;
  return {
    jury: members.map((member) => names[member] ?? ''),
    size: members.length,
    tied: totals.tied,
    kappa: await bootstrapFigure(cells, (sums) => kappaOfTotals(sums, 3, 'identity'), {
      n,
      seed,
      rounds: clusters.size > 5_000 ? 200 : 1_000,
      signal,
    }),
    accuracy: measureShareOf(totals.equal, n),
  };
}
