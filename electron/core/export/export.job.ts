import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../contract/app-error.ts';
import {
  type ExportFile,
  type ExportSpec,
  exportSpecSchema,
  type ExportSummary,
} from '../../contract/export.contract.ts';
import { nameDataset } from '../corpus/dataset.repository.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { makeCard, readFigures } from './card.ts';
import {
  type Destination,
  explainFileError,
  flush,
  moveInto,
  replaceFolder,
  requireFree,
  resolveDestination,
  slugOf,
} from './destination.ts';
import { checkSpec, type ExportService, listWarnings, type OpenSelection } from './export.service.ts';
import { recordLicence } from './licence.ts';
import { findManifest, isSound, type Manifest, recipeKeyOf, writeManifest } from './manifest.ts';
import { getWriter } from './registry.ts';
import type { Companion } from './writer.ts';
import { endingOf, planFiles, writeFile } from './write-files.ts';

const manifestName = 'manifest.json';

interface Running {
  readonly spec: ExportSpec;
  readonly signal: AbortSignal;
  readonly progress: JobContext<ExportSpec>['progress'];
  readonly destination: Destination;
}

/**
 * Writes an export. All files are made in a folder of their own inside the workspace, each whole or absent, with a manifest
 * that says which are done; so a run after a kill goes on at the first missing file. Then everything is moved to its place
 * at once.
 */
export class ExportJob implements JobHandler<ExportSpec, ExportSummary> {
  readonly type = 'export';
  readonly spec = exportSpecSchema;
  readonly recovery = 'resume';

  constructor(
    private readonly workspace: Workspace,
    private readonly service: ExportService,
    private readonly version: string,
  ) {}

  async title({ datasetId, format }: ExportSpec): Promise<string> {
    return `Export ${await nameDataset(this.workspace.database, datasetId)} as ${getWriter(format).title}`;
  }

  async run({ spec, progress }: JobContext<ExportSpec>, signal: AbortSignal): Promise<ExportSummary> {
    checkSpec(spec);
    return this.service.withSelection(
      spec,
      async (open) => {
        const container = open.selection.context.container;
        const stem = `${slugOf(open.dataset.name)}-${spec.format}`;
        const suggested = spec.layout === 'file' ? `${stem}.${endingOf(container, spec.compression)}` : stem;
        const destination = resolveDestination(spec, this.workspace.exports, suggested);
        try {
          return await this.export(open, { spec, signal, progress, destination });
        } catch (error) {
          signal.throwIfAborted();
          throw explainFileError(error, destination.folder);
        }
      },
      signal,
    );
  }

  async discard(_jobId: string, spec: ExportSpec): Promise<void> {
    rmSync(this.stagingOf(spec), { recursive: true, force: true });
  }

  private stagingOf(spec: ExportSpec): string {
    return path.join(this.workspace.exports, `.part-${recipeKeyOf(spec)}`);
  }

  private async export(open: OpenSelection, running: Running): Promise<ExportSummary> {
    const { spec, destination } = running;
    const begun = await this.beginManifest(open, running);
    const former = findManifest(destination.manifest);
    if (former && (await isSameExport(former, begun, running))) return summarise(former, destination, true);
    const staging = this.stagingOf(spec);
    const resumed = findManifest(path.join(staging, manifestName));
    if (!(await isHalfPublished(resumed, begun, running))) requireFree(destination, spec.layout === 'file');
    if (open.selection.written === 0)
      throw new AppError(
        'EXPORT_EMPTY',
        `Nothing was written: none of the ${open.selection.selected} rows of the view can go into this format. ${begun.warnings[0]?.text ?? ''}`.trim(),
      );
    if (
      !resumed ||
      resumed.fingerprint !== begun.fingerprint ||
      resumed.dataset.version !== begun.dataset.version
    )
      rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    const manifest = await this.writeAll(open, running, { staging, begun });
    const companions = listCompanions(open, manifest);
    const published = this.publish(staging, manifest, { running, companions });
    if (spec.licence) recordLicence(this.workspace.exports, open.dataset.name, spec.licence);
    return summarise(published, destination, false);
  }

  private async beginManifest(open: OpenSelection, { spec, signal }: Running): Promise<Manifest> {
    const { session, dataset, selection } = open;
    const { destination: _destination, ...recipe } = spec;
    return {
      kind: 'assay-export',
      version: 1,
      isComplete: false,
      createdAt: new Date().toISOString(),
      app: { name: 'Assay', version: this.version },
      dataset: {
        name: dataset.name,
        relation: dataset.relation,
        version: await this.service.datasetVersion(session, dataset.datasetId),
        hasSides: dataset.hasSides,
        licence: spec.licence,
      },
      recipe,
      recipeKey: recipeKeyOf(spec),
      fingerprint: selection.fingerprint,
      columns: selection.shape.columns.map(({ name, type, note }) => ({ name, type, note })),
      selected: selection.selected,
      written: selection.written,
      warnings: await listWarnings(open, signal),
      files: [],
    };
  }

