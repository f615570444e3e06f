import {
  type AuditDocument,
  auditDocumentSchema,
  type AuditFigure,
  type Finding,
} from '../../electron/contract/audit.contract.ts';
import type { ConstitutionDocument, PrincipleResult } from '../../electron/contract/constitution.contract.ts';

const pairs = 4_812;
const heldOut = 1_443;
export const madeAt = '2026-11-21T10:12:00Z';

/** Texts with the values their principles were made of: strength, length-controlled strength, share that speaks. */
const traits: readonly (readonly [string, string, number, number | null, number])[] = [
  ['is longer', 'length', 0.214, null, 0.97],
  ['has more structured formatting', 'structure', 0.171, 0.061, 0.58],
  ['provides a numbered list format', 'structure', 0.118, 0.072, 0.31],
  ['uses more bold and italics text', 'structure', 0.104, 0.058, 0.36],
  ['uses more headings', 'structure', 0.061, 0.022, 0.14],
  ['contains more code blocks', 'structure', 0.018, 0.011, 0.05],
  ['uses more varied words', 'vocabulary', 0.152, -0.041, 0.95],
  ['uses longer words', 'vocabulary', 0.047, 0.052, 0.96],
  ['repeats more words of the prompt', 'overlap', 0.083, 0.006, 0.88],
  ['asks more questions', 'punctuation', -0.021, -0.048, 0.33],
  ['ends with a follow-up question', 'punctuation', -0.012, -0.009, 0.12],
  ['uses more exclamation marks', 'punctuation', 0.009, -0.011, 0.21],
  ['uses more commas', 'punctuation', 0.163, 0.018, 0.93],
  ['refuses to answer the question', 'stance', -0.074, -0.061, 0.09],
  ['apologises', 'stance', -0.068, -0.057, 0.11],
  ['hedges more', 'stance', -0.031, -0.052, 0.44],
  ['has a friendlier tone', 'tone', 0.026, 0.014, 0.38],
  ['is more positive', 'sentiment', 0.041, 0.003, 0.71],
  ['contains more links', 'symbols', 0.004, 0.003, 0.012],
  ['uses emoji', 'symbols', -0.002, -0.001, 0.003],
  ['addresses the reader more', 'discourse', 0.057, 0.021, 0.62],
  ['gives more examples', 'discourse', 0.064, 0.019, 0.29],
  ['presents more content in tables', 'structure', 0, null, 0],
];
const ranked = [
  'has more structured formatting',
  'is longer',
  'uses more commas',
  'refuses to answer the question',
  'hedges more',
];

const around = (value: number, half: number): [number, number] => [value - half, value + half];

function principleOf(
  [text, family, strength, controlled, spoken]: (typeof traits)[number],
  direction: 1 | -1,
): PrincipleResult {
  const votes = Math.round(pairs * spoken);
  const value = strength * direction;
  const speaksFor = Math.round((votes + value * pairs) / 2);
  const rank = direction === Math.sign(strength) ? ranked.indexOf(text) + 1 : 0;
  const half = 1.96 * Math.sqrt((spoken - value * value) / pairs) * 1.15;
  const isSilent = votes === 0;
  return {
    id: `${family}.${text.replaceAll(' ', '_')}${direction === 1 ? '' : '.smaller'}`,
    text: `Select the response that ${direction === 1 ? text : `does less of this: ${text}`}`,
    family,
    for: speaksFor,
    against: votes - speaksFor,
    not_applicable: pairs - votes,
    n: pairs,
    agreement: speaksFor / pairs,
    relevance: votes / pairs,
    accuracy: isSilent ? null : speaksFor / votes,
    kappa_adjusted: isSilent ? null : 2 * (speaksFor / votes) - 1,
    kappa_cohen: isSilent ? null : 2 * (speaksFor / votes) - 1.004,
    strength: value,
    strength_ci: isSilent ? null : around(value, half),
    strength_length_controlled: controlled === null ? null : controlled * direction,
    strength_length_controlled_ci: controlled === null ? null : around(controlled * direction, half * 1.2),
    p: isSilent ? null : Math.abs(value) > 0.03 ? 0.00004 : 0.21,
    p_adjusted: isSilent ? null : Math.abs(value) > 0.03 ? 0.00009 : 0.284,
    strength_test: isSilent ? null : value * 0.93,
    strength_test_ci: isSilent ? null : around(value * 0.93, half * 1.8),
    status: isSilent ? 'undefined' : votes < 20 ? 'too_small' : 'ok',
    is_selected: rank > 0,
    rank: rank > 0 ? rank : null,
    weight: rank > 0 ? 0.72 / rank + 0.11 : null,
  };
}

