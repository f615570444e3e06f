import type { LocationQuery, LocationQueryRaw, RouteLocationRaw } from 'vue-router';
import type { Clause, Sort } from '../../electron/contract/filter.contract.ts';

/** What the address of the browse page holds. */
export interface ViewQuery {
  readonly clauses: readonly Clause[];
  readonly words: string;
  readonly sort: readonly Sort[];
  /** Id of the row that is open beside the grid. */
  readonly row: number | null;
  /** Key of a set of rows another screen handed over, see `row-sets.ts`. */
  readonly set: string | null;
}

export const emptyViewQuery: ViewQuery = { clauses: [], words: '', sort: [], row: null, set: null };

/** Query part of an address; parts at their default are left out. */
export function encodeViewQuery(view: ViewQuery): LocationQueryRaw {
  return {
    ...(view.clauses.length > 0 && { f: JSON.stringify(view.clauses) }),
    ...(view.words !== '' && { q: view.words }),
    ...(view.sort.length > 0 && {
      s: view.sort.map((s) => `${s.direction === 'desc' ? '-' : ''}${s.field}`).join(','),
    }),
    ...(view.row !== null && { row: String(view.row) }),
    ...(view.set !== null && { set: view.set }),
  };
}

/** Reads an address somebody may have typed: whatever is not understood is left out. */
export function decodeViewQuery(query: LocationQuery): ViewQuery {
  const row = Number(textOf(query['row']));
  return {
    clauses: decodeClauses(textOf(query['f'])),
    words: textOf(query['q']) ?? '',
    sort: decodeSort(textOf(query['s'])),
    row: textOf(query['row']) !== undefined && Number.isSafeInteger(row) ? row : null,
    set: textOf(query['set']) ?? null,
  };
}

/** Address of the browse page with a filter, a sort, an open row or a set of rows. */
export function browseLink(datasetId: number, view: Partial<ViewQuery> = {}): RouteLocationRaw {
  return {
    name: 'browse',
    params: { dataset: datasetId },
    query: encodeViewQuery({ ...emptyViewQuery, ...view }),
  };
}

/** Address of the judge page with the same rows: filter, words and handed-over set; sort and open row mean nothing there. */
export function judgeLink(datasetId: number, view: Partial<ViewQuery> = {}): RouteLocationRaw {
  const { clauses, words, set } = { ...emptyViewQuery, ...view };
  return {
    name: 'judge',
    params: { dataset: datasetId },
    query: encodeViewQuery({ ...emptyViewQuery, clauses, words, set }),
  };
}

function textOf(value: LocationQuery[string] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first ?? undefined;
}

function decodeSort(text: string | undefined): Sort[] {
  if (!text) return [];
  return text
    .split(',')
    .filter((part) => part.replace(/^-/, '') !== '')
    .map((part) =>
      part.startsWith('-') ? { field: part.slice(1), direction: 'desc' } : { field: part, direction: 'asc' },
    );
}

function decodeClauses(text: string | undefined): Clause[] {
  if (!text) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isClause) : [];
  } catch {
    return [];
  }
}

function isClause(value: unknown): value is Clause {
  if (typeof value !== 'object' || value === null) return false;
  const clause = value as Record<string, unknown>;
  if (typeof clause['field'] !== 'string') return false;
  switch (clause['op']) {
    case 'in':
    case 'not_in':
      return (
        Array.isArray(clause['values']) && clause['values'].length > 0 && clause['values'].every(isScalar)
      );
    case 'range':
      return isBound(clause['min']) && isBound(clause['max']);
    case 'is_null':
    case 'not_null':
      return true;
    case 'contains':
      return isFilled(clause['text']);
    case 'matches':
      return isFilled(clause['pattern']);
    default:
      return false;
  }
}

const isScalar = (v: unknown) => v === null || ['string', 'number', 'boolean'].includes(typeof v);
const isBound = (v: unknown) => v === null || typeof v === 'number';
const isFilled = (v: unknown) => typeof v === 'string' && v !== '';
