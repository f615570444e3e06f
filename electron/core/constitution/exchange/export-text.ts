import assistant from '../../../../resources/prompts/constitution/system-prompt-assistant.md?raw';
import critic from '../../../../resources/prompts/constitution/system-prompt-critic.md?raw';
import judge from '../../../../resources/prompts/constitution/system-prompt-judge.md?raw';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import type {
  ConstitutionFormat,
  SystemPrompt,
  WrittenConstitution,
} from '../../../contract/constitution-exchange.ts';
import { parseTemplate, renderTemplate } from '../../judging/template.ts';
import { spellConstitution } from '../principles/constitutional-judge.ts';
import { spellPrinciple, writeConstitutionText } from './written-text.ts';

export type TextFormat = Exclude<ConstitutionFormat, 'annotated-pairs' | 'icai'>;

const systemPrompts = {
  assistant: parseTemplate(assistant),
  judge: parseTemplate(judge),
  critic: parseTemplate(critic),
};

export const fileEndings: Readonly<Record<TextFormat, string>> = {
  json: '.json',
  md: '.md',
  yaml: '.yaml',
  list: '.txt',
  'system-prompt': '-system-prompt.md',
};

/** The principles, numbered, in the wording of a template: the words of its system message. */
export function writeSystemPrompt(texts: readonly string[], template: SystemPrompt): string {
  const { messages } = renderTemplate(systemPrompts[template], {
    principles: spellConstitution(texts),
    request: '',
  });
  return `${messages.find(({ role }) => role === 'system')?.content ?? ''}\n`;
}

/** A constitution in a format that is one text. JSON is the whole document, with its figures, and the written list. */
export function exportText(
  { document, written }: { document: ConstitutionDocument; written: WrittenConstitution },
  format: TextFormat,
  template: SystemPrompt,
): string {
  const texts = written.principles.map(spellPrinciple);
  if (format === 'json') return `${JSON.stringify({ ...document, written }, null, 2)}\n`;
  if (format === 'list') return [...texts, ''].join('\n');
  if (format === 'system-prompt') return writeSystemPrompt(texts, template);
  return writeConstitutionText(written, format);
}
