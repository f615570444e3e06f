import type { AuditFigure } from '../../../contract/audit.contract.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { statusOf } from './clustered-share.ts';

/** A share of independent items with Wilson's interval. */
export function describeProportion(
  successes: number,
  n: number,
): Pick<AuditFigure, 'value' | 'ci_lo' | 'ci_hi' | 'n_items' | 'status'> {
  const outcome = wilsonInterval(successes, n);
  if (outcome.status === 'undefined')
    return { value: null, ci_lo: null, ci_hi: null, n_items: n, status: 'undefined' };
  return {
    value: outcome.estimate,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    n_items: n,
    status: statusOf(n),
  };
}
