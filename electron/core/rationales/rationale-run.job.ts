import { z } from 'zod';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { readItems } from '../judging/item-reader.ts';
import { judgeAll } from '../judging/judge-all.ts';
import { pauseWithoutEngine } from '../judging/pause-without-engine.ts';
import type { JudgePair } from '../judging/protocol.ts';
import { ResultWriter } from '../judging/result-writer.ts';
import { checkRationale, makeUnchecked } from './check-rationale.ts';
import type { RationaleItem, StoredRationaleRun } from './rationale-run.repository.ts';
import { storeChecked, storeWritten } from './rationale-store.ts';
import type { RationaleService, RationaleSetting } from './rationale.service.ts';
import { makeUnwritten, writeRationale } from './write-rationale.ts';

const specSchema = z.object({ rationaleRunId: z.number().int() });
type Spec = z.infer<typeof specSchema>;
type Outcome = Spec & { readonly done: number; readonly invalid: number };

interface PairOfRun {
  readonly item: RationaleItem;
  readonly pair: JudgePair;
}

interface GoOptions {
  readonly onDone: (count: number) => void;
  readonly signal: AbortSignal;
}

const died = 'The model’s process died twice while it read this pair; it was left out.';

/**
 * Writes or checks the rationales of a run’s pairs that have no result yet. Every answer is on disk before it counts as
 * done, so a run that was cancelled, paused or killed goes on with the rest, and no pair is asked about twice.
 */
export class RationaleRunJob implements JobHandler<Spec, Outcome> {
  readonly type = 'rationales';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';

  constructor(
    private readonly rationales: RationaleService,
    private readonly onWritten: () => Promise<void>,
  ) {}

  title({ rationaleRunId }: Spec): string {
    return `Rationales, run ${rationaleRunId}`;
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<Outcome> {
    const { runs } = this.rationales;
    const run = await runs.get(spec.rationaleRunId);
    progress('Loading the model', 0, run.planned);
    const { done } = await runs.measure(run);
    const phase = run.task === 'write' ? 'Writing rationales' : 'Checking rationales';
    const onDone = (more: number) => progress(phase, done + more, run.planned);
    await (
      run.task === 'write' ? this.write(run, { onDone, signal }) : this.check(run, { onDone, signal })
    ).catch(pauseWithoutEngine);
    await runs.finish(run);
    await this.onWritten();
    const ended = await runs.measure(run);
    return { rationaleRunId: run.rationaleRunId, done: ended.done, invalid: ended.invalid };
  }

  private write(run: StoredRationaleRun, options: GoOptions): Promise<void> {
    const { seed, maxTokens, temperature } = run.record.request;
    return this.go(run, options, {
      ask: ({ item, pair }, { model, template }) =>
        writeRationale(
          pair,
          item.winner,
          { template, seed, maxTokens, temperature },
          { model, signal: options.signal },
        ),
      giveUp: ({ item }) => makeUnwritten(item.comparisonId, item.winner, { seed, reason: died }),
      store: (results) => storeWritten(this.rationales.database, run, results),
    });
  }

  private check(run: StoredRationaleRun, options: GoOptions): Promise<void> {
    const { seed } = run.record.request;
    return this.go(run, options, {
      ask: ({ item, pair }, setting) =>
        checkRationale(pair, item, { ...setting, seed, signal: options.signal }),
      giveUp: ({ item }) => [makeUnchecked(item, died)],
      store: (results) => storeChecked(this.rationales.database, run, results),
    });
  }

  private async go<Result>(
    run: StoredRationaleRun,
    { onDone, signal }: GoOptions,
    task: {
      readonly ask: (one: PairOfRun, setting: RationaleSetting) => Promise<Result>;
      readonly giveUp: (one: PairOfRun) => Result;
      readonly store: (results: readonly Result[]) => Promise<void>;
    },
  ): Promise<void> {
    const { runs } = this.rationales;
    const { request, templates } = run.record;
    const [template] = Object.values(templates);
    const prepare = () =>
      this.rationales.prepare({ ...request, ...(template === undefined ? {} : { template }) }, signal);
    let setting = await prepare();
    const deaths = await runs.countDeaths(run.rationaleRunId);
    const writer = new ResultWriter<Result>(task.store);
    let count = 0;
    try {
      await judgeAll<PairOfRun, Result>(this.readPending(run), {
        concurrency: Math.max(1, setting.model.concurrency),
        judge: (one) => task.ask(one, setting),
        giveUp: task.giveUp,
        onResult: async (_one, result) => {
          await writer.add(result);
          onDone(++count);
        },
        onDeath: async (ones) => {
          await runs.noteDeath(
            run,
            ones.map(({ item }) => item.comparisonId),
          );
          setting = await prepare();
        },
        deathsOf: ({ item }) => deaths.get(item.comparisonId) ?? 0,
        signal,
      });
    } finally {
      await writer.flush();
    }
  }

  private async *readPending(run: StoredRationaleRun): AsyncGenerator<PairOfRun> {
    for (let after = -1; ;) {
      const pending = await this.rationales.runs.listPending(run, after);
      const last = pending.at(-1);
      if (!last) return;
      after = last.pos;
      const ids = pending.map((item) => item.comparisonId);
      const known = new Map(pending.map((item) => [item.comparisonId, item]));
      for (const read of await readItems(this.rationales.database, 'pair', ids)) {
        const item = known.get(read.itemId);
        if (item && read.subject === 'pair') yield { item, pair: read.pair };
      }
    }
  }
}
