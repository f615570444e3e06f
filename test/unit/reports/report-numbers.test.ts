import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatFigure,
  formatInterval,
  formatP,
  formatPercent,
  formatPlain,
  formatPoints,
  formatSigned,
  formatTime,
  isShare,
} from '../../../electron/core/reports/report-numbers.ts';

describe('numbers of a report', () => {
  it('shows undefined, NaN and infinity as a dash, never as 0', () => {
    for (const value of [null, undefined, NaN, Infinity, -Infinity])
      for (const format of [formatCount, formatSigned, formatPercent, formatPoints, formatPlain, formatP])
        expect(format(value)).toBe('–');
  });

  it('keeps signs right around zero', () => {
    expect(formatSigned(-0.00004)).toBe('0.000');
    expect(formatSigned(0.00004)).toBe('0.000');
    expect(formatSigned(-0)).toBe('0.000');
    expect(formatSigned(-0.1426)).toBe('−0.143');
    expect(formatSigned(0.1426)).toBe('+0.143');
  });

  it('writes shares, points, counts and p values in the units they claim', () => {
    expect(formatPercent(0.6127)).toBe('61.3\u{A0}%');
    expect(formatPoints(0.0323)).toBe('+3.2');
    expect(formatCount(1234567)).toBe('1,234,567');
    expect(formatP(0.0004)).toBe('<0.001');
    expect(formatP(0.0123)).toBe('0.012');
    expect(formatPlain(1234.5)).toBe('1,235');
  });

  it('says so where a figure has no interval, and shows no interval without a figure', () => {
    expect(formatFigure(0.5, null, formatPercent)).toBe('50.0\u{A0}% (no interval)');
    expect(formatFigure(null, [0.1, 0.2], formatPercent)).toBe('–');
    expect(formatFigure(0.5, [0.45, 0.55], formatPercent)).toBe('50.0\u{A0}% [45.0, 55.0]');
    expect(formatInterval([NaN, 1], formatSigned)).toBe('–');
    expect(formatInterval([-0.1, 0.2], formatSigned)).toBe('[−0.100, 0.200]');
  });

  it('takes odds ratios and differences of shares for numbers, not for percent', () => {
    expect(isShare('Share of longer chosen', [0.4, null])).toBe(true);
    expect(isShare('Share of longer chosen', [1.4])).toBe(false);
    expect(isShare('Odds ratio of the chosen rate', [0.4])).toBe(false);
    expect(isShare('Difference in rate', [0.4])).toBe(false);
    expect(isShare('Moderated scores', [0.4])).toBe(false);
  });

  it('writes times in UTC and leaves what is no time', () => {
    expect(formatTime('2026-11-20T10:15:30+01:00')).toBe('2026-11-20 09:15 UTC');
    expect(formatTime('yesterday')).toBe('yesterday');
  });
});
