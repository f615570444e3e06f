import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { AppError } from '../../contract/app-error.ts';

interface Holder {
  readonly pid: number;
  readonly since: string;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** A process that ended and that its parent has not asked about yet still answers to signals; it holds nothing. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Takes a lock file that holds this process's id. A file left by a process that is gone is taken over; DuckDB's own
 * file lock stands behind this one, so a recycled id can at worst refuse, never let two in.
 * Throws WORKSPACE_IN_USE naming the holder. Answers the release.
 */
export function takeLock(file: string, workspace: string): () => void {
  const holder = readHolder(file);
  if (holder && holder.pid !== process.pid && isAlive(holder.pid)) {
    throw new AppError(
      'WORKSPACE_IN_USE',
      `The workspace ${workspace} was not opened: process ${holder.pid} has had it open since ${holder.since}. Close that one, or work in it.`,
      { pid: holder.pid, since: holder.since },
    );
  }
  rmSync(file, { force: true });
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new AppError(
      'WORKSPACE_IN_USE',
      `The workspace ${workspace} was not opened: another process is opening it.`,
    );
  }
  writeSync(
    descriptor,
    JSON.stringify({ pid: process.pid, since: new Date().toISOString() } satisfies Holder),
  );
  closeSync(descriptor);
  return () => rmSync(file, { force: true });
}
