import { markup, nothing, type Markup } from '../markup.ts';

type Shape = 'dot' | 'diamond' | 'square';

interface IntervalMark {
  readonly value: number | null;
  readonly ci: readonly [number, number] | null;
  readonly shape: Shape;
  /** Names the colour: a class of the report's style sheet. */
  readonly tone: 'first' | 'second' | 'plain';
}

/**
 * A marker of a fixed size in pixels at a place in percent. A nested drawing with visible overflow carries it, because
 * paths know no percent.
 */
export function drawMarker(x: number, y: number, mark: Pick<IntervalMark, 'shape' | 'tone'>): Markup {
  if (mark.shape === 'dot') return markup`<circle class="dot ${mark.tone}" cx="${x}%" cy="${y}%" r="4.5"/>`;
  const path = mark.shape === 'diamond' ? 'M0-5.5 5.5 0 0 5.5-5.5 0Z' : 'M-4.2-4.2H4.2V4.2H-4.2Z';
  return markup`<svg x="${x}%" y="${y}%" overflow="visible"><path class="dot ${mark.tone}" d="${path}"/></svg>`;
}

/** Dot with interval, lying; nothing where the value is undefined. */
export function drawLyingInterval(mark: IntervalMark, place: (value: number) => number, y: number): Markup {
  const { value, ci } = mark;
  if (value === null || !Number.isFinite(value)) return nothing;
  const bar = ci
    ? markup`<line class="bar ${mark.tone}" x1="${place(ci[0])}%" x2="${place(ci[1])}%" y1="${y}%" y2="${y}%"/>`
    : nothing;
  return markup`${bar}${drawMarker(place(value), y, mark)}`;
}
