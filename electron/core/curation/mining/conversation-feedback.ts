import { z } from 'zod';
import answerByChecklist from '../../../../resources/prompts/mining/answer-by-checklist.md?raw';
import checklistPrompt from '../../../../resources/prompts/mining/checklist.md?raw';
import checklistVerdict from '../../../../resources/prompts/mining/checklist-verdict.md?raw';
import classifyTurn from '../../../../resources/prompts/mining/classify-turn.md?raw';
import { askJson, askText, askVerdict } from '../../judging/ask.ts';
import { parseTemplate, renderTemplate } from '../../judging/template.ts';
import { type MiningAnswer, type MiningTools, spellMessages, toChat } from './mining-method.ts';
import { Tally } from './tally.ts';

/** What a user's turn says of the response before it (names partly recalled, see the method page). */
export const satisfaction = {
  gratitude: 'thanks the assistant',
  learning: 'says something was learnt or understood',
  compliance: 'does what the assistant proposed',
  praise: 'praises the response',
  personal_detail: 'shares something personal after the response',
  humour: 'jokes or laughs with the assistant',
  acknowledgement: 'confirms that the response is right or does the job',
  positive_closure: 'ends the conversation contentedly',
  getting_there: 'says it is better, though not there yet',
} as const;

export const dissatisfaction = {
  negative_feedback: 'says the response is bad',
  revision: 'asks for the response to be changed or done again',
  factual_error: 'points out something false',
  unrealistic_expectation: 'asks for what the assistant cannot do and is disappointed',
  no_engagement: 'does not answer what the assistant asked',
  ignored: 'repeats a demand the response has ignored',
  lower_quality: 'says the response is worse than one before or elsewhere',
  insufficient_detail: 'says there is too little detail',
  style: 'dislikes tone, form or length',
} as const;

const categories = [...Object.keys(satisfaction), ...Object.keys(dissatisfaction)] as [string, ...string[]];

const templates = {
  classify: parseTemplate(classifyTurn),
  checklist: parseTemplate(checklistPrompt),
  answer: parseTemplate(answerByChecklist),
  verdict: parseTemplate(checklistVerdict),
};

/** Hashes of the prompts that answers rest on. */
export const feedbackTemplates = Object.values(templates).map((template) => template.hash);

export const feedbackPayloadSchema = z.object({
  history: z.array(z.object({ role: z.string(), content: z.string() })),
  response: z.string(),
  turn: z.string(),
});
export type FeedbackPayload = z.infer<typeof feedbackPayloadSchema>;

/** Without regard to case and runs of white space. */
const fold = (text: string) => text.toLowerCase().replaceAll(/\s+/g, ' ').trim();

/** Signals whose words do not stand in the turn are refused, so that the model is asked once more. */
function signalsIn(turn: string) {
  const said = fold(turn);
  const signal = z.object({ category: z.enum(categories), span: z.string().min(1).max(500) });
  return z.object({
    signals: z
      .array(signal)
      .max(6)
      .refine((signals) => signals.every(({ span }) => fold(span) !== '' && said.includes(fold(span))), {
        message: 'a quoted span is not in the user’s message',
      }),
  });
}

const checklistSchema = z.object({ checklist: z.array(z.string().trim().min(1).max(400)).min(1).max(6) });

const listOf = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries)
    .map(([name, meaning]) => `- ${name}: ${meaning}`)
    .join('\n');

/** The response a model gives when the checklist is its instruction; the conversation stays as it is. */
async function answerByList(
  { history }: FeedbackPayload,
  { checklist, maxTokens }: { readonly checklist: string; readonly maxTokens: number },
  tools: MiningTools,
) {
  const chat = toChat(history);
  const told = chat.filter((turn) => turn.role === 'system').map((turn) => turn.content);
  const instruction = renderTemplate(templates.answer, { checklist }).messages[0]?.content ?? '';
  const system = { role: 'system' as const, content: [...told, instruction].join('\n\n') };
  const messages = [system, ...chat.filter((turn) => turn.role !== 'system')];
  return askText(tools, { messages }, { role: 'model', maxTokens });
}

/** Probabilities that the new response is the better one, with it first and second; null where a call was not valid. */
async function judgeByList(
  { history, response }: FeedbackPayload,
  {
    chosen,
    checklist,
    tally,
  }: { readonly chosen: string; readonly checklist: string; readonly tally: Tally },
  tools: MiningTools,
): Promise<readonly (number | null)[]> {
  const shown = { prompt: spellMessages(history), checklist };
  return Promise.all(
    [true, false].map(async (isFirst) => {
      const slots = isFirst
        ? { response_1: chosen, response_2: response }
        : { response_1: response, response_2: chosen };
      const input = renderTemplate(templates.verdict, { ...shown, ...slots });
      const { pFirst } = tally.add(await askVerdict(tools, input, 'judge'));
      return pFirst === null ? null : isFirst ? pFirst : 1 - pFirst;
    }),
  );
}

/**
 * Reads what a user's turn says of the response before it, and where it is dissatisfaction makes a better response:
 * checklist of the feedback, a response with the checklist as system instruction, and a judge of the checklist in both orders (judging
 * specification 5.1). A pass needs both orders for the new response.
 */
export async function askFeedback(
  payload: FeedbackPayload,
  { maxTokens }: { readonly maxTokens: number },
  tools: MiningTools,
): Promise<MiningAnswer> {
  const tally = new Tally();
  const { response, turn } = payload;
  const shown = { history: spellMessages(payload.history), response, turn };
  const classified = tally.add(
    await askJson(
      tools,
      renderTemplate(templates.classify, {
        ...shown,
        satisfied: listOf(satisfaction),
        dissatisfied: listOf(dissatisfaction),
      }),
      signalsIn(turn),
      { role: 'judge', maxTokens: 200 },
    ),
  );
  if (classified.value === null) return tally.conclude(null, classified.failReason);
  const isBad = ({ category }: { readonly category: string }) => category in dissatisfaction;
  const found = classified.value.signals;
  const signals = [...found.filter(isBad), ...found.filter((signal) => !isBad(signal))];
  const isDissatisfied = signals.some(isBad);
  if (!isDissatisfied) return tally.conclude({ signals, isDissatisfied }, null);
  const written = tally.add(
    await askJson(tools, renderTemplate(templates.checklist, shown), checklistSchema, {
      role: 'judge',
      maxTokens: 300,
    }),
  );
  if (written.value === null) return tally.conclude({ signals, isDissatisfied }, written.failReason);
  const points = written.value.checklist;
  const checklist = points.map((point) => `- ${point}`).join('\n');
  const base = { signals, isDissatisfied, checklist: points };
  const { text: chosen } = tally.add(await answerByList(payload, { checklist, maxTokens }, tools));
  if (chosen === '' || fold(chosen) === fold(response))
    return tally.conclude(base, 'The new response is empty or the old one.');
  if (points.some((point) => point.length > 20 && fold(chosen).includes(fold(point))))
    return tally.conclude({ ...base, chosen }, 'The new response repeats the checklist.');
  const p = await judgeByList(payload, { chosen, checklist, tally }, tools);
  const isPassed = p.every((one) => one !== null && one > 0.5);
  return tally.conclude({ ...base, chosen, p, isPassed }, null);
}
