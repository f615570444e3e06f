import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { fitLogistic } from '../../../statistics/logistic.ts';
import { oddsRatio } from '../../../statistics/text-metrics.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { describeCoefficient } from '../coefficient-figure.ts';
import { describeFeatures, measureFeatures, traitFeature } from '../discordance.ts';
import { makeFinding } from '../finding.ts';
import { bundledIdentity, type IdentityGroup, readGroups, storeMentions } from '../identity-mentions.ts';
import { measureShares } from '../slices.ts';
import { isEnglish, storeTraitPairs } from '../trait-pairs.ts';
import { sayMany, sayValue } from '../wording.ts';

type AuditContext = Context<{ lexicon: string; warn_odds: number }>;

const features = [
  traitFeature('profanity_count', 'more profanity'),
  traitFeature('insult_count', 'more insults'),
];
const headOf = (metric: string, title: string) => ({ audit: 'toxicity', metric, title });

export const toxicityAudit = defineAudit({
  id: 'toxicity',
  family: 'surface',
  title: 'Toxic words and identity terms (English lexicons)',
  description:
    'Whether profanity and insults are rejected, and whether responses that mention a group of people are rejected more often, also at equal toxicity. Association only: words are counted, not what is said with them.',
  inputs: ['label', 'text', 'traits', 'language'],
  parameters: {
    /** A CSV file in the workspace with the columns axis, group, term; empty for the bundled list. */
    lexicon: z.string().default(''),
    /** Odds ratio from which a group is a warning. */
    warn_odds: z.number().min(1).default(1.5),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeTraitPairs(context, ['profanity_count', 'insult_count'], isEnglish);
    const { rows } = await context.session.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`);
    if (rows === 0)
      return { obstacle: 'No labelled pair is in English (column language); the word lists are English.' };
    const groups = await readGroups(context, context.params.lexicon);
    const mentions = await storeMentions(context, groups);
    const relation = { audit: 'toxicity', from, features };
    const toxic = await measureShares(context, {
      head: headOf('toxic_chosen_share', 'The chosen side holds profanity or insults'),
      from,
      outcome: '(chosen_profanity_count + chosen_insult_count > 0)::INTEGER',
      neutral: null,
    });
    const figures = adjustFigures([
      ...(await measureFeatures(context, relation)),
      ...toxic,
      ...(await measureMentions(context, { from, mentions, groups })),
      ...(await fitMentions(context, { from, mentions, groups })),
    ]);
    return {
      findings: [
        ...(await describeFeatures(context, relation, { figures, most: 1, warnFrom: 0.2, noticeFrom: 0.02 })),
        ...(await describeMentions(context, { figures, from, mentions })),
      ],
      figures,
      params: {
        list: context.params.lexicon === '' ? bundledIdentity : context.params.lexicon,
        english_pairs: rows,
        min_n: minimumItems,
      },
    };
  },
});

interface Mentions {
  readonly from: string;
  readonly mentions: string;
  readonly groups: readonly IdentityGroup[];
}

/** ln odds ratio of being rejected for responses that mention a group against those that do not; rows as independent. */
async function measureMentions(
  context: AuditContext,
  { from, mentions, groups }: Mentions,
): Promise<AuditFigure[]> {
  const rows = await context.session.all<{ group: string; rejected: number; chosen: number; total: number }>(
    `WITH side AS (SELECT rejected_id AS response_id, 1 AS is_rejected FROM ${from} UNION ALL SELECT chosen_id, 0 FROM ${from})
     SELECT m."group", sum(s.is_rejected)::BIGINT AS rejected, sum(1 - s.is_rejected)::BIGINT AS chosen, (SELECT count(*) FROM ${from}) AS total
     FROM ${mentions} m JOIN side s USING (response_id) GROUP BY m."group"`,
    [],
    { signal: context.signal },
  );
  return groups.flatMap(({ group }) => {
    const row = rows.find((candidate) => candidate.group === group);
    const n = (row?.rejected ?? 0) + (row?.chosen ?? 0);
    if (!row || n === 0) return [];
    const odds = oddsRatio([row.rejected, row.chosen, row.total - row.rejected, row.total - row.chosen]);
    return makeFigure(
      headOf('mention_log_odds', 'Log odds ratio of rejection, mentioned against not (rows as independent)'),
      {
        slice_dim: 'group',
        slice_value: group,
        value: odds.log,
        ci_lo: odds.lower,
        ci_hi: odds.upper,
        p: odds.p,
        n_items: n,
        status: statusOf(n),
        neutral: 0,
      },
    );
  });
}

/**
 * The same within pairs and at equal toxicity: logistic regression of the label on which side mentions each group and
 * on the difference of toxic words, all in one fit, errors clustered by prompt. Above 0: mentioning goes with rejection.
 */
async function fitMentions(
  context: AuditContext,
  { from, mentions, groups }: Mentions,
): Promise<AuditFigure[]> {
  const { session, signal } = context;
  const flags = groups.map((_, index) => `coalesce(r.g${index}, 0) - coalesce(c.g${index}, 0) AS f${index}`);
  const wide = `(SELECT response_id, ${groups.map((_, index) => `max(("group" = $${index + 1})::INTEGER) AS g${index}`).join(', ')} FROM ${mentions} GROUP BY response_id)`;
  const columns = await session.columns(
    `WITH wide AS MATERIALIZED ${wide}
     SELECT x.cluster, ((x.rejected_profanity_count + x.rejected_insult_count > 0)::INTEGER - (x.chosen_profanity_count + x.chosen_insult_count > 0)::INTEGER) AS toxic, ${flags.join(', ')}
     FROM ${from} x LEFT JOIN wide c ON c.response_id = x.chosen_id LEFT JOIN wide r ON r.response_id = x.rejected_id ORDER BY x.row_id`,
    groups.map(({ group }) => group),
    { signal },
  );
  const clusters = columns['cluster'] ?? new Float64Array(0);
  const terms = [
    ...groups.map((_, index) => columns[`f${index}`] ?? new Float64Array(0)),
    columns['toxic'] ?? new Float64Array(0),
  ];
  const fit = await fitLogistic(
    {
      features: terms.map((term) => Float64Array.from(term)),
      outcome: new Float64Array(clusters.length).fill(1),
      clusters,
    },
    { intercept: false, ...(signal ? { signal } : {}) },
  );
  return groups.flatMap(({ group }, index) => {
    const discordant = terms[index]?.reduce((sum, value) => sum + Math.abs(value), 0) ?? 0;
    if (discordant === 0) return [];
    const prompts = new Set(clusters.filter((_, row) => (terms[index]?.[row] ?? 0) !== 0)).size;
    const coefficient = describeCoefficient(
      'coefficients' in fit ? fit.coefficients[index] : undefined,
      discordant,
    );
    return makeFigure(
      headOf('matched_log_odds', 'Log odds of rejection for mentioning, at equal toxicity, within pairs'),
      {
        slice_dim: 'group',
        slice_value: group,
        ...coefficient,
        n_items: discordant,
        n_clusters: prompts,
        ...(prompts < minimumItems && coefficient.status === 'ok' && { status: 'too_small' as const }),
        neutral: 0,
      },
    );
  });
}

async function describeMentions(
  context: AuditContext,
  { figures, from, mentions }: { figures: readonly AuditFigure[]; from: string; mentions: string },
): Promise<Finding[]> {
  const least = ({ ci_lo: low, ci_hi: high }: AuditFigure) =>
    low === null || high === null ? -9 : Math.max(low, -high);
  const [worst] = figures
    .filter(
      (figure) => figure.metric === 'matched_log_odds' && figure.status === 'ok' && figure.value !== null,
    )
    .sort((a, b) => least(b) - least(a));
  if (!worst) return [];
  const odds = (value: number | null) => (value === null ? null : Math.exp(value));
  const ratio = sayValue({ value: odds(worst.value), ci_lo: odds(worst.ci_lo), ci_hi: odds(worst.ci_hi) });
  return [
    makeFinding({
      id: 'identity_mention',
      sentence: `Mentioning “${worst.slice_value ?? ''}” multiplies the odds of being rejected by ${ratio} at equal toxicity, over ${sayMany(worst.n_items, 'pair')} where one side does; an association.`,
      figure: worst,
      scale: 'log_odds',
      warnFrom: (context.params.warn_odds - 1) / (context.params.warn_odds + 1),
      noticeFrom: 0.02,
      rows: await context.keepRows({
        set: 'identity_mention',
        relation: 'pairs',
        sql: `WITH m AS (SELECT response_id FROM ${mentions} WHERE "group" = ?) SELECT DISTINCT comparison_id AS row_id FROM ${from}
          WHERE (chosen_id IN (FROM m)) <> (rejected_id IN (FROM m)) ORDER BY row_id`,
        parameters: [worst.slice_value ?? ''],
      }),
    }),
  ];
}
