import type { AuditFigure } from '../../contract/audit.contract.ts';

/** What stands where a figure is undefined; never 0. */
export const absent = '–';

type Value = number | null | undefined;
export type IntervalValue = readonly [number, number] | null | undefined;
type FormatNumber = (value: Value) => string;

const isNumber = (value: Value): value is number => typeof value === 'number' && Number.isFinite(value);

/** Fixed decimals with thousands separators, a true minus, and no minus before a zero. */
function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

export function formatCount(value: Value): string {
  return isNumber(value) ? fixed(value, 0) : absent;
}

/** A figure between −1 and 1 with its sign: +0.142. */
export function formatSigned(value: Value): string {
  if (!isNumber(value)) return absent;
  const text = fixed(value, 3);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A share in [0, 1] as percent, with a no-break space: 61.3 %. */
export function formatPercent(value: Value): string {
  return isNumber(value) ? `${fixed(value * 100, 1)}\u{A0}%` : absent;
}

/** A difference of two shares in percentage points: +3.2 points. */
export function formatPoints(value: Value): string {
  if (!isNumber(value)) return absent;
  const text = fixed(value * 100, 1);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A number of unknown size: three decimals below 10, fewer above. */
export function formatPlain(value: Value): string {
  if (!isNumber(value)) return absent;
  const size = Math.abs(value);
  return fixed(value, size < 10 ? 3 : size < 1000 ? 1 : 0);
}

export function formatP(value: Value): string {
  if (!isNumber(value)) return absent;
  return value < 0.001 ? '<0.001' : fixed(value, 3);
}

/** Bounds without the unit and the plus sign that the value beside them carries: [60.1, 62.5]. */
export function formatInterval(interval: IntervalValue, format: FormatNumber): string {
  if (!interval || !interval.every(isNumber)) return absent;
  const [low, high] = interval.map((bound) => format(bound).replace(/^\+|\u{A0}%$/gu, ''));
  return `[${low}, ${high}]`;
}

/** Value and interval in one cell; an undefined value has no interval either. */
export function formatFigure(value: Value, interval: IntervalValue, format: FormatNumber): string {
  if (!isNumber(value)) return absent;
  const bounds = formatInterval(interval, format);
  return bounds === absent ? `${format(value)} (no interval)` : `${format(value)} ${bounds}`;
}

/** ISO time as `2026-11-23 12:40 UTC`; a text that is no time stays. */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const shareWords = /\b(share|rate|accuracy|percentage|proportion|probability)\b/i;
const otherWords = /\b(ratio|odds|difference|gap|slope|kappa|coefficient|index|log)\b/i;

/** Whether figures under this title read best as percent: it names a share, and all of them lie in [0, 1]. */
export function isShare(title: string, values: readonly Value[]): boolean {
  return (
    shareWords.test(title) &&
    !otherWords.test(title) &&
    values.filter(isNumber).every((value) => value >= 0 && value <= 1)
  );
}

export function auditFigureFormat(figure: AuditFigure): FormatNumber {
  return isShare(figure.title, [figure.value, figure.ci_lo, figure.ci_hi]) ? formatPercent : formatPlain;
}
