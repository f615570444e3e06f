import type { ModelInput } from '../../../native/host/inference.ts';
import { ANSWER_CUE, SECTIONS } from '../../support/models/vocabulary.ts';

type Chat = Extract<ModelInput, { messages: unknown }>;

/** A pairwise question in the headings the test judges know. */
export function askPair(a: string, b: string, prompt = 'Say hello.'): Chat {
  const { prompt: heading, responseA, responseB, end } = SECTIONS;
  const content = [heading, prompt, responseA, a, responseB, b, end].join('\n');
  return { messages: [{ role: 'user', content }], answer: ANSWER_CUE };
}

/** A question about one response; `cue` says what is asked. */
export function askSingle(response: string, cue: string): Chat {
  const content = [SECTIONS.response, response, SECTIONS.end, cue].join('\n');
  return { messages: [{ role: 'user', content }] };
}

export function notes(content: string): Chat {
  return { messages: [{ role: 'user', content }] };
}
