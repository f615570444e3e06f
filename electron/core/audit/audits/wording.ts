/** A whole number with thousands separators. */
export function sayCount(n: number): string {
  return n.toLocaleString('en-US');
}

/** A share with its interval, as "61.2 % [58.9, 63.4]". */
export function sayShare(figure: {
  value: number | null;
  ci_lo: number | null;
  ci_hi: number | null;
}): string {
  const percent = (share: number) => (share * 100).toFixed(1);
  if (figure.value === null) return 'an unknown share';
  if (figure.ci_lo === null || figure.ci_hi === null) return `${percent(figure.value)} %`;
  return `${percent(figure.value)} % [${percent(figure.ci_lo)}, ${percent(figure.ci_hi)}]`;
}

/** A noun with its number. */
export function sayMany(n: number, one: string, many = `${one}s`): string {
  return `${sayCount(n)} ${n === 1 ? one : many}`;
}

/** A number that is no share, with its interval, as "0.42 [0.31, 0.53]". */
export function sayValue(
  figure: { value: number | null; ci_lo: number | null; ci_hi: number | null },
  decimals = 2,
): string {
  if (figure.value === null) return 'an unknown value';
  if (figure.ci_lo === null || figure.ci_hi === null) return figure.value.toFixed(decimals);
  return `${figure.value.toFixed(decimals)} [${figure.ci_lo.toFixed(decimals)}, ${figure.ci_hi.toFixed(decimals)}]`;
}
