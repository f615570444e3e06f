import type { Audit } from '../audit.ts';
import { curationFeedbackAudit } from './curation-feedback.ts';
import { imagePairsAudit } from './image-pairs.ts';
import { screenEpisodesAudit } from './screen-episodes.ts';
import { syntheticQualityAudit } from './synthetic-quality.ts';

/** The audits of the family “documentation”, in the order they are run and shown. */
export const documentationAudits: readonly Audit[] = [
  syntheticQualityAudit,
  curationFeedbackAudit,
  imagePairsAudit,
  screenEpisodesAudit,
];
