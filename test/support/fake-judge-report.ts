import type { JudgeFigure, JudgeReport } from '../../electron/contract/judging.contract.ts';

const figure = (value: number, n: number, half = 0.03): JudgeFigure => ({
  value,
  low: value - half,
  high: value + half,
  n,
});
const slice = (field: string, value: string | null, accuracy: number, n: number) => ({
  field,
  value,
  accuracy: figure(accuracy, n, n < 20 ? 0.2 : 0.05),
  kappa: figure(2 * accuracy - 1, n, n < 20 ? 0.3 : 0.08),
  isSmall: n < 20,
});

/** A report with every part filled. */
export function fakeReport(
  { annotatorId, referenceId }: { annotatorId: number; referenceId: number | null },
  part: Partial<JudgeReport> = {},
): JudgeReport {
  return {
    schema: 'assay.judge-report/1',
    dataset: 'judged-pairs',
    datasetId: 1,
    judge: { annotatorId, name: annotatorId === 9 ? 'Anna' : 'Qwen2.5-7B-Instruct-Q4_K_M', kind: 'model' },
    reference: {
      annotatorId: referenceId,
      name: referenceId === null ? 'The dataset’s labels' : `rater ${referenceId}`,
    },
    items: { judged: 800, invalid: 3, compared: 797 },
    agreement: {
      accuracy: figure(0.712, 771),
      accuracyWithTies: figure(0.688, 797),
      kappa: figure(0.424, 771, 0.06),
      kappaWithTies: figure(0.401, 797, 0.06),
    },
    position: {
      consistent: figure(0.83, 797),
      firstBiased: figure(0.13, 797),
      secondBiased: figure(0.04, 797),
      consistentAndCorrect: figure(0.61, 771),
      p: 0.0004,
      meanLean: figure(0.062, 797, 0.01),
    },
    length: {
      correlation: figure(0.37, 797, 0.05),
      longerWins: figure(0.66, 780),
      referenceLongerWins: figure(0.58, 780),
    },
    calibration: {
      bins: [0.55, 0.65, 0.75, 0.85, 0.95].map((x, index) => ({
        label: `${Math.round(x * 100 - 5)}–${Math.round(x * 100 + 5)} %`,
        x,
        value: 0.52 + index * 0.08,
        low: 0.46 + index * 0.08,
        high: 0.58 + index * 0.08,
        n: 100 + index * 40,
      })),
      expectedError: figure(0.07, 771, 0.02),
    },
    confusion: [
      { reference: 'a', judge: 'a', count: 290 },
      { reference: 'a', judge: 'b', count: 96 },
      { reference: 'a', judge: 'tie', count: 4 },
      { reference: 'b', judge: 'a', count: 126 },
      { reference: 'b', judge: 'b', count: 259 },
      { reference: 'tie', judge: 'a', count: 22 },
    ],
    slices: [
      slice('subset', 'open-ended questions about health, with a very long name that goes on', 0.74, 410),
      slice('subset', 'code', 0.66, 361),
      slice('language', 'en', 0.71, 760),
      slice('language', 'fr', 0.6, 11),
    ],
    warnings: [
      'The judge follows the order in which responses are shown more than chance would. Keep both orders.',
    ],
    ...part,
  };
}
