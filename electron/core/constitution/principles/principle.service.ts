import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import type {
  Principle,
  PrincipleChange,
  PrincipleRequest,
} from '../../../contract/constitution.contract.ts';
import { ratioIntervalOfClusters } from '../../statistics/ratio.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { ConstitutionService } from '../constitution.service.ts';
import { insertPrinciple } from './insert-principle.ts';
import { type PrincipleRunRecord, PrincipleRunRepository } from './principle-run.repository.ts';
import { tidyPrinciple } from './propose.ts';
import { principleTemplates } from './templates.ts';
import { createFromUnexplained } from './unexplained.ts';

export interface PrincipleServiceOptions {
  readonly database: Database;
  readonly models: ModelSource;
  readonly appVersion: string;
}

type StoredPrinciple = Omit<Principle, 'members' | 'strength'> & {
  readonly numerators: number[] | null;
  readonly denominators: number[] | null;
};

function requireCapability(model: InferenceModel, need: 'decide' | 'generate' | 'embed', what: string): void {
  if (model.identity.capabilities.includes(need)) return;
  throw new AppError(
    'MODEL_LACKS_CAPABILITY',
    `No constitution was made: ${model.identity.name} cannot ${what}. Choose another model.`,
    { capability: need },
  );
}

/** Where principles come from that a model has to write. */
function writesPrinciples(
  propose: PrincipleRequest['propose'],
): propose is 'model' | 'directions' | 'rationales' {
  return propose === 'model' || propose === 'directions' || propose === 'rationales';
}

/** Starts runs of principles and edits the principles of a dataset. */
export class PrincipleService {
  readonly runs: PrincipleRunRepository;

  constructor(private readonly options: PrincipleServiceOptions) {
    this.runs = new PrincipleRunRepository(options.database);
  }

  /**
   * Freezes the pairs and the record of a run; the job does the rest. Throws INPUT_INVALID, MODEL_MISSING,
   * MODEL_LACKS_CAPABILITY, CONSTITUTION_NOT_APPLICABLE.
   */
  async create(request: PrincipleRequest, signal?: AbortSignal): Promise<number> {
    const { modelId, embedModelId, propose, executor, templates } = request;
    if (modelId === null && (writesPrinciples(propose) || propose === 'texts' || executor === 'judge'))
      throw new AppError(
        'INPUT_INVALID',
        'No constitution was made: proposing principles, voting on texts and judging by a constitution need a model. Choose one.',
      );
    if (propose === 'directions' && embedModelId === null)
      throw new AppError(
        'INPUT_INVALID',
        'No constitution was made: contrast directions are found in embeddings. Choose a model that embeds texts; without one, propose from pairs.',
      );
    const model = modelId === null ? undefined : await this.options.models.acquire(modelId, { signal });
    if (model) requireCapability(model, 'decide', 'give the probability of an answer');
    if (model && writesPrinciples(propose)) requireCapability(model, 'generate', 'write principles');
    const embedModel =
      embedModelId === null ? undefined : await this.options.models.acquire(embedModelId, { signal });
    if (embedModel) requireCapability(embedModel, 'embed', 'embed texts');
    const proposing = {
      model: templates,
      directions: ['nameDirection' as const],
      rationales: ['rationales' as const],
    };
    const used = [
      'vote',
      'judge',
      'plainJudge',
      ...(writesPrinciples(propose) ? proposing[propose] : []),
    ] as const;
    const identify = (one: InferenceModel | undefined) =>
      one ? { name: one.identity.name, hash: one.identity.hash } : null;
    const record: PrincipleRunRecord = {
      schema: 'assay.principle-run/1',
      request,
      model: identify(model),
      embedModel: identify(embedModel),
      templates: model ? Object.fromEntries(used.map((name) => [name, principleTemplates[name].hash])) : {},
      appVersion: this.options.appVersion,
    };
    const voter = model ? `${model.identity.hash}/${principleTemplates.vote.hash}` : 'none';
    if (request.fromUnexplained === null) return this.runs.create(record, voter);
    const { database } = this.options;
    const source = await new ConstitutionService(database).get(request.fromUnexplained);
    return createFromUnexplained(database, { record, voter, source });
  }

