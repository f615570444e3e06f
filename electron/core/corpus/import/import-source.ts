import { readFileSync, statSync } from 'node:fs';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Sql } from '../reading/reader.ts';
import type { Container } from './container.ts';
import type { Plan } from './detect.ts';
import { type OpenedSource, openParquet } from './source.ts';
import type { SourceRejection, Staged } from './stage.ts';

/** A source with its place in the import. */
export interface Source {
  readonly path: string;
  readonly fileNo: number;
  readonly bytes: number;
  /** Makes it a Parquet file, or finds the one that was made before a crash. */
  readonly stage: (scan?: Sql) => Promise<Staged>;
  /** Sound JSON Lines are loaded as they lie there: the admitted file. */
  readonly lines?: { readonly file: string; readonly container: Container };
}

/** A source that was opened and recognised. */
export interface Recognised {
  readonly source: Source;
  readonly opened: OpenedSource;
  readonly plan: Plan;
  readonly rejections: readonly SourceRejection[];
  /** Rejects where the columns prove wrong; asked before the load is committed. */
  readonly confirm?: () => Promise<void>;
}

/** True for a source whose rows become records one by one, in any order, so that nobody has to number them first. */
export function isReadAsItComes({ opened, plan }: Recognised): boolean {
  return opened.unnumbered !== undefined && plan.reading.from === undefined;
}

/** Written when a stage is whole; holds what its container would not give up. */
export const markerOf = (parquet: string) => `${parquet}.rejections.json`;

/** A stage that was made before. */
export function readStaged(parquet: string): Staged {
  return {
    parquet,
    rejections: JSON.parse(readFileSync(markerOf(parquet), 'utf8')) as SourceRejection[],
  };
}

/** Size and time of a file, to notice that it was written to. */
export function stateOf(file: string | undefined): string {
  if (file === undefined) return '';
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

/** Opens a Parquet file. Throws IMPORT_FILE_UNREADABLE naming the source. */
export async function openSound(session: Session, name: string, parquet: string): Promise<OpenedSource> {
  try {
    return await openParquet(session, parquet);
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new AppError(
      'IMPORT_FILE_UNREADABLE',
      `${name} was not imported: it cannot be read as Parquet. ${cause}`,
      { file: name },
    );
  }
}
