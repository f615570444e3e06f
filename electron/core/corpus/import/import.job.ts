import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ForeignExtractor } from '../../../../native/duckdb/foreign.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { type ImportSpec, importSpecSchema, type ImportSummary } from '../../../contract/import.contract.ts';
import type { JobContext, JobHandler } from '../../jobs/job-handler.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { DatasetRepository } from '../dataset.repository.ts';
import { attachImages } from '../media/image-columns.ts';
import { keepImages } from '../media/keep-images.ts';
import { sweepMedia } from '../media/media-store.ts';
import type { Sql } from '../reading/reader.ts';
import { admitFile } from './admit.ts';
import { detectContainer } from './container.ts';
import { type Plan, planReading } from './detect.ts';
import { discoverFiles } from './discover.ts';
import { loadFile } from './load.ts';
import {
  isReadAsItComes,
  markerOf,
  openSound,
  readStaged,
  type Recognised,
  type Source,
  stateOf,
} from './import-source.ts';
import { type OpenedSource, openJsonLines, readShape } from './source.ts';
import { stageFile } from './stage.ts';

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
  /** The id its rows carry until it ends. A dataset that people see already gets them all at once, at the end. */
  readonly heldUnder: number;
}

/** Below this size all rows of JSON Lines are looked at for their columns before any is read. */
const quickBytes = 8 * 2 ** 20;
const sampleRows = 20_480;

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
 * Import as a job: each file is staged as Parquet (sound JSON Lines need no stage), recognised, and loaded in one
 * transaction. After a crash the files that were loaded are kept and the staged ones are not staged again. No row is shown before the whole
 * import has ended; a cancelled or failed import is removed as if it had never been.
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
    if (run && loaded.size === 0) {
      await this.dependencies.datasets.removeImport(run.importId);
      run = undefined;
    }
    let fileNo = 0;
    for (const [index, file] of files.entries()) {
      signal.throwIfAborted();
      const prefix = files.length > 1 ? `File ${index + 1} of ${files.length}: ` : '';
      for (const source of await this.listSources(context, { file, fileNo, staging, prefix }, signal)) {
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
    await sweepMedia(this.dependencies.workspace.database, this.dependencies.workspace.media);
  }

  /** One file gives one source, a DuckDB file one per table. */
  private async listSources(
    context: JobContext<ImportSpec>,
    place: { file: string; fileNo: number; staging: string; prefix: string },
    signal: AbortSignal,
  ): Promise<Source[]> {
    const { workspace, extractForeign } = this.dependencies;
    const { file, fileNo, staging } = place;
    const container = detectContainer(file);
    const bytes = statSync(file).size;
    const phase = `${place.prefix}reading ${path.basename(file)}`;
    context.progress(phase, 0, null);
    if (container.kind === 'duckdb') {
      const tables = await extractForeign(file, path.join(staging, String(fileNo)), signal);
      return tables.map(({ name, parquet }, offset) => ({
        path: `${file}#${name}`,
        fileNo: fileNo + offset,
        bytes,
        stage: () => Promise.resolve({ parquet, rejections: [] }),
      }));
    }
    const target = path.join(staging, `${fileNo}.parquet`);
    if (existsSync(markerOf(target)))
      return [{ path: file, fileNo, bytes, stage: () => Promise.resolve(readStaged(target)) }];
    const admitted = admitFile(file, workspace.incoming, fileNo);
    const onProgress = (share: number) => context.progress(phase, share, 1);
    const stage = async (scan?: Sql) => {
      const staged = await workspace.database.withReader((session) =>
        stageFile(session, { file: admitted, name: file, container, target, scan, signal, onProgress }),
      );
      if (staged.parquet === target) writeFileSync(markerOf(target), JSON.stringify(staged.rejections));
      return staged;
    };
    const isPlainLines = container.kind === 'jsonl' && container.compression === 'uncompressed';
    return [
      { path: file, fileNo, bytes, stage, ...(isPlainLines ? { lines: { file: admitted, container } } : {}) },
    ];
  }

  /** Sound JSON Lines whose rows are read as they come need no stage; all else, and what proves damaged, does. */
  private async load(
    context: JobContext<ImportSpec>,
    former: ImportRun | undefined,
    source: Source,
    signal: AbortSignal,
  ): Promise<ImportRun> {
    const whole = this.openLines(context, source, { sampleRows: -1, signal });
    whole.catch(() => undefined);
    let scan: Sql | undefined;
    try {
      const run = await this.loadSampled(context, former, source, { whole, signal });
      if (run) return run;
      const lines = await whole;
      if (lines && isReadAsItComes(lines)) return await this.loadRecognised(context, former, lines, signal);
      scan = lines?.opened.unnumbered;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
    } finally {
      await whole.catch(() => undefined);
    }
    const staged = await source.stage(scan);
    const opened = await this.dependencies.workspace.database.withReader((session) =>
      openSound(session, source.path, staged.parquet),
    );
    const plan = await this.plan(context, source, opened);
    const recognised = { source, opened, plan, rejections: staged.rejections };
    return this.loadRecognised(context, former, recognised, signal);
  }

  private async openLines(
    context: JobContext<ImportSpec>,
    source: Source,
    options: { sampleRows: number; signal: AbortSignal },
  ): Promise<Recognised | undefined> {
    const { lines, bytes } = source;
    if (!lines) return undefined;
    const opened = await this.dependencies.workspace.database.withReader((session) =>
      openJsonLines(session, lines.file, lines.container, { bytes, ...options }),
    );
    return opened && { source, opened, plan: await this.plan(context, source, opened), rejections: [] };
  }

  /**
   * Loads a large file by the columns of its first rows while those of all its rows are still being listed. Undefined,
   * with nothing loaded, where these prove to be others.
   */
  private async loadSampled(
    context: JobContext<ImportSpec>,
    former: ImportRun | undefined,
    source: Source,
    { whole, signal }: { whole: Promise<Recognised | undefined>; signal: AbortSignal },
  ): Promise<ImportRun | undefined> {
    if (!source.lines || source.bytes < quickBytes) return undefined;
    const sampled = await this.openLines(context, source, { sampleRows, signal }).catch(() => undefined);
    if (!sampled || !isReadAsItComes(sampled)) return undefined;
    const confirm = async () => {
      const known = await whole;
      if (JSON.stringify(known?.opened.columns) !== JSON.stringify(sampled.opened.columns))
        throw new Error('rows further down have other columns');
    };
    try {
      return await this.loadRecognised(context, former, { ...sampled, confirm }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) throw error;
      return undefined;
    }
  }

  private async plan(context: JobContext<ImportSpec>, source: Source, opened: OpenedSource): Promise<Plan> {
    const shape = await this.dependencies.workspace.database.withReader((session) =>
      readShape(session, opened.relation, opened.columns, path.basename(source.path)),
    );
    const plan = planReading(shape, await this.recallWish(context.spec), source.path);
    return opened.images ? { ...plan, reading: attachImages(plan.reading, opened.images.columns) } : plan;
  }

  /** Loads a source in one transaction; the import begins with its first one. */
  private async loadRecognised(
    context: JobContext<ImportSpec>,
    former: ImportRun | undefined,
    recognised: Recognised,
    signal: AbortSignal,
  ): Promise<ImportRun> {
    const run = former ?? (await this.begin(context, recognised.plan, recognised.source.path));
    try {
      await this.loadRows(context, run, recognised, signal);
      return run;
    } catch (error) {
      if (!former && !signal.aborted) await this.dependencies.datasets.removeImport(run.importId);
      throw error;
    }
  }

  private async loadRows(
    context: JobContext<ImportSpec>,
    run: ImportRun,
    { source, opened, plan, rejections, confirm }: Recognised,
    signal: AbortSignal,
  ): Promise<void> {
    const fileName = path.basename(source.path);
    await this.keepImages(context, fileName, opened, signal);
    const before = stateOf(source.lines?.file);
    await this.dependencies.workspace.database.write(async (session) => {
      await loadFile(session, {
        ...run,
        ...opened,
        fileNo: source.fileNo,
        path: source.path,
        bytes: source.bytes,
        fileName,
        format: plan.reader.id,
        reading: plan.reading,
        rejections,
        confirm,
        keepDuplicates: context.spec.keepDuplicates,
        signal,
        onProgress: (phase, share) => context.progress(`${phase}: ${fileName}`, share, 1),
      });
      if (stateOf(source.lines?.file) !== before)
        throw new AppError(
          'IMPORT_FILE_UNREADABLE',
          `${source.path} was not imported: it was changed while it was read. Import it again when it is finished.`,
          { file: source.path },
        );
    });
  }

  private async keepImages(
    context: JobContext<ImportSpec>,
    fileName: string,
    { images }: OpenedSource,
    signal: AbortSignal,
  ): Promise<void> {
    if (!images) return;
    const { database, media: folder } = this.dependencies.workspace;
    const onProgress = (done: number, total: number) =>
      context.progress(`Keeping images: ${fileName}`, done, total);
    await database.withReader((session) => keepImages(session, images, { folder, signal, onProgress }));
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
    await workspace.database.write(async (session) => {
      await requireNoOther(session, datasetId, name);
      await session.run(
        `INSERT INTO import_run (import_id, dataset_id, job_id)
         SELECT coalesce(max(import_id), 0) + 1, ?, ? FROM import_run`,
        [datasetId, context.jobId],
      );
    });
    const run = await this.findRun(context.jobId);
    if (!run) throw new Error('the import that was just begun is gone');
    return run;
  }

  private async finish(run: ImportRun, startedAt: number): Promise<ImportSummary> {
    const { workspace, datasets, onImported } = this.dependencies;
    await workspace.database.write(async (session) => {
      if (run.heldUnder !== run.datasetId) await datasets.releaseImport(session, run);
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
    return this.dependencies.workspace.database.find<ImportRun>(
      `SELECT import_id AS "importId", dataset_id AS "datasetId",
         CASE WHEN d.is_ready THEN -r.import_id ELSE dataset_id END AS "heldUnder"
       FROM import_run r JOIN dataset d USING (dataset_id) WHERE job_id = ?`,
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

/** Two imports side by side into one dataset would not see each other's rows: the second has to wait. */
async function requireNoOther(session: Session, datasetId: number, name: string): Promise<void> {
  const other = await session.find<{ title: string }>(
    `SELECT j.title FROM import_run r JOIN job j USING (job_id)
     WHERE r.dataset_id = ? AND NOT r.is_finished AND j.status IN ('queued', 'running', 'paused') LIMIT 1`,
    [datasetId],
  );
  if (other)
    throw new AppError(
      'IMPORT_UNFINISHED',
      `Nothing was imported: “${other.title}” into ${name} has not ended. Resume or cancel it first.`,
      { dataset: name },
    );
}
