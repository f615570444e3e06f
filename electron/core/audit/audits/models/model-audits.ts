import type { Audit } from '../audit.ts';
import { biasEmbeddingAudit } from './bias-embedding.ts';
import { biasGenerationAudit } from './bias-generation.ts';
import { biasProbabilityAudit } from './bias-probability.ts';
import { counterfactualDecisionsAudit } from './counterfactual-decisions.ts';
import { fluencyAudit } from './fluency.ts';
import { judgeBiasProbesAudit } from './judge-bias-probes.ts';
import { judgeEmotionAudit } from './judge-emotion.ts';
import { judgeIdentityAudit } from './judge-identity.ts';
import { judgePositionAudit } from './judge-position.ts';
import { judgeRefusalAudit } from './judge-refusal.ts';
import { judgeShortcutsAudit } from './judge-shortcuts.ts';
import { judgeSycophancyAudit } from './judge-sycophancy.ts';
import { judgeToxicityAudit } from './judge-toxicity.ts';
import { judgeVerbosityAudit } from './judge-verbosity.ts';
import { onPolicySamplesAudit } from './on-policy-samples.ts';
import { opinionAgreementAudit } from './opinion-agreement.ts';
import { semanticDiversityAudit } from './semantic-diversity.ts';
import { semanticDuplicatesAudit } from './semantic-duplicates.ts';
import { valueProbesAudit } from './value-probes.ts';

/** The audits that ask a model, of all families, in the order they are run and shown. */
export const modelAudits: readonly Audit[] = [
  judgePositionAudit,
  judgeVerbosityAudit,
  judgeBiasProbesAudit,
  judgeSycophancyAudit,
  opinionAgreementAudit,
  judgeRefusalAudit,
  judgeToxicityAudit,
  judgeEmotionAudit,
  fluencyAudit,
  semanticDuplicatesAudit,
  judgeIdentityAudit,
  judgeShortcutsAudit,
  counterfactualDecisionsAudit,
  valueProbesAudit,
  biasEmbeddingAudit,
  biasProbabilityAudit,
  biasGenerationAudit,
  onPolicySamplesAudit,
  semanticDiversityAudit,
];
