import type { ConstitutionSlices, SliceCell } from '../../../contract/constitution-depth.ts';
import { markup, nothing, type Markup } from '../markup.ts';
import { formatCount, formatFigure, formatSigned } from '../report-numbers.ts';

const labelWidth = 300;
const cellWidth = 74;
const cellHeight = 26;
const headHeight = 64;
const mostRows = 20;
const mostColumns = 12;

type SlicedPrinciple = ConstitutionSlices['principles'][number];

/** Principles a heat map shows: the selected ones, then those that differ most over the groups. */
export function pickRows(slices: ConstitutionSlices): SlicedPrinciple[] {
  const others = slices.principles
    .filter((one) => !one.is_selected && one.test !== null)
    .sort(
      (left, right) =>
        (left.test?.p_adjusted ?? 1) - (right.test?.p_adjusted ?? 1) ||
        (right.spread ?? 0) - (left.spread ?? 0),
    );
  return [...slices.principles.filter((one) => one.is_selected), ...others].slice(0, mostRows);
}

const cut = (text: string, limit: number) => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

/** Largest strength either way among the cells shown: where a colour is full. */
const findEnd = (rows: readonly SlicedPrinciple[]) =>
  Math.max(0.05, ...rows.flatMap((row) => row.cells.map((cell) => Math.abs(cell.strength ?? 0))));

function drawCell(cell: SliceCell, place: { x: number; y: number; end: number }): Markup {
  const { x, y, end } = place;
  const { strength } = cell;
  const said = `${formatFigure(strength, cell.strength_ci, formatSigned)}, n = ${formatCount(cell.n)}${cell.status === 'ok' ? '' : ', few'}`;
  const name = (strength ?? 0) < 0 ? 'heat-against' : 'heat-for';
  const opacity = strength === null ? 0 : Math.round((0.45 * Math.abs(strength) * 100) / end) / 100;
  return markup`<g><title>${said}</title><rect class="${name}" x="${x}" y="${y}" width="${cellWidth - 2}" height="${cellHeight - 2}" fill-opacity="${opacity}"/>${cell.status === 'ok' ? nothing : markup`<rect class="heat-weak" x="${x + 0.5}" y="${y + 0.5}" width="${cellWidth - 3}" height="${cellHeight - 3}"/>`}<text x="${x + cellWidth / 2 - 1}" y="${y + 17}" text-anchor="middle">${formatSigned(strength)}</text></g>`;
}

/**
 * Strengths by principle and group as one SVG: a colour either side of zero, the value in the cell, interval and n in its
 * title. Cells that rest on few labels have a dashed border. The table beside it has the same figures.
 */
export function drawHeatMap(slices: ConstitutionSlices, stem: string): Markup {
  const rows = pickRows(slices);
  const groups = slices.groups.slice(0, mostColumns);
  const end = findEnd(rows);
  const width = labelWidth + groups.length * cellWidth;
  const height = headHeight + rows.length * cellHeight;
  const heads = groups.map(
    ({ value, n }, column) =>
      markup`<text class="heat-head" x="${labelWidth + (column + 0.5) * cellWidth - 1}" y="${headHeight - 22}" text-anchor="middle"><title>${value}</title>${cut(value, 11)}</text><text class="heat-head" x="${labelWidth + (column + 0.5) * cellWidth - 1}" y="${headHeight - 8}" text-anchor="middle">${formatCount(n)}</text>`,
  );
  const body = rows.map((row, index) => {
    const y = headHeight + index * cellHeight;
    const text = stem === '' ? row.text : row.text.slice(stem.length + 1);
    const cells = row.cells
      .slice(0, groups.length)
      .map((cell, column) => drawCell(cell, { x: labelWidth + column * cellWidth, y, end }));
    return markup`<text x="0" y="${y + 17}"><title>${row.text}</title>${row.is_selected ? '• ' : ''}${cut(text, 44)}</text>${cells}`;
  });
  return markup`<svg class="heat" role="img" aria-label="Strength of principles by ${slices.column}; the table below has the same figures" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${heads}${body}</svg>`;
}
