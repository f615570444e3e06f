import { z } from 'zod';
import { askText } from '../../judging/ask.ts';
import { compareAnswers, verdictTemplate } from './compare-answers.ts';
import { type MiningAnswer, type MiningTools, spellMessages, toChat } from './mining-method.ts';
import { Tally } from './tally.ts';

/** Hashes of the prompts that answers rest on. */
export const rankingTemplates = [verdictTemplate.hash];

export const rankingPayloadSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
});

/** Which pairs of a ranking are made. The authors' own rule is not known. */
export const pairPolicies = ['all', 'adjacent', 'top_vs_rest'] as const;
export type PairPolicy = (typeof pairPolicies)[number];

export interface RankedPair {
  /** Places of the two answers in the list that was judged. */
  readonly chosen: number;
  readonly rejected: number;
  /** 1 = best. */
  readonly rank_i: number;
  readonly rank_j: number;
  /** Probability that the chosen answer is the better one, above 1/2. */
  readonly p: number;
}

export interface Ranking {
  /** Borda score of each answer: the mean probability that it beats another one; null where none was compared. */
  readonly scores: readonly (number | null)[];
  readonly pairs: readonly RankedPair[];
  /** Pairs of the policy that the direct comparison contradicts; they are left out. */
  readonly intransitive: number;
  /** Pairs of the policy whose comparison is at exactly 1/2 or has no answer; left out too. */
  readonly undecided: number;
}

/**
 * Ranks answers by Borda score and pairs them (judging specification 2.7). `probabilities[i][j]` is the probability that
 * answer i is better than j, null where it is not known. Of equal scores the earlier answer ranks first.
 */
export function rankAnswers(
  probabilities: readonly (readonly (number | null)[])[],
  policy: PairPolicy,
): Ranking {
  const scores = probabilities.map((row, i) => {
    const known = row.filter((p, j): p is number => j !== i && p !== null);
    return known.length === 0 ? null : known.reduce((sum, p) => sum + p, 0) / known.length;
  });
  const order = scores
    .map((score, place) => ({ score, place }))
    .filter((one): one is { score: number; place: number } => one.score !== null)
    .sort((one, other) => other.score - one.score || one.place - other.place)
    .map(({ place }) => place);
  const wanted = order.flatMap((chosen, i) =>
    order
      .slice(i + 1)
      .map((rejected, offset) => ({ chosen, rejected, rank_i: i + 1, rank_j: i + 2 + offset })),
  );
  const kept = wanted
    .filter(
      ({ rank_i, rank_j }) =>
        policy === 'all' || (policy === 'adjacent' ? rank_j === rank_i + 1 : rank_i === 1),
    )
    .map((pair) => ({ ...pair, p: probabilities[pair.chosen]?.[pair.rejected] ?? 0.5 }));
  return {
    scores,
    pairs: kept.filter(({ p }) => p > 0.5),
    intransitive: kept.filter(({ p }) => p < 0.5).length,
    undecided: kept.filter(({ p }) => p === 0.5).length,
  };
}

/** Samples answers to one prompt, compares them in both orders, and pairs them by rank. Equal samples count once. */
export async function askRanking(
  payload: z.infer<typeof rankingPayloadSchema>,
  {
    answers,
    maxTokens,
    temperature,
    pairs: policy,
  }: {
    readonly answers: number;
    readonly maxTokens: number;
    readonly temperature: number;
    readonly pairs: PairPolicy;
  },
  tools: MiningTools,
): Promise<MiningAnswer> {
  const tally = new Tally();
  const input = { messages: toChat(payload.messages) };
  const samples: string[] = [];
  for (let sample = 0; sample < answers; sample++) {
    const options = { role: 'model', maxTokens, temperature };
    const { text } = tally.add(await askText({ ...tools, seed: tools.seed + sample }, input, options));
    if (text !== '' && !samples.includes(text)) samples.push(text);
  }
  if (samples.length === 0) return tally.conclude(null, 'The model answered nothing.');
  const verdicts = await compareAnswers(
    spellMessages(payload.messages),
    samples,
    { policy: 'average', role: 'judge', tally },
    tools,
  );
  const probabilities = samples.map((_, i) =>
    samples.map((__, j) => {
      const p = verdicts.find(({ a, b }) => a === Math.min(i, j) && b === Math.max(i, j))?.p ?? null;
      return p === null || i < j ? p : 1 - p;
    }),
  );
  return tally.conclude({ samples, ...rankAnswers(probabilities, policy) }, null);
}
