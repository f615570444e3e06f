import type { InferenceModel, TokenUse } from '../../../native/host/inference.ts';
import { isAppError } from '../../contract/app-error.ts';
import { askVerdict, concludeVerdicts } from '../judging/ask.ts';
import { askOrders } from '../judging/both-orders.ts';
import { seedOf } from '../judging/judge-item.ts';
import type { JudgePair } from '../judging/protocol.ts';
import { type PromptTemplate, renderTemplate } from '../judging/template.ts';
import type { RationaleItem } from './rationale-run.repository.ts';
import { maskSlots } from './slot-names.ts';

/** What the blind judge makes of one rationale beside a pair. */
export interface CheckedRationale {
  readonly comparisonId: number;
  readonly annotatorId: number | null;
  readonly variant: 'own' | 'shuffled';
  readonly winner: 'a' | 'b';
  readonly label: 'a' | 'b' | 'tie' | 'invalid';
  readonly pA: number | null;
  readonly isOrderConsistent: boolean | null;
  /** Whether the judge recovered the label; null where it gave no valid answer. */
  readonly supports: boolean | null;
  readonly calls: number;
  readonly invalidCalls: number;
  readonly isTruncated: boolean;
  readonly failReason: string | null;
  readonly use: TokenUse;
  readonly ms: number;
}

export interface CheckTools {
  readonly model: InferenceModel;
  readonly template: PromptTemplate;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** What is recorded of a pair that could not be checked. */
export function makeUnchecked(item: RationaleItem, reason: string, isTruncated = false): CheckedRationale {
  return {
    comparisonId: item.comparisonId,
    annotatorId: item.annotatorId,
    variant: 'own',
    winner: item.winner,
    label: 'invalid',
    pA: null,
    isOrderConsistent: null,
    supports: null,
    calls: 0,
    invalidCalls: 0,
    isTruncated,
    failReason: reason,
    use: { prompt: 0, reused: 0, generated: 0 },
    ms: 0,
  };
}

/**
 * Lets a judge that does not know the label read the pair beside its rationale, the names of the responses covered, in
 * both orders (P2), and the same with the rationale of another pair. What the second recovers is not owed to the
 * rationale.
 */
export async function checkRationale(
  pair: JudgePair,
  item: RationaleItem,
  tools: CheckTools,
): Promise<CheckedRationale[]> {
  const texts = [
    ['own', item.text],
    ['shuffled', item.donorText],
  ] as const;
  const results: CheckedRationale[] = [];
  for (const [variant, text] of texts)
    if (text !== null) results.push({ ...(await checkOne(pair, text, { ...tools, item })), variant });
  return results;
}

/** The blind judge's prompt in one order. */
export function renderCheck(
  pair: JudgePair,
  rationale: string,
  slots: { template: PromptTemplate; response_1: string; response_2: string },
) {
  const { template, response_1, response_2 } = slots;
  return renderTemplate(template, {
    prompt: pair.prompt,
    response_1,
    response_2,
    rationale: maskSlots(rationale),
  });
}

/** Only a judge that gives both sides the same probability is undecided. */
const undecided = 1e-9;

async function checkOne(
  pair: JudgePair,
  rationale: string,
  { model, template, seed, signal, item }: CheckTools & { item: RationaleItem },
): Promise<CheckedRationale> {
  const startedAt = performance.now();
  const orders = { order: 'average', tieEpsilon: undecided } as const;
  const asking = { model: () => model, seed: seedOf(seed, pair.comparisonId), signal };
  try {
    const { readings } = await askOrders(pair, { orders, random: () => 0 }, ({ response_1, response_2 }) =>
      askVerdict(asking, renderCheck(pair, rationale, { template, response_1, response_2 })),
    );
    const { verdict } = concludeVerdicts(readings, orders);
    const { label, pA } = verdict;
    return {
      comparisonId: pair.comparisonId,
      annotatorId: item.annotatorId,
      variant: 'own',
      winner: item.winner,
      label,
      pA,
      isOrderConsistent: verdict.isOrderConsistent,
      supports: label === 'invalid' ? null : label === item.winner,
      calls: verdict.calls,
      invalidCalls: verdict.invalidCalls,
      isTruncated: false,
      failReason: verdict.failReason,
      use: verdict.use,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
    };
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    return makeUnchecked(item, error.message, true);
  }
}
