import { AppError } from '../../contract/app-error.ts';
import type { EditRequest } from '../../contract/editing.contract.ts';
import type { Plan } from './plan.ts';
import {
  planFlipLabel,
  planHide,
  planNote,
  planSet,
  planSwapSides,
  planTag,
  planUnhide,
} from './plan-cells.ts';
import { planMerge, planSplit } from './plan-conversation.ts';
import { planModels, planReplace, planText } from './plan-texts.ts';

function requirePairs(request: EditRequest): void {
  if (request.relation !== 'pairs')
    throw new AppError('EDIT_INVALID', 'Nothing was edited: single responses have no sides and no label.');
}

/**
 * Fills the plan's `cell` table with every change the request asks for, computed by SQL over the target. The tables of
 * the corpus are only read.
 */
export async function planEdit(plan: Plan, request: EditRequest): Promise<void> {
  const { change, relation, sharing } = request;
  switch (change.op) {
    case 'set':
      await planSet(plan, relation, change.values);
      return planModels(plan, { relation, values: change.values, sharing });
    case 'flip_label':
      requirePairs(request);
      return planFlipLabel(plan);
    case 'swap_sides':
      requirePairs(request);
      return planSwapSides(plan);
    case 'text':
      return planText(plan, { relation, change, sharing });
    case 'replace':
      return planReplace(plan, { relation, change, sharing });
    case 'tag':
      return planTag(plan, relation, change);
    case 'note':
      return planNote(plan, relation, change.text);
    case 'hide':
      return planHide(plan, relation, request.reason ?? null);
    case 'unhide':
      return planUnhide(plan, relation);
    case 'split':
      return planSplit(plan, relation, change.turn);
    case 'merge':
      return planMerge(plan, relation);
  }
}
