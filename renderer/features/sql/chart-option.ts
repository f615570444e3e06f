import type { EChartsCoreOption } from 'echarts/core';
import type { Cell } from '../../../electron/contract/corpus.contract.ts';
import { formatNumber } from '../../app/text.ts';
import { cellText } from '../../grid/cell-text.ts';
import type { ChartChoice } from './chart-choice.ts';

export const mostBarsDrawn = 60;
const bins = 30;
const longestName = 24;
/** Bars whose every name is written, cut to its share of a narrow axis. */
const mostNamedBars = 8;
const axisPixels = 520;

export interface ChartInput {
  readonly choice: ChartChoice;
  readonly rows: readonly (readonly Cell[])[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly rowsTitle: string;
}

type Color = (token: string) => string;

/** Equal-width bins over the numbers; the last one holds the largest value. Empty for no number. */
export function binNumbers(values: readonly number[]): { min: number; max: number; count: number }[] {
  if (values.length === 0) return [];
  const min = values.reduce((a, b) => Math.min(a, b), Infinity);
  const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (min === max) return [{ min, max, count: values.length }];
  const isCount = values.every(Number.isInteger) && max - min < bins;
  const number = isCount ? max - min + 1 : bins;
  const width = isCount ? 1 : (max - min) / number;
  const made = Array.from({ length: number }, (_, i) => ({
    min: min + i * width,
    max: min + (i + 1) * width,
    count: 0,
  }));
  for (const value of values) {
    const bin = made[Math.min(number - 1, Math.floor((value - min) / width))];
    if (bin) bin.count += 1;
  }
  return made;
}

/** Numbers of one column; null and texts are left out. */
export function numbersOf(rows: readonly (readonly Cell[])[], column: number): number[] {
  return rows.flatMap((row) => {
    const value = row[column];
    return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
  });
}

/** The chart for echarts, in the colours of the page. */
export function makeChartOption(input: ChartInput, color: Color): EChartsCoreOption {
  const { choice, rows } = input;
  if (choice.kind === 'histogram') return histogramOption(input, color);
  if (choice.kind === 'scatter') {
    const points = rows.flatMap((row) => {
      const x = row[choice.x];
      const y = row[choice.y];
      return typeof x === 'number' && typeof y === 'number' ? [[x, y]] : [];
    });
    return {
      ...frame(input, color),
      tooltip: { trigger: 'item' },
      xAxis: { ...axis(color), type: 'value', scale: true, name: input.xTitle },
      series: [{ type: 'scatter', data: points, symbolSize: 5, itemStyle: { opacity: 0.55 } }],
    };
  }
  const drawn = choice.kind === 'bar' ? rows.slice(0, mostBarsDrawn) : rows;
  return {
    ...frame(input, color),
    tooltip: { trigger: 'axis', axisPointer: { type: choice.kind === 'bar' ? 'shadow' : 'line' } },
    xAxis: {
      ...axis(color),
      type: 'category',
      name: input.xTitle,
      data: drawn.map((row) => cellText(row[choice.x], 'text') || '–'),
      axisLabel: {
        color: color('--text-2'),
        ...(drawn.length <= mostNamedBars
          ? { interval: 0, width: Math.floor(axisPixels / drawn.length) }
          : { hideOverlap: true, width: 110 }),
        overflow: 'truncate',
      },
    },
    series: [
      {
        type: choice.kind,
        data: drawn.map((row) => row[choice.y] ?? null),
        showSymbol: drawn.length < 100,
        barMaxWidth: 48,
        lineStyle: { width: 2 },
      },
    ],
  };
}

function histogramOption(input: ChartInput, color: Color): EChartsCoreOption {
  const made = binNumbers(numbersOf(input.rows, input.choice.x));
  return {
    ...frame({ ...input, yTitle: input.rowsTitle }, color),
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: {
      ...axis(color),
      type: 'category',
      name: input.xTitle,
      data: made.map((bin) => formatNumber(bin.min).slice(0, longestName)),
      axisLabel: { color: color('--text-2'), hideOverlap: true },
    },
    series: [{ type: 'bar', barCategoryGap: '6%', data: made.map((bin) => bin.count) }],
  };
}

function axis(color: Color) {
  return {
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { color: color('--text-2') },
    axisLabel: { color: color('--text-2') },
    axisLine: { lineStyle: { color: color('--line-strong') } },
    splitLine: { show: false },
  };
}

function frame(input: ChartInput, color: Color): EChartsCoreOption {
  return {
    color: [color('--bar')],
    grid: { left: 72, right: 24, top: 20, bottom: 48 },
    yAxis: {
      type: 'value',
      scale: input.choice.kind === 'scatter' || input.choice.kind === 'line',
      name: input.yTitle,
      nameLocation: 'middle',
      nameGap: 52,
      nameTextStyle: { color: color('--text-2') },
      axisLabel: { color: color('--text-2') },
      splitLine: { lineStyle: { color: color('--line') } },
    },
  };
}