  /** Writes what is missing in the staging folder; the manifest is on disk after each file. */
  private async writeAll(
    open: OpenSelection,
    { spec, signal, progress }: Running,
    { staging, begun }: { staging: string; begun: Manifest },
  ): Promise<Manifest> {
    const { session, writer, selection } = open;
    const place = path.join(staging, manifestName);
    const planned = planFiles(spec, writer, selection);
    const done = new Map((findManifest(place)?.files ?? []).map((file) => [file.path, file]));
    const units = planned.at(-1)?.end ?? 0;
    const files: ExportFile[] = [];
    for (const file of planned) {
      const former = done.get(file.path);
      const isThere = former !== undefined && (await isSound(staging, former, signal));
      files.push(
        isThere
          ? former
          : await writeFile(
              session,
              { folder: staging, file, writer, selection, compression: spec.compression },
              {
                signal,
                onProgress: (share) =>
                  progress('Writing', file.first + share * (file.end - file.first), units),
              },
            ),
      );
      writeManifest(place, { ...begun, files: [...files] });
      progress('Writing', file.end, units);
    }
    const manifest = { ...begun, files };
    await this.addCompanions(open, spec, { staging, manifest, signal });
    const complete = { ...manifest, isComplete: true };
    writeManifest(place, complete);
    flush(staging);
    return complete;
  }

  private async addCompanions(
    open: OpenSelection,
    spec: ExportSpec,
    { staging, manifest, signal }: { staging: string; manifest: Manifest; signal: AbortSignal },
  ): Promise<void> {
    const { session, dataset, writer, selection } = open;
    const add = (name: string, content: string) => {
      writeFileSync(path.join(staging, name), content);
      flush(path.join(staging, name));
    };
    for (const { name, content } of listCompanions(open, manifest)) add(name, content);
    if (spec.layout !== 'hub') return;
    const answers =
      spec.answers.length > 0 ? spec.answers : await this.service.listAnswers(session, dataset.datasetId);
    const figures = await readFigures(session, selection, signal);
    add('README.md', makeCard({ spec: { ...spec, answers }, writer, dataset, manifest, selection, figures }));
  }

  private publish(
    staging: string,
    manifest: Manifest,
    { running: { spec, destination }, companions }: { running: Running; companions: readonly Companion[] },
  ): Manifest {
    if (spec.layout !== 'file') {
      replaceFolder(staging, destination.target);
      flush(destination.folder);
      return manifest;
    }
    const [file] = manifest.files;
    const data = path.join(staging, file?.path ?? '');
    if (existsSync(data)) moveInto(data, destination.target);
    const own = file ? { ...file, path: destination.name } : undefined;
    for (const { name } of companions) moveInto(path.join(staging, name), `${destination.target}.${name}`);
    const place = path.join(staging, manifestName);
    const published = { ...manifest, files: own ? [own] : [] };
    writeManifest(place, published);
    moveInto(place, destination.manifest);
    flush(destination.folder);
    rmSync(staging, { recursive: true, force: true });
    return published;
  }
}

/** True where the place already holds this very export, whole. */
async function isSameExport(
  former: Manifest,
  begun: Manifest,
  { spec, destination, signal }: Running,
): Promise<boolean> {
  const isSame =
    former.isComplete &&
    former.recipeKey === begun.recipeKey &&
    former.fingerprint === begun.fingerprint &&
    former.dataset.version === begun.dataset.version;
  if (!isSame) return false;
  for (const file of former.files)
    if (!(await isSound(spec.layout === 'file' ? destination.folder : destination.target, file, signal)))
      return false;
  return true;
}

function listCompanions({ writer, selection }: OpenSelection, manifest: Manifest): readonly Companion[] {
  return writer.companions?.(selection.context, manifest.files[0]?.path ?? '') ?? [];
}

/** True where a run was killed after its only file stood in its place and before the manifest did. */
async function isHalfPublished(
  resumed: Manifest | undefined,
  begun: Manifest,
  { spec, destination, signal }: Running,
): Promise<boolean> {
  const [file] = resumed?.files ?? [];
  if (spec.layout !== 'file' || !resumed?.isComplete || !file || resumed.fingerprint !== begun.fingerprint)
    return false;
  return isSound(destination.folder, { ...file, path: destination.name }, signal);
}

function summarise(manifest: Manifest, destination: Destination, wasThere: boolean): ExportSummary {
  const reasons = manifest.warnings.filter((warning) => warning.kind === 'left-out');
  return {
    file: destination.target,
    manifest: destination.manifest,
    rows: manifest.files.reduce((sum, file) => sum + file.rows, 0),
    skipped: manifest.selected - manifest.written,
    skippedWhy: reasons.length > 0 ? reasons.map(({ count, text }) => `${count} ${text}`).join('; ') : null,
    files: manifest.files,
    wasThere,
  };
}
