import { afterEach, describe, expect, it } from 'vitest';
import RationaleBlock from '../../../renderer/features/rationales/RationaleBlock.vue';
import { findFaults, firstDraft, toRequest } from '../../../renderer/features/rationales/rationale-draft.ts';
import type { Mounted } from '../../support/mount.ts';
import { mountWithApp, until } from '../../support/mount.ts';

let mounted: Mounted | undefined;
afterEach(() => mounted?.wrapper.unmount());

const mountBlock = async () => {
  mounted = await mountWithApp(RationaleBlock, { props: { row: { id: 1, label: 'a' }, revision: 0 } });
  const { wrapper, core } = mounted;
  await until(() => wrapper.findAll('li.card').length > 0 && wrapper.findAll('button').length > 0);
  const button = (name: string) => wrapper.findAll('button').find((one) => one.text() === name);
  return { wrapper, core, button };
};

describe('rationales of a row', () => {
  it('shows who gave one, of what kind, what the lint found and whether it leads to the label', async () => {
    const { wrapper } = await mountBlock();
    const text = wrapper.get('li.card').text();
    for (const part of [
      'gpt-3.5-turbo',
      'imported',
      'speaks for the other response',
      'quotes what is not there',
    ])
      expect(text).toContain(part);
    expect(text).toContain('a blind judge does not recover the label');
  });

  it('is written piece by piece and stored only when it is kept', async () => {
    const { wrapper, core, button } = await mountBlock();
    await button('Write one')?.trigger('click');
    await until(() => wrapper.find('.draft .text').exists());
    expect(wrapper.get('.draft .text').text().length).toBeLessThan(60);
    await until(() => button('Keep') !== undefined);
    expect(wrapper.get('.draft .text').text()).toBe(
      'Response 2 is better because it feeds the starter first.',
    );
    expect(core.calls.some((call) => call.method === 'rationale.keep')).toBe(false);
    await button('Keep')?.trigger('click');
    await until(() => wrapper.findAll('li.card').length === 2);
    expect(wrapper.find('.draft').exists()).toBe(false);
    expect(wrapper.findAll('li.card')[1]?.text()).toContain('Response 1 is B');
  });

  it('is dropped when it is stopped (would catch words of a stopped answer that come in late)', async () => {
    const { wrapper, button } = await mountBlock();
    await button('Write one')?.trigger('click');
    await until(() => wrapper.find('.draft .text').exists());
    await button('Stop')?.trigger('click');
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(wrapper.find('.draft').exists()).toBe(false);
    expect(wrapper.get('[role="status"]').text()).toContain('Nothing was kept');
    expect(button('Keep')).toBeUndefined();
  });
});

describe('the form of a run', () => {
  const source = { id: 'all', title: 'all', filter: { clauses: [] } };

  it('names what is missing, and asks for a preview without a model', () => {
    expect(findFaults({ ...firstDraft, sample: '0', seed: '-1' })).toEqual(['model', 'sample', 'seed']);
    expect(toRequest({ ...firstDraft, sample: 'many' }, 1, source)).toBeNull();
    expect(toRequest(firstDraft, 1, source)).toMatchObject({ task: 'write', kind: 'general', seed: 1 });
  });

  it('asks about an author only in a check, and keeps the tokens within the limits of the contract', () => {
    const draft = { ...firstDraft, modelId: 'm', annotatorId: '7', maxTokens: '9999', sample: '20' };
    expect(toRequest(draft, 1, source)).toMatchObject({ annotatorId: null, maxTokens: 2_000, limit: 20 });
    expect(toRequest({ ...draft, task: 'check' }, 1, source)).toMatchObject({ annotatorId: 7 });
  });
});
