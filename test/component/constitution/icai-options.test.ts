import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import { icaiFilterSchema } from '../../../electron/contract/constitution.contract.ts';
import { createMessages } from '../../../renderer/app/i18n.ts';
import IcaiOptions from '../../../renderer/features/constitution/IcaiOptions.vue';
import { findObstacle, firstModelRun, toRequest } from '../../../renderer/features/constitution/model-run.ts';

describe('ICAI’s parameters in the form', () => {
  it('has a control for every parameter of the filter, named as ICAI names it (would catch one that cannot be set)', () => {
    const wrapper = mount(IcaiOptions, {
      props: { modelValue: icaiFilterSchema.parse({}) },
      global: { plugins: [createMessages()] },
    });
    const shown = wrapper.findAll('label').map((label) => label.attributes('title'));
    expect(shown.sort()).toEqual(Object.keys(icaiFilterSchema.shape).sort());
  });

  it('sets each of them, within its limits', async () => {
    const wrapper = mount(IcaiOptions, {
      props: { modelValue: icaiFilterSchema.parse({}) },
      global: { plugins: [createMessages()] },
    });
    const told = () => wrapper.emitted('update:modelValue')?.at(-1)?.[0];
    const control = (name: string) => wrapper.get(`label[title="${name}"]`).find('input, select');
    await control('s3_filter_majority_relevant').setValue(true);
    expect(told()).toMatchObject({ s3_filter_majority_relevant: true });
    await control('s3_max_principles').setValue('5');
    expect(told()).toMatchObject({ s3_max_principles: 5 });
    await control('s3_max_principles').setValue('');
    expect(told()).toMatchObject({ s3_max_principles: null });
    await control('s3_filter_min_relevance').setValue('7');
    expect(told()).toMatchObject({ s3_filter_min_relevance: 1 });
  });

  it('begins with ICAI’s defaults', () => {
    expect(firstModelRun.icai).toEqual(icaiFilterSchema.parse({}));
  });

  it('tests a list of one’s own, without marks of a list and empty lines', () => {
    const run = { ...firstModelRun, propose: 'texts', modelId: 'm' } as const;
    expect(findObstacle(run)).toBe('needsTexts');
    const written = { ...run, texts: '- is more concise\n\n  * is polite' };
    expect(findObstacle(written)).toBeNull();
    expect(toRequest(written, { datasetId: 1, top: 5 })).toMatchObject({
      texts: ['is more concise', 'is polite'],
    });
  });
});
