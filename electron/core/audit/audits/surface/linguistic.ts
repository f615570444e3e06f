import { z } from 'zod';
import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, minimumItems } from '../audit.ts';
import {
  describeFeatures,
  discordanceTest,
  type FeatureRelation,
  fitFeatures,
  measureFeatures,
  traitFeature,
} from '../discordance.ts';
import { storeTraitPairs } from '../trait-pairs.ts';
import { nounFeatures, storeNounPairs } from './noun-pairs.ts';

type AuditContext = Context<{ min_overlap: number; noun_sample: number; warn_above: number }>;

const features = [
  traitFeature('word_count', 'more words'),
  traitFeature('bracket_count', 'more brackets'),
  traitFeature('number_count', 'more numbers'),
  traitFeature('question_mark_count', 'more question marks'),
  traitFeature('exclamation_count', 'more exclamation marks'),
  traitFeature('comma_count', 'more commas'),
  traitFeature('quotation_count', 'more quotation marks'),
  traitFeature('type_token_ratio', 'less repetition of words'),
  traitFeature('readability_index', 'harder wording (Automated Readability Index)'),
  traitFeature('mean_word_length', 'longer words'),
  traitFeature('contraction_count', 'more contractions'),
  traitFeature('negation_count', 'more negations'),
  traitFeature('first_person_count', 'more first person'),
  traitFeature('second_person_count', 'more second person'),
  traitFeature('hedge_count', 'more hedges'),
  traitFeature('booster_count', 'more words of certainty'),
  traitFeature('connective_count', 'more connectives'),
];

/** Words the sides share, as a part of all their words: how near a pair is to a paraphrase. */
const wordOverlap = `len(list_intersect(wa, wb)) / nullif(len(list_distinct(list_concat(wa, wb))), 0)`;
const words = (column: string) =>
  `list_distinct(regexp_extract_all(lower(left(${column}, 4000)), '[\\pL\\pN]+'))`;

export const linguisticAudit = defineAudit({
  id: 'linguistic',
  family: 'surface',
  title: 'Linguistic features',
  description:
    'Which features of the wording go with the label, one by one and against each other; over all pairs, or only where the two sides say nearly the same.',
  inputs: ['label', 'text', 'traits', 'language'],
  parameters: {
    /** Share of words that the sides must have in common (Jaccard); 0 takes all pairs. */
    min_overlap: z.number().min(0).max(1).default(0),
    /** English pairs whose nouns are counted, drawn by md5 of id and seed; 0 counts none. */
    noun_sample: z.number().int().min(0).max(100_000).default(5000),
    warn_above: z.number().min(0.5).max(1).default(0.65),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context: AuditContext) => {
    const { session, params } = context;
    const traits = await storePairs(context);
    const { rows } = await session.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${traits}`);
    if (rows === 0)
      return { obstacle: `No pair shares ${params.min_overlap * 100} % of the words of its sides.` };
    const { table: from, tagged } = await storeNounPairs(context, traits);
    const relation = {
      audit: 'linguistic',
      from,
      features: tagged === 0 ? features : [...features, ...nounFeatures],
    };
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...(await fitFeatures(context, { ...relation, features })),
      ...(tagged === 0 ? [] : await fitTagged(context, relation)),
    ]);
    return {
      findings: await describeFeatures(context, relation, {
        figures,
        most: 3,
        warnFrom: 2 * (params.warn_above - 0.5),
        noticeFrom: 0.02,
      }),
      figures,
      tables: [tabulate(figures)],
      params: { pairs: rows, pairs_with_nouns_counted: tagged, min_n: minimumItems },
    };
  },
});

/** The labelled pairs with the traits of both sides, or only the near-paraphrases among them. */
async function storePairs(context: AuditContext): Promise<string> {
  const { session, signal, params } = context;
  const from = await storeTraitPairs(
    context,
    features.map(({ id }) => id),
  );
  if (params.min_overlap === 0) return from;
  const near = context.scratch('near_paraphrases');
  await session.run(
    `CREATE OR REPLACE TABLE ${near} AS SELECT * FROM ${from} WHERE row_id IN (SELECT row_id FROM (
       SELECT x.row_id, ${words('ra.text')} AS wa, ${words('rb.text')} AS wb FROM ${from} x
       JOIN response ra ON ra.response_id = x.response_a_id JOIN response rb ON rb.response_id = x.response_b_id)
     WHERE ${wordOverlap} >= ?::DOUBLE)`,
    [params.min_overlap],
    { signal },
  );
  return near;
}

/** The joint regression with the nouns among the features that compete, over the pairs whose nouns were counted. */
async function fitTagged(context: AuditContext, relation: FeatureRelation): Promise<AuditFigure[]> {
  const from = `(SELECT * FROM ${relation.from} WHERE chosen_noun_count IS NOT NULL)`;
  const figures = await fitFeatures(context, { ...relation, from });
  return figures.map((figure) => ({
    ...figure,
    metric: 'joint_effect_with_nouns',
    title: 'Effect beside the other features and nouns, on the pairs tagged (log-odds per SD)',
  }));
}

function tabulate(figures: Parameters<typeof adjustFigures>[0]): AuditTable {
  const whole = figures.filter(
    (figure) => figure.metric === 'chosen_has_more' && figure.slice_dim === 'feature',
  );
  return {
    id: 'discordance',
    title: 'Pairs that differ in a feature, and which side was chosen',
    columns: [
      'The chosen side has …',
      'differ',
      'more',
      'fewer',
      'χ² (1)',
      'p of χ²',
      'p adjusted (clustered)',
    ],
    rows: whole.map((figure) => {
      const more = Math.round((figure.value ?? 0) * figure.n_items);
      const test = figure.n_items > 0 ? discordanceTest(more, figure.n_items - more) : null;
      return [
        figure.slice_value,
        figure.n_items,
        more,
        figure.n_items - more,
        test?.statistic ?? null,
        test?.p ?? null,
        figure.p_adj,
      ];
    }),
  };
}
