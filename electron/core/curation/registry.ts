import { AppError } from '../../contract/app-error.ts';
import type { CurationStep } from './step.ts';
import { bestOfKStep } from './steps/best-of-k.ts';
import { budgetStep } from './steps/budget.ts';
import { contaminationStep } from './steps/contamination.ts';
import { conversationFeedbackStep } from './steps/conversation-feedback.ts';
import { curriculumStep } from './steps/curriculum.ts';
import { degradedPairsStep } from './steps/degraded-pairs.ts';
import { duplicatesStep } from './steps/duplicates.ts';
import { feedbackLoopStep } from './steps/feedback-loop.ts';
import { filterStep } from './steps/filter.ts';
import { flipStep } from './steps/flip.ts';
import { goalRelabelStep } from './steps/goal-relabel.ts';
import { marginsStep } from './steps/margins.ts';
import { nearDuplicatesStep } from './steps/near-duplicates.ts';
import { noiseReviewStep } from './steps/noise-review.ts';
import { pairsFromRatingsStep } from './steps/pairs-from-ratings.ts';
import { rankedSelfPairsStep } from './steps/ranked-self-pairs.ts';
import { rejectionSamplingStep } from './steps/rejection-sampling.ts';
import { routeStep } from './steps/route.ts';
import { scoreCutStep } from './steps/score-cut.ts';
import { softLabelsStep } from './steps/soft-labels.ts';
import { splitStep } from './steps/split.ts';
import { toolCallPairsStep } from './steps/tool-call-pairs.ts';
import { treeStepPairsStep } from './steps/tree-step-pairs.ts';
import { treeSuccessPairsStep } from './steps/tree-success-pairs.ts';
import { weightsStep } from './steps/weights.ts';

/** Every step, in the order of the catalogue. */
export const curationSteps: readonly CurationStep[] = [
  filterStep,
  scoreCutStep,
  duplicatesStep,
  nearDuplicatesStep,
  contaminationStep,
  noiseReviewStep,
  flipStep,
  pairsFromRatingsStep,
  bestOfKStep,
  rejectionSamplingStep,
  goalRelabelStep,
  treeSuccessPairsStep,
  treeStepPairsStep,
  toolCallPairsStep,
  conversationFeedbackStep,
  feedbackLoopStep,
  rankedSelfPairsStep,
  degradedPairsStep,
  weightsStep,
  softLabelsStep,
  marginsStep,
  curriculumStep,
  budgetStep,
  routeStep,
  splitStep,
];

/** Throws RECIPE_INVALID naming the steps there are. */
export function getStep(id: string): CurationStep {
  const step = curationSteps.find((candidate) => candidate.id === id);
  if (step) return step;
  throw new AppError(
    'RECIPE_INVALID',
    `There is no step “${id}”. Steps: ${curationSteps.map((one) => one.id).join(', ')}.`,
    { step: id },
  );
}
