import letter from '../../../../../resources/prompts/audit/letter.md?raw';
import yesNo from '../../../../../resources/prompts/audit/yes-no.md?raw';
import yesNoText from '../../../../../resources/prompts/audit/yes-no-text.md?raw';
import { parseTemplate, renderTemplate } from '../../../judging/template.ts';
import type { ModelCall } from '../model-question.ts';

/** Surface forms of a word as an answer: with and without capital and leading space. */
export function formsOf(word: string): readonly string[] {
  const capital = word.charAt(0).toUpperCase() + word.slice(1);
  return [...new Set([word, capital, ` ${word}`, ` ${capital}`])];
}

/** Yes first, so that the first number of the answer is P(yes). */
export const yesNoForms = [formsOf('yes'), formsOf('no')] as const;

const templates = {
  response: parseTemplate(yesNo),
  text: parseTemplate(yesNoText),
  letter: parseTemplate(letter),
};

/** A yes-no question about a response; without a prompt only the text is shown. */
export function askYesNo(response: string, question: string, prompt?: string): ModelCall {
  const input =
    prompt === undefined
      ? renderTemplate(templates.text, { response, question })
      : renderTemplate(templates.response, { response, question, prompt });
  return { operation: 'decide', input, candidates: yesNoForms };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Which of several words describes a text, by letter; the numbers of the answer are in the order of the words. */
export function askLetter(response: string, question: string, words: readonly string[]): ModelCall {
  const options = words.map((word, index) => `${alphabet.charAt(index)}: ${word}`).join('\n');
  return {
    operation: 'decide',
    input: renderTemplate(templates.letter, { response, question, options }),
    candidates: words.map((_, index) => [alphabet.charAt(index), ` ${alphabet.charAt(index)}`]),
  };
}
