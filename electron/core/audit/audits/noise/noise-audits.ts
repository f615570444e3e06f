import type { Audit } from '../audit.ts';
import { flipRateAudit } from './flip-rate.ts';
import { idealisedAccuracyAudit } from './idealised-accuracy.ts';
import { labelStrengthAudit } from './label-strength.ts';
import { learningDifficultyAudit } from './learning-difficulty.ts';
import { onPolicyAudit } from './on-policy.ts';
import { rankingAccuracyAudit } from './ranking-accuracy.ts';
import { suspectedErrorsAudit } from './suspected-errors.ts';
import { unvotedAudit } from './unvoted.ts';

/** The audits of the family “noise”, in the order they are run and shown. */
export const noiseAudits: readonly Audit[] = [
  suspectedErrorsAudit,
  labelStrengthAudit,
  flipRateAudit,
  unvotedAudit,
  rankingAccuracyAudit,
  idealisedAccuracyAudit,
  learningDifficultyAudit,
  onPolicyAudit,
];
