import { markup, type Markup } from '../markup.ts';
import { formatFigure, formatSigned, type IntervalValue } from '../report-numbers.ts';
import { drawLyingInterval } from './marks.ts';
import { formatTick, makeScale, type Scale } from './scale.ts';

export interface ForestRow {
  readonly strength: number | null;
  readonly strengthCi: IntervalValue;
  readonly controlled: number | null;
  readonly controlledCi: IntervalValue;
}

/**
 * The common axis of a forest plot, with zero on it. The plot is one drawing per table row instead of one large
 * picture: principles are sentences, and table cells wrap, scroll, print and read aloud better than text in SVG.
 */
export function makeForestScale(rows: readonly ForestRow[]): Scale {
  const bounds = rows.flatMap((row) => [
    row.strength,
    row.controlled,
    ...(row.strengthCi ?? []),
    ...(row.controlledCi ?? []),
  ]);
  return makeScale([0, ...bounds], { from: 4, to: 96, ticks: 6 });
}

function drawGrid(scale: Scale): readonly Markup[] {
  return scale.ticks.map(
    (tick) =>
      markup`<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${scale.place(tick)}%" x2="${scale.place(tick)}%" y1="0" y2="100%"/>`,
  );
}

/** Raw strength (dot, above) and length-controlled strength (diamond, below) of one principle, on the common axis. */
export function drawForestRow(row: ForestRow, scale: Scale): Markup {
  const label = `Strength ${formatFigure(row.strength, row.strengthCi, formatSigned)}; length-controlled ${formatFigure(row.controlled, row.controlledCi, formatSigned)}`;
  const raw = { value: row.strength, ci: row.strengthCi ?? null, shape: 'dot', tone: 'first' } as const;
  const controlled = {
    value: row.controlled,
    ci: row.controlledCi ?? null,
    shape: 'diamond',
    tone: 'second',
  } as const;
  return markup`<svg class="forest-row" role="img"><title>${label}</title>${drawGrid(scale)}${drawLyingInterval(raw, scale.place, 36)}${drawLyingInterval(controlled, scale.place, 68)}</svg>`;
}

/** Tick labels of the common axis, for the head of the column. */
export function drawForestAxis(scale: Scale): Markup {
  const first = formatTick(scale.min, scale, { hasSign: true });
  const last = formatTick(scale.max, scale, { hasSign: true });
  const half = Math.ceil(scale.ticks.length / 6);
  const zero = scale.ticks.indexOf(0);
  const labels = scale.ticks
    .filter((_, index) => (index - zero) % half === 0)
    .map(
      (tick) =>
        markup`<text x="${scale.place(tick)}%" y="11" text-anchor="middle">${formatTick(tick, scale, { hasSign: true })}</text>`,
    );
  return markup`<svg class="forest-axis" role="img" height="16"><title>Axis of strength from ${first} to ${last}</title>${labels}</svg>`;
}
