import { z } from 'zod';
import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { nameDataset } from '../dataset.repository.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import {
  buildBatch,
  countFrequencies,
  createBuildTables,
  dropScratch,
  type IndexCounts,
  planBatches,
  publishIndex,
  type SearchBuild,
  storeBatch,
} from './search-build.ts';
import { dropTables, nameBuildTables } from './search-tables.ts';

export { removeSearchIndex } from './search-tables.ts';

const searchIndexSpecSchema = z.object({ datasetId: z.number().int() });
export type SearchIndexSpec = z.infer<typeof searchIndexSpecSchema>;

export interface SearchIndexSummary extends IndexCounts {
  readonly seconds: number;
}

export interface SearchIndexOptions {
  /** Characters of text in one batch; more is faster and takes more memory. */
  readonly charactersPerBatch?: number;
}

/**
 * Builds the full-text index of a dataset anew. The former index answers until the new one takes its place; a cancelled
 * or crashed build leaves the former one as it was. The write lane is held for one batch at a time.
 */
export class SearchIndexJob implements JobHandler<SearchIndexSpec, SearchIndexSummary> {
  readonly type = 'search-index';
  readonly spec = searchIndexSpecSchema;
  readonly recovery = 'restart';
  readonly priority = -1;

  constructor(
    private readonly database: Database,
    private readonly options: SearchIndexOptions = {},
  ) {}

  async title({ datasetId }: SearchIndexSpec): Promise<string> {
    return `Build the search index of ${await nameDataset(this.database, datasetId)}`;
  }

  async run(context: JobContext<SearchIndexSpec>, signal: AbortSignal): Promise<SearchIndexSummary> {
    const startedAt = performance.now();
    const { datasetId } = context.spec;
    const build: SearchBuild = {
      database: this.database,
      datasetId,
      relation: await this.findRelation(datasetId),
      characters: this.options.charactersPerBatch ?? 40_000_000,
      signal,
    };
    try {
      await this.buildAll(build, context);
      signal.throwIfAborted();
      const counts = await publishIndex(build);
      return { ...counts, seconds: (performance.now() - startedAt) / 1000 };
    } finally {
      await this.discardScratch(datasetId);
    }
  }

  async discard(_jobId: string, { datasetId }: SearchIndexSpec): Promise<void> {
    await this.discardScratch(datasetId);
    await this.database.write((session) => dropTables(session, nameBuildTables(datasetId)));
  }

  /** A batch is stored while the next one is made. */
  private async buildAll(build: SearchBuild, context: JobContext<SearchIndexSpec>): Promise<void> {
    await this.database.withReader(async (session) => {
      context.progress('Planning', 0, null);
      const batches = await planBatches(session, build);
      await createBuildTables(build);
      let storing: Promise<void> = Promise.resolve();
      try {
        for (let batch = 0; batch < batches; batch++) {
          context.progress('Reading texts', batch, batches + 1);
          await buildBatch(session, build, batch);
          await storing;
          storing = storeBatch(build, batch);
          storing.catch(() => undefined);
        }
        await storing;
        context.progress('Counting terms', batches, batches + 1);
        await countFrequencies(session, build);
      } finally {
        await storing.catch(() => undefined);
      }
    });
  }

  private async findRelation(datasetId: number): Promise<Relation> {
    const row = await this.database.find<{ relation: Relation }>(
      'SELECT relation FROM dataset WHERE dataset_id = ?',
      [datasetId],
    );
    if (!row)
      throw new AppError(
        'DATASET_MISSING',
        `Not indexed: there is no dataset ${datasetId} in this workspace.`,
        {
          datasetId,
        },
      );
    return row.relation;
  }

  private async discardScratch(datasetId: number): Promise<void> {
    await this.database.withReader((session) => dropScratch(session, datasetId));
  }
}
