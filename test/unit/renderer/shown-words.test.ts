import { describe, expect, it } from 'vitest';
import { reportStyle } from '../../../electron/core/reports/report-style.ts';
import { labelsText, labelText } from '../../../renderer/app/label-text.ts';
import { regionOf, type Text } from '../../../renderer/app/text.ts';
import { remarkText } from '../../../renderer/features/constitution/principle-text.ts';
import { leastTextWidth } from '../../../renderer/features/corpus/use-columns.ts';
import { cellText } from '../../../renderer/grid/cell-text.ts';

const text = {
  t: (key: string, figures?: Record<string, unknown>) => [key, ...Object.values(figures ?? {})].join(' '),
  number: String,
} as unknown as Text;

describe('labels in words', () => {
  it('tells equal labels once with their number, and keeps aspects apart', () => {
    const vote = (label: string | null, aspect: string | null = null) => ({ label, aspect });
    expect(labelsText([vote('b'), vote('b'), vote('a')], text)).toBe('labels.times labels.b 2, labels.a');
    expect(labelsText([vote('a', 'helpful'), vote('a', 'harmless')], text)).toBe(
      'labels.ofAspect helpful labels.a, labels.ofAspect harmless labels.a',
    );
    expect(labelsText([vote(null)], text)).toBe('labels.none');
  });

  it('has no words for what is no label, such as a count or a model called "A"', () => {
    expect([labelText('A', text), labelText(3, text), labelText(null, text)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(labelText('both_bad', text)).toBe('labels.both_bad');
  });
});

describe('figures', () => {
  it('does not group the digits of an id, which would not be found again by what is shown', () => {
    expect([cellText(2049, 'id'), cellText(2049, 'number')]).toEqual(['2049', '2,049']);
  });

  it('keeps a figure with its unit on one line, and shows a minus sign but no changed range or name', () => {
    expect(remarkText('reproduce 63 % [53, 73]; gain -1.5 points [-5.8, 2.9]')).toBe(
      'reproduce 63\u00a0% [53, 73]; gain \u22121.5\u00a0points [\u22125.8, 2.9]',
    );
    expect(remarkText('gpt-4 on 2024-05')).toBe('gpt-4 on 2024-05');
  });

  it('writes dates as the region does, for those of its languages that the texts are in', () => {
    expect([regionOf(['de-DE', 'en-GB', 'en-US']), regionOf(['fr']), regionOf(['eng'])]).toEqual([
      'en-GB',
      'en',
      'en',
    ]);
  });
});

describe('first columns', () => {
  const layout = [
    { id: 'prompt', width: 320 },
    { id: 'a', width: 320 },
    { id: 'b', width: 320 },
    { id: 'label', width: 148 },
  ];
  const texts = new Set(['prompt', 'a', 'b']);

  it('gives texts no more than leaves the label in sight, within bounds', () => {
    // (614 - 148) / 3 = 155.3
    expect(leastTextWidth(layout, texts, 614)).toBe(155);
    expect(leastTextWidth(layout, texts, 1020)).toBe(200);
    expect(leastTextWidth(layout, texts, 300)).toBe(144);
    expect(leastTextWidth(layout, texts, Infinity)).toBe(200);
    expect(leastTextWidth(layout, new Set(), 614)).toBe(200);
  });
});

describe('colours of a report', () => {
  it('lets the page it is shown in overrule the system, and neither of them reach paper', () => {
    const rules = reportStyle.source;
    expect(rules).toContain(":root:not([data-theme='light'])");
    expect(rules).toContain(":root[data-theme='dark']");
    const dark = [...rules.matchAll(/--paper: #12151b/g)].map(({ index }) => rules.slice(0, index));
    expect(dark).toHaveLength(2);
    for (const before of dark) expect(before.slice(before.lastIndexOf('@media'))).toMatch(/^@media screen/);
  });
});
