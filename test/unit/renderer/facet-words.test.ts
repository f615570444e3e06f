import { describe, expect, it } from 'vitest';
import type { AuditFigure, AuditResult } from '../../../electron/contract/audit.contract.ts';
import type { Text } from '../../../renderer/app/text.ts';
import { groupShares } from '../../../renderer/features/audit/audit-figures.ts';
import { constantText } from '../../../renderer/features/corpus/facet-bars.ts';
import { valueText } from '../../../renderer/features/corpus/value-text.ts';

const text = {
  t: (key: string, figures?: Record<string, unknown>) => [key, ...Object.values(figures ?? {})].join(' '),
  number: String,
} as unknown as Text;

const histogram = (min: number | null, max: number | null, nulls = 0) => ({
  kind: 'histogram' as const,
  field: 'n_votes',
  bins: min === null || max === null ? [] : [{ min, max, count: 2, total: 999 }],
  nulls,
  min,
  max,
});

describe('words of values', () => {
  it('never calls a response better by its letter where the source tells no order', () => {
    const say = (value: string | null, hasSides: boolean) =>
      valueText({ field: 'label', value, hasSides }, text);
    expect(say('a', true)).toBe('labels.a');
    expect(say('a', false)).toBe('labels.stored_a');
    expect(say('tie', false)).toBe('labels.tie');
    expect(say(null, true)).toBe('labels.none');
  });

  it('leaves values of other fields as they are stored, also a model called "a"', () => {
    expect(valueText({ field: 'model_a', value: 'a', hasSides: true }, text)).toBe('a');
    expect(valueText({ field: 'label', value: 'unheard of', hasSides: true }, text)).toBe('unheard of');
  });
});

describe('a field with one value', () => {
  it('is told with all its rows, not those the filter leaves', () => {
    expect(constantText(histogram(3, 3), text)).toBe('facets.constant 3 999');
  });

  it('does not claim all rows where some have no value', () => {
    expect(constantText(histogram(3, 3, 1), text)).toBe('facets.constantSome 3 999');
  });

  it('stays a chart where values differ, and nothing where there are none', () => {
    expect(constantText(histogram(1, 3), text)).toBeNull();
    expect(constantText(histogram(null, null, 5), text)).toBeNull();
  });
});

describe('shares of an audit', () => {
  it('keeps the win rate of a model apart from its win rate at equal length', () => {
    const figure = (metric: string, model: string, neutral: number | null = 0.5) =>
      ({
        metric,
        title: metric.toUpperCase(),
        slice_dim: 'model',
        slice_value: model,
        value: 0.6,
        neutral,
      }) as AuditFigure;
    const figures = [
      figure('raw', 'm1'),
      figure('even', 'm1'),
      figure('raw', 'm2'),
      figure('slope', 'm1', 0),
    ];
    const groups = groupShares({ figures } as unknown as AuditResult, 12);
    expect(groups.map((g) => [g.title, g.figures.map((f) => f.slice_value)])).toEqual([
      ['RAW', ['m1', 'm2']],
      ['EVEN', ['m1']],
    ]);
  });
});
