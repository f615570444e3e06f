import type { Database } from '../../../../native/duckdb/database.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Relation } from '../../../contract/corpus.contract.ts';
import { compileHits } from './hits-sql.ts';
import { findSearchIndex, type SearchIndex } from './search-tables.ts';
import { planSearch, type SearchPlan } from './search-units.ts';
import { parseSearchWords } from './search-words.ts';
import { makeSnippet, type Snippet } from './snippet.ts';

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
  readonly part: 'prompt' | 'response_a' | 'response_b' | 'response';
  readonly snippet: string;
  readonly marks: [number, number][];
}

export interface SearchAnswer {
  readonly total: number;
  readonly terms: string[];
  readonly hits: SearchHit[];
}

interface HitRow {
  readonly id: number;
  readonly exampleId: string;
  readonly score: number;
  readonly prompt: string;
  readonly promptB: string | null;
  readonly first: string;
  readonly second: string | null;
}

const keptTables = 8;

const hitColumns: Readonly<Record<Relation, string>> = {
  pairs: `x.example_id AS "exampleId", p.text AS prompt, pb.text AS "promptB", ra.text AS first, rb.text AS second
    FROM hit h JOIN comparison x ON x.comparison_id = h.row_id JOIN prompt p ON p.prompt_id = x.prompt_id
    LEFT JOIN prompt pb ON pb.prompt_id = x.prompt_b_id
    JOIN response ra ON ra.response_id = x.response_a_id JOIN response rb ON rb.response_id = x.response_b_id`,
  responses: `coalesce(x.example_id, x.response_id::VARCHAR) AS "exampleId", p.text AS prompt, NULL AS "promptB", x.text AS first, NULL AS second
    FROM hit h JOIN response x ON x.response_id = h.row_id JOIN prompt p ON p.prompt_id = x.prompt_id`,
};

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
    const rows = await this.database.all<HitRow>(
      `WITH hit AS MATERIALIZED (SELECT row_id, score FROM ${table} ORDER BY score DESC, row_id LIMIT ?)
       SELECT h.row_id AS id, h.score, ${hitColumns[relation]} ORDER BY h.score DESC, h.row_id`,
      [limit],
      { signal: options.signal },
    );
    const hits = rows.map((row) => ({
      relation,
      id: row.id,
      exampleId: row.exampleId,
      score: row.score,
      ...chooseSnippet(row, plan, relation),
    }));
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
      const total = await session.run(
        `CREATE TABLE ${table} AS SELECT row_id, score FROM (${sql}) ORDER BY score DESC, row_id`,
        parameters,
        { signal },
      );
      const terms = plan.wanted.map((unit) => (unit.match === 'exact' ? unit.term : `${unit.term}*`));
      return { table, terms, total, relation: index.relation, plan };
    });
    this.cache.set(key, made);
    await this.evict();
    return made;
  }

  private async evict(): Promise<void> {
    for (const [key, { table }] of this.cache) {
      if (this.cache.size <= keptTables) return;
      this.cache.delete(key);
      await this.database.withReader((session) => session.run(`DROP TABLE IF EXISTS ${table}`));
    }
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

function chooseSnippet(
  row: HitRow,
  plan: SearchPlan,
  relation: Relation,
): Pick<SearchHit, 'part' | 'snippet' | 'marks'> {
  const texts: (readonly [SearchHit['part'], string | null])[] = [
    ['prompt', row.prompt],
    ['prompt', row.promptB],
    [relation === 'pairs' ? 'response_a' : 'response', row.first],
    ['response_b', row.second],
  ];
  let best: { part: SearchHit['part']; made: Snippet } | undefined;
  for (const [part, text] of texts) {
    if (text === null) continue;
    const made = makeSnippet(text, plan.wanted);
    if (!best || made.weight > best.made.weight) best = { part, made };
  }
  return { part: best?.part ?? 'prompt', snippet: best?.made.snippet ?? '', marks: best?.made.marks ?? [] };
}
