export type Interval = readonly [number, number] | null;

/** What stands where a figure is undefined; never 0. */
export const absent = '–';

const signs = new Intl.NumberFormat('en', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: 'exceptZero',
});
const plains = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const shares = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const points = new Intl.NumberFormat('en', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});
const plainLarge = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const ps = new Intl.NumberFormat('en', { minimumFractionDigits: 3, maximumFractionDigits: 3 });

const trueMinus = (text: string) => text.replace('-', '−');

/** −1..1 with its sign and two decimals: +0.14. */
export const signedText = (value: number): string => trueMinus(signs.format(value));
/** Two decimals without a plus: 0.14. */
export const plainText = (value: number): string =>
  trueMinus((Math.abs(value) < 10 ? plains : plainLarge).format(value));
/** A share of 0..1 as per cent, with a no-break space: 61.3 %. */
export const shareText = (value: number): string => `${trueMinus(shares.format(value * 100))}\u{A0}%`;
/** A difference of shares in percentage points with its sign: +3.2. */
export const pointsText = (value: number): string => trueMinus(points.format(value * 100));
/** Three decimals, `<0.001` below. */
export const pText = (value: number): string => (value < 0.001 ? '<0.001' : ps.format(value));

/** A value by `format`, or the sign for "undefined". */
export function textOr(value: number | null, format: (value: number) => string): string {
  return value === null ? absent : format(value);
}

/** True where an interval lies wholly on one side of `neutral`. */
export function excludes(interval: Interval, neutral: number): boolean {
  return interval !== null && (interval[0] > neutral || interval[1] < neutral);
}

/** The end of a scale that holds every bound, rounded up to a tenth; at least 0.1. */
export function symmetricEnd(values: readonly (number | null)[]): number {
  const largest = values.reduce<number>((max, v) => Math.max(max, Math.abs(v ?? 0)), 0);
  return Math.max(0.1, Math.ceil(largest * 10 - 1e-9) / 10);
}
