import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import type { DatasheetEntry as Entry } from '../../../electron/contract/datasheet.contract.ts';
import DatasheetEntry from '../../../renderer/features/datasheet/DatasheetEntry.vue';
import { type Mounted, mountWithApp } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
afterEach(() => mounted?.wrapper.unmount());

async function open(entry: Partial<Entry>): Promise<{ saved: (string | null)[]; mounted: Mounted }> {
  const saved: (string | null)[] = [];
  const full: Entry = {
    question: 'care.harm',
    text: 'Who might be hurt?',
    hint: 'Subjects, raters.',
    auto: null,
    answer: null,
    answeredAt: null,
    status: 'open',
    ...entry,
  };
  const page = defineComponent({
    setup: () => () =>
      h(DatasheetEntry, {
        entry: full,
        isSaving: false,
        onSave: (answer: string | null) => saved.push(answer),
      }),
  });
  mounted = await mountWithApp(page, { at: '/' });
  return { saved, mounted };
}

describe('an answer of the datasheet', () => {
  it('is stored by Ctrl+Enter without blanks around it, and not while nothing was changed', async () => {
    const { saved, mounted: found } = await open({});
    const field = found.wrapper.get('textarea');
    await field.trigger('keydown', { key: 'Enter', ctrlKey: true });
    expect(saved).toEqual([]);
    await field.setValue('  the raters  ');
    await field.trigger('keydown', { key: 'Enter', ctrlKey: true });
    expect(saved).toEqual(['the raters']);
  });

  it('that is emptied is taken back, not stored as an empty text', async () => {
    const { saved, mounted: found } = await open({
      answer: 'old',
      status: 'answered',
      answeredAt: '2026-01-01T00:00:00Z',
    });
    await found.wrapper.get('textarea').setValue(' ');
    await found.wrapper.get('button').trigger('click');
    expect(saved).toEqual([null]);
  });

  it('that the data have overtaken can be confirmed as it is', async () => {
    const { saved, mounted: found } = await open({
      auto: '3 pairs.',
      answer: 'Two people.',
      status: 'stale',
      answeredAt: '2026-01-01T00:00:00Z',
    });
    expect(found.wrapper.get('article').text()).toContain('3 pairs.');
    await found.wrapper.get('button').trigger('click');
    expect(saved).toEqual(['Two people.']);
  });

  it('belongs to its question for a screen reader', async () => {
    const { mounted: found } = await open({});
    expect(found.wrapper.get('label').attributes('for')).toBe(found.wrapper.get('textarea').attributes('id'));
  });
});
