import { z } from 'zod';
import verdictPrompt from '../../../../resources/prompts/pairwise/verdict.md?raw';
import reviewPrompt from '../../../../resources/prompts/mining/review.md?raw';
import revisePrompt from '../../../../resources/prompts/mining/revise.md?raw';
import type { ChatMessage } from '../../../../native/host/inference.ts';
import { askJson, askText, askVerdict } from '../../judging/ask.ts';
import { combineOrders } from '../../judging/pair-record.ts';
import { parseTemplate, renderTemplate } from '../../judging/template.ts';
import { type MiningAnswer, type MiningTools, spellMessages, toChat } from './mining-method.ts';
import { Tally } from './tally.ts';

const templates = {
  review: parseTemplate(reviewPrompt),
  revise: parseTemplate(revisePrompt),
  verdict: parseTemplate(verdictPrompt),
};

/** Hashes of the prompts that answers rest on. */
export const loopTemplates = Object.values(templates).map((template) => template.hash);

export const loopPayloadSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
});
export type LoopPayload = z.infer<typeof loopPayloadSchema>;

const reviewSchema = z.object({
  evaluation: z.string().max(4_000),
  score: z.number().min(0).max(10),
  feedback: z.string().min(1).max(4_000),
});

interface Answered {
  readonly iteration: number;
  readonly text: string;
}

interface Reviewed {
  readonly iteration: number;
  /** One decimal; null where the reviewer failed twice. */
  readonly score: number | null;
  readonly feedback: string | null;
}

/** |p − 1/2| below this is a tie, as the judges have it. */
const tieEpsilon = 0.05;

/** Answers, reviews and revises; a review that fails skips its iteration, and an unchanged revision ends the loop. */
async function iterate(
  { messages }: LoopPayload,
  {
    answers,
    maxTokens,
    tally,
  }: { readonly answers: number; readonly maxTokens: number; readonly tally: Tally },
  tools: MiningTools,
): Promise<{ texts: Answered[]; reviews: Reviewed[] }> {
  const chat = toChat(messages);
  const prompt = spellMessages(messages);
  const write = async (input: readonly ChatMessage[]) =>
    tally.add(await askText(tools, { messages: input }, { role: 'model', maxTokens })).text;
  const texts: Answered[] = [{ iteration: 0, text: await write(chat) }];
  const reviews: Reviewed[] = [];
  for (let iteration = 1; iteration < answers; iteration++) {
    const last = texts.at(-1)?.text ?? '';
    const { value } = tally.add(
      await askJson(
        { ...tools, seed: tools.seed + 2 * iteration },
        renderTemplate(templates.review, { prompt, response: last }),
        reviewSchema,
        { role: 'reviewer', maxTokens: 400 },
      ),
    );
    if (value === null) {
      reviews.push({ iteration, score: null, feedback: null });
      continue;
    }
    reviews.push({ iteration, score: Math.round(value.score * 10) / 10, feedback: value.feedback });
    const request = renderTemplate(templates.revise, { feedback: value.feedback }).messages[0]?.content ?? '';
    const revised = await write([
      ...chat,
      { role: 'assistant', content: last },
      { role: 'user', content: request },
    ]);
    if (revised === '' || revised === last) break;
    texts.push({ iteration, text: revised });
  }
  return { texts, reviews };
}

/** Judges every two answers in both orders; `p` is the probability that the earlier one is better. */
async function compareAll(
  prompt: string,
  { texts, tally }: { readonly texts: readonly Answered[]; readonly tally: Tally },
  tools: MiningTools,
) {
  const pairs = texts.flatMap((a, at) => texts.slice(at + 1).map((b) => ({ a, b })));
  return Promise.all(
    pairs.map(async ({ a, b }) => {
      const readings = await Promise.all(
        (['a', 'b'] as const).map(async (first) => {
          const [one, two] = first === 'a' ? [a, b] : [b, a];
          const values = {
            prompt,
            response_1: one.text,
            response_2: two.text,
            criterion: 'Which response is better?',
          };
          const { pFirst } = tally.add(
            await askVerdict(tools, renderTemplate(templates.verdict, values), 'judge'),
          );
          return { first, pFirst };
        }),
      );
      const { label, pA } = combineOrders(readings, { policy: 'consistent_only', tieEpsilon });
      return { a: a.iteration, b: b.iteration, label, p: pA };
    }),
  );
}

/**
 * The best and the worst answer by wins; of equals the earliest is best and the latest worst. Null where nobody won
 * against anybody.
 */
export function findExtremes(
  iterations: readonly number[],
  verdicts: readonly { readonly a: number; readonly b: number; readonly label: string }[],
): { best: number; worst: number } | null {
  const winsOf = (iteration: number) =>
    verdicts.filter(
      ({ a, b, label }) => (label === 'a' && a === iteration) || (label === 'b' && b === iteration),
    ).length;
  const ranked = iterations.map((iteration) => ({ iteration, wins: winsOf(iteration) }));
  const [first, ...others] = ranked;
  if (!first) return null;
  const best = others.reduce((top, one) => (one.wins > top.wins ? one : top), first);
  const worst = others.reduce((low, one) => (one.wins <= low.wins ? one : low), first);
  return best.wins > worst.wins ? { best: best.iteration, worst: worst.iteration } : null;
}

/** One prompt through the loop of writer, reviewer and judge (judging specification 5.2). */
export async function askLoop(
  payload: LoopPayload,
  { answers, maxTokens }: { readonly answers: number; readonly maxTokens: number },
  tools: MiningTools,
): Promise<MiningAnswer> {
  const tally = new Tally();
  const { texts, reviews } = await iterate(payload, { answers, maxTokens, tally }, tools);
  if (texts[0]?.text === '') return tally.conclude(null, 'The writer answered nothing.');
  const verdicts = await compareAll(spellMessages(payload.messages), { texts, tally }, tools);
  const extremes = findExtremes(
    texts.map(({ iteration }) => iteration),
    verdicts,
  );
  const textOf = (iteration: number | undefined) =>
    texts.find((one) => one.iteration === iteration)?.text ?? null;
  return tally.conclude(
    {
      answers: texts.length,
      reviews,
      verdicts,
      best: extremes?.best ?? null,
      worst: extremes?.worst ?? null,
      chosen: textOf(extremes?.best),
      rejected: textOf(extremes?.worst),
      iterations: texts.map(({ iteration }) => iteration),
    },
    null,
  );
}