export function fakeConstitution(part: Partial<ConstitutionDocument> = {}): ConstitutionDocument {
  const principles = traits
    .flatMap((trait) => [principleOf(trait, 1), principleOf(trait, -1)])
    .sort((a, b) => (b.strength ?? 0) - (a.strength ?? 0));
  const selected = principles.filter((p) => p.is_selected).sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
  return {
    schema: 'assay.constitution/1',
    executor: 'surface',
    dataset: 'judged-pairs',
    dataset_id: 1,
    created_at: madeAt,
    seed: 1,
    top: 7,
    pairs: { total: 5_400, labelled: pairs, ties: 431, unlabelled: 157, prompts: 1_204 },
    length_control:
      'Logistic regression of the label on the vote of the principle and on three terms of the length difference in characters.',
    principles,
    constitution: selected.map((p) => p.text),
    reconstruction: {
      train: pairs - heldOut,
      test: heldOut,
      train_prompts: 843,
      test_prompts: 361,
      baseline_longer: 0.604,
      baseline_longer_ci: [0.576, 0.632],
      majority: 0.598,
      majority_ci: [0.571, 0.625],
      weighted: 0.641,
      weighted_ci: [0.614, 0.668],
      gain_over_longer: 0.037,
      gain_over_longer_ci: [0.012, 0.062],
      train_majority: 0.612,
      train_weighted: 0.652,
      executor_agreement: { value: 0.842, ci: [0.821, 0.863], n: heldOut },
      silent: { value: 0.021, ci: [0.014, 0.03], n: heldOut },
    },
    remarks: [
      'These 5 principles reproduce 64 % [61, 67] of 1443 held-out labels; chance would give 50 %. The remaining labels go against them or lie beyond what surface traits can see.',
      '“The longer side wins” alone reproduces 60 % [58, 63]; the constitution gains +3.7 points [1.2, 6.2] on it.',
      '431 ties and 157 unlabelled pairs of 5400 are not used.',
    ],
    ...part,
  };
}

const figureOf = (part: Partial<AuditFigure>): AuditFigure => ({
  audit: 'length',
  metric: 'longer_win_rate',
  title: 'The longer side wins',
  slice_dim: null,
  slice_value: null,
  value: 0.604,
  ci_lo: 0.588,
  ci_hi: 0.62,
  p: 0.00002,
  p_adj: 0.00004,
  n_items: 4_702,
  n_clusters: 1_204,
  status: 'ok',
  neutral: 0.5,
  ...part,
});

const curve = [0.508, 0.521, 0.549, 0.572, 0.588, 0.611, 0.634, 0.652, 0.671, 0.694];

const findingOf = (part: Pick<Finding, 'id' | 'sentence' | 'figure'> & Partial<Finding>): Finding => ({
  severity: 'notice',
  effect: 0.2,
  effect_low: 0.1,
  certainty: 'clear',
  series: null,
  rows: null,
  ...part,
});

