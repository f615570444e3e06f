import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { judgeAll } from './judge-all.ts';
import { judgeItem, makeInvalid } from './judge-item.ts';
import { type JudgeItem, readPending } from './item-reader.ts';
import { type JudgedItem, JudgeRunRepository, type StoredRun } from './judge-run.repository.ts';
import type { JudgingService } from './judging.service.ts';
import { pauseWithoutEngine } from './pause-without-engine.ts';
import { ResultWriter } from './result-writer.ts';

const specSchema = z.object({ judgeRunId: z.number().int() });
type Spec = z.infer<typeof specSchema>;

/**
 * Judges the items of a run that have no result yet. Every result is on disk with its label before it counts as done,
 * so a run that was cancelled, paused or killed goes on with the rest, and no item is done twice.
 */
export class JudgeRunJob implements JobHandler<Spec, { judgeRunId: number; done: number; invalid: number }> {
  readonly type = 'judge';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';
  private readonly runs: JudgeRunRepository;

  constructor(
    private readonly database: Database,
    private readonly judging: JudgingService,
    private readonly onJudged: () => Promise<void>,
  ) {
    this.runs = new JudgeRunRepository(database);
  }

  title({ judgeRunId }: Spec): string {
    return `Judge run ${judgeRunId}`;
  }

  async run(
    { spec, progress }: JobContext<Spec>,
    signal: AbortSignal,
  ): Promise<{ judgeRunId: number; done: number; invalid: number }> {
    const run = await this.runs.get(spec.judgeRunId);
    progress('Loading the model', 0, run.planned);
    const { done } = await this.runs.count(run);
    const onDone = (more: number) => progress('Judging', done + more, run.planned);
    await this.judgePending(run, { signal, onDone }).catch(pauseWithoutEngine);
    await this.judging.conclude(run);
    await this.onJudged();
    return { judgeRunId: run.judgeRunId, ...(await this.runs.count(run)) };
  }

  private async judgePending(
    run: StoredRun,
    { signal, onDone }: { signal: AbortSignal; onDone: (count: number) => void },
  ): Promise<void> {
    const deaths = await this.runs.countDeaths(run.judgeRunId);
    let setting = await this.judging.prepare(run.record.request, { templates: run.record.templates, signal });
    const writer = new ResultWriter<JudgedItem>((results) => this.runs.store(run, results));
    let count = 0;
    try {
      await judgeAll<JudgeItem, JudgedItem>(readPending(this.database, run, signal), {
        concurrency: this.judging.chooseConcurrency(setting),
        judge: (item) => judgeItem(setting, item),
        giveUp: (item) =>
          makeInvalid(item, 'The model’s process died twice while it read this item; it was left out.'),
        onResult: async (_item, result) => {
          await writer.add(result);
          onDone(++count);
        },
        onDeath: async (items) => {
          await this.runs.noteDeath(
            run.judgeRunId,
            items.map((item) => item.itemId),
          );
          setting = await this.judging.prepare(run.record.request, {
            templates: run.record.templates,
            signal,
          });
        },
        deathsOf: (item) => deaths.get(item.itemId) ?? 0,
        signal,
      });
    } finally {
      await writer.flush();
    }
  }
}
