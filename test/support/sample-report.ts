import type { z } from 'zod';
import {
  type AuditDocument,
  auditDocumentSchema,
  type auditResultSchema,
} from '../../electron/contract/audit.contract.ts';
import type { ConstitutionDocument, PrincipleResult } from '../../electron/contract/constitution.contract.ts';
import type { ReportDocument } from '../../electron/contract/report.contract.ts';

const stem = 'Select the response that';

/** Principle, its opposite, and about how much the labels reward it. */
const traits: readonly (readonly [string, string, string, number])[] = [
  ['structured', 'has more structured formatting', 'has less structured formatting', 0.19],
  ['verbose', 'is more verbose', 'is more concise', 0.24],
  ['sentences', 'contains more sentences', 'contains fewer sentences', 0.22],
  ['bullets', 'uses more bullet points', 'uses fewer bullet points', 0.12],
  ['numbers', 'includes more numbers', 'includes fewer numbers', 0.1],
  [
    'pronouns',
    'uses more personal pronouns (I, we, you)',
    'uses fewer personal pronouns (I, we, you)',
    -0.03,
  ],
  ['refuses', 'refuses to answer the question', 'does not refuse to answer the question', -0.08],
  ['ai', 'mentions more often that it is an AI', 'mentions less often that it is an AI', -0.06],
  ['apologises', 'apologises more', 'apologises less', -0.07],
  ['overlap', 'takes up more of the words of the prompt', 'takes up fewer of the words of the prompt', 0.05],
  ['reading', 'is harder to read', 'is easier to read', 0.04],
  ['diverse', 'repeats its words less', 'repeats its words more', -0.11],
  ['positive', 'expresses more positive sentiment', 'expresses more negative sentiment', 0.06],
  ['questions', 'asks more questions', 'asks fewer questions', -0.02],
  ['brackets', 'uses more full-width brackets 【】', 'uses fewer full-width brackets 【】', 0.0],
  ['hedges', 'hedges with words such as “perhaps”, “might” and “it depends”', 'hedges less', -0.04],
  ['links', 'includes more links', 'includes fewer links', 0.015],
  ['emoji', 'uses more emojis', 'uses fewer emojis', 0.01],
];

