import { describe, expect, it } from 'vitest';
import { PageCache, pageCapacity } from '../../../renderer/grid/page-cache.ts';
import type { GridRow, RowSource } from '../../../renderer/grid/row-source.ts';
import { pageSize } from '../../../renderer/grid/window.ts';

interface Asked {
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
  answer(): Promise<void>;
  fail(error: Error): Promise<void>;
}

function controlledSource(count: number): { source: RowSource; asked: Asked[] } {
  const asked: Asked[] = [];
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  const source: RowSource = {
    count,
    page: (offset, limit, signal) =>
      new Promise<readonly GridRow[]>((resolve, reject) => {
        const rows = Array.from({ length: limit }, (_, i) => ({ id: offset + i, cells: [] }));
        asked.push({
          offset,
          limit,
          signal,
          answer: () => (resolve(rows), settle()),
          fail: (error) => (reject(error), settle()),
        });
      }),
  };
  return { source, asked };
}

const quiet = { onPage: () => {}, onError: () => {} };

describe('page cache', () => {
  it('asks the page ahead only after the visible pages came, so that prefetch never delays what is seen', async () => {
    const { source, asked } = controlledSource(10_000);
    const cache = new PageCache(source, quiet);
    cache.want({ visible: [0, 1], ahead: 2 });
    expect(asked.map((a) => a.offset)).toEqual([0, pageSize]);
    await asked[0]?.answer();
    expect(asked).toHaveLength(2);
    await asked[1]?.answer();
    expect(asked.map((a) => a.offset)).toEqual([0, pageSize, 2 * pageSize]);
  });

  it('aborts requests that scrolled out of view and drops their late answers', async () => {
    const { source, asked } = controlledSource(1_000_000);
    const cache = new PageCache(source, quiet);
    cache.want({ visible: [0], ahead: undefined });
    cache.want({ visible: [900], ahead: undefined });
    expect(asked[0]?.signal.aborted).toBe(true);
    await asked[0]?.answer();
    expect(cache.row(0)).toBeUndefined();
    await asked[1]?.answer();
    expect(cache.row(900 * pageSize)?.id).toBe(900 * pageSize);
  });

  it('asks the last page for the rows there are, not for a full page', () => {
    const { source, asked } = controlledSource(300);
    new PageCache(source, quiet).want({ visible: [1], ahead: undefined });
    expect(asked[0]?.limit).toBe(300 - pageSize);
  });

  it('keeps forty pages and drops the one that was wanted longest ago, not the one on the screen', async () => {
    const { source, asked } = controlledSource(1_000_000);
    const cache = new PageCache(source, quiet);
    for (let page = 0; page < pageCapacity; page += 1) {
      cache.want({ visible: [page], ahead: undefined });
      await asked.at(-1)?.answer();
    }
    cache.want({ visible: [0], ahead: undefined });
    cache.want({ visible: [0, pageCapacity], ahead: undefined });
    await asked.at(-1)?.answer();
    expect(cache.row(0)).toBeDefined();
    expect(cache.row(pageSize)).toBeUndefined();
    expect(cache.row(2 * pageSize)).toBeDefined();
  });

  it('reports the failure of a visible page but not of the page ahead', async () => {
    const { source, asked } = controlledSource(10_000);
    const errors: unknown[] = [];
    const cache = new PageCache(source, { onPage: () => {}, onError: (error) => errors.push(error) });
    cache.want({ visible: [0], ahead: 1 });
    await asked[0]?.answer();
    await asked[1]?.fail(new Error('ahead'));
    expect(errors).toEqual([]);
    cache.want({ visible: [5], ahead: undefined });
    await asked.at(-1)?.fail(new Error('visible'));
    expect(errors).toEqual([new Error('visible')]);
  });
});
