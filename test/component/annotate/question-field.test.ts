import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { type Answer, questionSchema } from '../../../electron/contract/annotation.contract.ts';
import QuestionField from '../../../renderer/features/annotate/QuestionField.vue';
import { type Mounted, mountWithApp } from '../../support/mount.ts';

vi.setConfig({ testTimeout: 20_000 });

let mounted: Mounted | undefined;
afterEach(() => mounted?.wrapper.unmount());

async function open(question: Record<string, unknown>, props: Record<string, unknown> = {}) {
  const given: Answer[] = [];
  const page = defineComponent({
    setup: () => () =>
      h(QuestionField, {
        question: questionSchema.parse({ id: 'q', title: 'Which?', ...question }),
        side: null,
        answer: undefined,
        shownFirst: 'b',
        isActive: true,
        isFaulty: false,
        isLocked: false,
        onAnswer: (answer: Answer) => given.push(answer),
        ...props,
      }),
  });
  mounted = await mountWithApp(page, { at: '/' });
  return { given, buttons: mounted.wrapper.findAll('button') };
}

describe('the field of a question', () => {
  it('of 5 points offers grades to both sides and the tie; a click on the left means the side shown there', async () => {
    const { given, buttons } = await open({ kind: 'pairwise', points: 5, hasTie: true, hasBothBad: true });
    expect(buttons.map((button) => button.text())).toEqual([
      '1A much better',
      '2A better',
      '3Tie',
      '4B better',
      '5B much better',
      'XBoth bad',
    ]);
    await buttons[0]?.trigger('click');
    expect(given).toEqual([{ kind: 'pairwise', label: 'b', strength: 1 }]);
  });

  it('shows the answer that is given as pressed, on the side it was shown on', async () => {
    const { buttons } = await open(
      { kind: 'pairwise', points: 2, hasTie: true, hasBothBad: false },
      { answer: { kind: 'pairwise', label: 'a', strength: null } },
    );
    expect(buttons.map((button) => button.attributes('aria-pressed'))).toEqual(['false', 'true', 'false']);
  });

  it('of a rating belongs to one response and keeps the value of the other', async () => {
    const { given, buttons } = await open(
      { kind: 'rating', aspect: 'x', min: 1, max: 3 },
      { side: 'a', answer: { kind: 'rating', a: null, b: 2 } },
    );
    await buttons[2]?.trigger('click');
    expect(given).toEqual([{ kind: 'rating', a: 3, b: 2 }]);
    expect(mounted?.wrapper.get('[role="group"]').attributes('aria-label')).toBe('Which? – B');
  });

  it('gives a text with every letter, and nothing can be changed while it is locked', async () => {
    const text = await open({ kind: 'rationale' });
    await mounted?.wrapper.get('textarea').setValue('why');
    expect(text.given).toEqual([{ kind: 'rationale', text: 'why' }]);
    mounted?.wrapper.unmount();
    const { buttons } = await open({ kind: 'confidence', points: 3 }, { isLocked: true });
    expect(buttons.every((button) => button.attributes('disabled') !== undefined)).toBe(true);
  });
});
