import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { type ImportSpec, importSpecSchema, type ImportSummary } from '../../../contract/import.contract.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { DatasetRepository } from '../dataset.repository.ts';
import { admitFile } from './admit.ts';
import { type Container, detectContainer } from './container.ts';
import { type Plan, planReading } from './detect.ts';
import { discoverFiles } from './discover.ts';
import type { ForeignExtractor } from '../../../../native/duckdb/foreign.ts';
import { loadFile } from './load.ts';
import { openParquet, readShape } from './source.ts';
import { type SourceRejection, type Staged, stageFile } from './stage.ts';

export interface ImportDependencies {
  readonly workspace: Workspace;
  readonly datasets: DatasetRepository;
  readonly extractForeign: ForeignExtractor;
  /** Told when a dataset has new rows, so that its indexes can follow. */
  readonly onImported: (datasetId: number) => Promise<void>;
}

interface ImportRun {
  readonly importId: number;
  readonly datasetId: number;
}

/** A source ready to load: one Parquet file with what it is called and what went wrong on the way. */
interface ReadySource {
  readonly path: string;
  readonly fileNo: number;
  readonly bytes: number;
  readonly parquet: string;
  readonly rejections: readonly SourceRejection[];
}

/** `data/train.jsonl.gz` is called `train` unless the person says otherwise. */
export function suggestName(files: readonly string[]): string {
  const first = files[0] ?? 'dataset';
  const bare = path
    .basename(first)
    .replace(/(\.(gz|zst))?$/i, '')
    .replace(/\.[a-z0-9]+$/i, '');
  const isPlain = /^(train|test|dev|val|validation|data|dataset|result|output|index|\d+)([-_]\d.*)?$/i.test(
    bare,
  );
  const folder = path.basename(path.dirname(path.resolve(first)));
  return isPlain && folder !== '' ? `${folder}-${bare}` : bare;
}

/**
 * Import as a job: each file is staged as Parquet, recognised, and loaded in one transaction. After a crash the files
 * that were loaded are kept and the staged ones are not staged again. Until the first import of a dataset ends, no view
 * shows it; a cancelled or failed import is removed as if it had never been.
 */
export class ImportJob implements JobHandler<ImportSpec, ImportSummary> {
  readonly type = 'import';
  readonly spec = importSpecSchema;
  readonly recovery = 'resume';

  constructor(private readonly dependencies: ImportDependencies) {}

  title(spec: ImportSpec): string {
    const [first, ...rest] = spec.files.map((file) => path.basename(file));
    return rest.length === 0 ? `Import ${first}` : `Import ${first} and ${rest.length} more`;
  }

  async run(context: JobContext<ImportSpec>, signal: AbortSignal): Promise<ImportSummary> {
    const startedAt = performance.now();
    const files = discoverFiles(context.spec.files);
    const staging = this.stagingFolder(context.jobId);
    mkdirSync(staging, { recursive: true });
    let run = await this.findRun(context.jobId);
    const loaded = run ? await this.listLoaded(run.importId) : new Set<number>();
    let fileNo = 0;
    for (const [index, file] of files.entries()) {
      signal.throwIfAborted();
      for (const source of await this.stage(
        context,
        { file, fileNo, staging, index, count: files.length },
        signal,
      )) {
        fileNo = source.fileNo + 1;
        if (loaded.has(source.fileNo)) continue;
        run = await this.load(context, run, source, signal);
      }
    }
    if (!run) throw new AppError('IMPORT_FILE_EMPTY', 'Nothing was imported: the files hold no rows.');
    const summary = await this.finish(run, startedAt);
    rmSync(staging, { recursive: true, force: true });
    return summary;
  }

  async discard(jobId: string): Promise<void> {
    const run = await this.findRun(jobId);
    if (run) await this.dependencies.datasets.removeImport(run.importId);
    rmSync(this.stagingFolder(jobId), { recursive: true, force: true });
  }

  /** One file gives one source, a DuckDB file one per table. */
  private async stage(
    context: JobContext<ImportSpec>,
    place: { file: string; fileNo: number; staging: string; index: number; count: number },
    signal: AbortSignal,
  ): Promise<ReadySource[]> {
    const { workspace, extractForeign } = this.dependencies;
    const { file, fileNo, staging } = place;
    const container = detectContainer(file);
    const bytes = statSync(file).size;
    const prefix = place.count > 1 ? `File ${place.index + 1} of ${place.count}: ` : '';
    if (container.kind === 'duckdb') {
      context.progress(`${prefix}reading ${path.basename(file)}`, 0, null);
      const tables = await extractForeign(file, path.join(staging, String(fileNo)), signal);
      return tables.map((table, offset) => ({
        path: `${file}#${table.name}`,
        fileNo: fileNo + offset,
        bytes,
        parquet: table.parquet,
        rejections: [],
      }));
    }
    const target = path.join(staging, `${fileNo}.parquet`);
    const staged = await this.stageOnce(target, file, container, {
      signal,
      onProgress: (share) => context.progress(`${prefix}reading ${path.basename(file)}`, share, 1),
      admitted: () => admitFile(file, workspace.incoming, fileNo),
    });
    return [{ path: file, fileNo, bytes, ...staged }];
  }

