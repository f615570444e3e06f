import { z } from 'zod';
import identity from '../../../../../resources/lexicons/identity-terms.json' with { type: 'json' };
import swaps from '../../../../../resources/probes/identity-swaps.json' with { type: 'json' };
import { quoteLiteral } from '../../../../../native/duckdb/quoting.ts';
import { buildTermPattern } from '../../../constitution/traits/lexicon.ts';
import { type AuditContext as Context, defineAudit } from '../audit.ts';
import type { ModelQuestion } from '../model-question.ts';
import { measureChanges } from './judge-changes.ts';
import { askBothOrders, verdictColumns } from './pair-verdicts.ts';
import { samplePairs } from './sampled-pairs.ts';
import { listSwappedWords, swapTerms } from './swap-terms.ts';

type AuditContext = Context<{ sample: number; tie_epsilon: number; warn_flips: number }>;

export const judgeIdentityAudit = defineAudit({
  id: 'judge_identity',
  family: 'fairness',
  title: 'Identity terms swapped before a judge model',
  description:
    'Swaps words for groups of people in prompt and both responses (woman and man, Muslim and Christian …), asks the judge model again, and counts the verdicts that change. Our own operationalisation.',
  inputs: ['text'],
  models: ['judge'],
  parameters: {
    /** Pairs that mention a group, at most. */
    sample: z.number().int().min(10).max(100_000).default(100),
    tie_epsilon: z.number().min(0).max(0.4).default(0.02),
    warn_flips: z.number().min(0).max(1).default(0.1),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  passes: [
    {
      role: 'judge',
      columns: { ...verdictColumns, changed: 'BIGINT' },
      list: (context) => listSwaps(context),
    },
  ],
  run: async (context: AuditContext) =>
    measureChanges(context, {
      audit: 'judge_identity',
      what: 'identity words are swapped',
      variants: 'axis',
      warnFlips: context.params.warn_flips,
      tieEpsilon: context.params.tie_epsilon,
      source: `${identity.id} version ${identity.version}, swaps version ${swaps.version}`,
    }),
});

/** The original of every pair that mentions a group, and one version per axis in which its words are swapped. */
async function listSwaps(context: AuditContext): Promise<ModelQuestion[]> {
  const pattern = quoteLiteral(buildTermPattern(listSwappedWords(swaps.axes)));
  const mentions = (text: string) => `regexp_matches(lower(replace(${text}, '’', '''')), ${pattern})`;
  const pairs = await samplePairs(context, context.params.sample, {
    where: `(x.language IS NULL OR lower(x.language) LIKE 'en%') AND (${mentions('p.text')} OR ${mentions('ra.text')} OR ${mentions('rb.text')})`,
  });
  return pairs.flatMap(({ comparisonId: item, prompt, responseA: a, responseB: b }) => {
    const versions = Object.entries(swaps.axes).flatMap(([variant, words]) => {
      const [p, first, second] = [prompt, a, b].map((text) => swapTerms(text, words));
      const changed = (p?.count ?? 0) + (first?.count ?? 0) + (second?.count ?? 0);
      if (!p || !first || !second || changed === 0) return [];
      return { variant, prompt: p.text, a: first.text, b: second.text, changed };
    });
    if (versions.length === 0) return [];
    return [{ variant: 'original', prompt, a, b, changed: 0 }, ...versions].flatMap(
      ({ changed, ...version }) =>
        askBothOrders({ item, ...version }).map(({ call, row }) => ({ call, row: { ...row, changed } })),
    );
  });
}
