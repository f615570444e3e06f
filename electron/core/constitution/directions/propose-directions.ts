import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import type { ContrastFactor } from '../../../contract/constitution-depth.ts';
import { askJson } from '../../judging/ask.ts';
import { readItems } from '../../judging/item-reader.ts';
import { renderTemplate } from '../../judging/template.ts';
import { embedResponses, readDifferences } from '../ceiling/embeddings.ts';
import { DepthRepository } from '../depth.repository.ts';
import { groupClusters, shareOf } from '../executors.ts';
import type { PrincipleRun } from '../principles/principle-run.repository.ts';
import { tidyPrinciple } from '../principles/propose.ts';
import { principleTemplates } from '../principles/templates.ts';
import { isOfFocus } from '../principles/unexplained.ts';
import { type Factor, findFactors, listExtremes } from './factors.ts';

/** Pairs most along a direction that are kept, and of these that the model reads. */
const keptExtremes = 20;
const readExtremes = 6;
const longestText = 500;

export interface DirectionOptions {
  /** Names the directions. */
  readonly acquire: () => Promise<InferenceModel>;
  readonly acquireEmbedder: () => Promise<InferenceModel>;
  readonly onProgress: (phase: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Finds the main directions along which the embeddings of chosen and rejected responses of the training pairs differ, and
 * has a model name each from the pairs most along it. Embeddings, directions and names are on disk as they are made, so a
 * run that was stopped goes on.
 */
export async function proposeFromDirections(
  database: Database,
  run: PrincipleRun,
  options: DirectionOptions,
): Promise<void> {
  const depth = new DepthRepository(database);
  if ((await depth.listFactors(run.principleRunId)).length === 0)
    await storeFactors(database, run, await makeFactors(database, run, options));
  const factors = await depth.listFactors(run.principleRunId);
  const unnamed = factors.filter((factor) => factor.name === null && factor.fail_reason === null);
  if (unnamed.length === 0) return;
  const model = await options.acquire();
  for (const factor of unnamed) {
    options.onProgress(
      'Naming directions',
      factors.length - unnamed.length + unnamed.indexOf(factor),
      factors.length,
    );
    const named = await nameFactor(database, factor, {
      model,
      seed: run.record.request.seed,
      signal: options.signal,
    });
    await database.write(async (session) => {
      await session.run(
        'UPDATE contrast_factor SET document = ?::JSON WHERE principle_run_id = ? AND factor = ?',
        [JSON.stringify({ ...factor, ...named }), run.principleRunId, factor.factor],
      );
    });
  }
}

interface TrainingPair {
  readonly comparisonId: number;
  readonly cluster: number;
  readonly y: number;
}

async function makeFactors(
  database: Database,
  run: PrincipleRun,
  { acquireEmbedder, onProgress, signal }: DirectionOptions,
): Promise<{ factor: ContrastFactor; vector: Float64Array }[]> {
  const { directions: method, factors: count, seed } = run.record.request;
  const pairs = await database.all<TrainingPair>(
    `SELECT comparison_id AS "comparisonId", cluster, y FROM principle_run_pair p
     WHERE principle_run_id = ? AND NOT is_test AND ${isOfFocus(run)} ORDER BY pos`,
    [run.principleRunId],
  );
  const place = { datasetId: run.datasetId, modelHash: run.record.embedModel?.hash ?? '', signal };
  await embedResponses(
    database,
    pairs.map(({ comparisonId }) => comparisonId),
    {
      ...place,
      acquire: acquireEmbedder,
      onProgress: (done, total) => onProgress('Embedding responses', done, total),
    },
  );
  const { differences, kept } = await readDifferences(database, pairs, place);
  const usable = kept.flatMap((index) => pairs[index] ?? []);
  const found = await findFactors(differences, { method, count, seed, signal });
  return found.map((factor, index) => ({
    factor: describeFactor(factor, usable, { method, factor: index + 1 }),
    vector: factor.vector,
  }));
}

function describeFactor(
  factor: Factor,
  pairs: readonly TrainingPair[],
  head: Pick<ContrastFactor, 'method' | 'factor'>,
): ContrastFactor {
  const cluster = pairs.map((pair) => pair.cluster);
  const { projections, variance } = factor;
  return {
    ...head,
    variance: Math.min(1, variance),
    chosen_has_more: shareOf(
      groupClusters(cluster, pairs.length),
      (row) => (1 + Math.sign(projections[row] ?? 0)) / 2,
    ),
    extremes: listExtremes(factor, cluster, keptExtremes).flatMap((row) => {
      const pair = pairs[row];
      if (!pair) return [];
      const score = projections[row] ?? 0;
      const more = score > 0 === (pair.y === 1) ? ('a' as const) : ('b' as const);
      return [{ comparison_id: pair.comparisonId, more, score: Math.abs(score) }];
    }),
    name: null,
    fail_reason: null,
    template: principleTemplates.nameDirection.hash,
  };
}

async function storeFactors(
  database: Database,
  run: PrincipleRun,
  factors: readonly { factor: ContrastFactor; vector: Float64Array }[],
): Promise<void> {
  await database.write(async (session) => {
    for (const { factor, vector } of factors)
      await session.run(
        `INSERT INTO contrast_factor (principle_run_id, dataset_id, factor, method, document, vector)
         VALUES (?, ?, ?, ?, ?::JSON, from_json(?::JSON, '["FLOAT"]'))`,
        [
          run.principleRunId,
          run.datasetId,
          factor.factor,
          factor.method,
          JSON.stringify(factor),
          JSON.stringify([...vector]),
        ],
      );
  });
}

const cut = (text: string) => (text.length <= longestText ? text : `${text.slice(0, longestText)} [cut]`);

async function nameFactor(
  database: Database,
  { extremes, factor }: ContrastFactor,
  { model, seed, signal }: { model: InferenceModel; seed: number; signal: AbortSignal },
): Promise<Pick<ContrastFactor, 'name' | 'fail_reason'>> {
  const shown = extremes.slice(0, readExtremes);
  const items = await readItems(
    database,
    'pair',
    shown.map((one) => one.comparison_id),
  );
  const moreOf = new Map(shown.map((one) => [one.comparison_id, one.more]));
  const pairs = items.flatMap((item, index) => {
    if (item.subject !== 'pair') return [];
    const isForward = moreOf.get(item.itemId) === 'a';
    const [more, less] = isForward
      ? [item.pair.responseA, item.pair.responseB]
      : [item.pair.responseB, item.pair.responseA];
    return [`[Pair ${index + 1}]\n[Response A]\n${cut(more)}\n\n[Response B]\n${cut(less)}`];
  });
  const input = renderTemplate(principleTemplates.nameDirection, {
    count: String(pairs.length),
    pairs: pairs.join('\n\n'),
  });
  const schema = z.object({ principle: z.string().min(1).max(200) });
  try {
    const answer = await askJson({ model: () => model, seed: seed + factor, signal }, input, schema, {
      maxTokens: 100,
    });
    const text = tidyPrinciple(answer.value?.principle ?? '');
    if (text !== '') return { name: text, fail_reason: null };
    return { name: null, fail_reason: answer.failReason ?? 'The model named nothing.' };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return { name: null, fail_reason: error.message };
  }
}
