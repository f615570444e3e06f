import { markup, nothing, type Markup } from '../markup.ts';
import { formatFigure, formatPercent, formatPlain } from '../report-numbers.ts';
import { formatTick, makeScale, type Scale } from './scale.ts';

interface CurvePoint {
  readonly label: string;
  readonly y: number | null;
  readonly ci: readonly [number, number] | null;
  readonly n: number;
}

interface CurveChart {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly points: readonly CurvePoint[];
  readonly isPercent: boolean;
  /** The value that means "no effect", drawn as a line. */
  readonly neutral: number | null;
}

const plotHeight = 220;
const axisHeight = 46;
const height = plotHeight + axisHeight;
/** Letters that fit side by side below a plot of full width. */
const lettersAcross = 96;
const labelLines = 2;

/** Breaks a label into at most two lines of `width` letters; what does not fit ends in an ellipsis. */
export function wrapLabel(label: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of label.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const kept = lines.slice(0, labelLines);
  return kept.map((line, index) => {
    const isCut = index === labelLines - 1 && lines.length > labelLines;
    const letters = [...line];
    if (letters.length <= width && !isCut) return line;
    return `${letters.slice(0, Math.max(1, width - 1)).join('')}…`;
  });
}

function placeX(index: number, count: number): number {
  return Number((count === 1 ? 53 : 11 + (84 * index) / (count - 1)).toFixed(3));
}

function drawHorizontals(chart: CurveChart, scale: Scale): Markup {
  const { isPercent, neutral } = chart;
  const lines = scale.ticks.map((tick) => {
    const y = scale.place(tick);
    return markup`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="number" x="0" y="${y - 4}">${formatTick(tick, scale, { isPercent })}</text>`;
  });
  if (neutral === null) return markup`${lines}`;
  const y = scale.place(neutral);
  return markup`${lines}<line class="zero" x1="0" x2="100%" y1="${y}" y2="${y}"/>`;
}

function drawLine(points: readonly CurvePoint[], scale: Scale): Markup {
  const segments = points.slice(1).map((point, index) => {
    const before = points[index];
    if (before === undefined || before.y === null || point.y === null) return nothing;
    return markup`<line class="curve" x1="${placeX(index, points.length)}%" x2="${placeX(index + 1, points.length)}%" y1="${scale.place(before.y)}" y2="${scale.place(point.y)}"/>`;
  });
  return markup`${segments}`;
}

function drawPoint(chart: CurveChart, index: number, scale: Scale): Markup {
  const point = chart.points[index];
  if (point === undefined || point.y === null) return nothing;
  const x = placeX(index, chart.points.length);
  const format = chart.isPercent ? formatPercent : formatPlain;
  const bar = point.ci
    ? markup`<line class="bar first" x1="${x}%" x2="${x}%" y1="${scale.place(point.ci[0])}" y2="${scale.place(point.ci[1])}"/>`
    : nothing;
  return markup`<g><title>${point.label}: ${formatFigure(point.y, point.ci, format)}, n = ${point.n}</title>${bar}<circle class="dot first" cx="${x}%" cy="${scale.place(point.y)}" r="4"/></g>`;
}

function drawLabels(points: readonly CurvePoint[]): Markup {
  const every = Math.ceil(points.length / 12);
  const shown = points.filter((_, index) => index % every === 0);
  const width = Math.max(4, Math.floor(lettersAcross / Math.max(1, shown.length)) - 1);
  const middle = Math.floor((shown.length - 1) / 2) * every;
  const last = (shown.length - 1) * every;
  const labels = points.map((point, index) => {
    if (index % every !== 0) return nothing;
    const x = placeX(index, points.length);
    const isMinor = points.length > 4 && index !== 0 && index !== middle && index !== last;
    const lines = wrapLabel(point.label, width).map(
      (line, row) => markup`<tspan x="${x}%" dy="${row === 0 ? 0 : 13}">${line}</tspan>`,
    );
    return markup`<text class="${isMinor ? 'minor' : 'major'}" y="${plotHeight + 18}" text-anchor="middle">${lines}</text>`;
  });
  return markup`${labels}`;
}

/**
 * A curve over ordered groups, evenly spaced, with interval bars and a line at "no effect". Widths are percent and
 * heights pixels, so the drawing fits any column while its text keeps its size.
 */
export function drawCurveChart(chart: CurveChart): Markup {
  const { id, title, points, isPercent, neutral } = chart;
  const bounds = points.flatMap((point) => [point.y, ...(point.ci ?? [])]);
  const scale = makeScale([...bounds, neutral], { from: plotHeight, to: 18, ticks: 5 });
  const format = isPercent ? formatPercent : formatPlain;
  const description = points
    .map((point) => `${point.label}: ${formatFigure(point.y, point.ci, format)}, n = ${point.n}`)
    .join('; ');
  return markup`<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-desc" width="100%" height="${height}"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${drawHorizontals(chart, scale)}${drawLine(points, scale)}${points.map((_, index) => drawPoint(chart, index, scale))}${drawLabels(points)}</svg>`;
}
