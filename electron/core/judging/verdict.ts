/** Surface forms of the two verdicts; the first slot is always A. */
export const letterForms: readonly (readonly string[])[] = [
  ['A', ' A'],
  ['B', ' B'],
];

/** Mass of the candidates below which a call is invalid (judging spec 0.1). */
export const minimumCoverage = 0.5;

/** Tokens of a template's own words, roughly; for planning only, a run's calibration replaces it. */
export const templateTokens = 90;

/** Why a verdict is invalid, for the person. */
export function sayUnwilling(coverage: number): string {
  return `The model gave A and B only ${(coverage * 100).toFixed(1)} % of its probability; it did not want to answer in this form.`;
}

/** 1 / (1 + e^-z). */
export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
