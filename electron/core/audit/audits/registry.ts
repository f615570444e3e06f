import { AppError } from '../../../contract/app-error.ts';
import type { Audit } from './audit.ts';
import { lengthAudit } from './length.ts';
import { positionAudit } from './position.ts';

/** Every audit, in the order they are run and shown. */
export const audits: readonly Audit[] = [lengthAudit, positionAudit];

/** The audits of the given ids, all without; in the order of the registry. Throws AUDIT_UNKNOWN. */
export function chooseAudits(ids?: readonly string[]): readonly Audit[] {
  if (ids === undefined) return audits;
  const unknown = ids.find((id) => !audits.some((audit) => audit.id === id));
  if (unknown !== undefined) {
    throw new AppError(
      'AUDIT_UNKNOWN',
      `Nothing was audited: there is no audit called “${unknown}”. Audits: ${audits.map((audit) => audit.id).join(', ')}.`,
      { audit: unknown },
    );
  }
  return audits.filter((audit) => ids.includes(audit.id));
}
