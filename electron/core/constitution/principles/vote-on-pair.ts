import type { InferenceModel } from '../../../../native/host/inference.ts';
import { isAppError } from '../../../contract/app-error.ts';
import type { JudgePair } from '../../judging/protocol.ts';
import { type PromptTemplate, renderTemplate } from '../../judging/template.ts';
import { minimumCoverage } from '../../judging/verdict.ts';
import type { PrincipleVote } from './principle-run.repository.ts';

/** Surface forms of first slot, second slot, neither. */
const voteForms: readonly (readonly string[])[] = [
  ['A', ' A'],
  ['B', ' B'],
  ['C', ' C'],
];

/** Distance of p(a) and p(b) under which a principle counts as selecting neither; that of judging’s ties. */
const tieEpsilon = 0.05;

/** What one order says of one principle, seen from the sides a and b. */
export interface OrderVote {
  readonly pA: number;
  readonly pB: number;
  readonly pNeither: number;
  readonly coverage: number;
}

export interface Principle {
  readonly principleId: number;
  readonly text: string;
}

export interface VoteTools {
  readonly model: InferenceModel;
  readonly template: PromptTemplate;
  readonly signal?: AbortSignal | undefined;
}

/** The side with more probability, `neither` where that leads or the two sides lie within 0.05. */
export function readLabel({ pA, pB, pNeither }: Omit<OrderVote, 'coverage'>): 'a' | 'b' | 'neither' {
  if (pNeither >= Math.max(pA, pB) || Math.abs(pA - pB) < tieEpsilon) return 'neither';
  return pA > pB ? 'a' : 'b';
}

/**
 * The vote of a principle from both orders: probabilities averaged over the orders, then one label. A model that gives
 * A, B and C under half of its mass in either order has not voted.
 */
export function combineVotes(
  ids: { readonly principleId: number; readonly comparisonId: number },
  ab: OrderVote,
  ba: OrderVote,
): PrincipleVote {
  const mean = {
    pA: (ab.pA + ba.pA) / 2,
    pB: (ab.pB + ba.pB) / 2,
    pNeither: (ab.pNeither + ba.pNeither) / 2,
  };
  const labelOf = (vote: OrderVote) => (vote.coverage < minimumCoverage ? 'invalid' : readLabel(vote));
  const [labelAb, labelBa] = [labelOf(ab), labelOf(ba)];
  const shared = { ...ids, labelAb, labelBa, calls: 2 };
  const coverage = Math.min(ab.coverage, ba.coverage);
  if (coverage >= minimumCoverage) return { ...shared, ...mean, label: readLabel(mean), failReason: null };
  return {
    ...shared,
    pA: null,
    pB: null,
    pNeither: null,
    label: 'invalid',
    failReason: `The model gave A, B and C only ${(coverage * 100).toFixed(1)} % of its probability.`,
  };
}

/** A pair that could not be read: every principle asked is invalid there, with the reason. */
export function makeInvalidVotes(
  principleIds: readonly number[],
  comparisonId: number,
  failReason: string,
): PrincipleVote[] {
  return principleIds.map((principleId) => ({
    principleId,
    comparisonId,
    pA: null,
    pB: null,
    pNeither: null,
    label: 'invalid',
    labelAb: 'invalid',
    labelBa: 'invalid',
    calls: 0,
    failReason,
  }));
}

/**
 * Asks each principle on a pair in both orders. The pair comes first in the prompt and the principle last, and the
 * principles of an order are asked one after another, so that the model reads the pair once for all of them.
 */
export async function voteOnPair(
  pair: JudgePair,
  principles: readonly Principle[],
  tools: VoteTools,
): Promise<PrincipleVote[]> {
  try {
    const [ab, ba] = await Promise.all([
      askOrder(pair, principles, { ...tools, first: 'a' }),
      askOrder(pair, principles, { ...tools, first: 'b' }),
    ]);
    return principles.flatMap(({ principleId }, index) => {
      const [forward, backward] = [ab[index], ba[index]];
      if (!forward || !backward) return [];
      return [combineVotes({ principleId, comparisonId: pair.comparisonId }, forward, backward)];
    });
  } catch (error) {
    if (!isAppError(error) || error.code !== 'INPUT_TOO_LONG') throw error;
    const ids = principles.map(({ principleId }) => principleId);
    return makeInvalidVotes(ids, pair.comparisonId, error.message);
  }
}

async function askOrder(
  pair: JudgePair,
  principles: readonly Principle[],
  { model, template, signal, first }: VoteTools & { readonly first: 'a' | 'b' },
): Promise<OrderVote[]> {
  const isForward = first === 'a';
  const votes: OrderVote[] = [];
  for (const { text } of principles) {
    signal?.throwIfAborted();
    const input = renderTemplate(template, {
      prompt: pair.prompt,
      response_1: isForward ? pair.responseA : pair.responseB,
      response_2: isForward ? pair.responseB : pair.responseA,
      principle: text,
    });
    const { probabilities, coverage } = await model.decide(input, voteForms, { signal });
    const [one = 0, two = 0, pNeither = 0] = probabilities;
    votes.push({ pA: isForward ? one : two, pB: isForward ? two : one, pNeither, coverage });
  }
  return votes;
}
