import { z } from 'zod';
import { type AuditContext as Context, defineAudit } from '../audit.ts';
import type { ModelQuestion } from '../model-question.ts';
import { measureChanges } from './judge-changes.ts';
import { askBothOrders, verdictColumns } from './pair-verdicts.ts';
import { samplePairs } from './sampled-pairs.ts';

type AuditContext = Context<{ sample: number; tie_epsilon: number; warn_flips: number }>;

let countries: RegExp | undefined;

/** English names of countries, from the platform's own table of regions. */
function findCountries(): RegExp {
  if (countries) return countries;
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  const found = letters.flatMap((one) => letters.flatMap((other) => names.of(`${one}${other}`) ?? []));
  const words = [...new Set([...found, 'USA', 'UK', 'Britain', 'England', 'America'])]
    .sort((left, right) => right.length - left.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  countries = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'gu');
  return countries;
}

/** Kinds of token a judge may take for quality, and what stands in their place. A name is two capitalised words or more. */
export const masks: Readonly<Record<string, (text: string) => string>> = {
  years: (text) => text.replace(/(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)/g, '[YEAR]'),
  countries: (text) => text.replace(findCountries(), '[COUNTRY]'),
  names: (text) => text.replace(/(?<=[\p{Ll},;:] )\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)+/gu, '[NAME]'),
  numbers: (text) => text.replace(/(?<![\p{L}\p{N}.])\d+(?:[.,]\d+)*(?![\p{L}\p{N}])/gu, '[NUMBER]'),
};

export const judgeShortcutsAudit = defineAudit({
  id: 'judge_shortcuts',
  family: 'fairness',
  title: 'Shortcut tokens before a judge model',
  description:
    'Masks years, countries, names and numbers in prompt and both responses, asks the judge model again, and counts the verdicts that change.',
  inputs: ['text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(60),
    tie_epsilon: z.number().min(0).max(0.4).default(0.02),
    warn_flips: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [{ role: 'judge', columns: verdictColumns, list: (context) => listMasked(context) }],
  run: async (context: AuditContext) =>
    measureChanges(context, {
      audit: 'judge_shortcuts',
      what: 'years, countries, names or numbers are masked',
      variants: 'mask',
      warnFlips: context.params.warn_flips,
      tieEpsilon: context.params.tie_epsilon,
      source: 'years, countries, names, numbers (own patterns)',
    }),
});

async function listMasked(context: AuditContext): Promise<ModelQuestion[]> {
  const pairs = await samplePairs(context, context.params.sample, {
    where: `regexp_matches(ra.text || rb.text, '\\d|\\pL \\p{Lu}')`,
  });
  return pairs.flatMap(({ comparisonId: item, prompt, responseA: a, responseB: b }) => {
    const versions = Object.entries(masks).flatMap(([variant, mask]) => {
      const masked = { variant, prompt: mask(prompt), a: mask(a), b: mask(b) };
      return masked.a === a && masked.b === b ? [] : [masked];
    });
    if (versions.length === 0) return [];
    return [{ variant: 'original', prompt, a, b }, ...versions].flatMap((version) =>
      askBothOrders({ item, ...version }),
    );
  });
}
