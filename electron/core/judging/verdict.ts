/** Surface forms of the two verdicts; the first slot is always A. */
export const letterForms: readonly (readonly string[])[] = [
  ['A', ' A'],
  ['B', ' B'],
];

/** Mass of the candidates below which a call is invalid (judging spec 0.1). */
export const minimumCoverage = 0.5;

/** Tokens of a template's own words, roughly; for planning only, a run's calibration replaces it. */
export const templateTokens = 90;