  /** Representatives of a dataset with their members and the votes of the newest voter of each, dropped ones last. */
  async list(datasetId: number): Promise<Principle[]> {
    const rows = await this.options.database.all<StoredPrinciple>(
      `WITH newest AS (
         SELECT principle_id, arg_max(voter, voted_at) AS voter FROM principle_vote WHERE dataset_id = ? GROUP BY principle_id),
       voted AS (
         SELECT v.principle_id, v.label, v.label_ab, v.label_ba, c.prompt_id,
           CASE WHEN v.label = c.label THEN 1 WHEN v.label IN ('a', 'b') THEN -1 ELSE 0 END AS side
         FROM principle_vote v JOIN newest USING (principle_id, voter) JOIN comparison c USING (comparison_id)
         WHERE c.label IN ('a', 'b')),
       summed AS (
         SELECT principle_id, prompt_id, sum(side) AS s, count(*) AS n, count(*) FILTER (side = 1) AS f, count(*) FILTER (side = -1) AS g,
           count(*) FILTER (label = 'neither') AS h, count(*) FILTER (label = 'invalid') AS i,
           count(*) FILTER ((label_ab = 'a' AND label_ba = 'b') OR (label_ab = 'b' AND label_ba = 'a')) AS o
         FROM voted GROUP BY ALL),
       counted AS (
         SELECT principle_id, list(s) AS numerators, list(n) AS denominators, sum(f) AS f, sum(g) AS g, sum(h) AS h, sum(i) AS i, sum(o) AS o
         FROM summed GROUP BY principle_id)
       SELECT p.principle_id AS "principleId", p.text, p.origin, p.trait_id AS "traitId", p.cluster, p.is_representative AS "isRepresentative",
         p.is_pinned AS "isPinned", p.is_dropped AS "isDropped", coalesce(f, 0) AS "for", coalesce(g, 0) AS against, coalesce(h, 0) AS neither,
         coalesce(i, 0) AS invalid, coalesce(o, 0) AS "orderDependent", numerators, denominators
       FROM principle p LEFT JOIN counted USING (principle_id) WHERE p.dataset_id = ?
       ORDER BY p.is_dropped, (coalesce(f, 0) - coalesce(g, 0)) DESC, p.principle_id`,
      [datasetId, datasetId],
    );
    return rows
      .filter((row) => row.isRepresentative)
      .map(({ numerators, denominators, ...row }) => ({
        ...row,
        members: rows
          .filter((other) => !other.isRepresentative && other.cluster === row.principleId)
          .map(({ principleId, text }) => ({ principleId, text })),
        strength: estimate(numerators ?? [], denominators ?? []),
      }));
  }

  /**
   * One change by hand. A new wording is a new question: its votes go, and no other principle’s. Answers the principle
   * that was made or changed. Throws PRINCIPLE_MISSING, INPUT_INVALID.
   */
  async change(datasetId: number, change: PrincipleChange): Promise<{ principleId: number }> {
    return this.options.database.write(async (session) => {
      if (change.kind === 'add') return { principleId: await addByHand(session, datasetId, change.text) };
      const { principleId } = change;
      await requirePrinciple(session, datasetId, principleId);
      if (change.kind === 'rename') await rename(session, { datasetId, principleId, text: change.text });
      if (change.kind === 'merge') {
        await requirePrinciple(session, datasetId, change.into);
        await merge(session, principleId, change.into);
        return { principleId: change.into };
      }
      const set = (assignment: string, value: boolean) =>
        session.run(`UPDATE principle SET ${assignment} = ? WHERE principle_id = ?`, [value, principleId]);
      if (change.kind === 'split') {
        await set('is_representative', true);
        await session.run('UPDATE principle SET cluster = NULL WHERE principle_id = ?', [principleId]);
      }
      if (change.kind === 'pin') await set('is_pinned', change.isPinned);
      if (change.kind === 'drop') await set('is_dropped', change.isDropped);
      return { principleId };
    });
  }
}

/** (for − against)/n with an interval of 95 % clustered by prompt. */
function estimate(numerators: readonly number[], denominators: readonly number[]): Principle['strength'] {
  const n = denominators.reduce((sum, own) => sum + own, 0);
  if (n === 0) return { value: null, ci: null, n: 0 };
  const value = numerators.reduce((sum, own) => sum + own, 0) / n;
  const outcome = ratioIntervalOfClusters(numerators, denominators);
  if (outcome.status === 'undefined') return { value, ci: null, n };
  return { value, ci: [Math.max(-1, outcome.lower), Math.min(1, outcome.upper)], n };
}

async function requirePrinciple(session: Session, datasetId: number, principleId: number): Promise<void> {
  const found = await session.find(
    'SELECT 1 AS one FROM principle WHERE dataset_id = ? AND principle_id = ?',
    [datasetId, principleId],
  );
  if (!found)
    throw new AppError('PRINCIPLE_MISSING', `There is no principle ${principleId} in this dataset.`, {
      principleId,
    });
}

async function requireNewText(session: Session, datasetId: number, text: string): Promise<void> {
  const known = await session.find(
    'SELECT 1 AS one FROM principle WHERE dataset_id = ? AND lower(text) = lower(?)',
    [datasetId, text],
  );
  if (known)
    throw new AppError('INPUT_INVALID', `Not saved: the dataset has a principle “${text}” already.`, {
      text,
    });
}

async function addByHand(session: Session, datasetId: number, written: string): Promise<number> {
  const text = tidyPrinciple(written);
  await requireNewText(session, datasetId, text);
  return insertPrinciple(session, datasetId, { text, origin: 'hand', isPinned: true });
}

async function rename(
  session: Session,
  { datasetId, principleId, text }: { datasetId: number; principleId: number; text: string },
): Promise<void> {
  const tidy = tidyPrinciple(text);
  await requireNewText(session, datasetId, tidy);
  await session.run('DELETE FROM principle_vote WHERE principle_id = ?', [principleId]);
  await session.run(
    `UPDATE principle SET text = ?, origin = 'hand', trait_id = NULL, direction = 1 WHERE principle_id = ?`,
    [tidy, principleId],
  );
}

async function merge(session: Session, principleId: number, into: number): Promise<void> {
  if (principleId === into)
    throw new AppError('INPUT_INVALID', 'Not merged: a principle cannot be merged into itself.');
  await session.run(
    'UPDATE principle SET cluster = ?, is_representative = (principle_id = ?) WHERE principle_id = ? OR cluster = ? OR principle_id = ?',
    [into, into, principleId, principleId, into],
  );
}
