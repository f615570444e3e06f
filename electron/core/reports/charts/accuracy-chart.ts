import { markup, type Markup } from '../markup.ts';
import { formatFigure, formatPercent, type IntervalValue } from '../report-numbers.ts';
import { formatTick, makeScale, type Scale } from './scale.ts';
import { drawMarker } from './marks.ts';

export interface AccuracyRow {
  readonly label: string;
  readonly value: number | null;
  readonly ci: IntervalValue;
  readonly tone: 'first' | 'second' | 'plain';
}

const rowHeight = 50;
const axisHeight = 34;

/** Tick labels below the rows, and tick lines that leave out the lines of text. */
function drawAxis(scale: Scale, count: number): Markup {
  const bottom = count * rowHeight;
  const chance = scale.place(0.5);
  const tops = Array.from({ length: count }, (_, index) => index * rowHeight + 22);
  const lines = scale.ticks.map((tick) => {
    const x = scale.place(tick);
    const parts = tops.map(
      (y) =>
        markup`<line class="${tick === 0.5 ? 'zero' : 'grid'}" x1="${x}%" x2="${x}%" y1="${y}" y2="${y + 22}"/>`,
    );
    const label = formatTick(tick, scale, { isPercent: true });
    return markup`${parts}<text x="${x}%" y="${bottom + 14}" text-anchor="middle">${label}</text>`;
  });
  return markup`${lines}<text x="${chance}%" y="${bottom + 29}" text-anchor="middle">chance</text>`;
}

function drawRow(row: AccuracyRow, scale: Scale, top: number, height: number): Markup {
  const y = top + 33;
  const text = markup`<text class="strong" x="0" y="${top + 14}">${row.label}</text><text class="number" x="100%" y="${top + 14}" text-anchor="end">${formatFigure(row.value, row.ci, formatPercent)}</text>`;
  if (row.value === null || !Number.isFinite(row.value)) return text;
  const bar = row.ci
    ? markup`<line class="bar thick ${row.tone}" x1="${scale.place(row.ci[0])}%" x2="${scale.place(row.ci[1])}%" y1="${y}" y2="${y}"/>`
    : markup``;
  const marker = drawMarker(scale.place(row.value), (100 * y) / height, { shape: 'dot', tone: row.tone });
  return markup`${text}${bar}${marker}`;
}

/**
 * Accuracies in [0, 1] as dots with intervals on one axis, with a line at one half. Widths are percent, so the drawing
 * fits any column while its text keeps its size. `id` must be unique in the page.
 */
export function drawAccuracyChart(
  rows: readonly AccuracyRow[],
  { id, title }: { id: string; title: string },
): Markup {
  const bounds = rows.flatMap((row) => [row.value, ...(row.ci ?? [])]);
  const scale = makeScale([0.5, ...bounds], { from: 4, to: 96, ticks: 5 });
  const height = rows.length * rowHeight + axisHeight;
  const description = rows
    .map((row) => `${row.label}: ${formatFigure(row.value, row.ci, formatPercent)}`)
    .join('; ');
  return markup`<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-desc" width="100%" height="${height}"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}. Chance is 50 %.</desc>${drawAxis(scale, rows.length)}${rows.map((row, index) => drawRow(row, scale, index * rowHeight, height))}</svg>`;
}