/** Mulberry32: a small seeded generator, uniform in [0, 1). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const around = (value: number, half: number): [number, number] => [value - half, value + half];

function samplePrinciple(
  id: string,
  text: string,
  counts: { for: number; against: number; n: number },
  random: () => number,
): PrincipleResult {
  const votes = counts.for + counts.against;
  const { n } = counts;
  const strength = (counts.for - counts.against) / n;
  const half = 1.96 * Math.sqrt(Math.max(1, votes) / n / n) + 0.006;
  const controlled = strength * (0.25 + random() * 0.8);
  const test = strength + (random() - 0.5) * 0.03;
  const accuracy = votes === 0 ? null : counts.for / votes;
  const p = votes === 0 ? null : Math.min(1, Math.exp(-8 * (strength / half) ** 2 * 0.25));
  const isEnough = votes >= 20;
  return {
    id,
    text: `${stem} ${text}`,
    family: id.length % 2 === 0 ? 'Form' : 'Tone',
    for: counts.for,
    against: counts.against,
    not_applicable: n - votes,
    n,
    agreement: counts.for / n,
    relevance: votes / n,
    accuracy,
    kappa_adjusted: accuracy === null ? null : 2 * (accuracy - 0.5),
    kappa_cohen: accuracy === null ? null : 2 * (accuracy - 0.5) - 0.004,
    strength,
    strength_ci: votes === 0 ? null : around(strength, half),
    strength_length_controlled: isEnough ? controlled : null,
    strength_length_controlled_ci: isEnough ? around(controlled, half * 1.15) : null,
    p,
    p_adjusted: p === null ? null : Math.min(1, p * 1.7),
    strength_test: test,
    strength_test_ci: around(test, half * 1.8),
    status: votes === 0 ? 'undefined' : isEnough ? 'ok' : 'too_small',
    is_selected: false,
    rank: null,
    weight: null,
  };
}

function samplePrinciples(n: number, random: () => number): PrincipleResult[] {
  const results = traits.flatMap(([id, more, less, target]) => {
    const relevance = id === 'brackets' ? 0 : id === 'emoji' ? 14 / n : 0.35 + random() * 0.6;
    const votes = Math.round(relevance * n);
    const signed = Math.max(-votes, Math.min(votes, Math.round((target + (random() - 0.5) * 0.01) * n)));
    const forVotes = Math.round((votes + signed) / 2);
    const counts = { for: forVotes, against: votes - forVotes, n };
    const reversed = { for: counts.against, against: counts.for, n };
    return [
      samplePrinciple(id, more, counts, random),
      samplePrinciple(`${id}.smaller`, less, reversed, random),
    ];
  });
  const selected = ['verbose', 'structured', 'apologises.smaller', 'bullets', 'diverse.smaller'];
  return results.map((result) => {
    const place = selected.indexOf(result.id);
    if (place < 0) return result;
    return { ...result, is_selected: true, rank: place + 1, weight: 0.72 - place * 0.11 };
  });
}

function sampleConstitution(seed: number): ConstitutionDocument {
  const random = makeRandom(seed);
  const principles = samplePrinciples(9203, random);
  return {
    schema: 'assay.constitution/1',
    executor: 'surface',
    dataset: 'arena-sample',
    dataset_id: 1,
    created_at: '2026-11-20T09:14:00.000Z',
    seed,
    top: 7,
    pairs: { total: 9756, labelled: 9203, ties: 512, unlabelled: 41, prompts: 6120 },
    length_control:
      'Logistic regression of the label on the vote of the principle and on three terms of the length difference in characters, all antisymmetric in the two sides, without intercept.',
    principles,
    constitution: principles
      .filter((principle) => principle.is_selected)
      .sort((left, right) => (left.rank ?? 0) - (right.rank ?? 0))
      .map((principle) => principle.text),
    reconstruction: {
      train: 6442,
      test: 2761,
      train_prompts: 4284,
      test_prompts: 1836,
      baseline_longer: 0.6118,
      baseline_longer_ci: [0.5921, 0.6315],
      majority: 0.6203,
      majority_ci: [0.6006, 0.64],
      weighted: 0.6441,
      weighted_ci: [0.6248, 0.6634],
      gain_over_longer: 0.0323,
      gain_over_longer_ci: [0.0188, 0.0458],
      train_majority: 0.6251,
      train_weighted: 0.6498,
      executor_agreement: { value: 0.8812, ci: [0.8672, 0.8952], n: 2761 },
      silent: { value: 0.0127, ci: [0.0081, 0.0173], n: 2761 },
    },
    remarks: [
      'These 5 principles reproduce 64 % [62, 66] of 2761 held-out labels; chance would give 50 %. The remaining labels go against them or lie beyond what surface traits can see.',
      '“The longer side wins” alone reproduces 61 % [59, 63]; the constitution gains +3.2 points [1.9, 4.6] on it.',
      'With length held neutral, no effect of its own remains to be seen for: “Select the response that uses more bullet points”.',
      '21 of 34 principles lean to one side at a false discovery rate of 5 %. This is association with the label, not its cause: traits go together.',
    ],
  };
}

type GivenAudit = z.input<typeof auditResultSchema>;

function sampleLengthAudit(random: () => number): GivenAudit {
  const edges = [-2400, -1100, -620, -310, -90, 80, 300, 640, 1150, 2500];
  const points = edges.map((edge, index) => {
    const y = 0.31 + index * 0.042 + (random() - 0.5) * 0.02;
    const label = `${edge < 0 ? '−' : ''}${Math.abs(edge)} to ${Math.abs(edge) + 300}`;
    return { label, x: edge, y, ci_lo: y - 0.032, ci_hi: y + 0.032, n: 920 };
  });
  const figure = {
    audit: 'length',
    metric: 'longer_chosen',
    title: 'Share of pairs in which the longer response is chosen',
    p: 0.0000012,
    p_adj: 0.0000036,
    n_clusters: 6120,
    neutral: 0.5,
  };
  const slices = ['coding', 'writing', 'other'].map((value, index) => ({
    ...figure,
    slice_dim: 'topic',
    slice_value: value,
    value: 0.58 + index * 0.03,
    ci_lo: 0.54 + index * 0.03,
    ci_hi: 0.62 + index * 0.03,
    n_items: index === 2 ? 17 : 1400,
    n_clusters: index === 2 ? 12 : 980,
    status: index === 2 ? ('too_small' as const) : ('ok' as const),
  }));
  return {
    audit: 'length',
    title: 'Length bias',
    is_applicable: true,
    reason: null,
    finding:
      'The longer response is chosen in 61 % [60, 62] of 9160 pairs of unequal length; the rate rises over the whole range of length differences.',
    severity: 'warning',
    figures: [
      ...slices,
      {
        ...figure,
        slice_dim: null,
        slice_value: null,
        value: 0.611,
        ci_lo: 0.601,
        ci_hi: 0.621,
        n_items: 9160,
        status: 'ok',
      },
    ],
    series: [
      {
        id: 'length_decile',
        title: 'Chosen rate of response A by length difference',
        x_title: 'characters of A − characters of B, by decile',
        y_title: 'Share of pairs in which A is chosen',
        points,
      },
    ],
    params: { min_n: 20, rounds: 1000, unit: 'characters' },
  };
}

function sampleAudits(seed: number): AuditDocument {
  const random = makeRandom(seed + 1);
  const position: GivenAudit = {
    audit: 'position',
    title: 'Position bias',
    is_applicable: true,
    reason: null,
    finding:
      'Response A is chosen in 50.4 % [49.4, 51.4] of 9203 labelled pairs: no sign that the order shown matters.',
    severity: 'none',
    findings: [
      {
        id: 'a_wins',
        sentence: 'Response A is chosen in 50.4 % [49.4, 51.4] of 9203 labelled pairs.',
        severity: 'none',
        figure: null,
        effect: 0.008,
        effect_low: 0,
        certainty: 'unclear',
        series: null,
        rows: null,
      },
    ],
    figures: [
      {
        audit: 'position',
        metric: 'a_chosen',
        title: 'Share of pairs in which response A is chosen',
        slice_dim: null,
        slice_value: null,
        value: 0.504,
        ci_lo: 0.494,
        ci_hi: 0.514,
        p: 0.44,
        p_adj: null,
        n_items: 9203,
        n_clusters: 6120,
        status: 'ok',
        neutral: 0.5,
      },
    ],
    series: [],
    params: {},
  };
  return auditDocumentSchema.parse({
    schema: 'assay.audit/1',
    dataset: 'arena-sample',
    dataset_id: 1,
    created_at: '2026-11-20T09:15:00.000Z',
    seed,
    audits: [
      sampleLengthAudit(random),
      position,
      {
        ...position,
        audit: 'raters',
        title: 'Agreement of raters',
        is_applicable: false,
        reason: 'The dataset has no column that names the rater.',
        finding: '',
        figures: [],
      },
    ],
  });
}

const prompts = [
  'Explain the difference between a process and a thread to a beginner.',
  'Write a haiku about the first snow in the mountains.',
  'How do I stop my sourdough from collapsing when I score it?',
  'Summarise the causes of the 1973 oil crisis in three sentences.',
  'What is the capital of Australia?',
  'اكتب رسالة قصيرة لتهنئة صديق',
];

function sampleExamples(): ReportDocument['examples'] {
  return prompts.map((prompt, index) => ({
    kind: index < 3 ? ('explained' as const) : ('unexplained' as const),
    example_id: `q-${1000 + index * 37}`,
    source_file: 'arena/train-00000.jsonl',
    source_row: 412 + index * 901,
    prompt,
    chosen:
      `1. The first point in detail.\n2. The second point, with an example.\n\n${'It follows that the answer depends on the case. '.repeat(1 + (index % 3) * 4)}`.trim(),
    rejected: index === 4 ? '' : 'I am sorry, but it depends. A short answer without structure.',
    spoke_for: [`${stem} is more verbose`, `${stem} has more structured formatting`],
    spoke_against: index < 3 ? [] : [`${stem} apologises less`],
  }));
}

/** A report with seeded figures that are consistent with one another, for tests and for looking at. */
export function makeSampleReport(seed = 7): ReportDocument {
  return {
    schema: 'assay.report/1',
    title: 'What the labels of arena-sample reward',
    product_version: '0.1.0',
    created_at: '2026-11-20T09:15:30.000Z',
    dataset: {
      name: 'arena-sample',
      format: 'chatbot-arena',
      sources: ['arena/train-00000.jsonl', 'arena/train-00001.jsonl'],
      pairs: 9756,
      prompts: 6131,
      rejected: 3,
      duplicates: 27,
    },
    constitution: sampleConstitution(seed),
    audits: sampleAudits(seed),
    examples: sampleExamples(),
  };
}
