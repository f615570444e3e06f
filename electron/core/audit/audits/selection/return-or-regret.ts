import { compareModels, fitPreferenceModel, type PreferenceModelFit } from '../../../statistics/regret.ts';
import type { Outcome } from '../../../statistics/outcome.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, estimateFigure, shareFigure } from '../plain-figures.ts';
import { sayMany } from '../wording.ts';

const headOf = (metric: string, title: string) => ({ audit: 'return_or_regret', metric, title });

export const returnOrRegretAudit = defineAudit({
  id: 'return_or_regret',
  family: 'selection',
  title: 'Partial return or regret',
  description:
    'Whether votes on pairs of segments follow their summed reward or their regret against the best that was possible.',
  inputs: ['steps', 'votes'],
  parameters: {},
  findObstacle: (dataset) =>
    dataset.trajectoryPairs > 0 ? null : 'There are no labelled pairs of two episodes with rewards.',
  run: async (context) => {
    const pairs = await readPairs(context);
    if (pairs.returns.length === 0) return { obstacle: 'No labelled pair has the rewards of both segments.' };
    const byReturn = await fitPreferenceModel(pairs.returns, pairs.votes, context.signal);
    const hasRegret = pairs.regretRows > 0;
    const shared = hasRegret ? await fitShared(context, pairs) : undefined;
    const figures = [
      ...describeFit('return', byReturn, pairs.returns.length),
      ...(shared ? describeFit('regret', shared.byRegret, pairs.regretRows) : []),
      ...(shared?.comparison
        ? [
            estimateFigure(
              {
                ...headOf('log_likelihood_difference', 'Held-out log-likelihood per pair, regret − return'),
                neutral: 0,
              },
              shared.comparison.logLikelihoodDifference,
              pairs.regretRows,
            ),
            estimateFigure(
              { ...headOf('accuracy_difference', 'Held-out accuracy, regret − return'), neutral: 0 },
              shared.comparison.accuracyDifference,
              pairs.regretRows,
            ),
          ]
        : []),
    ];
    return {
      figures,
      findings: [
        makeFinding({
          id: 'winner',
          sentence: sayWinner({ byReturn, shared, pairs }),
          figure: figures[0] ?? null,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: Number.POSITIVE_INFINITY,
        }),
      ],
      params: {
        pairs_without_values: pairs.returns.length - pairs.regretRows,
        unequal_lengths: pairs.unequal,
        folds: 5,
      },
    };
  },
});

interface PairColumns {
  readonly returns: Float64Array;
  readonly votes: Float64Array;
  /** Rows with values of both ends come first. */
  readonly regrets: Float64Array;
  readonly regretRows: number;
  readonly unequal: number;
}

async function readPairs({ session, pairs, seed, signal }: AuditContext<object>): Promise<PairColumns> {
  const columns = await session.columns(
    `SELECT a.total_reward - b.total_reward AS x, CASE c.label WHEN 'a' THEN 1 WHEN 'b' THEN 0 ELSE 0.5 END AS vote, (a.steps <> b.steps)::INTEGER AS unequal,
       (b.start_value - b.total_reward - b.end_value) - (a.start_value - a.total_reward - a.end_value) AS regret
     FROM ${pairs} c JOIN trajectory a ON a.trajectory_id = c.response_a_id JOIN trajectory b ON b.trajectory_id = c.response_b_id
     WHERE c.label IN ('a', 'b', 'tie') AND a.total_reward IS NOT NULL AND b.total_reward IS NOT NULL
     ORDER BY regret IS NULL, md5(c.row_id || '.' || ?), c.row_id`,
    [seed],
    { signal },
  );
  const { x = new Float64Array(0), vote = x, regret = x, unequal = x } = columns;
  const missing = regret.findIndex((value) => Number.isNaN(value));
  return {
    returns: x,
    votes: vote,
    regrets: regret,
    regretRows: missing < 0 ? regret.length : missing,
    unequal: unequal.reduce((sum, one) => sum + one, 0),
  };
}

/** Both models on the pairs that have values, so that they are compared on the same votes. */
async function fitShared(
  { seed, signal }: AuditContext<object>,
  { returns, regrets, votes, regretRows }: PairColumns,
) {
  const cut = (values: Float64Array) => values.slice(0, regretRows);
  const byRegret = await fitPreferenceModel(cut(regrets), cut(votes), signal);
  const byReturn = await fitPreferenceModel(cut(returns), cut(votes), signal);
  const isComparable = byRegret.status !== 'undefined' && byReturn.status !== 'undefined';
  return {
    byRegret,
    comparison: isComparable ? await compareModels(byReturn, byRegret, { seed, signal }) : undefined,
  };
}

function describeFit(name: 'return' | 'regret', fit: Outcome<PreferenceModelFit>, n: number) {
  if (fit.status === 'undefined') return [];
  const right = fit.isCorrect.reduce((sum, one) => sum + one, 0);
  return [
    shareFigure(
      { ...headOf(`${name}_accuracy`, `Held-out accuracy of the ${name} model`), neutral: 0.5 },
      Math.round(right),
      n,
    ),
    countFigure(
      headOf(`${name}_log_likelihood`, `Log-likelihood of the ${name} model`),
      fit.logLikelihood,
      n,
    ),
    countFigure(headOf(`${name}_k`, `Inverse temperature k of the ${name} model`), fit.k, n),
  ];
}

function sayWinner(found: {
  byReturn: Outcome<PreferenceModelFit>;
  shared: Awaited<ReturnType<typeof fitShared>> | undefined;
  pairs: PairColumns;
}): string {
  const percent = (fit: Outcome<PreferenceModelFit>) =>
    fit.status === 'undefined' ? '?' : (100 * fit.accuracy).toFixed(1);
  const { byReturn, shared, pairs } = found;
  if (!shared?.comparison)
    return `The return model predicts ${percent(byReturn)} % of ${sayMany(pairs.returns.length, 'vote')} it was not fitted on; without state values regret cannot be tried.`;
  const { winner } = shared.comparison;
  const verdict =
    winner === 'undecided' ? 'the data do not decide between them' : `the ${winner} model fits better`;
  return `On ${sayMany(pairs.regretRows, 'pair')} held-out accuracy is ${percent(byReturn)} % by partial return and ${percent(shared.byRegret)} % by regret: ${verdict}.`;
}
