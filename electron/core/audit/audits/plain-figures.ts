import type { AuditFigure } from '../../../contract/audit.contract.ts';
import type { Interval, Outcome } from '../../statistics/outcome.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { makeFigure } from './audit.ts';
import { statusOf } from './clustered-share.ts';

type Head = Pick<AuditFigure, 'audit' | 'metric' | 'title'> & Partial<AuditFigure>;

/** A share of independent items with Wilson's interval; nothing is tested. */
export function shareFigure(head: Head, count: number, total: number): AuditFigure {
  const outcome = wilsonInterval(count, total);
  if (outcome.status === 'undefined') return makeFigure(head, { ...head, n_items: total });
  return makeFigure(head, {
    ...head,
    value: outcome.estimate,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    n_items: total,
    status: statusOf(total),
  });
}

/** An estimate with its interval (a bootstrap's, say); an undefined one has no value. */
export function estimateFigure(
  head: Head,
  outcome: Outcome<{ estimate: number } & Interval>,
  n: number,
): AuditFigure {
  if (outcome.status === 'undefined') return makeFigure(head, { ...head, n_items: n });
  return makeFigure(head, {
    ...head,
    value: outcome.estimate,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    n_items: n,
    status: statusOf(n),
  });
}

/** A number that is computed, not estimated, so that it has no interval; null leaves it undefined. */
export function countFigure(head: Head, value: number | null, n: number): AuditFigure {
  return makeFigure(head, {
    ...head,
    value,
    n_items: n,
    status: value === null ? 'undefined' : statusOf(n),
  });
}
