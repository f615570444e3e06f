import verdictPrompt from '../../../../resources/prompts/pairwise/verdict.md?raw';
import { askVerdict } from '../../judging/ask.ts';
import { combineOrders, type OrderPolicy } from '../../judging/pair-record.ts';
import { parseTemplate, renderTemplate } from '../../judging/template.ts';
import type { MiningTools } from './mining-method.ts';
import type { Tally } from './tally.ts';

export const verdictTemplate = parseTemplate(verdictPrompt);

/** |p − 1/2| below this is a tie, as the judges have it. */
const tieEpsilon = 0.05;

export interface ComparedAnswers {
  /** Places of the two answers in the list that was given; a < b. */
  readonly a: number;
  readonly b: number;
  readonly label: 'a' | 'b' | 'tie' | 'invalid';
  /** Probability that the answer at a is the better one; null where neither order was answered. */
  readonly p: number | null;
}

/** Every two answers to a prompt, judged in both orders. */
export async function compareAnswers(
  prompt: string,
  answers: readonly string[],
  { policy, role, tally }: { readonly policy: OrderPolicy; readonly role: string; readonly tally: Tally },
  tools: MiningTools,
): Promise<ComparedAnswers[]> {
  const pairs = answers.flatMap((one, a) =>
    answers.slice(a + 1).map((other, offset) => ({ a, b: a + 1 + offset, texts: [one, other] as const })),
  );
  return Promise.all(
    pairs.map(async ({ a, b, texts: [one, other] }) => {
      const readings = await Promise.all(
        (['a', 'b'] as const).map(async (first) => {
          const values = {
            prompt,
            response_1: first === 'a' ? one : other,
            response_2: first === 'a' ? other : one,
            criterion: 'Which response is better?',
          };
          const { pFirst } = tally.add(
            await askVerdict(tools, renderTemplate(verdictTemplate, values), role),
          );
          return { first, pFirst };
        }),
      );
      const { label, pA } = combineOrders(readings, { policy, tieEpsilon });
      return { a, b, label, p: pA };
    }),
  );
}
