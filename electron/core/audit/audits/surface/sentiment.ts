import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { normalTwoSidedP } from '../../../statistics/normal.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { crossClasses, sentimentClass } from '../class-table.ts';
import { describeFeatures, measureFeatures, type SideFeature, traitFeature } from '../discordance.ts';
import { measureMeans } from '../slices.ts';
import { isEnglish, storeTraitPairs } from '../trait-pairs.ts';

type AuditContext = Context<{ class_cut: number; warn_above: number }>;

const traits = [
  'sentiment_score',
  'positive_points',
  'negative_points',
  'emotion_count',
  'empathy_count',
  'enthusiasm_count',
  'optimism_count',
  'emoticon_count',
  'word_count',
];

const density = (side: string) =>
  `100.0 * (${side}_positive_points + ${side}_negative_points) / nullif(${side}_word_count, 0)`;

const features: readonly SideFeature[] = [
  traitFeature('sentiment_score', 'more positive sentiment'),
  {
    id: 'evaluative_density',
    title: 'more evaluative words per 100 words',
    chosen: density('chosen'),
    rejected: density('rejected'),
  },
  traitFeature('emotion_count', 'more words of feeling'),
  traitFeature('empathy_count', 'more empathy phrases'),
  traitFeature('enthusiasm_count', 'more enthusiastic words'),
  traitFeature('optimism_count', 'more words of hope'),
  traitFeature('emoticon_count', 'more emoticons'),
];

export const sentimentAudit = defineAudit({
  id: 'sentiment',
  family: 'surface',
  title: 'Sentiment and emotion (English lexicons)',
  description:
    'Whether positive wording, evaluative wording or words of feeling go with the label. Own English word lists, not VADER; pairs in other languages are left out.',
  inputs: ['label', 'text', 'traits', 'language'],
  parameters: {
    /** Scores from this on are positive, from its negative on negative. */
    class_cut: z.number().min(0).max(1).default(0.05),
    warn_above: z.number().min(0.5).max(1).default(0.6),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeTraitPairs(context, traits, isEnglish);
    const { rows } = await context.session.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`);
    if (rows === 0)
      return { obstacle: 'No labelled pair is in English (column language); the word lists are English.' };
    const relation = { audit: 'sentiment', from, features };
    const means = await measureMeans(context, {
      head: headOf('sentiment_difference', 'Mean sentiment score, chosen − rejected'),
      from,
      outcome: 'chosen_sentiment_score - rejected_sentiment_score',
    });
    const signedRank = await measureSignedRank(context, from);
    const figures = adjustFigures([...(await measureFeatures(context, relation)), ...means, signedRank]);
    return {
      findings: await describeFeatures(context, relation, {
        figures,
        most: 2,
        warnFrom: 2 * (context.params.warn_above - 0.5),
        noticeFrom: 0.02,
      }),
      figures,
      tables: [
        await crossClasses(context.session, from, {
          id: 'classes',
          title: 'Sentiment class of chosen and rejected',
          classOf: (side) => sentimentClass(`${side}_sentiment_score`),
          parameters: [context.params.class_cut],
          signal: context.signal,
        }),
      ],
      params: { english_pairs: rows, min_n: minimumItems },
    };
  },
});

const headOf = (metric: string, title: string) => ({ audit: 'sentiment', metric, title });

interface RankSums {
  readonly n: number;
  readonly positive: number;
  readonly ties: number;
}

/**
 * Wilcoxon signed-rank test of the sentiment difference: rank sum of the positive differences, zeros left out, mean
 * ranks for ties, normal approximation with the tie correction. The value is the rank-biserial correlation, −1..1.
 */
async function measureSignedRank(context: AuditContext, from: string): Promise<AuditFigure> {
  const sums = await context.session.one<RankSums>(
    `WITH d AS (SELECT chosen_sentiment_score - rejected_sentiment_score AS d FROM ${from}),
       g AS (SELECT abs(d) AS size, count(*) AS c, count(*) FILTER (d > 0) AS up FROM d WHERE d <> 0 GROUP BY abs(d)),
       r AS (SELECT *, sum(c) OVER (ORDER BY size) - (c - 1) / 2.0 AS mean_rank FROM g)
     SELECT coalesce(sum(c), 0)::DOUBLE AS n, coalesce(sum(up * mean_rank), 0)::DOUBLE AS positive, coalesce(sum(c::DOUBLE ^ 3 - c), 0) AS ties FROM r`,
    [],
    { signal: context.signal },
  );
  const test = signedRankTest(sums);
  return makeFigure(
    headOf('signed_rank', 'Signed-rank correlation of sentiment (Wilcoxon; pairs taken as independent)'),
    {
      value: test?.correlation ?? null,
      p: test?.p ?? null,
      n_items: sums.n,
      status: test ? statusOf(sums.n) : 'undefined',
      neutral: 0,
    },
  );
}

/** From the rank sum of the positive differences; Σ(t³ − t) over ties of t. Undefined without differences. */
export function signedRankTest({
  n,
  positive,
  ties,
}: RankSums): { correlation: number; z: number; p: number } | undefined {
  if (n === 0) return undefined;
  const total = (n * (n + 1)) / 2;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = (positive - total / 2) / Math.sqrt(variance);
  return { correlation: (2 * positive - total) / total, z, p: normalTwoSidedP(z) };
}
