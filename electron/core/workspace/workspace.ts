import { mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { Database } from '../../../native/duckdb/database.ts';
import { migrate } from '../../../native/duckdb/migrate.ts';
import { AppError } from '../../contract/app-error.ts';
import { takeLock } from './lock.ts';

/** One folder `NAME.assay`, owned by one process at a time. */
export interface Workspace {
  readonly path: string;
  readonly name: string;
  readonly database: Database;
  /** Files on their way in; emptied at every opening. */
  readonly incoming: string;
  /** Sources turned into Parquet, one folder an import; kept until it ends so that it can go on after a crash. */
  readonly staging: string;
  /** Images that came as bytes, each in a file named by its SHA-256. */
  readonly media: string;
  readonly reports: string;
  readonly exports: string;
  bytes(): number;
  close(): Promise<void>;
}

export interface OpenWorkspaceOptions {
  /** Upper bound for DuckDB's buffers; the process needs some 400 MB on top. */
  readonly memoryLimitMb?: number | undefined;
  readonly threads?: number | undefined;
}

function defaultMemoryLimitMb(): number {
  return Math.max(512, Math.min(1_200, Math.floor((totalmem() / 2 ** 20) * 0.4)));
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new AppError(
      'WORKSPACE_UNWRITABLE',
      `The workspace was not opened: ${directory} cannot be created (${(error as NodeJS.ErrnoException).code}). Choose a folder you may write to.`,
    );
  }
}

async function openDatabase(file: string, root: string, options: OpenWorkspaceOptions): Promise<Database> {
  try {
    return await Database.open({
      path: file,
      directories: [root],
      temporaryDirectory: path.join(root, 'tmp'),
      memoryLimitMb: options.memoryLimitMb ?? defaultMemoryLimitMb(),
      threads: options.threads,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/Conflicting lock|Could not set lock/i.test(message)) {
      throw new AppError(
        'WORKSPACE_IN_USE',
        `The workspace ${root} was not opened: another process holds its database file. Close it first.`,
        { cause: message },
      );
    }
    throw new AppError(
      'WORKSPACE_INVALID',
      `The workspace ${root} was not opened: its database file cannot be read. Restore it from a snapshot or a backup.`,
      { cause: message },
    );
  }
}

/**
 * Opens a workspace, creating it where there is none. Throws WORKSPACE_IN_USE when another process has it,
 * WORKSPACE_NEWER, WORKSPACE_INVALID or WORKSPACE_UNWRITABLE.
 */
export async function openWorkspace(
  directory: string,
  options: OpenWorkspaceOptions = {},
): Promise<Workspace> {
  makeDirectory(directory);
  const root = realpathSync(directory);
  const sub = (name: string) => path.join(root, name);
  const release = takeLock(sub('lock'), root);
  try {
    for (const name of ['exports', 'reports', 'snapshots', 'staging', 'tmp']) makeDirectory(sub(name));
    rmSync(sub('incoming'), { recursive: true, force: true });
    makeDirectory(sub('incoming'));
    const file = sub('assay.duckdb');
    const database = await openDatabase(file, root, options);
    try {
      await migrate(database);
    } catch (error) {
      await database.close();
      throw error;
    }
    return {
      path: root,
      name: path.basename(root).replace(/\.assay$/, ''),
      database,
      incoming: sub('incoming'),
      staging: sub('staging'),
      media: sub('media'),
      reports: sub('reports'),
      exports: sub('exports'),
      bytes: () => statSync(file).size,
      close: async () => {
        await database.close();
        rmSync(sub('incoming'), { recursive: true, force: true });
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}
