import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { drawAccuracyChart } from '../../../electron/core/reports/charts/accuracy-chart.ts';
import { drawCurveChart, wrapLabel } from '../../../electron/core/reports/charts/curve-chart.ts';
import {
  drawForestAxis,
  drawForestRow,
  makeForestScale,
} from '../../../electron/core/reports/charts/forest-plot.ts';
import { formatTick, makeScale } from '../../../electron/core/reports/charts/scale.ts';

/** Parses as XML, which throws on anything not well formed, and answers the root. */
function parseSvg(source: string): Element {
  const xml = source.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return new JSDOM(xml, { contentType: 'image/svg+xml' }).window.document.documentElement;
}

const percent = (element: Element | null, name: string) =>
  Number(element?.getAttribute(name)?.replace('%', ''));

describe('scales', () => {
  // By hand: 0.43 to 0.66 is 0.23 wide; five steps of at least 0.046 are steps of 0.05 from 0.4 to 0.7.
  it('widens to round ticks that contain every value', () => {
    const scale = makeScale([0.43, 0.66], { ticks: 5 });
    expect(scale.ticks).toEqual([0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7]);
    expect(scale.place(0.4)).toBe(0);
    expect(scale.place(0.7)).toBe(100);
    expect(scale.place(0.55)).toBe(50);
  });

  it('survives no values, one value and values that are not finite', () => {
    expect(makeScale([]).ticks).toContain(0);
    expect(makeScale([null, NaN, Infinity]).min).toBe(-1);
    const single = makeScale([0]);
    expect(single.max).toBeGreaterThan(single.min);
    expect(makeScale([1234]).place(1234)).toBeGreaterThanOrEqual(0);
  });

  it('labels ticks with just the decimals that tell them apart and never a minus zero', () => {
    const fine = makeScale([-0.02, 0.02], { ticks: 4 });
    expect(fine.ticks.map((tick) => formatTick(tick, fine, { hasSign: true }))).toEqual([
      '−0.02',
      '−0.01',
      '0.00',
      '+0.01',
      '+0.02',
    ]);
    const shares = makeScale([0.4, 0.7], { ticks: 3 });
    expect(formatTick(0.5, shares, { isPercent: true })).toBe('50\u{A0}%');
  });
});

describe('forest plot', () => {
  const row = {
    strength: 0.2,
    strengthCi: [0.1, 0.3],
    controlled: -0.05,
    controlledCi: [-0.1, 0],
  } as const;

  it('puts dot and interval of raw and controlled strength at their places on the common axis', () => {
    const scale = makeForestScale([row]);
    // By hand: −0.1..0.3 in steps of 0.1; places run from 4 % to 96 %, so one tenth is 23 %.
    expect(scale.ticks).toEqual([-0.1, 0, 0.1, 0.2, 0.3]);
    const svg = parseSvg(drawForestRow(row, scale).source);
    expect(percent(svg.querySelector('circle.first'), 'cx')).toBeCloseTo(4 + 3 * 23, 6);
    expect(percent(svg.querySelector('line.bar.first'), 'x1')).toBeCloseTo(4 + 2 * 23, 6);
    expect(percent(svg.querySelector('line.bar.first'), 'x2')).toBeCloseTo(96, 6);
    const diamond = svg.querySelector('path.second')?.parentElement ?? null;
    expect(percent(diamond, 'x')).toBeCloseTo(4 + 0.5 * 23, 6);
    expect(percent(svg.querySelector('line.zero'), 'x1')).toBeCloseTo(27, 6);
    expect(svg.querySelector('title')?.textContent).toBe(
      'Strength +0.200 [0.100, 0.300]; length-controlled −0.050 [−0.100, 0.000]',
    );
  });

  it('draws no mark for an undefined strength instead of one at zero', () => {
    const empty = { strength: null, strengthCi: null, controlled: null, controlledCi: null };
    const svg = parseSvg(drawForestRow(empty, makeForestScale([row, empty])).source);
    expect(svg.querySelectorAll('circle, path, .bar')).toHaveLength(0);
    expect(svg.querySelector('title')?.textContent).toBe('Strength –; length-controlled –');
  });

  it('always labels zero on the axis', () => {
    const texts = [...parseSvg(drawForestAxis(makeForestScale([row])).source).querySelectorAll('text')].map(
      (text) => text.textContent,
    );
    expect(texts).toContain('0.0');
  });
});

