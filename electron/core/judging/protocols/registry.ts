import { AppError } from '../../../contract/app-error.ts';
import type { Protocol } from '../protocol.ts';
import { contextAware } from './context-aware.ts';
import { debate } from './debate.ts';
import { densityRatio, selfLabels } from './density-ratio.ts';
import { domainFeatures } from './domain-features.ts';
import { followUpLikelihood } from './follow-up-likelihood.ts';
import { helpsteerAttributes } from './helpsteer-attributes.ts';
import { jointPairs } from './joint-pairs.ts';
import { juryOfModels } from './jury-of-models.ts';
import { logProbability } from './log-probability.ts';
import { pairwiseLogits } from './pairwise-logits.ts';
import { personal } from './personal.ts';
import { principleRubric } from './principle-rubric.ts';
import { relevance } from './relevance.ts';
import { rewardModel } from './reward-model.ts';
import { reasonedVerdict } from './reasoned-verdict.ts';
import { scoredComparison } from './scored-comparison.ts';
import { selfReference } from './self-reference.ts';
import { strengthJustified } from './strength-justified.ts';
import { toolAugmented } from './tool-augmented.ts';
import { ultrafeedbackAspects } from './ultrafeedback-aspects.ts';
import { uncertainty } from './uncertainty.ts';

/** Every protocol, in the order they are offered. */
export const protocols: readonly Protocol[] = [
  pairwiseLogits,
  reasonedVerdict,
  selfReference,
  strengthJustified,
  scoredComparison,
  toolAugmented,
  juryOfModels,
  debate,
  contextAware,
  personal,
  jointPairs,
  uncertainty,
  densityRatio,
  selfLabels,
  helpsteerAttributes,
  ultrafeedbackAspects,
  principleRubric,
  domainFeatures,
  rewardModel,
  logProbability,
  followUpLikelihood,
  relevance,
];

/** Throws PROTOCOL_UNKNOWN naming the protocols there are. */
export function getProtocol(id: string): Protocol {
  const protocol = protocols.find((candidate) => candidate.id === id);
  if (protocol) return protocol;
  throw new AppError(
    'PROTOCOL_UNKNOWN',
    `Nothing was judged: there is no protocol called “${id}”. Protocols: ${protocols.map((one) => one.id).join(', ')}.`,
    { protocol: id },
  );
}
