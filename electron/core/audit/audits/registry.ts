import { AppError } from '../../../contract/app-error.ts';
import type { Audit } from './audit.ts';
import { documentationAudits } from './documentation/documentation-audits.ts';
import { fairnessAudits } from './fairness/fairness-audits.ts';
import { modelAudits } from './models/model-audits.ts';
import { noiseAudits } from './noise/noise-audits.ts';
import { rankingsAudits } from './rankings/rankings-audits.ts';
import { ratersAudits } from './raters/raters-audits.ts';
import { selectionAudits } from './selection/selection-audits.ts';
import { surfaceAudits } from './surface/surface-audits.ts';

/** Every audit, in the order they are run and shown. */
export const audits: readonly Audit[] = [
  ...surfaceAudits,
  ...fairnessAudits,
  ...ratersAudits,
  ...rankingsAudits,
  ...noiseAudits,
  ...selectionAudits,
  ...documentationAudits,
  ...modelAudits,
];

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
