import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { compileHits } from './hits-sql.ts';
import { findSearchIndex, type SearchIndex } from './search-tables.ts';
import { planSearch, type SearchPlan } from './search-units.ts';
import { parseSearchWords } from './search-words.ts';
import { chooseSnippet, type Part, readTexts } from './hit-texts.ts';

/** Rows that match, in `table` (row_id BIGINT, score DOUBLE), best first; higher scores are better. */
export interface SearchHits {
  readonly table: string;
  /** Terms looked for, as they are in the index; beginnings end in a star. */
  readonly terms: readonly string[];
  readonly total: number;
}

interface CachedHits extends SearchHits {
  readonly relation: Relation;
  readonly plan: SearchPlan;
}

export interface SearchRequest {
  readonly datasetId: number;
  readonly words: string;
  readonly limit: number;
}

export interface SearchHit {
  readonly relation: Relation;
  readonly id: number;
  readonly exampleId: string;
  readonly score: number;
  readonly part: Part;
  readonly snippet: string;
  readonly marks: [number, number][];
}

export interface SearchAnswer {
  readonly total: number;
  readonly terms: string[];
  readonly hits: SearchHit[];
}

const keptTables = 8;

/**
 * Ranked full-text search. The hits of the last eight searches stay in scratch tables, so that a view, its count and
 * its facets share one; a table is gone once eight later searches have been made.
 */
export class SearchService {
  private readonly cache = new Map<string, CachedHits>();
  private nextTable = 1;

  constructor(private readonly database: Database) {}

  /**
   * Every row that matches, scored. Throws SEARCH_INDEX_MISSING before the dataset's index is built, SEARCH_INVALID for
   * words that say nothing, DATASET_MISSING.
   */
  async findHits(
    datasetId: number,
    words: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SearchHits> {
    const { table, terms, total } = await this.ensureHits(datasetId, words, options.signal);
    return { table, terms, total };
  }

  /** The best `limit` hits with a snippet of the text that matches best. Throws as `findHits`. */
  async query(
    request: SearchRequest,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SearchAnswer> {
    const { datasetId, words, limit } = request;
    const { table, terms, total, relation, plan } = await this.ensureHits(datasetId, words, options.signal);
    const hits = await this.database.withReader(async (session) => {
      const best = await session.all<{ id: number; score: number }>(
        `SELECT row_id AS id, score FROM ${table} ORDER BY score DESC, row_id LIMIT ?`,
        [limit],
        options,
      );
      const texts = await readTexts(
        session,
        relation,
        best.map(({ id }) => id),
        options.signal,
      );
      return best.flatMap(({ id, score }) => {
        const row = texts.get(id);
        if (!row) return [];
        const shown = chooseSnippet(row.texts, plan.wanted);
        return [{ relation, id, exampleId: row.exampleId, score, ...shown }];
      });
    });
    return { total, terms: [...terms], hits };
  }

  private async ensureHits(datasetId: number, words: string, signal?: AbortSignal): Promise<CachedHits> {
    const parsed = parseSearchWords(words);
    const index = await this.getIndex(datasetId);
    const key = JSON.stringify([datasetId, index.builtAt, parsed]);
    const known = this.cache.get(key);
    if (known) {
      this.cache.delete(key);
      this.cache.set(key, known);
      return known;
    }
    const made = await this.database.withReader(async (session) => {
      const plan = await planSearch(session, parsed);
      const { sql, parameters } = await compileHits(session, index, plan);
      const table = `scratch.hits_${this.nextTable++}`;
      await session.run(
        `CREATE TABLE ${table} AS SELECT row_id, score FROM (${sql}) ORDER BY score DESC, row_id`,
        parameters,
        { signal },
      );
      const { total } = await session.one<{ total: number }>(`SELECT count(*) AS total FROM ${table}`);
      const terms = plan.wanted.map((unit) => (unit.match === 'exact' ? unit.term : `${unit.term}*`));
      return { table, terms, total, relation: index.relation, plan };
    });
    const rival = this.cache.get(key);
    if (rival) await this.drop(made.table);
    else this.cache.set(key, made);
    await this.evict();
    return rival ?? made;
  }

  private async evict(): Promise<void> {
    for (const [key, { table }] of this.cache) {
      if (this.cache.size <= keptTables) return;
      this.cache.delete(key);
      await this.drop(table);
    }
  }

  private async drop(table: string): Promise<void> {
    await this.database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
  }

  private async getIndex(datasetId: number): Promise<SearchIndex> {
    const index = await findSearchIndex(this.database, datasetId);
    if (index) return index;
    const { exists, building } = await this.database.one<{ exists: boolean; building: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM dataset WHERE dataset_id = ?) AS exists,
         EXISTS (SELECT 1 FROM job WHERE type = 'search-index' AND status IN ('queued', 'running')
           AND (spec ->> '$.datasetId')::BIGINT = ?) AS building`,
      [datasetId, datasetId],
    );
    if (!exists)
      throw new AppError(
        'DATASET_MISSING',
        `Not searched: there is no dataset ${datasetId} in this workspace.`,
        {
          datasetId,
        },
      );
    throw new AppError(
      'SEARCH_INDEX_MISSING',
      building
        ? 'Not searched: the search index of this dataset is still being built. Search again when that job has ended.'
        : 'Not searched: this dataset has no search index. Build it (the search-index job), then search again.',
      { datasetId, building },
    );
  }
}
