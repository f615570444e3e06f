import response from '../../../../../resources/prompts/density/response.md?raw';
import { parseTemplate, renderTemplate } from '../../../judging/template.ts';
import type { ModelCall } from '../model-question.ts';

const template = parseTemplate(response);

/** The log-probability of a response after its prompt, through the model's own chat template, without the end token. */
export function scoreResponse(prompt: string, text: string): ModelCall {
  return {
    operation: 'score',
    input: renderTemplate(template, { prompt, instruction: '' }),
    continuation: text,
  };
}

/** The model's own answer to a prompt, asked as `scoreResponse` asks. */
export function writeResponse(
  prompt: string,
  options: { maxTokens: number; temperature: number; seed: number },
): ModelCall {
  return { operation: 'generate', input: renderTemplate(template, { prompt, instruction: '' }), ...options };
}
