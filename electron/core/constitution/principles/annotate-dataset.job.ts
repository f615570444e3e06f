import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import { nameDataset } from '../../corpus/dataset.repository.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import { judgeAll } from '../../judging/judge-all.ts';
import { readItems } from '../../judging/item-reader.ts';
import type { ModelSource } from '../../judging/model-source.ts';
import { pauseWithoutEngine } from '../../judging/pause-without-engine.ts';
import type { JudgePair } from '../../judging/protocol.ts';
import { ResultWriter } from '../../judging/result-writer.ts';
import { judgeByConstitution, type Verdict } from './constitutional-judge.ts';

const specSchema = z.object({
  datasetId: z.number().int(),
  annotatorId: z.number().int(),
  modelId: z.string(),
  constitution: z.array(z.string()).min(1),
});
type Spec = z.infer<typeof specSchema>;

export interface Annotation {
  readonly annotatorId: number;
  readonly labelled: number;
  readonly invalid: number;
}

const pageSize = 64;

/** An annotator for labels a constitution gives; the dataset’s own labels are left alone. */
export async function addConstitutionAnnotator(
  database: Database,
  annotator: { readonly datasetId: number; readonly name: string; readonly source: string },
): Promise<number> {
  const { datasetId, name, source } = annotator;
  return database.write(async (session) => {
    const taken = await session.find('SELECT 1 AS one FROM annotator WHERE dataset_id = ? AND name = ?', [
      datasetId,
      name,
    ]);
    if (taken)
      throw new AppError(
        'INPUT_INVALID',
        `Nothing was labelled: the dataset has an annotator “${name}” already. Choose another name.`,
      );
    const { id } = await session.one<{ id: number }>(
      'SELECT coalesce(max(annotator_id), 0) + 1 AS id FROM annotator',
    );
    await session.run(
      `INSERT INTO annotator (annotator_id, dataset_id, name, kind, attributes, import_id) VALUES (?, ?, ?, 'model', MAP {'constitution': ?}, 0)`,
      [id, datasetId, name, source],
    );
    return id;
  });
}

/** Labels the pairs of a dataset by a constitution as votes of an annotator of its own; goes on where it was. */
export class AnnotateDatasetJob implements JobHandler<Spec, Annotation> {
  readonly type = 'annotate-by-constitution';
  readonly spec = specSchema;
  readonly recovery = 'resume';
  readonly lane = 'model';

  constructor(
    private readonly database: Database,
    private readonly models: ModelSource,
    private readonly onAnnotated: () => Promise<void>,
  ) {}

  async title({ datasetId }: Spec): Promise<string> {
    return `Label ${await nameDataset(this.database, datasetId)} by a constitution`;
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<Annotation> {
    await this.annotate(spec, { progress, signal }).catch(pauseWithoutEngine);
    await this.onAnnotated();
    const counts = await this.database.one<{ labelled: number; invalid: number }>(
      `SELECT count(*) FILTER (label <> 'skip') AS labelled, count(*) FILTER (label = 'skip') AS invalid FROM vote WHERE annotator_id = ?`,
      [spec.annotatorId],
    );
    return { annotatorId: spec.annotatorId, ...counts };
  }

  private async annotate(
    { datasetId, annotatorId, modelId, constitution }: Spec,
    { progress, signal }: { signal: AbortSignal } & Pick<JobContext<Spec>, 'progress'>,
  ): Promise<void> {
    const { database } = this;
    const acquire = () => this.models.acquire(modelId, { signal });
    const { total, left } = await database.one<{ total: number; left: number[] | null }>(
      `SELECT count(*) AS total, list(comparison_id ORDER BY comparison_id) FILTER (NOT EXISTS (
         SELECT 1 FROM vote v WHERE v.annotator_id = ? AND v.comparison_id = c.comparison_id)) AS "left"
       FROM comparison c WHERE dataset_id = ?`,
      [annotatorId, datasetId],
    );
    const ids = left ?? [];
    let model = await acquire();
    let done = total - ids.length;
    const writer = new ResultWriter<Verdict>((verdicts) => this.store({ datasetId, annotatorId }, verdicts));
    const pages = async function* () {
      for (let from = 0; from < ids.length; from += pageSize)
        for (const item of await readItems(database, 'pair', ids.slice(from, from + pageSize)))
          if (item.subject === 'pair') yield item.pair;
    };
    try {
      await judgeAll<JudgePair, Verdict>(pages(), {
        concurrency: Math.max(1, Math.ceil(model.concurrency / 2)),
        judge: (pair) => judgeByConstitution(pair, constitution, { model, signal }),
        giveUp: ({ comparisonId }) => ({
          comparisonId,
          pA: null,
          label: 'invalid',
          calls: 0,
          failReason: null,
        }),
        onResult: async (_pair, verdict) => {
          await writer.add(verdict);
          progress('Labelling', ++done, total);
        },
        onDeath: async () => {
          model = await acquire();
        },
        deathsOf: () => 0,
        signal,
      });
    } finally {
      await writer.flush();
    }
  }

  private async store(
    { datasetId, annotatorId }: { datasetId: number; annotatorId: number },
    verdicts: readonly Verdict[],
  ): Promise<void> {
    await this.database.write(async (session) => {
      await session.run(
        `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, strength, import_id)
         SELECT "comparisonId", ?, ?, CASE label WHEN 'invalid' THEN 'skip' ELSE label END, abs(2 * "pA" - 1), 0
         FROM (SELECT unnest(from_json(?::JSON, '[{"comparisonId":"BIGINT","pA":"DOUBLE","label":"VARCHAR"}]'), recursive := true))`,
        [datasetId, annotatorId, JSON.stringify(verdicts)],
      );
    });
  }
}