describe('accuracy chart', () => {
  const rows = [
    { label: 'Longer response wins', value: 0.6, ci: [0.55, 0.65], tone: 'plain' },
    { label: 'Weighted <vote>', value: null, ci: null, tone: 'first' },
  ] as const;
  const svg = parseSvg(drawAccuracyChart(rows, { id: 'a', title: 'Accuracy & more' }).source);

  it('marks chance at one half and leaves out marks of undefined accuracies', () => {
    const chance = [...svg.querySelectorAll('text')].find((text) => text.textContent === 'chance');
    expect(chance?.getAttribute('x')).toBe(svg.querySelector('line.zero')?.getAttribute('x1'));
    expect(svg.querySelectorAll('circle')).toHaveLength(1);
  });

  it('has a text alternative that gives every figure, with data text escaped', () => {
    const [title, description] = (svg.getAttribute('aria-labelledby') ?? '').split(' ');
    expect(svg.querySelector(`#${title}`)?.textContent).toBe('Accuracy & more');
    expect(svg.querySelector(`#${description}`)?.textContent).toBe(
      'Longer response wins: 60.0\u{A0}% [55.0, 65.0]; Weighted <vote>: –. Chance is 50 %.',
    );
  });
});

describe('curve chart', () => {
  const points = [
    { label: 'low', y: 0.2, ci: [0.1, 0.3], n: 40 },
    { label: 'middle', y: null, ci: null, n: 0 },
    { label: 'high', y: 0.6, ci: null, n: 50 },
    { label: 'top', y: 0.8, ci: [0.7, 0.9], n: 60 },
  ] as const;
  const draw = (neutral: number | null) =>
    parseSvg(drawCurveChart({ id: 'c', title: 'Rate', points, isPercent: true, neutral }).source);

  it('does not bridge an undefined point as if it lay on the line', () => {
    const svg = draw(null);
    expect(svg.querySelectorAll('line.curve')).toHaveLength(1);
    expect(svg.querySelectorAll('circle')).toHaveLength(3);
    expect(svg.querySelectorAll('line.bar')).toHaveLength(2);
  });

  it('keeps the line of no effect inside the drawing even where all points lie far from it', () => {
    const far = [{ label: 'only', y: 0.9, ci: null, n: 5 }];
    const svg = parseSvg(
      drawCurveChart({ id: 'd', title: 'Rate', points: far, isPercent: true, neutral: 0.5 }).source,
    );
    const y = Number(svg.querySelector('line.zero')?.getAttribute('y1'));
    expect(y).toBeGreaterThan(Number(svg.querySelector('circle')?.getAttribute('cy')));
    expect(draw(null).querySelector('line.zero')).toBeNull();
  });

  it('wraps long labels to two lines and elides the rest, never in the middle of a character', () => {
    expect(wrapLabel('−1,203 to −402', 8)).toEqual(['−1,203', 'to −402']);
    expect(wrapLabel('a very long name of a group', 8)).toEqual(['a very', 'long…']);
    expect(wrapLabel('😀😀😀😀😀', 4)).toEqual(['😀😀😀…']);
  });

  it('labels at most twelve of many points, so that labels do not lie on one another', () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ label: `g${index}`, y: 0.5, ci: null, n: 9 }));
    const svg = parseSvg(
      drawCurveChart({ id: 'e', title: 'Rate', points: many, isPercent: false, neutral: null }).source,
    );
    expect(svg.querySelectorAll('text.major, text.minor').length).toBeLessThanOrEqual(12);
    expect(svg.querySelectorAll('circle')).toHaveLength(60);
  });
});