  private async stageOnce(
    target: string,
    file: string,
    container: Container,
    options: { signal: AbortSignal; onProgress: (share: number) => void; admitted: () => string },
  ): Promise<Staged> {
    const marker = `${target}.rejections.json`;
    if (existsSync(marker)) {
      return { parquet: target, rejections: JSON.parse(readFileSync(marker, 'utf8')) as SourceRejection[] };
    }
    const { signal, onProgress } = options;
    const request = { file: options.admitted(), name: file, container, target, signal, onProgress };
    const staged = await this.dependencies.workspace.database.withReader((session) =>
      stageFile(session, request),
    );
    if (staged.parquet === target) writeFileSync(marker, JSON.stringify(staged.rejections));
    return staged;
  }

  private async load(
    context: JobContext<ImportSpec>,
    former: ImportRun | undefined,
    source: ReadySource,
    signal: AbortSignal,
  ): Promise<ImportRun> {
    const { workspace } = this.dependencies;
    const name = path.basename(source.path);
    const opened = await workspace.database.withReader(async (session) => {
      const parquet = await openSound(session, source);
      return { ...parquet, shape: await readShape(session, parquet.relation, parquet.columns, name) };
    });
    const plan = planReading(opened.shape, await this.recallWish(context.spec), source.path);
    const run = former ?? (await this.begin(context, plan, source.path));
    await workspace.database.write((session) =>
      loadFile(session, {
        ...run,
        ...source,
        fileName: name,
        format: plan.reader.id,
        relation: opened.relation,
        columns: opened.columns,
        reading: plan.reading,
        keepDuplicates: context.spec.keepDuplicates,
        signal,
        onProgress: (phase, share) => context.progress(`${phase}: ${name}`, share, 1),
      }),
    );
    return run;
  }

  /** Columns a person mapped by hand once are used again for more files of the same dataset. */
  private async recallWish({
    dataset,
    format,
    mapping,
  }: ImportSpec): Promise<Pick<ImportSpec, 'format' | 'mapping'>> {
    if (dataset === undefined || format !== undefined || mapping !== undefined) return { format, mapping };
    const saved = await this.dependencies.datasets.findMapping(dataset);
    return saved ? { format: 'mapped', mapping: saved } : {};
  }

  private async begin(context: JobContext<ImportSpec>, plan: Plan, file: string): Promise<ImportRun> {
    const { datasets, workspace } = this.dependencies;
    const name = context.spec.dataset ?? suggestName([file]);
    const { relation, hasSides } = plan.reading;
    const datasetId = await datasets.ensure(name, plan.reader.id, relation, {
      hasSides,
      mapping: plan.mapping,
    });
    const importId = await workspace.database.write(async (session) => {
      const { id } = await session.one<{ id: number }>(
        'SELECT coalesce(max(import_id), 0) + 1 AS id FROM import_run',
      );
      await session.run('INSERT INTO import_run (import_id, dataset_id, job_id) VALUES (?, ?, ?)', [
        id,
        datasetId,
        context.jobId,
      ]);
      return id;
    });
    return { importId, datasetId };
  }

  private async finish(run: ImportRun, startedAt: number): Promise<ImportSummary> {
    const { workspace, datasets, onImported } = this.dependencies;
    await workspace.database.write(async (session) => {
      await session.run(
        `UPDATE dataset SET is_ready = true, relation = CASE WHEN EXISTS (SELECT 1 FROM comparison c WHERE c.dataset_id = dataset.dataset_id)
           THEN 'pairs' ELSE 'responses' END WHERE dataset_id = ?`,
        [run.datasetId],
      );
      await session.run('UPDATE import_run SET is_finished = true, finished_at = now() WHERE import_id = ?', [
        run.importId,
      ]);
    });
    const counts = await workspace.database.one<{
      rows: number;
      rejected: number;
      duplicates: number;
      pairs: number;
      format: string;
    }>(
      `SELECT sum(loaded) AS rows, sum(rejected) AS rejected, sum(duplicates) AS duplicates, sum(pairs) AS pairs,
         string_agg(DISTINCT format, '+' ORDER BY format) AS format FROM import_file WHERE import_id = ?`,
      [run.importId],
    );
    const dataset = await datasets.get(run.datasetId);
    await onImported(run.datasetId);
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    return {
      dataset: dataset.name,
      datasetId: run.datasetId,
      ...counts,
      seconds,
    };
  }

  private async findRun(jobId: string): Promise<ImportRun | undefined> {
    return this.dependencies.workspace.database.find<{ importId: number; datasetId: number }>(
      'SELECT import_id AS "importId", dataset_id AS "datasetId" FROM import_run WHERE job_id = ?',
      [jobId],
    );
  }

  private async listLoaded(importId: number): Promise<Set<number>> {
    const rows = await this.dependencies.workspace.database.all<{ no: number }>(
      'SELECT file_no AS no FROM import_file WHERE import_id = ?',
      [importId],
    );
    return new Set(rows.map((row) => row.no));
  }

  private stagingFolder(jobId: string): string {
    return path.join(this.dependencies.workspace.staging, jobId);
  }
}

async function openSound(session: Session, source: ReadySource): ReturnType<typeof openParquet> {
  try {
    return await openParquet(session, source.parquet);
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new AppError(
      'IMPORT_FILE_UNREADABLE',
      `${source.path} was not imported: it cannot be read as Parquet. ${cause}`,
      { file: source.path },
    );
  }
}
