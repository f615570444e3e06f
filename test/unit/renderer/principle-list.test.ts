import { describe, expect, it } from 'vitest';
import type { PrincipleResult } from '../../../electron/contract/constitution.contract.ts';
import {
  excludes,
  pText,
  shareText,
  signedText,
  symmetricEnd,
} from '../../../renderer/charts/figure-text.ts';
import { figureOf } from '../../../renderer/features/constitution/principle-columns.ts';
import {
  filterPrinciples,
  lengthEffect,
  sortPrinciples,
} from '../../../renderer/features/constitution/principle-list.ts';
import { commonStem, withoutStem } from '../../../renderer/features/constitution/principle-text.ts';
import { framedPage } from '../../../renderer/features/reports/framed-page.ts';
import { fakeConstitution } from '../../support/fake-documents.ts';

const [base] = fakeConstitution().principles;
const principle = (part: Partial<PrincipleResult>): PrincipleResult => {
  if (!base) throw new Error('The fake constitution has no principle.');
  return { ...base, ...part };
};
const withStrengths = (
  strength: number,
  ci: [number, number],
  held: number | null,
  heldCi: [number, number] | null,
) =>
  principle({
    strength,
    strength_ci: ci,
    strength_length_controlled: held,
    strength_length_controlled_ci: heldCi,
  });

describe('what length does to a principle', () => {
  it('is a turn only where one of the two strengths is distinct from zero: noise turns all the time', () => {
    expect(lengthEffect(withStrengths(0.15, [0.12, 0.18], -0.04, [-0.07, -0.01]))).toBe('reverses');
    expect(lengthEffect(withStrengths(0.01, [-0.02, 0.04], -0.01, [-0.03, 0.01]))).toBeNull();
  });

  it('is a fade where an effect is no longer distinct from zero, and nothing where it stays', () => {
    expect(lengthEffect(withStrengths(0.16, [0.13, 0.19], 0.02, [-0.01, 0.05]))).toBe('fades');
    expect(lengthEffect(withStrengths(0.17, [0.14, 0.2], 0.06, [0.03, 0.09]))).toBeNull();
    expect(lengthEffect(withStrengths(0.21, [0.18, 0.24], null, null))).toBeNull();
  });
});

describe('table of principles', () => {
  const rows = [
    principle({ id: 'a', strength: 0.1, strength_length_controlled: null }),
    principle({ id: 'b', strength: -0.3, strength_length_controlled: 0.2, status: 'too_small' }),
    principle({ id: 'c', strength: 0.4, strength_length_controlled: -0.1, family: 'tone' }),
  ];
  const ids = (list: readonly PrincipleResult[]) => list.map((row) => row.id).join('');

  it('sorts what is undefined last in both directions', () => {
    const by = (direction: 'asc' | 'desc') =>
      ids(sortPrinciples(rows, { column: 'strength_length_controlled', direction }, 'raw'));
    expect([by('asc'), by('desc')]).toEqual(['cba', 'bca']);
  });

  it('sorts the drawn strength by the strength that is drawn', () => {
    const by = (view: 'raw' | 'controlled') =>
      ids(sortPrinciples(rows, { column: 'forest', direction: 'desc' }, view));
    expect([by('raw'), by('controlled')]).toEqual(['cab', 'bca']);
  });

  it('hides small and silent principles on request, and no others', () => {
    const filter = { words: '', family: '', isSelectedOnly: false, hidesSmall: true };
    expect(ids(filterPrinciples(rows, filter))).toBe('ac');
    expect(ids(filterPrinciples(rows, { ...filter, family: 'tone' }))).toBe('c');
  });

  it('rests accuracy on the pairs where the principle speaks, not on all', () => {
    const row = principle({ for: 30, against: 10, not_applicable: 60, n: 100, accuracy: 0.75 });
    expect(figureOf(row, 'accuracy', 33).n).toBe(40);
    expect(figureOf(row, 'strength', 33).n).toBe(100);
    expect(figureOf(row, 'strength_test', 33).n).toBe(33);
  });

  it('says the common words once, and does not cut a text that lacks them', () => {
    const stem = commonStem(['Select the response that is longer', 'Select the response that asks more']);
    expect(stem).toBe('Select the response that');
    expect(withoutStem('Select the response that is longer', stem)).toBe('is longer');
    expect(withoutStem('Other words', stem)).toBe('Other words');
    expect(commonStem(['Is longer', 'Is shorter'])).toBe('');
  });
});

describe('figures as texts', () => {
  it('shows a sign, but none before a zero', () => {
    expect([signedText(0.142), signedText(-0.142), signedText(0.001), signedText(-0.001)]).toEqual([
      '+0.14',
      '−0.14',
      '0.00',
      '0.00',
    ]);
    expect(shareText(0.6034)).toBe('60.3\u{A0}%');
    expect([pText(0.0004), pText(0.0352)]).toEqual(['<0.001', '0.035']);
  });

  it('takes an interval that ends at the neutral value for one that holds it', () => {
    expect([excludes([0, 0.2], 0), excludes([0.01, 0.2], 0), excludes(null, 0)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('rounds the end of a scale up, so that no interval leaves the drawing', () => {
    expect([symmetricEnd([0.21, -0.34]), symmetricEnd([0.3]), symmetricEnd([])]).toEqual([0.4, 0.3, 0.1]);
  });
});

describe('what comes from a job or a file', () => {
  it('puts its policy in front of everything a report holds, also where the report has a head of its own', () => {
    const html =
      '<!doctype html><html><head data-x="1"><script src="x.js"></script></head><body></body></html>';
    const framed = framedPage(html);
    expect(framed.indexOf("default-src 'none'")).toBeGreaterThan(framed.indexOf('<head'));
    expect(framed.indexOf("default-src 'none'")).toBeLessThan(framed.indexOf('<script'));
    expect(framedPage('<p>bare</p>').startsWith('<meta http-equiv="Content-Security-Policy"')).toBe(true);
  });

  it('gives a report the theme of the page, which may be another than the system’s', () => {
    expect(framedPage('<!doctype html>\n<html lang="en"><head></head></html>', 'dark')).toContain(
      '<html data-theme="dark" lang="en">',
    );
  });
});
