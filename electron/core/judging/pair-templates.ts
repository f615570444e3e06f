import type { JudgePair, ProtocolTemplate } from './protocol.ts';
import type { Slots } from './both-orders.ts';

/** Values every template of two responses to one prompt is given. */
const pairValues = ['prompt', 'response_1', 'response_2'] as const;

/** A template that shows the prompt and both responses, and whatever else `more` names. */
export function definePairTemplate(
  name: string,
  title: string,
  text: string,
  more: readonly string[] = [],
): ProtocolTemplate {
  return {
    name,
    title,
    text,
    known: [...pairValues, ...more],
    needed: ['response_1', 'response_2', ...more.filter((value) => value !== 'criterion')],
  };
}

/** The values of `definePairTemplate` for one order. */
export function fillPair(pair: JudgePair, { response_1, response_2 }: Slots): Record<string, string> {
  return { prompt: pair.prompt, response_1, response_2 };
}
