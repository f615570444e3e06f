import {
  accessSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { AppError } from '../../contract/app-error.ts';
import type { ExportSpec } from '../../contract/export.contract.ts';

/** Where an export goes. */
export interface Destination {
  readonly folder: string;
  readonly name: string;
  /** The file or folder that appears when all is written. */
  readonly target: string;
  readonly manifest: string;
  readonly overwrite: boolean;
}

/** A name that is one plain part of a path on every system. */
const plainName = /^[^.\s/\\:*?"<>|\p{Cc}][^/\\:*?"<>|\p{Cc}]*$/u;
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

function invalid(text: string, details: Record<string, unknown>): AppError {
  return new AppError('EXPORT_TARGET_INVALID', `Nothing was written: ${text}`, details);
}

export function slugOf(name: string): string {
  const slug = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '');
  return slug.slice(0, 100) || 'dataset';
}

/**
 * The place a spec asks for. `fallback` is the workspace's own folder, `ending` the file's own.
 * @throws AppError EXPORT_TARGET_INVALID for a name that is a path, or a folder that is none or is given by a relative path
 */
export function resolveDestination(
  { destination, layout }: ExportSpec,
  fallback: string,
  suggested: string,
): Destination {
  const folder = destination.folder ?? fallback;
  if (!path.isAbsolute(folder) || folder.split(/[\\/]/).includes('..'))
    throw invalid(`${folder} is no whole path. Give the folder from the root on, without “..”.`, { folder });
  const name = destination.name ?? suggested;
  if (!plainName.test(name) || reserved.test(name) || name.length > 200)
    throw invalid(
      `“${name}” is no plain name. Use a name without / \\ : * ? " < > | that does not begin with a dot.`,
      {
        name,
      },
    );
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw invalid(`there is no folder ${folder}. Create it, or choose another one.`, { folder });
  const target = path.join(folder, name);
  const manifest = layout === 'file' ? `${target}.manifest.json` : path.join(target, 'manifest.json');
  return { folder, name, target, manifest, overwrite: destination.overwrite };
}

/** Any failure of the file system as an error a person can act on; others are passed through. */
export function explainFileError(error: unknown, place: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const message = error instanceof Error ? error.message : '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device/i.test(message))
    return new AppError(
      'DISK_FULL',
      `Not exported: the disk of ${place} is full. Free some space, then run it again.`,
      {
        place,
      },
    );
  if (
    ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT'].includes(code) ||
    /Cannot open file|Permission denied|Read-only file system/i.test(message)
  )
    return new AppError(
      'EXPORT_FAILED',
      `Not exported: ${place} cannot be written to (${code || 'no permission'}). Choose a folder you may write to.`,
      { place },
    );
  return error;
}

/**
 * Refuses what is in the way before anything is written.
 * @throws AppError EXPORT_FAILED for an unwritable folder, EXPORT_EXISTS
 */
export function requireFree({ folder, target, manifest, overwrite }: Destination, isFile: boolean): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw explainFileError(error, folder);
  }
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (!stat) return;
  if (!overwrite)
    throw new AppError(
      'EXPORT_EXISTS',
      `Not exported: ${target} is there already. Choose another name, or allow to overwrite it.`,
      {
        target,
      },
    );
  const isReplaceable = isFile
    ? stat.isFile() || stat.isSymbolicLink()
    : stat.isDirectory() && (existsSync(manifest) || readdirSync(target).length === 0);
  if (!isReplaceable)
    throw new AppError(
      'EXPORT_EXISTS',
      `Not exported: ${target} is there already and is no export of Assay, so it is not replaced. Choose another name.`,
      {
        target,
      },
    );
}

/** Flushes a file (or, where the system can, a folder) to disk. */
export function flush(place: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(place, 'r');
    fsyncSync(descriptor);
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Moves a whole file or folder to its place: a rename, or across disks a copy beside the place and then a rename. */
export function moveInto(source: string, target: string): void {
  try {
    renameSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const half = path.join(path.dirname(target), `.${path.basename(target)}.part`);
    try {
      rmSync(half, { recursive: true, force: true });
      cpSync(source, half, { recursive: true });
      flush(half);
      renameSync(half, target);
      rmSync(source, { recursive: true, force: true });
    } catch (failure) {
      rmSync(half, { recursive: true, force: true });
      throw failure;
    }
  }
}

/** Puts a finished folder in the place of a former export: that one steps aside until the new one stands. */
export function replaceFolder(source: string, target: string): void {
  if (!existsSync(target)) {
    moveInto(source, target);
    return;
  }
  const aside = path.join(path.dirname(target), `.${path.basename(target)}.former`);
  rmSync(aside, { recursive: true, force: true });
  renameSync(target, aside);
  try {
    moveInto(source, target);
  } catch (error) {
    renameSync(aside, target);
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}
