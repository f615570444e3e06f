import { z } from 'zod';
import { quoteLiteral } from '../../../../../native/duckdb/quoting.ts';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { countPattern } from '../../../constitution/traits/expressions.ts';
import { fencePattern } from '../../../constitution/traits/prepared-columns.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  maximumSlices,
  minimumItems,
} from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { measureFeatures, type SideFeature } from '../discordance.ts';
import { storeTraitPairs } from '../trait-pairs.ts';
import { sayMany, sayValue } from '../wording.ts';
import { fitStyle, type StyleFit, tabulateRatings } from './style-fit.ts';

type AuditContext = Context<{ ridge: number; max_models: number; warn_odds: number }>;

const traits = [
  'word_count',
  'heading_count',
  'numbered_item_count',
  'bullet_item_count',
  'emoji_count',
  'code_block_count',
  'inline_code_count',
  'table_row_count',
];

const feature = (id: string, title: string, of: (side: 'chosen' | 'rejected') => string): SideFeature => ({
  id,
  title,
  chosen: of('chosen'),
  rejected: of('rejected'),
});

const features: readonly SideFeature[] = [
  feature('length', 'more words', (side) => `${side}_word_count`),
  feature('headers', 'more headers', (side) => `${side}_heading_count`),
  feature('lists', 'more list items', (side) => `(${side}_numbered_item_count + ${side}_bullet_item_count)`),
  feature('bold', 'more bold text', (side) => `${side}_bold`),
  feature('emoji', 'more emoji', (side) => `${side}_emoji_count`),
  feature('code', 'more code blocks', (side) => `${side}_code_block_count`),
  feature('inline_code', 'more inline code', (side) => `${side}_inline_code_count`),
  feature('tables', 'more table rows', (side) => `${side}_table_row_count`),
];

const bold = '\\*\\*[^*\\n]+\\*\\*|__[^_\\n]+__';

export const styleAudit = defineAudit({
  id: 'style',
  family: 'surface',
  title: 'Style control',
  description:
    'What length, headers, lists, bold, emoji and code are worth by themselves, and how model ratings change when style is held equal.',
  inputs: ['label', 'text', 'traits', 'model'],
  parameters: {
    /** Penalty of the joint fit, as in FastChat's style control. */
    ridge: z.number().min(0).default(0.5),
    /** Models with a rating of their own, those with the most pairs first. */
    max_models: z.number().int().min(2).max(100).default(40),
    /** Odds ratio per SD from which a style feature is a warning. */
    warn_odds: z.number().min(1).default(1.2),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeStylePairs(context);
    const fit = await fitStyle(context, { from, features });
    const figures = adjustFigures([
      ...fit.figures,
      ...(await measureFeatures(context, { audit: 'style', from, features })),
    ]);
    return {
      findings: await describeStyle(context, { figures, from, fit }),
      figures,
      tables: fit.ratings.length > 0 ? [tabulateRatings(fit)] : [],
      params: {
        models_rated: fit.ratings.length,
        dropped: fit.dropped.join(', ') || 'none',
        largest_vif: fit.largestVif,
        min_n: minimumItems,
        max_slices: maximumSlices,
      },
    };
  },
});

/** Pairs with the style counts of both sides, code left out of all but its own. */
async function storeStylePairs(context: AuditContext): Promise<string> {
  const { session, signal, pairs } = context;
  const pairsOfTraits = await storeTraitPairs(context, traits);
  const bolds = context.scratch('bold');
  await session.run(
    `CREATE OR REPLACE TABLE ${bolds} AS SELECT unnest(ids) AS response_id, CASE WHEN contains(text, '**') OR contains(text, '__')
       THEN ${countPattern(`regexp_replace(text, ${quoteLiteral(fencePattern)}, '', 'g')`, bold)} ELSE 0 END AS bold
     FROM (SELECT text, list(response_id) AS ids FROM response WHERE response_id IN (
       SELECT response_a_id FROM ${pairs} UNION SELECT response_b_id FROM ${pairs}) GROUP BY text)`,
    [],
    { signal },
  );
  const table = context.scratch('style_pairs');
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT x.*, c.bold AS chosen_bold, r.bold AS rejected_bold FROM ${pairsOfTraits} x
     JOIN ${bolds} c ON c.response_id = x.chosen_id JOIN ${bolds} r ON r.response_id = x.rejected_id`,
    [],
    { signal },
  );
  return table;
}

/** One finding for the strongest feature of form beside length, one for length at equal form, one for ratings. */
async function describeStyle(
  context: AuditContext,
  { figures, from, fit }: { figures: readonly AuditFigure[]; from: string; fit: StyleFit },
): Promise<Finding[]> {
  const effects = figures.filter((figure) => figure.metric === 'style_effect' && figure.value !== null);
  const strongest = effects
    .filter((figure) => figure.slice_value !== 'more words')
    .sort((a, b) => leastSize(b) - leastSize(a))[0];
  const length = effects.find((figure) => figure.slice_value === 'more words');
  const findings: Finding[] = [];
  for (const figure of [strongest, length]) {
    const chosen = features.find((candidate) => candidate.title === figure?.slice_value);
    if (!figure || !chosen) continue;
    findings.push(
      makeFinding({
        id: chosen.id,
        sentence: sayEffect(figure, fit),
        figure,
        scale: 'log_odds',
        warnFrom: (context.params.warn_odds - 1) / (context.params.warn_odds + 1),
        noticeFrom: 0.01,
        rows: await context.keepRows({
          set: chosen.id,
          relation: 'pairs',
          sql: `SELECT DISTINCT comparison_id AS row_id, abs(${chosen.chosen} - ${chosen.rejected}) AS size FROM ${from}
            WHERE ${chosen.chosen} ${(figure.value ?? 0) > 0 ? '>' : '<'} ${chosen.rejected} ORDER BY size DESC, row_id`,
        }),
      }),
    );
  }
  return findings;
}

const leastSize = ({ ci_lo: low, ci_hi: high }: AuditFigure) =>
  low === null || high === null ? -1 : Math.max(low, -high);

function sayEffect(figure: AuditFigure, fit: StyleFit): string {
  const odds = (value: number | null) => (value === null ? null : Math.exp(value));
  const ratio = sayValue({ value: odds(figure.value), ci_lo: odds(figure.ci_lo), ci_hi: odds(figure.ci_hi) });
  const beside =
    fit.ratings.length > 0 ? 'the other style features and the models' : 'the other style features';
  return `One SD of ${figure.slice_value ?? ''} multiplies the odds of being chosen by ${ratio}, beside ${beside}, over ${sayMany(figure.n_items, 'pair')}.`;
}
