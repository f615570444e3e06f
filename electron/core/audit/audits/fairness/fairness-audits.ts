import type { Audit } from '../audit.ts';
import { labellerEquityAudit } from './labeller-equity.ts';
import { representationAudit } from './representation.ts';

/** The audits of the family “fairness”, in the order they are run and shown. */
export const fairnessAudits: readonly Audit[] = [representationAudit, labellerEquityAudit];
