import type { GridRow, RowSource } from './row-source.ts';
import type { PagePlan } from './window.ts';
import { pageOfRow, pageSize } from './window.ts';

export const pageCapacity = 40;

interface Request {
  readonly abort: AbortController;
  readonly isAhead: boolean;
}

export interface PageCacheEvents {
  /** A page arrived. */
  onPage(): void;
  /** A wanted page did not arrive; aborted requests are not reported. */
  onError(error: unknown): void;
}

/**
 * Pages of one row source, least recently wanted dropped first. Owns the requests in flight: a new plan aborts
 * those it no longer wants, and the page ahead is asked only when no visible page is missing.
 */
export class PageCache {
  readonly #pages = new Map<number, readonly GridRow[]>();
  readonly #requests = new Map<number, Request>();
  readonly #source: RowSource;
  readonly #events: PageCacheEvents;
  #plan: PagePlan = { visible: [], ahead: undefined };

  constructor(source: RowSource, events: PageCacheEvents) {
    this.#source = source;
    this.#events = events;
  }

  get isLoading(): boolean {
    return this.#requests.size > 0;
  }

  row(position: number): GridRow | undefined {
    return this.#pages.get(pageOfRow(position))?.[position % pageSize];
  }

  /** Replaces what is wanted, aborts the rest and asks for what is missing. */
  want(plan: PagePlan): void {
    this.#plan = plan;
    const wanted = new Set(plan.visible);
    if (plan.ahead !== undefined) wanted.add(plan.ahead);
    for (const [page, request] of this.#requests) {
      if (!wanted.has(page)) this.#cancel(page, request);
    }
    for (const page of wanted) this.#touch(page);
    this.#evict();
    this.#ask();
  }

  close(): void {
    for (const [page, request] of this.#requests) this.#cancel(page, request);
    this.#pages.clear();
  }

  #ask(): void {
    const missing = this.#plan.visible.filter((page) => !this.#pages.has(page));
    for (const page of missing) this.#load(page, false);
    const { ahead } = this.#plan;
    if (missing.length === 0 && ahead !== undefined && !this.#pages.has(ahead)) this.#load(ahead, true);
  }

  #load(page: number, isAhead: boolean): void {
    if (this.#requests.has(page)) return;
    const request: Request = { abort: new AbortController(), isAhead };
    this.#requests.set(page, request);
    const offset = page * pageSize;
    const limit = Math.min(pageSize, this.#source.count - offset);
    this.#source.page(offset, limit, request.abort.signal).then(
      (rows) => {
        if (this.#requests.get(page) !== request) return;
        this.#requests.delete(page);
        this.#pages.set(page, rows);
        this.#evict();
        this.#events.onPage();
        this.#ask();
      },
      (error: unknown) => {
        if (this.#requests.get(page) !== request) return;
        this.#requests.delete(page);
        if (!isAhead) this.#events.onError(error);
      },
    );
  }

  #cancel(page: number, request: Request): void {
    this.#requests.delete(page);
    request.abort.abort();
  }

  #touch(page: number): void {
    const rows = this.#pages.get(page);
    if (!rows) return;
    this.#pages.delete(page);
    this.#pages.set(page, rows);
  }

  #evict(): void {
    for (const page of this.#pages.keys()) {
      if (this.#pages.size <= pageCapacity) return;
      this.#pages.delete(page);
    }
  }
}
