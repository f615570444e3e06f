import { AppError } from '../../contract/app-error.ts';
import type { JudgeFigure } from '../../contract/judging.contract.ts';
import type { SufficiencyReport } from '../../contract/rationale.contract.ts';
import { bootstrapFigure, measureShareOf } from '../judging/figure.ts';
import type { RationaleService } from './rationale.service.ts';

interface Counts {
  readonly undecided: number;
  readonly invalid: number;
  readonly consistent: number;
  readonly ordered: number;
  readonly valid: number;
}

interface PromptRow {
  readonly ownScore: number;
  readonly ownPairs: number;
  readonly shuffledScore: number;
  readonly shuffledPairs: number;
  readonly bothOwn: number;
  readonly bothShuffled: number;
  readonly both: number;
}

const scoreOf = (variant: string) =>
  `CASE ${variant}.label WHEN ${variant}.winner THEN 1.0 WHEN 'tie' THEN 0.5 WHEN 'invalid' THEN NULL ELSE 0.0 END`;

/**
 * How far a blind judge recovers the labels from the rationales alone, and from those of other pairs. An answer scores
 * 1 for the label, 0.5 undecided, 0 for the other side; calls without a valid answer are left out and counted.
 * Intervals: percentile bootstrap over prompts (Wilson’s at 0 and 1); the difference over pairs with both answers, drawn together. Throws
 * RATIONALE_RUN_MISSING, and INPUT_INVALID for a run that writes.
 */
export async function reportSufficiency(
  rationales: RationaleService,
  rationaleRunId: number,
  signal?: AbortSignal,
): Promise<SufficiencyReport> {
  const run = await rationales.get(rationaleRunId);
  if (run.task !== 'check')
    throw new AppError(
      'INPUT_INVALID',
      `There is no report: run ${rationaleRunId} writes rationales, it checks none.`,
      {
        rationaleRunId,
      },
    );
  const rows = await readScores(rationales, rationaleRunId, signal);
  const { seed } = run.record.request;
  const measure = async (variant: 'own' | 'shuffled') => {
    const counts = await countAnswers(rationales, rationaleRunId, variant);
    return {
      accuracy: await measureMean(rows, [`${variant}Score`, `${variant}Pairs`], { seed, signal }),
      undecided: counts.undecided,
      invalid: counts.invalid,
      consistent: measureShareOf(counts.consistent, counts.ordered),
    };
  };
  const own = await measure('own');
  const shuffled = await measure('shuffled');
  const difference =
    rows.length === 0
      ? unknown
      : await bootstrapFigure(
          toColumns(rows, ['bothOwn', 'bothShuffled', 'both']),
          ([ofOwn = 0, ofShuffled = 0, n = 0]) => (ofOwn - ofShuffled) / n,
          { n: sumOf(rows, 'both'), seed, signal },
        );
  const report = {
    schema: 'assay.rationale-sufficiency/1',
    run,
    own,
    shuffled,
    difference,
    prompts: rows.length,
  } as const;
  return { ...report, warnings: listWarnings(report) };
}

const unknown: JudgeFigure = { value: null, low: null, high: null, n: 0 };

const sumOf = (rows: readonly PromptRow[], key: keyof PromptRow) =>
  rows.reduce((sum, row) => sum + row[key], 0);
const toColumns = (rows: readonly PromptRow[], keys: readonly (keyof PromptRow)[]) =>
  keys.map((key) => Float64Array.from(rows, (row) => row[key]));

/**
 * The mean score with its bootstrap interval over prompts. Where every answer is right, or every one wrong, no resample
 * differs: then Wilson's interval for as many prompts.
 */
async function measureMean(
  rows: readonly PromptRow[],
  keys: readonly [score: keyof PromptRow, pairs: keyof PromptRow],
  options: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<JudgeFigure> {
  if (rows.length === 0) return unknown;
  const n = sumOf(rows, keys[1]);
  const figure = await bootstrapFigure(toColumns(rows, keys), ([sum = 0, count = 0]) => sum / count, {
    ...options,
    n,
  });
  if (figure.value !== 0 && figure.value !== 1) return figure;
  const prompts = rows.filter((row) => row[keys[1]] > 0).length;
  return { ...measureShareOf(figure.value * prompts, prompts), n };
}

/** Scores of own and shuffled rationales, summed by prompt. */
async function readScores(
  { database }: RationaleService,
  rationaleRunId: number,
  signal?: AbortSignal,
): Promise<PromptRow[]> {
  return database.all<PromptRow>(
    `SELECT coalesce(sum(own), 0) AS "ownScore", count(own) AS "ownPairs", coalesce(sum(shuffled), 0) AS "shuffledScore", count(shuffled) AS "shuffledPairs",
       coalesce(sum(own) FILTER (shuffled IS NOT NULL), 0) AS "bothOwn", coalesce(sum(shuffled) FILTER (own IS NOT NULL), 0) AS "bothShuffled",
       count(*) FILTER (own IS NOT NULL AND shuffled IS NOT NULL) AS "both"
     FROM (SELECT c.prompt_id, ${scoreOf('o')} AS own, ${scoreOf('s')} AS shuffled FROM rationale_check o
       JOIN comparison c USING (comparison_id)
       LEFT JOIN rationale_check s ON s.rationale_run_id = o.rationale_run_id AND s.comparison_id = o.comparison_id AND s.variant = 'shuffled'
       WHERE o.rationale_run_id = ? AND o.variant = 'own')
     GROUP BY prompt_id ORDER BY prompt_id`,
    [rationaleRunId],
    { signal },
  );
}

function countAnswers(
  { database }: RationaleService,
  rationaleRunId: number,
  variant: string,
): Promise<Counts> {
  return database.one<Counts>(
    `SELECT count(*) FILTER (label = 'tie') AS undecided, count(*) FILTER (label = 'invalid') AS invalid,
       count(*) FILTER (is_order_consistent) AS consistent, count(is_order_consistent) AS ordered, count(*) FILTER (label <> 'invalid') AS valid
     FROM rationale_check WHERE rationale_run_id = ? AND variant = ?`,
    [rationaleRunId, variant],
  );
}

function listWarnings({ run, own, shuffled, difference }: Omit<SufficiencyReport, 'warnings'>): string[] {
  const warnings: string[] = [];
  if (run.done < run.planned)
    warnings.push(`${run.planned - run.done} of ${run.planned} pairs are not checked yet.`);
  if (own.accuracy.n < 50) warnings.push(`Only ${own.accuracy.n} pairs: the intervals are wide.`);
  if (shuffled.accuracy.n === 0) warnings.push('There is no other pair to take a shuffled rationale from.');
  if (shuffled.accuracy.low !== null && shuffled.accuracy.low > 0.5)
    warnings.push(
      'The judge recovers the label above chance with the rationales of other pairs too: it goes by the responses, not by the rationale.',
    );
  if (difference.low !== null && difference.low <= 0)
    warnings.push(
      'The own rationale is not clearly better than one of another pair: it may say nothing of this pair.',
    );
  return warnings;
}
