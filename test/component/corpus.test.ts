import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import BrowsePage from '../../renderer/features/corpus/BrowsePage.vue';
import DetailPane from '../../renderer/features/corpus/DetailPane.vue';
import { decodeViewQuery } from '../../renderer/app/view-query.ts';
import type { Mounted } from '../support/mount.ts';
import { mountWithApp, until } from '../support/mount.ts';

const say = (_field: string, value: unknown) => String(value);

let mounted: Mounted | undefined;

beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 });
});

afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
});

async function openBrowse(query = ''): Promise<Mounted> {
  mounted = await mountWithApp(BrowsePage, { at: `/d/1/browse${query}` });
  const { wrapper } = mounted;
  await until(() => wrapper.findAll('[role="gridcell"]').some((c) => c.text().startsWith('ex-')));
  return mounted;
}

const view = (m: Mounted) => decodeViewQuery(m.router.currentRoute.value.query);

describe('browse page', () => {
  it('turns a click on a chart bar into a clause in the address, and a second click takes it out again', async () => {
    const m = await openBrowse();
    const bar = () => m.wrapper.findAll('.overview .bar').find((b) => b.text().startsWith('Tie'));
    await until(bar);
    await bar()?.trigger('click');
    await until(() => view(m).clauses.length === 1);
    expect(view(m).clauses).toEqual([{ op: 'in', field: 'label', values: ['tie'] }]);
    await until(() => bar()?.attributes('aria-pressed') === 'true');
    await bar()?.trigger('click');
    await until(() => view(m).clauses.length === 0);
  });

  it('removes only the condition whose chip was closed, and clears all with one press', async () => {
    const clauses = [
      { op: 'in', field: 'label', values: ['a'] },
      { op: 'range', field: 'chars_a', min: 100, max: 1500, closed: false },
    ];
    const m = await openBrowse(`?f=${encodeURIComponent(JSON.stringify(clauses))}&q=version`);
    expect(m.wrapper.findAll('.chip').map((c) => c.text())).toEqual([
      'words: version',
      'Label: A is better',
      'Length A: 100 to 1,500',
    ]);
    await m.wrapper.get('[aria-label="Remove: Label: A is better"]').trigger('click');
    await until(() => view(m).clauses.length === 1);
    expect(view(m).clauses[0]).toMatchObject({ op: 'range', field: 'chars_a' });
    expect(view(m).words).toBe('version');
    await m.wrapper.findAll('.chips button').at(-1)?.trigger('click');
    await until(() => view(m).clauses.length === 0 && view(m).words === '');
  });

  it('moves the focus by keys, tells a screen reader which row of all it is, opens with Enter, selects with Space', async () => {
    const m = await openBrowse();
    const grid = m.wrapper.get('[role="grid"]');
    expect(grid.attributes('aria-rowcount')).toBe('501');
    await grid.trigger('keydown', { key: 'End', ctrlKey: true });
    await until(() => m.wrapper.find('[aria-rowindex="501"]').exists());
    const active = grid.attributes('aria-activedescendant') ?? '';
    expect(document.getElementById(active)?.closest('[role="row"]')?.getAttribute('aria-rowindex')).toBe(
      '501',
    );
    await grid.trigger('keydown', { key: ' ' });
    expect(m.wrapper.get('[aria-rowindex="501"]').attributes('aria-selected')).toBe('true');
    await until(() => m.wrapper.get('[aria-rowindex="501"]').text().includes('ex-'));
    await grid.trigger('keydown', { key: 'Enter' });
    await until(() => view(m).row === 500);
  });

  it('asks the core for the new order and keeps the focused row under the focus after a re-sort', async () => {
    const m = await openBrowse();
    const grid = m.wrapper.get('[role="grid"]');
    for (let i = 0; i < 3; i += 1) await grid.trigger('keydown', { key: 'ArrowDown' });
    const before = m.wrapper.get('.row.is-focused').text();
    const head = m.wrapper.findAll('[role="columnheader"] .title').find((h) => h.text() === 'Length A');
    await head?.trigger('click');
    await until(() => m.core.calls.some((c) => c.method === 'view.locate'));
    await until(() => {
      const now = m.wrapper.find('.row.is-focused');
      return now.exists() && now.text().includes('ex-0000004');
    });
    expect(before).toContain('ex-0000004');
    expect(view(m).sort).toEqual([{ field: 'chars_a', direction: 'asc' }]);
  });
});

describe('row detail', () => {
  it('never makes elements of the HTML, images or links a text brings along', async () => {
    mounted = await mountWithApp(DetailPane, {
      props: {
        relation: 'pairs',
        rowId: 1,
        datasetId: 1,
        filter: { clauses: [], words: 'flour' },
        say,
        position: 0,
        count: 500,
        full: false,
        diff: false,
      },
    });
    const { wrapper } = mounted;
    await until(() => wrapper.findAll('mark').length > 0);
    const responses = wrapper.get('.responses').element;
    expect(responses.querySelectorAll('script, img, a, iframe, [onerror]')).toHaveLength(0);
    expect(responses.textContent).toContain('<script>window.hacked = true</script>');
    expect(responses.textContent).toContain('https://tracker.example/jar.png');
    expect(responses.querySelector('.data-text strong')?.textContent).toBe('Feed');
    expect(wrapper.findAll('mark').every((mark) => mark.text().toLowerCase() === 'flour')).toBe(true);
    expect((window as { hacked?: boolean }).hacked).toBeUndefined();
  });

  it('lays out a part of a very long text and the rest only when it is asked for', async () => {
    mounted = await mountWithApp(DetailPane, {
      props: {
        relation: 'pairs',
        rowId: 10,
        datasetId: 1,
        filter: { clauses: [] },
        say,
        position: 9,
        count: 500,
        full: false,
        diff: false,
      },
    });
    const { wrapper } = mounted;
    const more = await until(() =>
      wrapper.findAll('.responses button').find((b) => b.text().startsWith('Show all')),
    );
    const host = wrapper.get('.responses .host').element;
    await until(() => (host.textContent ?? '').length > 0);
    expect((host.textContent ?? '').length).toBeLessThan(21_000);
    await more.trigger('click');
    await until(() => (host.textContent ?? '').length > 150_000);
  });
});
