import type { Session } from '../../../../native/duckdb/session.ts';
import type { SourceColumn } from '../../../contract/import.contract.ts';
import type { Reading, Sql } from '../reading/reader.ts';
import type { SourceRejection } from './stage.ts';

export interface LoadRequest {
  readonly importId: number;
  /** The dataset whose records, prompts and annotators count as known. */
  readonly datasetId: number;
  /** The id that the rows carry until the import has ended: the dataset's own, or one that no dataset has. */
  readonly heldUnder: number;
  readonly fileNo: number;
  /** Path as the person gave it, kept as provenance. */
  readonly path: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly format: string;
  /** The source relation, with `src_row`. */
  readonly relation: Sql;
  /** The same rows in the same order without `src_row`, where numbering them is costly. */
  readonly unnumbered?: Sql | undefined;
  readonly columns: readonly SourceColumn[];
  readonly reading: Reading;
  readonly rejections: readonly SourceRejection[];
  readonly keepDuplicates: boolean;
  /** Asked before the load is committed; rejects where the columns prove wrong. */
  readonly confirm?: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: string, share: number) => void;
}

/** Source rows of one file by what became of them; they add up to the rows in the file. */
export interface LoadCounts {
  readonly sourceRows: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly pairs: number;
}

/** Ids are `base + record * stride + place`: unique and in file order, with gaps where records have fewer parts. */
export interface IdPlan {
  readonly promptBase: number;
  readonly responseBase: number;
  readonly responseStride: number;
  readonly comparisonBase: number;
  readonly comparisonStride: number;
  readonly annotatorBase: number;
  readonly mediaBase: number;
}

/** What `chooseRecords` found about a file. */
export interface Choice {
  /** Follows `FROM survey` and keeps the records that are loaded; empty where that is all of them. */
  readonly whichKept: Sql;
  readonly hasProblems: boolean;
  readonly hasMedia: boolean;
}

/** Runs statements of one load, all interruptible, with the share of each reported under the phase it belongs to. */
export class Loader {
  constructor(
    readonly session: Session,
    readonly request: LoadRequest,
  ) {}

  /** The ids under which rows of the dataset lie, those of this import included, as the list of an IN. */
  get datasetIds(): Sql {
    const { datasetId, heldUnder } = this.request;
    return datasetId === heldUnder ? String(datasetId) : `${datasetId}, ${heldUnder}`;
  }

  run(phase: string, sql: string, parameters: readonly (string | number | null)[] = []): Promise<number> {
    const { signal, onProgress } = this.request;
    return this.session.run(sql, parameters, { signal, onProgress: (share) => onProgress(phase, share) });
  }

  one<T>(sql: string): Promise<T> {
    return this.session.one<T>(sql, [], { signal: this.request.signal });
  }
}
