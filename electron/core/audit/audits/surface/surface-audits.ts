import type { Audit } from '../audit.ts';
import { contaminationAudit } from './contamination.ts';
import { duplicatesAudit } from './duplicates.ts';
import { lengthAudit } from './length.ts';
import { linguisticAudit } from './linguistic.ts';
import { modelLeakageAudit } from './model-leakage.ts';
import { positionAudit } from './position.ts';
import { refusalAudit } from './refusal.ts';
import { selfPreferenceAudit } from './self-preference.ts';
import { sentimentRulesAudit } from './sentiment-rules.ts';
import { sentimentAudit } from './sentiment.ts';
import { styleAudit } from './style.ts';
import { sycophancyAudit } from './sycophancy.ts';
import { toxicityAudit } from './toxicity.ts';
import { verbosityAudit } from './verbosity.ts';

/** The audits of the family “surface”: is the label bought by form? In the order they are run and shown. */
export const surfaceAudits: readonly Audit[] = [
  lengthAudit,
  positionAudit,
  verbosityAudit,
  styleAudit,
  linguisticAudit,
  sentimentAudit,
  sentimentRulesAudit,
  sycophancyAudit,
  selfPreferenceAudit,
  modelLeakageAudit,
  refusalAudit,
  toxicityAudit,
  duplicatesAudit,
  contaminationAudit,
];
