import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { binomialTest } from '../../../statistics/binomial.ts';
import { exactInterval } from '../../../statistics/clopper-pearson.ts';
import { meanInterval } from '../../../statistics/descriptive.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import { type AuditContext, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import type { ModelRole } from '../model-question.ts';

type Head = Pick<AuditFigure, 'audit' | 'metric' | 'title'> & Partial<AuditFigure>;

/** The name of the model that plays a role, for sentences. */
export function nameModel(
  { models }: Pick<AuditContext<unknown>, 'models'>,
  role: ModelRole = 'judge',
): string {
  return models.get(role)?.name ?? `the ${role}`;
}

/**
 * A share of independent cases. With `neutral` ½ it is tested by the exact binomial test; null tests nothing. Wilson's
 * interval, or the exact one of Clopper and Pearson.
 */
export function testedShare(
  head: Head,
  {
    count,
    n,
    neutral = 0.5,
    interval = 'wilson',
  }: { count: number; n: number; neutral?: number | null; interval?: 'wilson' | 'exact' },
): AuditFigure {
  const outcome = interval === 'wilson' ? wilsonInterval(count, n) : exactInterval(count, n);
  if (outcome.status === 'undefined') return makeFigure(head, { ...head, n_items: n, neutral });
  const test = neutral === null || neutral === 0 ? undefined : binomialTest(count, n, neutral);
  return makeFigure(head, {
    ...head,
    value: outcome.estimate,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    p: test && test.status !== 'undefined' ? test.p : null,
    n_items: n,
    status: statusOf(n),
    neutral,
  });
}

/** A mean over independent units (questions, statements) with its t interval and test against 0; fewer than `minimum` units are too few. */
export function meanOfUnits(head: Head, values: ArrayLike<number>, minimum: number): AuditFigure {
  const n = values.length;
  const outcome = meanInterval(values);
  const status = n === 0 ? 'undefined' : n < minimum ? 'too_small' : 'ok';
  if (outcome.status === 'undefined') {
    const isConstant = outcome.reason === 'zero_variance';
    const value = n > 0 ? (values[0] ?? null) : null;
    const known = isConstant || n === 1 ? value : null;
    return makeFigure(head, {
      ...head,
      value: known,
      n_items: n,
      status: known === null ? 'undefined' : status,
      neutral: 0,
    });
  }
  return makeFigure(head, {
    ...head,
    value: outcome.mean,
    ci_lo: outcome.lower,
    ci_hi: outcome.upper,
    p: outcome.p,
    n_items: n,
    status,
    neutral: 0,
  });
}
