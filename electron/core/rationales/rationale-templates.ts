import check from '../../../resources/prompts/rationale/check.md?raw';
import general from '../../../resources/prompts/rationale/general.md?raw';
import specific from '../../../resources/prompts/rationale/specific.md?raw';
import type { RationaleRequest } from '../../contract/rationale.contract.ts';
import { AppError } from '../../contract/app-error.ts';
import type { PromptTemplate } from '../judging/template.ts';
import type { TemplateOwner } from '../judging/template.repository.ts';

const told = ['prompt', 'response_1', 'response_2', 'winner', 'loser'] as const;

/** The prompts of rationales, as templates that can be edited; versions are kept beside those of the judges. */
export const rationaleTemplates: TemplateOwner = {
  id: 'rationale',
  title: 'Rationales',
  templates: [
    {
      name: 'general',
      title: 'Why the chosen response is better',
      text: general,
      known: told,
      needed: ['prompt', 'response_1', 'response_2', 'winner'],
    },
    {
      name: 'specific',
      title: 'Why, by quoted passages',
      text: specific,
      known: told,
      needed: ['prompt', 'response_1', 'response_2', 'winner'],
    },
    {
      name: 'check',
      title: 'Which response a rationale speaks for',
      text: check,
      known: ['prompt', 'response_1', 'response_2', 'rationale'],
      needed: ['response_1', 'response_2', 'rationale'],
    },
  ],
};

/** Throws TEMPLATE_INVALID for another owner than the rationales. */
export function getRationaleTemplates(id: string): TemplateOwner {
  if (id === rationaleTemplates.id) return rationaleTemplates;
  throw new AppError('TEMPLATE_INVALID', `Nothing of rationales belongs to “${id}”.`);
}

/** The template a request uses. */
export function templateNameOf({
  task,
  kind,
}: Pick<RationaleRequest, 'task' | 'kind'>): 'general' | 'specific' | 'check' {
  return task === 'check' ? 'check' : kind;
}

/**
 * The user's message of a template as alternating literal texts and names of values, beginning with a literal: from
 * these SQL can make the prompt of any pair without reading braces in its texts.
 */
export function splitPrompt(template: PromptTemplate): string[] {
  const text = template.parts
    .filter((part) => part.section === 'user')
    .map((part) => part.text)
    .join('\n\n');
  return text.split(/\{\{\s*([a-z][a-z0-9_]*)\s*\}\}/);
}
