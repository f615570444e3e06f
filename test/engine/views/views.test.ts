import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RowService } from '../../../electron/core/corpus/row.service.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { FacetService } from '../../../electron/core/corpus/views/facet.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { openImportBench } from '../../support/import-corpus.ts';

const noFilter = { clauses: [] };

/** 300 pairs: models x and y alternate, response a of row i has i + 1 characters, b always ten; the longer wins. */
async function openViews() {
  const bench = await openImportBench();
  const file = path.join(await makeTemporaryDirectory(), 'pairs.csv');
  const rows = Array.from({ length: 300 }, (_, i) => {
    const label = i + 1 === 10 ? 'tie' : i + 1 > 10 ? 'model_a' : 'model_b';
    return `Prompt ${i},${'a'.repeat(i + 1)},${'b'.repeat(10)},${i % 2 ? 'x' : 'y'},z,${label}`;
  });
  writeFileSync(file, ['question_text,left,right,m1,m2,verdict', ...rows].join('\n'));
  const mapping = {
    prompt: 'question_text',
    response_a: 'left',
    response_b: 'right',
    model_a: 'm1',
    model_b: 'm2',
    label: 'verdict',
  };
  const { datasetId } = await bench.load({ files: [file], format: 'mapped', mapping });
  const { database } = bench.workspace;
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  const facets = new FacetService(database, search);
  const rowService = new RowService(database, () => views.invalidate(), bench.workspace.media);
  const open = (
    filter: Parameters<ViewService['open']>[0]['filter'],
    sort: Parameters<ViewService['open']>[0]['sort'] = [],
  ) => views.open({ datasetId, relation: 'pairs', filter, sort });
  return { bench, database, views, facets, rowService, datasetId, open };
}

describe('grid views', () => {
  it('pages in file order, at any depth, without losing or repeating a row', async () => {
    const { views, open } = await openViews();
    const { viewId, count, total } = await open(noFilter);
    expect({ count, total }).toEqual({ count: 300, total: 300 });
    const prompts: unknown[] = [];
    for (let offset = 0; offset < 300; offset += 128) {
      const page = await views.page({ viewId, offset, limit: 128, fields: ['prompt', 'chars_a'] });
      prompts.push(...page.rows.map((row) => (row.cells[0] as { preview: string }).preview));
    }
    expect(prompts).toEqual(Array.from({ length: 300 }, (_, i) => `Prompt ${i}`));
  });

  it('sorts by a number in both directions with a stable second key', async () => {
    const { views, open } = await openViews();
    const { viewId } = await open(noFilter, [
      { field: 'model_a', direction: 'asc' },
      { field: 'chars_a', direction: 'desc' },
    ]);
    const { rows } = await views.page({ viewId, offset: 148, limit: 4, fields: ['model_a', 'chars_a'] });
    expect(rows.map((row) => row.cells)).toEqual([
      ['x', 4],
      ['x', 2],
      ['y', 299],
      ['y', 297],
    ]);
  });

  it('filters by value, range, null, substring and pattern; all of them joined by AND', async () => {
    const { open } = await openViews();
    const count = async (...clauses: Parameters<typeof open>[0]['clauses']) =>
      (await open({ clauses })).count;
    expect(await count({ op: 'in', field: 'model_a', values: ['x'] })).toBe(150);
    expect(await count({ op: 'not_in', field: 'label', values: ['a'] })).toBe(10);
    expect(await count({ op: 'range', field: 'chars_a', min: 10, max: 20, closed: false })).toBe(10);
    expect(await count({ op: 'range', field: 'chars_a', min: 10, max: 20, closed: true })).toBe(11);
    expect(await count({ op: 'is_null', field: 'language' })).toBe(300);
    expect(await count({ op: 'contains', field: 'prompt', text: 'PROMPT 29', ignoreCase: true })).toBe(11);
    expect(await count({ op: 'contains', field: 'prompt', text: 'PROMPT 29', ignoreCase: false })).toBe(0);
    expect(await count({ op: 'matches', field: 'prompt', pattern: '^prompt 1\\d$', ignoreCase: true })).toBe(
      10,
    );
    expect(
      await count(
        { op: 'in', field: 'model_a', values: ['x'] },
        { op: 'range', field: 'chars_a', min: null, max: 11, closed: false },
      ),
    ).toBe(5);
  });

  it('treats a filter value as a value, whatever SQL it spells', async () => {
    const { open, database } = await openViews();
    const evil = "x'); DROP TABLE comparison; --";
    expect((await open({ clauses: [{ op: 'in', field: 'model_a', values: [evil] }] })).count).toBe(0);
    expect(
      (await open({ clauses: [{ op: 'contains', field: 'prompt', text: evil, ignoreCase: true }] })).count,
    ).toBe(0);
    await expect(
      open({ clauses: [{ op: 'in', field: 'label" OR 1=1 --', values: ['a'] }] }),
    ).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    expect(await database.one('SELECT count(*) AS n FROM comparison')).toEqual({ n: 300 });
  });

  it('answers a bad regular expression with FILTER_INVALID, not a crash', async () => {
    const { open } = await openViews();
    const bad = open({
      clauses: [{ op: 'matches', field: 'prompt', pattern: '(unclosed', ignoreCase: true }],
    });
    await expect(bad).rejects.toMatchObject({ code: 'FILTER_INVALID' });
  });

  it('finds the position of a row, also where the filter has removed it', async () => {
    const { views, open } = await openViews();
    const all = await open(noFilter);
    const { rows } = await views.page({ viewId: all.viewId, offset: 41, limit: 1, fields: ['chars_a'] });
    const id = rows[0]?.id ?? -1;
    expect(await views.locate(all.viewId, id)).toBe(41);
    const odd = await open({ clauses: [{ op: 'in', field: 'model_a', values: ['y'] }] });
    expect(await views.locate(odd.viewId, id)).toBeNull();
  });

  it('a tag changes the views that filter by it, and is in the change log', async () => {
    const { open, rowService, views, database } = await openViews();
    const first = await open(noFilter);
    const { rows } = await views.page({ viewId: first.viewId, offset: 0, limit: 3, fields: ['label'] });
    const ids = rows.map((row) => row.id);
    expect(await rowService.tag('pairs', ids, 'check', true)).toBe(3);
    expect(await rowService.tag('pairs', ids, 'check', true)).toBe(0);
    expect((await open({ clauses: [{ op: 'in', field: 'tags', values: ['check'] }] })).count).toBe(3);
    expect((await rowService.get('pairs', ids[0] ?? -1)).tags).toEqual(['check']);
    expect(await rowService.tag('pairs', ids.slice(0, 1), 'check', false)).toBe(1);
    expect((await open({ clauses: [{ op: 'in', field: 'tags', values: ['check'] }] })).count).toBe(2);
    expect(await database.one('SELECT count(*) AS n FROM change')).toEqual({ n: 4 });
  });
});

