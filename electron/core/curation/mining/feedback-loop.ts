import { z } from 'zod';
import reviewPrompt from '../../../../resources/prompts/mining/review.md?raw';
import revisePrompt from '../../../../resources/prompts/mining/revise.md?raw';
import type { ChatMessage } from '../../../../native/host/inference.ts';
import { askJson, askText } from '../../judging/ask.ts';
import { parseTemplate, renderTemplate } from '../../judging/template.ts';
import { compareAnswers, verdictTemplate } from './compare-answers.ts';
import { type MiningAnswer, type MiningTools, spellMessages, toChat } from './mining-method.ts';
import { Tally } from './tally.ts';

const templates = {
  review: parseTemplate(reviewPrompt),
  revise: parseTemplate(revisePrompt),
  verdict: verdictTemplate,
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
  const compared = await compareAnswers(
    spellMessages(payload.messages),
    texts.map(({ text }) => text),
    { policy: 'consistent_only', role: 'judge', tally },
    tools,
  );
  const iterationOf = (place: number) => texts[place]?.iteration ?? place;
  const verdicts = compared.map((one) => ({ ...one, a: iterationOf(one.a), b: iterationOf(one.b) }));
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
