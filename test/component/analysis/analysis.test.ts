import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineComponent, h, provide } from 'vue';
import type { Component } from 'vue';
import { useJobFeed } from '../../../renderer/app/job-feed.ts';
import { findRowSet } from '../../../renderer/app/row-sets.ts';
import ConstitutionPage from '../../../renderer/features/constitution/ConstitutionPage.vue';
import ReportsPage from '../../../renderer/features/reports/ReportsPage.vue';
import SqlPage from '../../../renderer/features/sql/SqlPage.vue';
import { hostKey } from '../../../renderer/rpc/client.ts';
import type { Mounted } from '../../support/mount.ts';
import { mountWithApp, until } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

const typed = vi.hoisted(() => ({ sql: 'SELECT 1' }));

vi.mock('../../../renderer/editor/SqlEditor.vue', async () => {
  const vue = await import('vue');
  const place = { line: 1, column: 1 };
  const editor = vue.defineComponent({
    setup: (_, { expose }) => {
      expose({ runnable: () => ({ sql: typed.sql, start: place }), insert() {}, reveal() {}, focus() {} });
      return () => vue.h('textarea');
    },
  });
  return { default: editor };
});

let mounted: Mounted | undefined;
const revealed: string[] = [];

/** A desktop shell that can show files, and a job feed that follows. */
function inShell(page: Component): Component {
  return defineComponent({
    setup() {
      useJobFeed().start();
      provide(hostKey, {
        capabilities: { canPickFiles: false, canRevealFiles: true, canPrintPdf: false },
        openFiles: () => Promise.resolve(null),
        saveFile: () => Promise.resolve(true),
        revealFile: (path) => Promise.resolve(void revealed.push(path)),
        printPdf: () => Promise.resolve(false),
      });
      return () => h(page);
    },
  });
}

async function open(page: Component, at: string): Promise<Mounted> {
  mounted = await mountWithApp(inShell(page), { at });
  return mounted;
}

beforeAll(() => {
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 });
});

afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
  revealed.length = 0;
});

const button = (m: Mounted, text: string) => m.wrapper.findAll('button').find((b) => b.text() === text);
const cells = (m: Mounted) => m.wrapper.findAll('[data-at]');

describe('constitution', () => {
  it('opens the pairs that speak against a principle, not those for it, with a name for the set', async () => {
    const m = await open(ConstitutionPage, '/d/1/constitution');
    const cell = await until(() =>
      cells(m).find((c) => c.attributes('aria-label')?.startsWith('Against of “is longer”')),
    );
    await cell.trigger('click');
    await until(() => m.router.currentRoute.value.name === 'browse', 15_000);
    const call = m.core.calls.find((c) => c.method === 'constitution.rows');
    expect(call?.input).toEqual({ constitutionId: 2, which: 'against', principleId: 'length.is_longer' });
    const key = String(m.router.currentRoute.value.query['set']);
    expect(findRowSet(key)).toEqual({ label: 'Against: is longer', ids: [2, 5, 9] });
  });

  it('moves between figures by arrow keys and reads out interval and n of the one in focus', async () => {
    const m = await open(ConstitutionPage, '/d/1/constitution');
    const first = await until(() => cells(m).find((c) => c.attributes('data-at') === '0-2'));
    (first.element as HTMLElement).focus();
    await first.trigger('keydown', { key: 'ArrowRight' });
    await until(() => document.activeElement?.getAttribute('data-at') === '0-3');
    // Strength 0.214 of the fake's first principle; half width 1.96·√((0.97 − 0.214²)/4812)·1.15 = 0.0312.
    expect(m.wrapper.get('.readout').text()).toBe(
      'Strength of “is longer”: +0.21, 95 % interval +0.18 to +0.25, n = 4,812',
    );
    expect(cells(m).filter((c) => c.attributes('tabindex') === '0').length).toBe(1);
  });

  it('orders by the length-controlled strength once that is what is drawn', async () => {
    const m = await open(ConstitutionPage, '/d/1/constitution');
    const firstName = () =>
      cells(m)
        .find((c) => c.attributes('data-at') === '0-1')
        ?.text();
    await until(() => firstName() === 'is longer');
    await button(m, 'Length held neutral')?.trigger('click');
    // Largest controlled value in the fake: 0.072, numbered lists.
    await until(() => firstName() === 'provides a numbered list format');
  });
});

describe('reports', () => {
  it('shows a stored page in a frame that may do nothing', async () => {
    const m = await open(ReportsPage, '/reports');
    const frame = await until(() => m.wrapper.findAll('iframe')[0]);
    expect(frame.attributes('sandbox')).toBe('');
    expect(frame.attributes('srcdoc')).toContain("default-src 'none'");
  });
});

describe('console', () => {
  const runs = (m: Mounted) => m.core.calls.filter((c) => c.method === 'sql.run').map((c) => c.input);

  async function run(m: Mounted, sql: string): Promise<void> {
    typed.sql = sql;
    const text = await until(() => m.wrapper.findAll('.example')[0] ?? m.wrapper.findAll('.results')[0]);
    if (text.classes('example')) await text.trigger('click');
    await until(() => m.wrapper.findAll('textarea')[0]);
    await button(m, 'Run')?.trigger('click');
  }

  it('only reads until changes are allowed, and then says that it is dangerous', async () => {
    const m = await open(SqlPage, '/sql');
    await run(m, 'DELETE FROM comparison');
    await until(() => m.wrapper.findAll('.failure').length === 1);
    expect(runs(m)).toEqual([{ sql: 'DELETE FROM comparison', allowWrite: false }]);
    await m.wrapper.get('input[role="switch"]').setValue(true);
    expect(m.wrapper.get('.warning').text()).toContain('cannot be undone');
    await button(m, 'Run')?.trigger('click');
    await until(() => runs(m).length === 2);
    expect(runs(m)[1]).toEqual({ sql: 'DELETE FROM comparison', allowWrite: true });
  });

  it('leads to the place of an error in the words of the database', async () => {
    const m = await open(SqlPage, '/sql');
    await run(m, 'SELECT label\nFROM prompts');
    const failure = await until(() => m.wrapper.findAll('.failure')[0]);
    expect(failure.text()).toContain('Table with name prompts does not exist!');
    expect(failure.text()).toContain('Line 2, column 6');
  });

  it('cancels a statement that runs, and can run another one after it', async () => {
    const m = await open(SqlPage, '/sql');
    await run(m, 'SELECT pg_sleep(1000)');
    const cancel = await until(() => button(m, 'Cancel'));
    await cancel.trigger('click');
    await until(() => m.wrapper.findAll('.cancelled').length === 1);
    typed.sql = 'SELECT model, count(*) FROM pairs GROUP BY model';
    await button(m, 'Run')?.trigger('click');
    await until(() => m.wrapper.findAll('.result').length === 1);
    expect(m.wrapper.get('.result').text()).toContain('5 rows in 18 ms');
  });
});
