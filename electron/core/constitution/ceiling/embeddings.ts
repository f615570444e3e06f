import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import type { Differences } from './probe.ts';

const pageSize = 256;
/** Differences fetched at once. */
const rowsAtOnce = 512;

export interface EmbedOptions {
  readonly datasetId: number;
  readonly modelHash: string;
  readonly acquire: () => Promise<InferenceModel>;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

interface Text {
  readonly hash: string;
  readonly text: string;
}

interface Embedded {
  readonly hash: string;
  readonly vector: readonly number[] | null;
  readonly failReason: string | null;
}

const wanted = `SELECT DISTINCT md5(r.text) AS hash, r.text FROM comparison c
  JOIN response r ON r.response_id IN (c.response_a_id, c.response_b_id)
  WHERE c.comparison_id IN (SELECT unnest(from_json(?::JSON, '["BIGINT"]')))
    AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.dataset_id = ? AND e.model_hash = ? AND e.text_hash = md5(r.text))`;

/**
 * Embeds the responses of pairs that this model has not embedded yet, a row each in the table `embedding`, by the hash of
 * the text; a run that was stopped goes on with the rest. A text that is empty or too long is stored with its reason.
 */
export async function embedResponses(
  database: Database,
  comparisonIds: readonly number[],
  options: EmbedOptions,
): Promise<void> {
  const { datasetId, modelHash, signal } = options;
  const ids = JSON.stringify(comparisonIds);
  const { total } = await database.one<{ total: number }>(`SELECT count(*) AS total FROM (${wanted})`, [
    ids,
    datasetId,
    modelHash,
  ]);
  if (total === 0) return;
  let model = await options.acquire();
  let done = 0;
  const writer = new ResultWriter<Embedded>((results) => store(database, options, results));
  try {
    for (;;) {
      const page = await database.all<Text>(`${wanted} ORDER BY hash LIMIT ${pageSize}`, [
        ids,
        datasetId,
        modelHash,
      ]);
      if (page.length === 0) return;
      await judgeAll<Text, Embedded>(each(page), {
        concurrency: model.concurrency,
        judge: (item) => embed(item, model, signal),
        giveUp: ({ hash }) => ({
          hash,
          vector: null,
          failReason: 'The model’s process died twice while it read this text.',
        }),
        onResult: async (_item, result) => {
          await writer.add(result);
          options.onProgress(Math.min(total, ++done), total);
        },
        onDeath: async () => {
          model = await options.acquire();
        },
        deathsOf: () => 0,
        signal,
      });
      await writer.flush();
    }
  } finally {
    await writer.flush();
  }
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function embed({ hash, text }: Text, model: InferenceModel, signal: AbortSignal): Promise<Embedded> {
  if (text.trim() === '') return { hash, vector: null, failReason: 'The response is empty.' };
  try {
    return { hash, vector: Array.from(await model.embed(text, { signal })), failReason: null };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return { hash, vector: null, failReason: error.message };
  }
}

async function store(
  database: Database,
  { datasetId, modelHash }: EmbedOptions,
  results: readonly Embedded[],
): Promise<void> {
  await database.write(async (session) => {
    await session.run(
      `INSERT INTO embedding (dataset_id, model_hash, text_hash, vector, fail_reason)
       SELECT ?, ?, hash, vector, "failReason"
       FROM (SELECT unnest(from_json(?::JSON, '[{"hash":"VARCHAR","vector":["FLOAT"],"failReason":"VARCHAR"}]'), recursive := true))`,
      [datasetId, modelHash, JSON.stringify(results)],
    );
  });
}

/** Differences of the embeddings of pairs, chosen − rejected by `y`, for those of which both responses could be embedded. */
export async function readDifferences(
  database: Database,
  pairs: readonly { readonly comparisonId: number; readonly y: number }[],
  {
    datasetId,
    modelHash,
    signal,
  }: Pick<EmbedOptions, 'datasetId' | 'modelHash'> & { signal?: AbortSignal | undefined },
): Promise<{ differences: Differences; kept: readonly number[] }> {
  const kept: number[] = [];
  const blocks: Float64Array[] = [];
  for (let from = 0; from < pairs.length; from += rowsAtOnce) {
    const part = pairs.slice(from, from + rowsAtOnce).map((pair, index) => ({ spot: from + index, ...pair }));
    const given = JSON.stringify(part);
    const joined = `WITH pair AS (SELECT unnest(from_json($1::JSON, '[{"spot":"INTEGER","comparisonId":"BIGINT","y":"INTEGER"}]'), recursive := true)),
      vectors AS (
        SELECT p.spot, list_transform(list_zip(ea.vector, eb.vector), lambda pair: p.y * (pair[1] - pair[2])) AS d
        FROM pair p JOIN comparison c ON c.comparison_id = p."comparisonId"
        JOIN response ra ON ra.response_id = c.response_a_id JOIN response rb ON rb.response_id = c.response_b_id
        JOIN embedding ea ON ea.text_hash = md5(ra.text) AND ea.dataset_id = $2 AND ea.model_hash = $3
        JOIN embedding eb ON eb.text_hash = md5(rb.text) AND eb.dataset_id = $2 AND eb.model_hash = $3
        WHERE ea.vector IS NOT NULL AND eb.vector IS NOT NULL)`;
    const parameters = [given, datasetId, modelHash];
    const found = await database.withReader(async (session) => ({
      spots: await session.columns(`${joined} SELECT spot FROM vectors ORDER BY spot`, parameters, {
        signal,
      }),
      values: await session.columns(
        `${joined} SELECT unnest(d)::DOUBLE AS x FROM (SELECT d FROM vectors ORDER BY spot)`,
        parameters,
        { signal },
      ),
    }));
    kept.push(...(found.spots['spot'] ?? []));
    blocks.push(found.values['x'] ?? new Float64Array(0));
  }
  const length = blocks.reduce((sum, block) => sum + block.length, 0);
  const matrix = new Float32Array(length);
  let at = 0;
  for (const block of blocks) {
    matrix.set(block, at);
    at += block.length;
  }
  return {
    differences: { rows: kept.length, dimensions: kept.length === 0 ? 0 : length / kept.length, matrix },
    kept,
  };
}
