/** A linear axis whose positions are shares of the drawing's width or height, so that drawings are fluid. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  /** Position of a value in percent of the drawing, clamped to its edges. */
  readonly place: (value: number) => number;
}

interface ScaleOptions {
  /** Percent at which `min` and `max` lie. */
  readonly from?: number;
  readonly to?: number;
  /** Ticks aimed at. */
  readonly ticks?: number;
}

function niceStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** A scale over all finite values, widened to round ticks. Without values it spans −1..1. */
export function makeScale(values: readonly (number | null)[], options: ScaleOptions = {}): Scale {
  const { from = 0, to = 100, ticks: count = 6 } = options;
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = finite.length > 0 ? Math.min(...finite) : -1;
  const high = finite.length > 0 ? Math.max(...finite) : 1;
  const step = niceStep(high > low ? high - low : Math.max(Math.abs(high), 1) / 5, count);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
  const min = first * step;
  const max = last * step;
  const place = (value: number) => {
    const share = Math.min(1, Math.max(0, (value - min) / (max - min)));
    return Number((from + share * (to - from)).toFixed(3));
  };
  return { min, max, ticks, place };
}

/** Decimals that tell the ticks of a scale apart. */
function tickDecimals(scale: Scale, factor = 1): number {
  const step = ((scale.ticks[1] ?? 1) - (scale.ticks[0] ?? 0)) * factor;
  for (let decimals = 0; decimals < 4; decimals++) {
    if (Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) < 1e-6) return decimals;
  }
  return 4;
}

/** A tick with just enough decimals, and a true minus. */
export function formatTick(
  value: number,
  scale: Scale,
  { isPercent = false, hasSign = false }: { isPercent?: boolean; hasSign?: boolean } = {},
): string {
  const factor = isPercent ? 100 : 1;
  const text = Math.abs(value * factor).toLocaleString('en-US', {
    minimumFractionDigits: tickDecimals(scale, factor),
    maximumFractionDigits: tickDecimals(scale, factor),
  });
  const sign = !/[1-9]/.test(text) ? '' : value < 0 ? '−' : hasSign ? '+' : '';
  return `${sign}${text}${isPercent ? '\u{A0}%' : ''}`;
}
