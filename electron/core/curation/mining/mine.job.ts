import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import type { CurationSpec } from '../../../contract/curation.contract.ts';
import { type MineSpec, mineSpecSchema } from '../../../contract/mining.contract.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import type { CurateResult } from '../curate.job.ts';
import { acquireModels, listUnasked, type UnaskedItem, type UnaskedStep } from './unasked-items.ts';
import { type AskingStep, listAskingSteps } from './methods.ts';
import { type MinedBatch, type MinedItem, MinedItemRepository } from './mined-item.repository.ts';
import { askItem, makeUnanswered, seedOfItem } from './mining-method.ts';

const died = 'The model’s process died twice while it read this item; it was left out.';

/** What was made; nothing where no dataset was to be made. */
export type MineResult = { readonly asked: number } & (
  CurateResult | { readonly datasetId: null; readonly dataset: null; readonly outcome: null }
);

/**
 * Asks models what the steps of a recipe need to know, then makes the dataset of the stored answers. Every answer is on disk
 * before it counts, so that a run that was paused, killed or repeated asks only what has no answer yet.
 */
export class MineJob implements JobHandler<MineSpec, MineResult> {
  readonly type = 'mine';
  readonly spec = mineSpecSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';
  private readonly items: MinedItemRepository;

  constructor(
    private readonly database: Database,
    private readonly source: ModelSource,
    private readonly curate: JobHandler<CurationSpec, CurateResult>,
  ) {
    this.items = new MinedItemRepository(database);
  }

  title({ name, steps }: MineSpec): string {
    const models = listAskingSteps(steps).flatMap((step) => Object.values(step.models));
    return `Mine ${name} (asking ${[...new Set(models)].join(', ') || 'nobody'})`;
  }

  async run(context: JobContext<MineSpec>, signal: AbortSignal): Promise<MineResult> {
    const { spec, jobId } = context;
    let asked = 0;
    for (const step of listAskingSteps(spec.steps)) {
      const unasked = await listUnasked(this.database, spec, { step, jobId, signal });
      if (unasked.items.length > 0)
        asked += await this.ask(context, { step, unasked, signal }).catch(pauseWithoutEngine);
    }
    const { makesDataset, ...curation } = spec;
    if (!makesDataset) return { asked, datasetId: null, dataset: null, outcome: null };
    return { asked, ...(await this.curate.run({ ...context, spec: curation }, signal)) };
  }

  private async ask(
    { spec, jobId, progress }: JobContext<MineSpec>,
    { step, unasked, signal }: { step: AskingStep; unasked: UnaskedStep; signal: AbortSignal },
  ): Promise<number> {
    const { method, params } = step;
    const { items, models, settingHash } = unasked;
    const acquire = () => acquireModels(this.source, method, { models, signal });
    progress('Loading the model', 0, items.length);
    let playing = await acquire();
    const names = Object.fromEntries(Object.entries(models).map(([role, { name }]) => [role, name]));
    const batch: MinedBatch = {
      settingHash,
      datasetId: spec.datasetId,
      jobId,
      step: method.step.id,
      models: names,
    };
    const writer = new ResultWriter<MinedItem>((results) => this.items.store(batch, results));
    const deaths = await this.items.countDeaths(settingHash);
    let done = 0;
    const toolsOf = ({ itemKey }: UnaskedItem) => ({
      model: (role = 'model') => requireRole(playing, role),
      seed: seedOfItem(itemKey),
      signal,
    });
    try {
      await judgeAll<UnaskedItem, MinedItem>(takeInOrder(items), {
        concurrency: Math.max(1, Math.min(...[...playing.values()].map((model) => model.concurrency))),
        judge: async (item) => {
          const startedAt = performance.now();
          const answer = await askItem(method, { payload: item.payload, params }, toolsOf(item));
          return { itemKey: item.itemKey, answer, ms: Math.round(performance.now() - startedAt) };
        },
        giveUp: ({ itemKey }) => ({ itemKey, answer: makeUnanswered(died), ms: 0 }),
        onResult: async (_item, result) => {
          await writer.add(result);
          progress(method.step.title, ++done, items.length);
        },
        onDeath: async (suspects) => {
          await this.items.noteDeath(
            batch,
            suspects.map(({ itemKey }) => itemKey),
          );
          playing = await acquire();
        },
        deathsOf: ({ itemKey }) => deaths.get(itemKey) ?? 0,
        signal,
      });
    } finally {
      await writer.flush();
    }
    return done;
  }
}

function requireRole(models: ReadonlyMap<string, InferenceModel>, role: string): InferenceModel {
  const model = models.get(role);
  if (model) return model;
  throw new Error(`no model plays ${role}`);
}

async function* takeInOrder(items: readonly UnaskedItem[]): AsyncGenerator<UnaskedItem> {
  yield* items;
}
