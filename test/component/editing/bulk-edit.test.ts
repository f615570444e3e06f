import { afterEach, describe, expect, it } from 'vitest';
import BulkEditDialog from '../../../renderer/features/editing/BulkEditDialog.vue';
import HistoryPage from '../../../renderer/features/editing/HistoryPage.vue';
import type { Mounted } from '../../support/mount.ts';
import { mountWithApp, until } from '../../support/mount.ts';

let mounted: Mounted | undefined;
afterEach(() => {
  mounted?.wrapper.unmount();
  mounted = undefined;
});

const callsOf = (m: Mounted, method: string) => m.core.calls.filter((call) => call.method === method);
const button = (text: RegExp) =>
  [...document.querySelectorAll('button')].find((candidate) => text.test(candidate.textContent ?? ''));

describe('the bulk edit dialog', () => {
  it('applies nothing before the preview has come, and hides nothing without a reason', async () => {
    const target = { kind: 'filter', filter: { clauses: [] } } as const;
    mounted = await mountWithApp(BulkEditDialog, {
      props: { open: true, datasetId: 1, relation: 'pairs', target, isReplacing: false },
    });
    expect(button(/^Change/)?.disabled).toBe(true);
    await until(() => button(/^Change 2 rows/)?.disabled === false);
    const select = document.querySelector('select');
    if (!select) throw new Error('no select');
    select.value = 'hide';
    select.dispatchEvent(new Event('change'));
    await until(() => button(/^Change/)?.disabled === true);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(button(/^Change/)?.disabled).toBe(true);
    expect(callsOf(mounted, 'edit.apply')).toEqual([]);
  });
});

describe('the history page', () => {
  it('undoes by the button of an operation, and then offers to redo it', async () => {
    mounted = await mountWithApp(HistoryPage, { at: '/d/1/history' });
    await until(() => document.querySelector('[aria-label="Undo: label = tie (2 rows)"]'));
    document.querySelector<HTMLButtonElement>('[aria-label="Undo: label = tie (2 rows)"]')?.click();
    await until(() => document.querySelector('[aria-label="Redo: label = tie (2 rows)"]'));
    expect(callsOf(mounted, 'edit.undo')[0]?.input).toMatchObject({ datasetId: 1, operationId: 'op-1' });
  });

  it('leaves Ctrl+Z in a text field to the field', async () => {
    mounted = await mountWithApp(HistoryPage, { at: '/d/1/history' });
    const field = await until(() => document.querySelector<HTMLInputElement>('input.field'));
    const press = (element: Element) =>
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }));
    press(field);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(callsOf(mounted, 'edit.undo')).toEqual([]);
    press(document.body);
    await until(() => mounted && callsOf(mounted, 'edit.undo').length === 1);
  });
});
