import type { SqlResult } from '../../../electron/contract/sql.contract.ts';

export const chartKinds = ['bar', 'line', 'scatter', 'histogram'] as const;
export type ChartKind = (typeof chartKinds)[number];

/** What is drawn: columns by their index; `y` is not used by a histogram. */
export interface ChartChoice {
  readonly kind: ChartKind;
  readonly x: number;
  readonly y: number;
}

type Column = SqlResult['columns'][number];

const mostBars = 60;
const timeType = /^(DATE|TIME)/;
const idName = /(^|_)id$/i;

/** Indexes of the numeric columns, those that are only ids last. */
export function listNumeric(columns: readonly Column[]): number[] {
  const numeric = columns.flatMap((column, index) => (column.isNumeric ? [index] : []));
  const isId = (index: number) => idName.test(columns[index]?.name ?? '');
  return [...numeric.filter((index) => !isId(index)), ...numeric.filter(isId)];
}

/**
 * A sensible first chart: a line over time, bars over few names, points of two measures, else a histogram of the first
 * measure. Undefined where there is no number to draw.
 */
export function chooseChart(columns: readonly Column[], rows: number): ChartChoice | undefined {
  const numeric = listNumeric(columns);
  const [measure, second] = numeric;
  if (measure === undefined) return undefined;
  const time = columns.findIndex((column) => timeType.test(column.type));
  if (time >= 0) return { kind: 'line', x: time, y: measure };
  const names = columns.findIndex((column) => !column.isNumeric);
  if (names >= 0 && rows <= mostBars) return { kind: 'bar', x: names, y: measure };
  const hasTwoMeasures = second !== undefined && !idName.test(columns[second]?.name ?? '');
  if (hasTwoMeasures) return { kind: 'scatter', x: measure, y: second };
  return { kind: 'histogram', x: measure, y: measure };
}

/** True where a choice made for another result can be drawn from these columns too. */
export function fitsColumns(choice: ChartChoice, columns: readonly Column[]): boolean {
  const x = columns[choice.x];
  const y = columns[choice.y];
  if (!x || !y?.isNumeric) return false;
  return choice.kind === 'bar' || choice.kind === 'line' || x.isNumeric;
}
