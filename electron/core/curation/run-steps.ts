import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Session } from '../../../native/duckdb/session.ts';
import { quoteIdentifier } from '../../../native/duckdb/quoting.ts';
import { AppError } from '../../contract/app-error.ts';
import type {
  CurationOutcome,
  CurationSample,
  CurationSpec,
  RecipeStep,
  StepReport,
} from '../../contract/curation.contract.ts';
import { getStep } from './registry.ts';
import { openWork, promptsOf, responsesOf, type Work } from './work.ts';

/** Reasons of a step that are named at most; the rest are counted together. */
const mostReasons = 20;

export interface StepsRequest {
  readonly spec: Pick<CurationSpec, 'datasetId' | 'seed' | 'steps'>;
  readonly signal?: AbortSignal | undefined;
  /** Called before each step with the number of steps done. */
  readonly onProgress?: (title: string, done: number, total: number) => void;
  /** Called after each step, while its marks are still there. */
  readonly afterStep?: (work: Work, index: number) => Promise<void>;
}

/**
 * Checks every step that is switched on without running any.
 * @throws AppError RECIPE_INVALID naming step, key and fault
 */
export function checkSteps(steps: readonly RecipeStep[]): void {
  for (const [index, { step, enabled, params }] of steps.entries()) {
    const known = getStep(step);
    const parsed = known.params.safeParse(params);
    if (parsed.success || !enabled) continue;
    const [issue] = parsed.error.issues;
    throw new AppError(
      'RECIPE_INVALID',
      `Step ${index + 1} (${step}): ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}.`,
      { index, step, path: issue?.path.map(String) ?? [] },
    );
  }
}

/**
 * Runs the steps of a recipe over the candidate pairs of a dataset and hands what is left to `use`, before everything is
 * thrown away. Reads the corpus only. @throws AppError RECIPE_INVALID, DATASET_EMPTY and what a step throws
 */
export async function runSteps<T>(
  session: Session,
  { spec, signal, onProgress, afterStep }: StepsRequest,
  use: (work: Work, outcome: CurationOutcome) => Promise<T>,
): Promise<T> {
  checkSteps(spec.steps);
  const { work, drop } = await openWork(session, spec.datasetId, signal);
  try {
    const { source } = await session.one<{ source: number }>(
      `SELECT count(*) AS source FROM ${work.candidates}`,
    );
    const reports: StepReport[] = [];
    for (const [index, step] of spec.steps.entries()) {
      if (!step.enabled) continue;
      signal?.throwIfAborted();
      onProgress?.(getStep(step.step).title, index, spec.steps.length);
      const own: Work = { ...work, step: index, method: step.step };
      reports.push(await runStep(own, { step, seed: spec.seed, signal }));
      await afterStep?.(own, index);
    }
    onProgress?.('', spec.steps.length, spec.steps.length);
    return await use(work, { source, steps: reports, ...(await conclude(work)) });
  } finally {
    await drop();
  }
}

async function runStep(
  work: Work,
  { step, seed, signal }: { step: RecipeStep; seed: number; signal: AbortSignal | undefined },
): Promise<StepReport> {
  const { session, candidates } = work;
  const known = getStep(step.step);
  const key = randomUUID().replaceAll('-', '');
  const tables = new Set<string>();
  const scratch = (name: string) => {
    const table = `scratch.${quoteIdentifier(`curate_${key}_${name}`)}`;
    tables.add(table);
    return table;
  };
  const before = await countLive(work);
  const startedAt = performance.now();
  try {
    const answer = await known.apply({ session, work, params: step.params, seed, signal, scratch });
    const groups = await session.all<{
      fate: 'dropped' | 'added' | 'changed';
      reason: string;
      count: number;
    }>(
      `SELECT fate, coalesce(why, '') AS reason, count(*) AS count FROM (
         SELECT why, CASE WHEN dropped_by = ${work.step} THEN 'dropped' WHEN added_by = ${work.step} THEN 'added' ELSE 'changed' END AS fate
         FROM ${candidates} WHERE touched_by = ${work.step} AND (dropped_by IS NULL OR dropped_by = ${work.step})) GROUP BY ALL ORDER BY fate, count DESC, reason`,
    );
    const why = (fate: string) => foldReasons(groups.filter((group) => group.fate === fate));
    const total = (fate: string) => why(fate).reduce((sum, { count }) => sum + count, 0);
    return {
      index: work.step,
      step: known.id,
      title: known.title,
      in: before,
      out: await countLive(work),
      dropped: total('dropped'),
      added: total('added'),
      changed: total('changed'),
      droppedWhy: why('dropped'),
      addedWhy: why('added'),
      changedWhy: why('changed'),
      figures: [...(answer.figures ?? [])],
      notes: [...(answer.notes ?? [])],
      ms: Math.round(performance.now() - startedAt),
    };
  } catch (error) {
    throw explain(error, known.id);
  } finally {
    for (const table of tables) await session.run(`DROP TABLE IF EXISTS ${table}`);
  }
}

