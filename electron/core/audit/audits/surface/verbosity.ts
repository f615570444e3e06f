import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, minimumItems } from '../audit.ts';
import { describeFeatures, fitFeatures, measureFeatures, traitFeature } from '../discordance.ts';
import { measureShares } from '../slices.ts';
import { storeTraitPairs } from '../trait-pairs.ts';

type AuditContext = Context<{ warn_above: number }>;

const features = [
  traitFeature('word_count', 'more words'),
  traitFeature('sentence_count', 'more sentences'),
  traitFeature('paragraph_count', 'more paragraphs'),
  traitFeature('mean_sentence_words', 'longer sentences'),
  traitFeature('repeated_sentence_count', 'more repeated sentences'),
  traitFeature('type_token_ratio', 'less repetition of words'),
  traitFeature('prompt_word_share', 'more words of the prompt'),
];

const moreWords =
  'CASE WHEN chosen_word_count <> rejected_word_count THEN (chosen_word_count > rejected_word_count)::INTEGER END';

export const verbosityAudit = defineAudit({
  id: 'verbosity',
  family: 'surface',
  title: 'Verbosity',
  description:
    'Whether more words, sentences or repetition go with the label: over all pairs, where the preference is slight, and apart for code.',
  inputs: ['label', 'text', 'traits', 'strength'],
  parameters: { warn_above: z.number().min(0.5).max(1).default(0.6) },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeTraitPairs(context, [...features.map(({ id }) => id), 'code_block_count']);
    const relation = { audit: 'verbosity', from, features };
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...(await fitFeatures(context, relation)),
      ...(await measureByCode(context, from)),
      ...(context.dataset.withStrength >= 3 * minimumItems ? await measureByStrength(context, from) : []),
    ]);
    const warnFrom = 2 * (context.params.warn_above - 0.5);
    return {
      findings: await describeFeatures(context, relation, { figures, most: 2, warnFrom, noticeFrom: 0.02 }),
      figures,
      params: { unit: 'words', min_n: minimumItems },
    };
  },
});

/** Pairs with fenced code on a side are another matter, so they are measured apart. */
async function measureByCode(context: AuditContext, from: string): Promise<AuditFigure[]> {
  const measured: AuditFigure[] = [];
  for (const [name, condition] of [
    ['with code', 'chosen_code_block_count + rejected_code_block_count > 0'],
    ['without code', 'chosen_code_block_count + rejected_code_block_count = 0'],
  ] as const) {
    const [figure] = await measureShares(context, {
      head: {
        audit: 'verbosity',
        metric: 'wordier_win_rate_by_code',
        title: 'The side with more words wins',
      },
      from,
      outcome: `CASE WHEN ${condition} THEN ${moreWords} END`,
    });
    if (figure) measured.push({ ...figure, slice_dim: 'code', slice_value: name });
  }
  return measured;
}

/** Where the preference is slight the sides are about equally good: the quality-matched view that needs no scorer. */
async function measureByStrength(context: AuditContext, from: string): Promise<AuditFigure[]> {
  const measured: AuditFigure[] = [];
  const cut = `(SELECT *, ntile(3) OVER (ORDER BY abs(strength), row_id) AS third FROM ${from} WHERE strength IS NOT NULL)`;
  for (const [index, name] of ['slight', 'middle', 'strong'].entries()) {
    const [figure] = await measureShares(context, {
      head: {
        audit: 'verbosity',
        metric: 'wordier_win_rate_by_strength',
        title: 'The side with more words wins',
      },
      from: cut,
      outcome: `CASE WHEN third = ${index + 1} THEN ${moreWords} END`,
    });
    if (figure) measured.push({ ...figure, slice_dim: 'preference strength', slice_value: name });
  }
  return measured;
}
