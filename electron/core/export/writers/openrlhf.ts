import { chatHoldings, holding, preferenceColumns, preferenceConditions, twoPrompts } from '../parts-sql.ts';
import { amount, choice, column, onlyDecided, type Writer } from '../writer.ts';

/** OpenRLHF reward and DPO data: read with --data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected. */
export const openRlhf: Writer = {
  id: 'openrlhf',
  title: 'OpenRLHF preference',
  purpose: 'prompt, chosen, rejected and a margin for the reward trainer of OpenRLHF',
  relations: ['pairs'],
  containers: ['jsonl', 'parquet'],
  options: [
    choice('style', 'Texts', { messages: 'messages', text: 'plain texts' }),
    amount(
      'marginScale',
      'Margin of the strongest preference',
      { default: 3, min: 0.01, max: 100 },
      'margin = strength × this',
    ),
  ],
  canSay: onlyDecided,
  unit: 'row',
  recipePlaces: { margin: 'margin' },
  shape: ({ options, recipe }) => {
    const isChat = options['style'] === 'messages';
    return {
      columns: [
        ...preferenceColumns(isChat),
        column(
          'margin',
          'DOUBLE',
          `coalesce(${recipe.has('margin') ? 'recipe_margin' : 'NULL'}, coalesce(strength, 0) * ${Number(options['marginScale'])})`,
          'margin of the recipe, else strength scaled; 0 where it is not known',
        ),
      ],
      rowsPerUnit: 1,
      holds: holding('strength', ...chatHoldings(isChat)),
      excludes: [twoPrompts],
      ...preferenceConditions(isChat),
    };
  },
};
