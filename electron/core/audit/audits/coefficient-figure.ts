import type { AuditFigure } from '../../../contract/audit.contract.ts';
import type { LogisticCoefficient } from '../../statistics/logistic.ts';
import { statusOf } from './clustered-share.ts';

export type Coefficient = Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi' | 'p' | 'status'>;

/** A coefficient in log-odds; without value where it is undefined or only the ridge keeps it finite. */
export function describeCoefficient(coefficient: LogisticCoefficient | undefined, n: number): Coefficient {
  if (!coefficient || coefficient.status !== 'ok') {
    return { value: null, ci_lo: null, ci_hi: null, p: null, status: 'undefined' };
  }
  const { estimate, lower, upper, p } = coefficient;
  return { value: estimate, ci_lo: lower, ci_hi: upper, p, status: statusOf(n) };
}

/** σ of a log-odds figure: the win rate where the other terms are 0. */
export function toProbability(figure: Coefficient): Coefficient {
  const squash = (logit: number | null) => (logit === null ? null : 1 / (1 + Math.exp(-logit)));
  return { ...figure, value: squash(figure.value), ci_lo: squash(figure.ci_lo), ci_hi: squash(figure.ci_hi) };
}
