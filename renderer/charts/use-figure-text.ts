import { useText } from '../app/text.ts';
import type { Interval } from './figure-text.ts';

export interface FigureParts {
  readonly value: number | null;
  readonly ci: Interval;
  readonly n: number;
  readonly format: (value: number) => string;
}

/** Says a figure in words with its 95 % interval and the number of pairs; the only way a figure is read out. */
export function useFigureText(): (figure: FigureParts) => string {
  const { t, number } = useText();
  return ({ value, ci, n, format }) => {
    const shown = number(n);
    if (value === null) return t('figure.undefined', { n: shown });
    if (!ci) return t('figure.withoutInterval', { value: format(value), n: shown });
    return t('figure.withInterval', {
      value: format(value),
      low: format(ci[0]),
      high: format(ci[1]),
      n: shown,
    });
  };
}
