import type { Database } from '../../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Facet, Relation } from '../../../contract/corpus.contract.ts';
import type { Filter } from '../../../contract/filter.contract.ts';
import type { Sql } from '../reading/reader.ts';
import type { SearchService } from '../search/search.service.ts';
import { compileClauses, getField } from './compile-filter.ts';
import { type FieldDefinition, baseTable, fromClause } from './field-table.ts';

export interface FacetRequest {
  readonly datasetId: number;
  readonly relation: Relation;
  readonly filter: Filter;
  readonly fields: readonly string[];
  readonly bins: number;
  readonly top: number;
}

interface Scope {
  readonly session: Session;
  readonly request: FacetRequest;
  readonly field: FieldDefinition;
  /** Relation with its joins, the dataset's rows only. */
  readonly from: Sql;
  /** Condition of every clause but the field's own. */
  readonly condition: Sql;
  readonly parameters: readonly Parameter[];
  readonly signal: AbortSignal | undefined;
}

async function countCategories(scope: Scope): Promise<Facet> {
  const { field, session, request } = scope;
  const values = field.kind === 'tags' ? `unnest(coalesce(${field.sql}, []))` : field.sql;
  const rows = await session.all<{
    value: string | null;
    count: number;
    total: number;
    more: number;
    moreRows: number;
  }>(
    `WITH counted AS (
       SELECT value, count(*) FILTER (is_in) AS count, count(*) AS total
       FROM (SELECT ${values} AS value, coalesce(${scope.condition}, false) AS is_in FROM ${scope.from} WHERE x.dataset_id = ?)
       GROUP BY value),
     ranked AS (SELECT *, row_number() OVER (ORDER BY count DESC, total DESC, value) AS place FROM counted)
     SELECT value, count, total,
       (SELECT count(*) FROM ranked WHERE place > ${request.top}) AS more,
       (SELECT coalesce(sum(count), 0) FROM ranked WHERE place > ${request.top}) AS "moreRows"
     FROM ranked WHERE place <= ${request.top} ORDER BY place`,
    [...scope.parameters, request.datasetId],
    { signal: scope.signal },
  );
  return {
    kind: 'categories',
    field: field.id,
    values: rows.map(({ value, count, total }) => ({ value, count, total })),
    otherValues: rows[0]?.more ?? 0,
    otherRows: Number(rows[0]?.moreRows ?? 0),
  };
}

async function countBins(scope: Scope): Promise<Facet> {
  const { field, session, request } = scope;
  const { low, high, integral } = await session.one<{
    low: number | null;
    high: number | null;
    integral: boolean | null;
  }>(
    `SELECT min(v)::DOUBLE AS low, max(v)::DOUBLE AS high, bool_and(v = floor(v)) AS integral
     FROM (SELECT (${field.sql})::DOUBLE AS v FROM ${scope.from} WHERE x.dataset_id = ?)`,
    [request.datasetId],
    { signal: scope.signal },
  );
  const isOneBin = low === null || high === null || low === high;
  const span = isOneBin ? 1 : high - low;
  const bins = isOneBin ? 1 : integral && span < request.bins ? span + 1 : request.bins;
  const width = integral && span < request.bins ? 1 : span / bins;
  const rows = await session.all<{ bin: number | null; count: number; total: number }>(
    `SELECT CASE WHEN v IS NOT NULL THEN least(${bins} - 1, floor((v - ?::DOUBLE) / ?::DOUBLE))::INTEGER END AS bin, count(*) FILTER (is_in) AS count, count(*) AS total
     FROM (SELECT (${field.sql})::DOUBLE AS v, coalesce(${scope.condition}, false) AS is_in FROM ${scope.from} WHERE x.dataset_id = ?)
     GROUP BY ALL`,
    [low ?? 0, width, ...scope.parameters, request.datasetId],
    { signal: scope.signal },
  );
  const byBin = new Map(rows.map((row) => [row.bin, row]));
  const start = low ?? 0;
  return {
    kind: 'histogram',
    field: field.id,
    bins:
      low === null
        ? []
        : Array.from({ length: bins }, (_, bin) => ({
            min: start + bin * width,
            max: start + (bin + 1) * width,
            count: byBin.get(bin)?.count ?? 0,
            total: byBin.get(bin)?.total ?? 0,
          })),
    nulls: byBin.get(null)?.count ?? 0,
    min: low,
    max: high,
  };
}

/**
 * Counts for column headers and charts: per value or equal-width bin, under the filter and over the whole dataset.
 * Each field sees every clause but its own, so that a chart keeps showing what else could be picked.
 */
export class FacetService {
  constructor(
    private readonly database: Database,
    private readonly search: SearchService,
  ) {}

  async count(request: FacetRequest, signal?: AbortSignal): Promise<Facet[]> {
    const { datasetId, filter, relation } = request;
    const hits =
      filter.words === undefined
        ? undefined
        : await this.search.findHits(datasetId, filter.words, { signal });
    return Promise.all(
      request.fields.map((id) => {
        const field = getField(relation, id);
        if (!field.isFacet)
          throw new AppError('FILTER_INVALID', `${field.title} has no facet: it is a free text.`, {
            field: id,
          });
        const conditions = compileClauses(
          relation,
          filter.clauses.filter((clause) => clause.op === 'ids' || clause.field !== id),
        );
        const isHit = hits ? ` AND x.${baseTable[relation].id} IN (SELECT row_id FROM ${hits.table})` : '';
        return this.database.withReader((session) => {
          const scope: Scope = {
            session,
            request,
            field,
            from: fromClause(relation, [field, ...conditions.fields]),
            condition: `(${conditions.sql})${isHit}`,
            parameters: conditions.parameters,
            signal,
          };
          return field.kind === 'number' ? countBins(scope) : countCategories(scope);
        });
      }),
    );
  }
}