function explain(error: unknown, step: string): unknown {
  if (!(error instanceof z.ZodError)) return error;
  const [issue] = error.issues;
  return new AppError(
    'RECIPE_INVALID',
    `The step “${step}” was not run: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
    {
      step,
    },
  );
}

function foldReasons(
  groups: readonly { reason: string; count: number }[],
): { reason: string; count: number }[] {
  const named = groups.slice(0, mostReasons).map(({ reason, count }) => ({ reason, count }));
  const rest = groups.slice(mostReasons).reduce((sum, { count }) => sum + count, 0);
  return rest > 0 ? [...named, { reason: 'other reasons', count: rest }] : named;
}

async function countLive({ session, candidates }: Work): Promise<number> {
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM ${candidates} WHERE dropped_by IS NULL`,
  );
  return n;
}

/** A number as text for the manifest: nine digits, so that the order of a sum does not show. */
const digits = (column: string) => `CASE WHEN ${column} IS NULL THEN '' ELSE printf('%.9g', ${column}) END`;

async function conclude(work: Work): Promise<Omit<CurationOutcome, 'source' | 'steps'>> {
  const { session, candidates, signal } = work;
  const facts = await session.one<{ pairs: number; effectiveSize: number; manifest: string }>(
    `SELECT count(*) AS pairs, coalesce(sum(weight) ^ 2 / nullif(sum(weight * weight), 0), 0)::DOUBLE AS "effectiveSize",
       md5(coalesce(string_agg(row_key, ',' ORDER BY place NULLS LAST, candidate_id), '')) AS manifest
     FROM (SELECT candidate_id, place, weight, md5(concat_ws('|', pair_key, coalesce(label, ''), ${['strength', 'weight', 'soft_label', 'margin', 'goal_score'].map(digits).join(', ')},
         coalesce(place, 0), coalesce(stage, 0), coalesce(split, ''), coalesce(route, ''), is_relabelled)) AS row_key FROM ${candidates} WHERE dropped_by IS NULL)`,
    [],
    { signal },
  );
  const splits = await session.all<{ split: string; pairs: number }>(
    `SELECT split, count(*) AS pairs FROM ${candidates} WHERE dropped_by IS NULL AND split IS NOT NULL GROUP BY split ORDER BY split`,
  );
  return { ...facts, splits };
}

/** Some rows of a step, those it touched first; texts are cut to their beginnings. To be called from `afterStep`. */
export async function sampleRows(
  work: Work,
  { rows, fate }: { rows: number; fate?: CurationSample['fate'] | undefined },
): Promise<CurationSample[]> {
  const fateSql = `CASE WHEN k.dropped_by = ${work.step} THEN 'dropped' WHEN k.added_by = ${work.step} THEN 'added'
    WHEN k.touched_by = ${work.step} THEN 'changed' ELSE 'kept' END`;
  return work.session.all<CurationSample>(
    `SELECT k.comparison_id AS "comparisonId", fate, CASE WHEN fate = 'kept' THEN NULL ELSE why END AS why, left(p.text, 300) AS prompt,
       left(CASE k.label WHEN 'b' THEN rb.text ELSE ra.text END, 300) AS chosen, left(CASE k.label WHEN 'b' THEN ra.text ELSE rb.text END, 300) AS rejected,
       label, weight, soft_label AS "softLabel", margin, place, stage, split, route
     FROM (SELECT *, ${fateSql} AS fate FROM ${work.candidates} k WHERE (dropped_by IS NULL OR dropped_by = ${work.step}) ${fate ? 'AND fate = ?' : ''}
       ORDER BY fate = 'kept', pair_key, candidate_id LIMIT ${Math.trunc(rows)}) k
     JOIN ${promptsOf(work)} p USING (prompt_id) JOIN ${responsesOf(work)} ra ON ra.response_id = k.response_a_id
     JOIN ${responsesOf(work)} rb ON rb.response_id = k.response_b_id ORDER BY fate = 'kept', pair_key, candidate_id`,
    fate ? [fate] : [],
    { signal: work.signal },
  );
}
