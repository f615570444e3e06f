import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { findFirstRows } from './first-hits.ts';
import { compileCandidates, compileHits, hasPhrase } from './hits-sql.ts';
import { findSearchIndex, type SearchIndex } from './search-tables.ts';
import { planSearch, type SearchPlan } from './search-units.ts';
import { parseSearchWords, type SearchWords } from './search-words.ts';
import { chooseSnippet, type Part, readTexts } from './hit-texts.ts';

/** Rows that match, in `table` (row_id BIGINT, score DOUBLE), best first; higher scores are better. */
export interface SearchHits {
  readonly table: string;
  /** Terms looked for, as they are in the index; beginnings end in a star. */
  readonly terms: readonly string[];
  readonly total: number;
}

/** The best rows of a search; not `isComplete` where there are more, of which nobody knows yet how many. */
export interface FirstHits extends SearchHits {
  readonly isComplete: boolean;
}

/** Rows that have a search's words, (row_id, mask, score) best first; whether they hold its phrases is not known. */
interface Candidates {
  readonly table: string;
  readonly relation: Relation;
  readonly plan: SearchPlan;
  readonly terms: readonly string[];
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
/** Rows of a first page; the grid asks for 256 at a time. */
const firstRows = 400;

/** A search on its way. */
interface Search {
  readonly index: SearchIndex;
  readonly parsed: SearchWords;
  readonly signal?: AbortSignal | undefined;
}

function keyOf(index: SearchIndex, parsed: SearchWords): string {
  return JSON.stringify([index.datasetId, index.builtAt, parsed]);
}

/**
 * Ranked full-text search. The hits of the last eight searches stay in scratch tables, so that a view, its count and
 * its facets share one; a table is gone once eight later searches have been made.
 */
export class SearchService {
  private readonly cache = new Map<string, CachedHits>();
  private readonly candidates = new Map<string, Candidates>();
  private readonly pending = new Map<string, Promise<CachedHits>>();
  private readonly firstTables: string[] = [];
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

  /**
   * The best rows that match, soon: a phrase of words that are everywhere is looked for in the texts of the best
   * candidates only. `findHits` then has the rest. Throws as `findHits`.
   */
  async findFirst(
    datasetId: number,
    words: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<FirstHits> {
    const parsed = parseSearchWords(words);
    const index = await this.getIndex(datasetId);
    const key = keyOf(index, parsed);
    if (!this.cache.has(key)) {
      const candidates = await this.ensureCandidates(key, { index, parsed, signal: options.signal });
      if (hasPhrase(candidates.plan)) return this.storeFirst(candidates, options.signal);
    }
    const { table, terms, total } = await this.ensureHits(datasetId, words, options.signal);
    return { table, terms, total, isComplete: true };
  }

  private async storeFirst(candidates: Candidates, signal?: AbortSignal): Promise<FirstHits> {
    const { relation, plan, terms } = candidates;
    return this.database.withReader(async (session) => {
      const request = { candidates: candidates.table, relation, plan, limit: firstRows, signal };
      const { ids, isComplete } = await findFirstRows(session, request);
      const table = `scratch.first_${this.nextTable++}`;
      await session.run(
        `CREATE TABLE ${table} AS SELECT row_id, score FROM ${candidates.table} WHERE list_contains([${ids.join(', ')}]::BIGINT[], row_id) ORDER BY rowid`,
      );
      this.firstTables.push(table);
      const old = this.firstTables.length > keptTables ? this.firstTables.shift() : undefined;
      if (old !== undefined) await session.run(`DROP TABLE IF EXISTS ${old}`);
      return { table, terms, total: ids.length, isComplete };
    });
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

  /** One search at a time for the same words; who asks while it runs waits for it, and goes on where it was given up. */
  private async ensureHits(datasetId: number, words: string, signal?: AbortSignal): Promise<CachedHits> {
    const parsed = parseSearchWords(words);
    const index = await this.getIndex(datasetId);
    const key = keyOf(index, parsed);
    for (;;) {
      signal?.throwIfAborted();
      const known = this.cache.get(key);
      if (known) {
        this.cache.delete(key);
        this.cache.set(key, known);
        return known;
      }
      const running = this.pending.get(key);
      if (!running) break;
      await running.catch(() => undefined);
    }
    const making = this.makeHits(key, { index, parsed, signal }).finally(() => this.pending.delete(key));
    this.pending.set(key, making);
    return making;
  }

  private async makeHits(key: string, search: Search): Promise<CachedHits> {
    const candidates = await this.ensureCandidates(key, search);
    const { relation, plan, terms } = candidates;
    const isAdmitted = !hasPhrase(plan);
    const made = await this.database.withReader(async (session) => {
      const table = isAdmitted ? candidates.table : `scratch.hits_${this.nextTable++}`;
      if (!isAdmitted) {
        const { sql, parameters } = compileHits(relation, plan, candidates.table);
        await session.run(
          `CREATE TABLE ${table} AS SELECT row_id, score FROM (${sql}) ORDER BY score DESC, row_id`,
          parameters,
          { signal: search.signal },
        );
      }
      const { total } = await session.one<{ total: number }>(`SELECT count(*) AS total FROM ${table}`);
      return { table, terms, total, relation, plan };
    });
    this.cache.set(key, made);
    this.candidates.delete(key);
    if (!isAdmitted) await this.drop(candidates.table);
    await this.evict();
    return made;
  }

  private async ensureCandidates(key: string, { index, parsed, signal }: Search): Promise<Candidates> {
    const known = this.candidates.get(key);
    if (known) return known;
    const made = await this.database.withReader(async (session) => {
      const plan = await planSearch(session, parsed);
      const { sql, parameters } = await compileCandidates(session, index, plan);
      const table = `scratch.candidates_${this.nextTable++}`;
      await session.run(
        `CREATE TABLE ${table} AS SELECT row_id, mask, score FROM (${sql}) ORDER BY score DESC, row_id`,
        parameters,
        { signal },
      );
      const terms = plan.wanted.map((unit) => (unit.match === 'exact' ? unit.term : `${unit.term}*`));
      return { table, relation: index.relation, plan, terms };
    });
    const rival = this.candidates.get(key);
    if (rival) await this.drop(made.table);
    else this.candidates.set(key, made);
    return rival ?? made;
  }

  private async evict(): Promise<void> {
    for (const [key, { table }] of this.cache) {
      if (this.cache.size <= keptTables) return;
      this.cache.delete(key);
      await this.drop(table);
    }
    for (const [key, { table }] of this.candidates) {
      if (this.candidates.size <= keptTables) return;
      this.candidates.delete(key);
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
