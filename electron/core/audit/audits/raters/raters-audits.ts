import type { Audit } from '../audit.ts';
import { aggregationLabAudit } from './aggregation-lab.ts';
import { agreementAudit } from './agreement.ts';
import { raterClustersAudit } from './rater-clusters.ts';
import { raterDiversityAudit } from './rater-diversity.ts';
import { raterDriftAudit } from './rater-drift.ts';
import { raterQualityAudit } from './rater-quality.ts';
import { raterWelfareAudit } from './rater-welfare.ts';

/** The audits of the family “raters”, in the order they are run and shown. */
export const ratersAudits: readonly Audit[] = [
  agreementAudit,
  raterQualityAudit,
  raterDriftAudit,
  raterDiversityAudit,
  aggregationLabAudit,
  raterClustersAudit,
  raterWelfareAudit,
];
