import type { JudgeFigure, JudgeReport } from '../../../electron/contract/judging.contract.ts';
import type { DegreeReport } from '../../../electron/contract/mining.contract.ts';
import { plainText, shareText, signedText } from '../../charts/figure-text.ts';
import type { Interval } from '../../charts/figure-text.ts';

export type FigureId =
  | keyof JudgeReport['agreement']
  | Exclude<keyof JudgeReport['position'], 'p'>
  | keyof JudgeReport['length']
  | 'expectedError'
  | keyof DegreeReport;

export interface FigureRow {
  readonly id: FigureId;
  readonly figure: JudgeFigure;
  readonly ci: Interval;
  readonly domain: readonly [number, number];
  /** Where chance, or no effect, lies; for figures without one, the low end. */
  readonly neutral: number;
  readonly format: (value: number) => string;
}

/** Both bounds, or null where one is missing. */
export const intervalOf = ({ low, high }: JudgeFigure): Interval =>
  low === null || high === null ? null : [low, high];

/** A sum of rounding errors is 0. */
const settle = (value: number | null) => (value !== null && Math.abs(value) < 1e-9 ? 0 : value);

const row = (
  id: FigureId,
  figure: JudgeFigure,
  scale: { domain: readonly [number, number]; neutral: number; format: (value: number) => string },
): FigureRow => ({
  id,
  figure: { ...figure, value: settle(figure.value) },
  ci: intervalOf(figure),
  ...scale,
});

const shareOfTwo = { domain: [0, 1], neutral: 0.5, format: shareText } as const;
const share = { domain: [0, 1], neutral: 0, format: shareText } as const;
const kappa = { domain: [-1, 1], neutral: 0, format: plainText } as const;

export function agreementRows({ agreement }: JudgeReport): FigureRow[] {
  return [
    row('accuracy', agreement.accuracy, shareOfTwo),
    row('accuracyWithTies', agreement.accuracyWithTies, share),
    row('kappa', agreement.kappa, kappa),
    row('kappaWithTies', agreement.kappaWithTies, kappa),
  ];
}

/** How a judge orders responses that were made worse by degrees. */
export function degreeRows({ degreeSpearman, adjacentAccuracy }: DegreeReport): FigureRow[] {
  return [
    row('degreeSpearman', degreeSpearman, kappa),
    row('adjacentAccuracy', adjacentAccuracy, shareOfTwo),
  ];
}

export function positionRows({ position }: JudgeReport): FigureRow[] {
  return [
    row('consistent', position.consistent, share),
    row('consistentAndCorrect', position.consistentAndCorrect, share),
    row('firstBiased', position.firstBiased, share),
    row('secondBiased', position.secondBiased, share),
    row('meanLean', position.meanLean, { domain: [-0.5, 0.5], neutral: 0, format: signedText }),
  ];
}

export function lengthRows({ length }: JudgeReport): FigureRow[] {
  return [
    row('correlation', length.correlation, { domain: [-1, 1], neutral: 0, format: signedText }),
    row('longerWins', length.longerWins, shareOfTwo),
    row('referenceLongerWins', length.referenceLongerWins, shareOfTwo),
  ];
}

export const calibrationRows = ({ calibration }: JudgeReport): FigureRow[] => [
  row('expectedError', calibration.expectedError, share),
];

export interface ConfusionTable {
  readonly judges: readonly string[];
  readonly rows: readonly {
    readonly reference: string;
    readonly cells: readonly { readonly judge: string; readonly count: number; readonly share: number }[];
  }[];
}

const order = ['a', 'b', 'tie', 'both_bad', 'skip', 'invalid'];
const place = (label: string) => (order.indexOf(label) + order.length + 1) % (order.length + 1);
const sorted = (labels: readonly string[]) => [...new Set(labels)].sort((a, b) => place(a) - place(b));

/** Counts as a table; `share` is of the row. A pair of labels that never came is 0. */
export function tabulateConfusion(confusion: JudgeReport['confusion']): ConfusionTable {
  const judges = sorted(confusion.map(({ judge }) => judge));
  return {
    judges,
    rows: sorted(confusion.map(({ reference }) => reference)).map((reference) => {
      const own = confusion.filter((cell) => cell.reference === reference);
      const total = own.reduce((sum, { count }) => sum + count, 0);
      return {
        reference,
        cells: judges.map((judge) => {
          const count = own.find((cell) => cell.judge === judge)?.count ?? 0;
          return { judge, count, share: total === 0 ? 0 : count / total };
        }),
      };
    }),
  };
}
