import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { AppError } from '../../contract/app-error.ts';

interface Holder {
  readonly pid: number;
  readonly since: string;
  /** When the process started, as the system tells it; absent where it does not. */
  readonly started?: string | undefined;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** The fields of /proc/PID/stat from the third on, which come after the program's name in brackets; Linux only. */
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * When a process started: the clock ticks since boot with the boot's id on Linux (field 22 of proc(5) stat), the time that
 * `ps` tells elsewhere. Undefined where neither does: on Windows, and for a process that is gone.
 */
export function findProcessStart(pid: number): string | undefined {
  const ticks = readStat(pid)?.[19];
  try {
    if (ticks !== undefined)
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${ticks}`;
    if (process.platform === 'win32') return undefined;
    const options = {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      timeout: 5_000,
    } as const;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that ended and that its parent has not asked about yet still answers to signals; it holds nothing.
    return readStat(pid)?.[0] !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True when the process that took the lock still runs: not one that has been given its id since, say after a restart. */
function isHeld({ pid, started }: Holder): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  const now = findProcessStart(pid);
  return started === undefined || now === undefined || started === now;
}

/**
 * Takes a lock file that holds this process's id and start. A file left by a process that is gone is taken over; DuckDB's
 * own file lock stands behind this one.
 * Throws WORKSPACE_IN_USE naming the holder. Answers the release.
 */
export function takeLock(file: string, workspace: string): () => void {
  const holder = readHolder(file);
  if (holder && isHeld(holder)) {
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
    JSON.stringify({
      pid: process.pid,
      since: new Date().toISOString(),
      started: findProcessStart(process.pid),
    } satisfies Holder),
  );
  closeSync(descriptor);
  return () => rmSync(file, { force: true });
}
