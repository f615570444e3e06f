import type { RecipeStep } from '../../../contract/curation.contract.ts';
import { conversationFeedbackMethod } from '../steps/conversation-feedback.ts';
import { feedbackLoopMethod } from '../steps/feedback-loop.ts';
import { rankedSelfPairsMethod } from '../steps/ranked-self-pairs.ts';
import { toolCallMethod } from '../steps/tool-call-pairs.ts';
import type { MiningMethod } from './mining-method.ts';

/** Every step that asks models. */
export const miningMethods: readonly MiningMethod[] = [
  conversationFeedbackMethod,
  feedbackLoopMethod,
  rankedSelfPairsMethod,
  toolCallMethod,
];

export interface AskingStep {
  /** Place in the recipe. */
  readonly index: number;
  readonly method: MiningMethod;
  readonly params: Readonly<Record<string, unknown>>;
  /** Models by role, as the parameters call them. */
  readonly models: Readonly<Record<string, string>>;
}

/** Those steps of a recipe that are on and name models to ask. */
export function listAskingSteps(steps: readonly RecipeStep[]): AskingStep[] {
  return steps.flatMap(({ step, enabled, params }, index): AskingStep[] => {
    const method = miningMethods.find((one) => one.step.id === step);
    if (!enabled || !method) return [];
    const models = method.chooseModels(params);
    return models === null ? [] : [{ index, method, params, models }];
  });
}

/** The kind of job that makes the dataset of a recipe: one that asks models first where a step names some. */
export const jobTypeOf = (steps: readonly RecipeStep[]): 'mine' | 'curate' =>
  listAskingSteps(steps).length > 0 ? 'mine' : 'curate';