export function fakeAudits(): AuditDocument {
  const position = { audit: 'position', metric: 'first_win_rate', title: 'The side shown first wins' };
  return auditDocumentSchema.parse({
    schema: 'assay.audit/1',
    audit_run_id: 4,
    dataset: 'judged-pairs',
    dataset_id: 1,
    created_at: madeAt,
    seed: 1,
    audits: [
      {
        audit: 'position',
        title: 'Position',
        is_applicable: true,
        reason: null,
        finding: 'The side shown first wins 53.1 % [51.2, 55.0] of 4,120 votes.',
        severity: 'notice',
        findings: [
          findingOf({
            id: 'first_wins',
            sentence: 'The side shown first wins 53.1 % [51.2, 55.0] of 4,120 votes.',
            figure: figureOf({ ...position, value: 0.531, ci_lo: 0.512, ci_hi: 0.55, n_items: 4_120 }),
            effect: 0.062,
            effect_low: 0.024,
            rows: {
              relation: 'pairs',
              filter: { clauses: [{ op: 'in', field: 'label', values: ['a'] }] },
              set: null,
              count: null,
            },
          }),
          findingOf({
            id: 'small',
            sentence: 'Asked in both orders, rater-1 keeps its choice on 60.0 % of 14 pairs.',
            figure: figureOf({
              ...position,
              value: 0.9,
              ci_lo: 0.6,
              ci_hi: 0.98,
              n_items: 14,
              status: 'too_small',
            }),
            severity: 'none',
            effect: 0.8,
            certainty: 'too_few',
          }),
        ],
        figures: [
          figureOf({ ...position, value: 0.531, ci_lo: 0.512, ci_hi: 0.55, n_items: 4_120 }),
          ...['rater-1', 'rater-2', 'a-judge-with-a-rather-long-name-70b'].map((name, i) =>
            figureOf({
              ...position,
              slice_dim: 'annotator',
              slice_value: name,
              value: 0.48 + i * 0.05,
              ci_lo: 0.44 + i * 0.05,
              ci_hi: 0.52 + i * 0.05,
              n_items: i === 0 ? 14 : 900 + i,
              status: i === 0 ? 'too_small' : 'ok',
            }),
          ),
        ],
        series: [],
        params: { warn_rate: 0.05, min_n: 20, seed: 1 },
      },
      {
        audit: 'length',
        title: 'Length',
        is_applicable: true,
        reason: null,
        finding:
          'The longer side wins 60.4 % [58.8, 62.0] of 4,702 pairs of unequal length; 110 pairs of equal length left out.',
        severity: 'warning',
        findings: [
          findingOf({
            id: 'longer_wins',
            sentence:
              'The longer side wins 60.4 % [58.8, 62.0] of 4,702 pairs of unequal length; 110 pairs of equal length left out.',
            severity: 'warning',
            figure: figureOf({}),
            effect: 0.208,
            effect_low: 0.176,
            rows: { relation: 'pairs', filter: null, set: 'length.longer_chosen', count: 2_840 },
          }),
        ],
        figures: [
          figureOf({}),
          figureOf({
            metric: 'mean_difference',
            title: 'Mean length difference, chosen − rejected (characters)',
            value: 148.3,
            ci_lo: 121.2,
            ci_hi: 175.4,
            neutral: 0,
          }),
          figureOf({
            metric: 'equal_length_share',
            title: 'Sides of equal length',
            value: 0.023,
            ci_lo: 0.019,
            ci_hi: 0.028,
            neutral: null,
            p: null,
            p_adj: null,
          }),
        ],
        series: [
          {
            id: 'longer_wins_by_difference',
            title: 'How often the longer side wins, by how much longer it is',
            x_title: 'Length difference (characters, median of each tenth)',
            y_title: 'Longer side wins',
            points: curve.map((y, i) => ({
              label: `${i * i * 30 + 1} to ${(i + 1) * (i + 1) * 30}`,
              x: i * i * 30 + 20,
              y,
              ci_lo: y - 0.044,
              ci_hi: y + 0.044,
              n: 470,
            })),
          },
        ],
        params: { unit: 'chars', warn_above: 0.6, min_n: 20, length_sd: 912.4, seed: 1 },
      },
      {
        audit: 'order',
        title: 'Both orders',
        is_applicable: false,
        reason: 'No vote records which side was shown first (column shown_first).',
        finding: '',
        severity: 'none',
        figures: [],
        series: [],
        params: {},
      },
    ],
  });
}
