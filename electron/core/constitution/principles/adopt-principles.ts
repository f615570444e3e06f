import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import { DepthRepository } from '../depth.repository.ts';
import { type CandidatePrinciple, defaultTraits, surfaceCandidates } from './default-traits.ts';
import { insertPrinciple } from './insert-principle.ts';
import { clusterVectors, embedTexts, hashWords } from './merge-principles.ts';
import type { PrincipleRun } from './principle-run.repository.ts';
import { listProposed, tidyPrinciple } from './propose.ts';

interface Adopted extends CandidatePrinciple {
  readonly n: number;
}

const written = (text: string, origin: 'model' | 'list' | 'direction' | 'rationale', n = 1): Adopted => ({
  text,
  origin,
  traitId: null,
  direction: 1,
  n,
});

/** The candidates of a run from where its request says; `kept` ones are in the table already. */
async function listCandidates(database: Database, run: PrincipleRun): Promise<Adopted[]> {
  const { propose, texts } = run.record.request;
  const once = (candidate: CandidatePrinciple) => ({ ...candidate, n: 1 });
  if (propose === 'list') return defaultTraits.map(once);
  if (propose === 'surface') return surfaceCandidates.map(once);
  if (propose === 'texts') return texts.map((text) => written(tidyPrinciple(text), 'list'));
  if (propose === 'kept') return [];
  if (propose === 'directions') {
    const factors = await new DepthRepository(database).listFactors(run.principleRunId);
    return factors.flatMap(({ name }) => (name === null ? [] : [written(name, 'direction')]));
  }
  const proposed = await listProposed(database, run.principleRunId);
  const origin = propose === 'rationales' ? 'rationale' : 'model';
  return proposed.map(({ text, n }) => written(text, origin, n));
}

interface Representative {
  readonly index: number;
  readonly medoid: number;
}

/** For each candidate, the one that stands for its cluster. Only what a model proposed is merged. */
async function mergeCandidates(
  run: PrincipleRun,
  candidates: readonly Adopted[],
  options: { readonly acquire: (modelId: string) => Promise<InferenceModel>; readonly signal: AbortSignal },
): Promise<{ representatives: Representative[]; mergedBy: string }> {
  const { propose, clusters, seed, embedModelId } = run.record.request;
  const alone = candidates.map((_, index) => ({ index, medoid: index }));
  if ((propose !== 'model' && propose !== 'rationales') || candidates.length <= clusters)
    return { representatives: alone, mergedBy: 'none' };
  const texts = candidates.map((candidate) => candidate.text);
  const vectors =
    embedModelId === null
      ? texts.map(hashWords)
      : await embedTexts(await options.acquire(embedModelId), texts, { signal: options.signal });
  const representatives = clusterVectors(vectors, clusters, seed).flatMap(({ medoid, members }) =>
    members.map((index) => ({ index, medoid })),
  );
  const mergedBy =
    embedModelId === null ? 'hashed words' : `model ${run.record.embedModel?.name ?? embedModelId}`;
  return { representatives, mergedBy };
}

/**
 * Puts a run’s candidates into the dataset’s principles (a text that is there stays as it is, dropped ones dropped), merges
 * them, and freezes which are voted on: the representatives, and every pinned one. Nothing changes on a second call.
 * Throws CONSTITUTION_NOT_APPLICABLE where nothing is left to vote on.
 */
export async function adoptPrinciples(
  database: Database,
  run: PrincipleRun,
  options: { readonly acquire: (modelId: string) => Promise<InferenceModel>; readonly signal: AbortSignal },
): Promise<void> {
  if (run.isProposed) return;
  const candidates = (await listCandidates(database, run)).filter((candidate) => candidate.text !== '');
  const { representatives, mergedBy } = await mergeCandidates(run, candidates, options);
  await database.write(async (session) => {
    const ids: number[] = [];
    for (const candidate of candidates) ids.push(await storeCandidate(session, run.datasetId, candidate));
    for (const { index, medoid } of representatives)
      if (mergedBy !== 'none')
        await session.run(
          'UPDATE principle SET cluster = ?, is_representative = is_pinned OR ? WHERE principle_id = ?',
          [ids[medoid] ?? 0, index === medoid, ids[index] ?? 0],
        );
    const leftOut = await freeze(session, run, ids);
    const record = JSON.stringify({ ...run.record, mergedBy, leftOut });
    await session.run(
      'UPDATE principle_run SET is_proposed = true, record = ?::JSON WHERE principle_run_id = ?',
      [record, run.principleRunId],
    );
  });
}

/** The principle of the dataset with this text, made where there is none; upper and lower case are the same. */
export async function storeCandidate(
  session: Session,
  datasetId: number,
  candidate: Adopted,
): Promise<number> {
  const { text, origin, traitId, direction, n } = candidate;
  const known = await session.find<{ id: number }>(
    'SELECT principle_id AS id FROM principle WHERE dataset_id = ? AND lower(text) = lower(?)',
    [datasetId, text],
  );
  if (known) return known.id;
  return insertPrinciple(session, datasetId, { text, origin, traitId, direction, proposed: n });
}

/** Answers how many principles were left out because no model was chosen to vote on them. */
async function freeze(session: Session, run: PrincipleRun, ids: readonly number[]): Promise<number> {
  const { propose, modelId } = run.record.request;
  const earlier = `SELECT principle_id FROM principle_run_principle WHERE principle_run_id = ${Math.trunc(run.record.sourceRun ?? -1)}`;
  const own =
    propose === 'kept'
      ? 'true'
      : `(is_pinned OR principle_id IN (${ids.map((id) => Math.trunc(id)).join(', ') || 'NULL'}) OR principle_id IN (${earlier}))`;
  const wanted = `dataset_id = ? AND is_representative AND NOT is_dropped AND ${own}`;
  const { total } = await session.one<{ total: number }>(
    `SELECT count(*) AS total FROM principle WHERE ${wanted}`,
    [run.datasetId],
  );
  const kept = await session.run(
    `INSERT INTO principle_run_principle (principle_run_id, dataset_id, place, principle_id)
     SELECT ?, dataset_id, row_number() OVER (ORDER BY principle_id) - 1, principle_id FROM principle
     WHERE ${wanted} ${modelId === null ? 'AND trait_id IS NOT NULL' : ''}`,
    [run.principleRunId, run.datasetId],
  );
  if (kept > 0) return total - kept;
  throw new AppError(
    'CONSTITUTION_NOT_APPLICABLE',
    total === 0
      ? 'No constitution was made: there is no principle to vote on. Propose some, or add them by hand.'
      : `No constitution was made: none of the ${total} principles can be computed by code. Choose a model to vote on them.`,
  );
}
