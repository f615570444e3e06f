import { chatHoldings, holding, preferenceColumns, preferenceConditions, twoPrompts } from '../parts-sql.ts';
import { listRecipeColumns, ownPlaces } from '../recipe-columns.ts';
import { rationaleChoice, withRationale } from '../rationales-sql.ts';
import type { Sql } from '../../corpus/reading/reader.ts';
import {
  amount,
  choice,
  column,
  onlyDecided,
  type Writer,
  type WriterColumn,
  type WriterContext,
} from '../writer.ts';

/** Agreement of the overall votes with the written label. */
const withVotes = (rows: Sql, datasetId: number): Sql => `(SELECT rows_of.*, w.agreement, w.n_overall
  FROM ${rows} rows_of
  LEFT JOIN (SELECT v.comparison_id, x.label AS voted, count(*) FILTER (v.label = x.label) / count(*) AS agreement, count(*) AS n_overall
      FROM vote v CROSS JOIN (VALUES ('a'), ('b')) x(label)
      WHERE v.dataset_id = ${datasetId} AND v.aspect IS NULL GROUP BY ALL) w ON w.comparison_id = rows_of.row_id AND w.voted = rows_of.label)`;

/** Decisions of a recipe that stand in a column the format has anyway. */
const ownColumns = { margin: 'margin', weight: 'weight', soft_label: 'label_smoothing' } as const;

/** The columns of a pair; the smoothed pairs are those at or below the percentile of the whole selection. */
function columnsOf({
  options,
  isChat,
  selection,
  recipe,
}: Pick<WriterContext, 'options' | 'selection' | 'recipe'> & { isChat: boolean }): WriterColumn[] {
  const threshold = `(SELECT quantile_cont(strength, ${Number(options['percentile']) / 100}) FROM ${selection} WHERE label IN ('a', 'b'))`;
  const ofRecipe = (name: 'margin' | 'weight' | 'soft_label') =>
    recipe.has(name) ? `recipe_${name}` : 'NULL::DOUBLE';
  const weight = { strength: 'coalesce(strength, 1)', agreement: 'coalesce(agreement, 1)', one: '1' };
  return [
    column('id', 'VARCHAR', 'example_id', 'id of the example'),
    ...preferenceColumns(isChat),
    column('chosen_model', 'VARCHAR', 'chosen_model', 'who wrote the preferred response'),
    column('rejected_model', 'VARCHAR', 'rejected_model', 'who wrote the other response'),
    column(
      'margin',
      'DOUBLE',
      `coalesce(${ofRecipe('margin')}, strength * ${Number(options['marginScale'])})`,
      'margin of the recipe, else strength scaled; NULL where it is not known',
    ),
    column(
      'weight',
      'DOUBLE',
      `coalesce(${ofRecipe('weight')}, ${weight[options['weight'] as keyof typeof weight]})`,
      'weight of the pair: of the recipe (mean 1), else 0–1',
    ),
    column(
      'label_smoothing',
      'DOUBLE',
      `CASE WHEN ${ofRecipe('soft_label')} IS NOT NULL THEN least(1 - ${ofRecipe('soft_label')}, 0.5) WHEN strength <= ${threshold} THEN ${Number(options['alpha'])} ELSE 0 END`,
      'smoothing of the label, 0–0.5',
    ),
    column(
      'n_votes',
      'INTEGER',
      'coalesce(n_overall, 0)',
      'overall votes on the pair, of which weight can be the share',
    ),
    column('rationale', 'VARCHAR', 'rationale', 'why, in words'),
    column('rationale_by', 'VARCHAR', 'rationale_by', 'who gave the rationale'),
    column(
      'rationale_kind',
      'VARCHAR',
      'rationale_kind',
      'general, specific (both written here) or imported',
    ),
    column(
      'rationale_prompt',
      'VARCHAR',
      'rationale_prompt',
      'the message the rationale answers, responses in the order shown; NULL for imported ones',
    ),
    column('language', 'VARCHAR', 'language', 'language'),
    column('topic', 'VARCHAR', 'topic', 'topic'),
    column('split', 'VARCHAR', 'subset', 'subset of the dataset'),
    ...listRecipeColumns(new Set([...recipe].filter((name) => !(name in ownColumns)))),
  ];
}

/**
 * Pairs for preference losses that weigh or smooth each pair. margin = strength × scale (HelpSteer2's |strength| with scale 3).
 * label_smoothing = alpha for pairs whose margin is at or below the K-th percentile of all written margins, else 0 (noise-aware
 * export of SPA, alpha 0.1 and K 10), linear percentile; 0 where no strength is known. Smoothed loss:
 * −(1−e)·ln σ(m) − e·ln σ(−m). What a recipe decided of a pair stands before the options: its margin, its weight, and 1 − its soft
 * label (at most 0.5) as the smoothing.
 */
export const dpo: Writer = {
  id: 'dpo',
  title: 'DPO with margin, weight, smoothing',
  purpose: 'pairs with models, ids and per-pair margin, weight, label_smoothing and rationale',
  relations: ['pairs'],
  containers: ['parquet', 'jsonl'],
  options: [
    choice('style', 'Texts', {
      auto: 'messages if any row has turns',
      standard: 'plain texts',
      conversational: 'messages',
    }),
    amount(
      'marginScale',
      'Margin of the strongest preference',
      { default: 3, min: 0.01, max: 100 },
      'margin = strength × this',
    ),
    choice('weight', 'Weight', {
      strength: 'strength of the pair (1 where not known)',
      agreement: 'share of overall votes for the label (1 where nobody voted)',
      one: '1 for every pair',
    }),
    amount('alpha', 'Label smoothing', { default: 0.1, min: 0, max: 0.5 }, 'for the least certain pairs'),
    amount(
      'percentile',
      'Least certain per cent',
      { default: 10, min: 0, max: 100 },
      'pairs with a margin at or below this percentile',
    ),
    rationaleChoice,
  ],
  canSay: onlyDecided,
  unit: 'row',
  recipePlaces: { ...ownPlaces, ...ownColumns },
  shape: ({ options, isConversational, datasetId, selection, recipe }) => {
    const isChat = options['style'] === 'auto' ? isConversational : options['style'] === 'conversational';
    return {
      columns: columnsOf({ options, isChat, selection, recipe }),
      prepare: (rows) => withRationale(withVotes(rows, datasetId), datasetId, String(options['rationale'])),
      rowsPerUnit: 1,
      holds: holding(
        'models',
        'strength',
        'example_id',
        'language',
        'topic',
        'subset',
        'rationales',
        ...chatHoldings(isChat),
      ),
      excludes: [twoPrompts],
      ambiguous: preferenceConditions(isChat).ambiguous,
      changes: [
        ...preferenceConditions(isChat).changes,
        {
          when: recipe.has('margin') ? 'strength IS NULL AND recipe_margin IS NULL' : 'strength IS NULL',
          why: 'the strength is not known: margin stays empty and label_smoothing is 0',
        },
        {
          when: 'n_rationales > 1',
          why: 'one of several rationales is written, the others are left out',
        },
      ],
    };
  },
};