describe('facets', () => {
  it('count values under every clause but their own', async () => {
    const { facets, datasetId } = await openViews();
    const request = { datasetId, relation: 'pairs', bins: 10, top: 12 } as const;
    const filter = { clauses: [{ op: 'in' as const, field: 'label', values: ['b'] }] };
    const [label, model] = await facets.count({ ...request, filter, fields: ['label', 'model_a'] });
    expect(label).toMatchObject({
      values: [
        { value: 'a', count: 290, total: 290 },
        { value: 'b', count: 9, total: 9 },
        { value: 'tie', count: 1, total: 1 },
      ],
    });
    expect(model).toMatchObject({
      values: [
        { value: 'y', count: 5, total: 150 },
        { value: 'x', count: 4, total: 150 },
      ],
    });
  });

  it('histograms hold every row once, the largest value in the last bin', async () => {
    const { facets, datasetId } = await openViews();
    const [facet] = await facets.count({
      datasetId,
      relation: 'pairs',
      filter: noFilter,
      fields: ['chars_a'],
      bins: 10,
      top: 12,
    });
    if (facet?.kind !== 'histogram') throw new Error('expected a histogram');
    expect(facet.bins.map((bin) => bin.count).reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(facet.bins).toHaveLength(10);
    expect(facet.min).toBe(1);
    expect(facet.max).toBe(300);
    expect(facet.bins.at(-1)?.count).toBeGreaterThanOrEqual(30);
  });

  it('a constant column is one bin, an absent one is none, and nothing divides by zero', async () => {
    const { facets, datasetId } = await openViews();
    const [constant, absent] = await facets.count({
      datasetId,
      relation: 'pairs',
      filter: noFilter,
      fields: ['chars_b', 'strength'],
      bins: 10,
      top: 12,
    });
    expect(constant).toMatchObject({ bins: [{ min: 10, count: 300 }] });
    expect(absent).toMatchObject({ bins: [], nulls: 300 });
  });
});

describe('row detail', () => {
  it('gives both responses, the votes and where the row came from', async () => {
    const { rowService, views, open } = await openViews();
    const { viewId } = await open(noFilter);
    const { rows } = await views.page({ viewId, offset: 9, limit: 1, fields: ['label'] });
    const detail = await rowService.get('pairs', rows[0]?.id ?? -1);
    expect(detail).toMatchObject({
      label: 'tie',
      prompt: { text: 'Prompt 9', messages: [{ role: 'user', content: 'Prompt 9' }] },
      responses: [
        { text: 'aaaaaaaaaa', model: 'x' },
        { text: 'bbbbbbbbbb', model: 'z' },
      ],
      votes: [{ label: 'tie' }],
      sourceRow: 10,
    });
    await expect(rowService.get('pairs', 999_999)).rejects.toMatchObject({ code: 'ROW_MISSING' });
  });
});
