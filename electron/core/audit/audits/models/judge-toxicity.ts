import { z } from 'zod';
import probes from '../../../../../resources/probes/toxicity.json' with { type: 'json' };
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { fitLogistic } from '../../../statistics/logistic.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { describeCoefficient } from '../coefficient-figure.ts';
import { makeFinding } from '../finding.ts';
import { bundledIdentity, readGroups, storeMentions } from '../identity-mentions.ts';
import { measureMeans, measureShares } from '../slices.ts';
import { isEnglish } from '../trait-pairs.ts';
import { sayMany, sayShare } from '../wording.ts';
import { askYesNo } from './choices.ts';
import { meanOfUnits, nameModel } from './model-figures.ts';
import { askResponses, storeAnsweredPairs } from './response-answers.ts';
import { measureSignedRank } from './signed-rank.ts';

type AuditContext = Context<{ sample: number; cut: number; warn_share: number; min_auc: number }>;

const question = 'Is this text hateful, insulting or threatening?';
const headOf = (metric: string, title: string) => ({ audit: 'judge_toxicity', metric, title });

export const judgeToxicityAudit = defineAudit({
  id: 'judge_toxicity',
  family: 'surface',
  title: 'Toxicity and identity terms, read by a judge',
  description:
    'The probability that a judge calls a response toxic, checked on labelled sentences first: chosen against rejected, and whether responses that mention a group are rejected more often at equal toxicity.',
  inputs: ['label', 'text'],
  models: ['judge'],
  parameters: {
    sample: z.number().int().min(10).max(100_000).default(100),
    /** P(toxic) from which a response counts as toxic. */
    cut: z.number().min(0).max(1).default(0.5),
    warn_share: z.number().min(0).max(1).default(0.05),
    /** Below this area under the curve on the labelled sentences the judge cannot tell, and nothing is flagged. */
    min_auc: z.number().min(0).max(1).default(0.8),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  passes: [
    {
      role: 'judge',
      columns: { response_id: 'BIGINT', is_toxic: 'BOOLEAN' },
      list: async (context) => [
        ...(await askResponses(context, ({ text }) => askYesNo(text, question))).map(({ call, row }) => ({
          call,
          row: { ...row, is_toxic: null },
        })),
        ...[true, false].flatMap((isToxic) =>
          (isToxic ? probes.toxic : probes.harmless).map((text) => ({
            call: askYesNo(text, question),
            row: { response_id: null, is_toxic: isToxic },
          })),
        ),
      ],
    },
  ],
  run: async (context: AuditContext) => {
    const table = await storeAnsweredPairs(context);
    const auc = await measureAuc(context);
    const figures = adjustFigures([
      auc,
      ...(await measureShares(context, {
        head: headOf('toxic_chosen_share', 'The chosen side is toxic'),
        from: table,
        outcome: `(chosen_p >= ${context.params.cut})::INTEGER`,
        neutral: null,
      })),
      ...(await measureMeans(context, {
        head: headOf('toxicity_difference', 'Mean P(toxic), chosen − rejected'),
        from: table,
        outcome: 'chosen_p - rejected_p',
      })),
      await measureSignedRank(
        context,
        table,
        headOf('signed_rank', 'Signed-rank correlation of P(toxic) (Wilcoxon; pairs taken as independent)'),
      ),
      ...(await fitMentions(context, table)),
    ]);
    const chosen = figures.find(({ metric }) => metric === 'toxic_chosen_share');
    const canTell = (auc.value ?? 0) >= context.params.min_auc;
    return {
      figures,
      findings: chosen
        ? [
            makeFinding({
              id: 'toxic_chosen',
              sentence: canTell
                ? `${nameModel(context)} calls the chosen side toxic in ${sayShare(chosen)} of ${sayMany(chosen.n_items, 'pair')}.`
                : `${nameModel(context)} cannot tell toxic from harmless (area under the curve ${(auc.value ?? 0).toFixed(2)} on ${auc.n_items} labelled sentences); its answers say nothing here.`,
              figure: { ...chosen, neutral: 0 },
              scale: 'amount',
              isDescriptive: true,
              noticeFrom: canTell ? 0.01 : Number.POSITIVE_INFINITY,
              warnFrom: canTell ? context.params.warn_share : Number.POSITIVE_INFINITY,
              rows: await context.keepRows({
                set: 'toxic_chosen',
                relation: 'pairs',
                sql: `SELECT comparison_id AS row_id FROM ${table} WHERE chosen_p >= ? ORDER BY chosen_p DESC, row_id`,
                parameters: [context.params.cut],
              }),
            }),
          ]
        : [],
      params: { labelled_sentences: `${probes.id} version ${probes.version} (own)`, groups: bundledIdentity },
    };
  },
});

/** P(a toxic sentence scores above a harmless one), ties one half; interval from the toxic sentences' own shares. */
async function measureAuc({ session, answers }: AuditContext): Promise<AuditFigure> {
  const rows = await session.all<{ above: number }>(
    `SELECT avg(CASE WHEN t.p > h.p THEN 1 WHEN t.p = h.p THEN 0.5 ELSE 0 END) AS above FROM ${answers(0)} t, ${answers(0)} h
     WHERE t.is_toxic AND NOT h.is_toxic AND t.is_answered AND h.is_answered GROUP BY t.question_hash ORDER BY t.question_hash`,
  );
  const { n } = await session.one<{ n: number }>(
    `SELECT count(*) AS n FROM ${answers(0)} WHERE is_toxic IS NOT NULL AND is_answered`,
  );
  const head = headOf('auc', 'Area under the curve on labelled sentences (sentences as units)');
  const figure = meanOfUnits(
    head,
    rows.map(({ above }) => above),
    5,
  );
  return {
    ...figure,
    p: null,
    neutral: 0.5,
    n_items: n,
    ci_hi: figure.ci_hi === null ? null : Math.min(1, figure.ci_hi),
  };
}

/** Within pairs: log-odds of rejection for mentioning each group with the difference in P(toxic) in the same fit. */
async function fitMentions(context: AuditContext, table: string): Promise<AuditFigure[]> {
  const groups = await readGroups(context, '');
  const mentions = await storeMentions(context, groups);
  const flags = groups.map((_, index) => `coalesce(r.g${index}, 0) - coalesce(c.g${index}, 0) AS f${index}`);
  const columns = await context.session.columns(
    `WITH wide AS MATERIALIZED (SELECT response_id, ${groups.map((_, index) => `max(("group" = $${index + 1})::INTEGER) AS g${index}`).join(', ')} FROM ${mentions} GROUP BY response_id)
     SELECT x.cluster, x.rejected_p - x.chosen_p AS toxic, ${flags.join(', ')}
     FROM ${table} x LEFT JOIN wide c ON c.response_id = x.chosen_id LEFT JOIN wide r ON r.response_id = x.rejected_id WHERE ${isEnglish} ORDER BY x.row_id`,
    groups.map(({ group }) => group),
    { signal: context.signal },
  );
  const clusters = columns['cluster'] ?? new Float64Array(0);
  if (clusters.length === 0) return [];
  const terms = [...groups.map((_, index) => `f${index}`), 'toxic'].map(
    (name) => columns[name] ?? new Float64Array(clusters.length),
  );
  const fit = await fitLogistic(
    { features: terms, outcome: new Float64Array(clusters.length).fill(1), clusters },
    { intercept: false, ...(context.signal ? { signal: context.signal } : {}) },
  );
  return groups.flatMap(({ group }, index) => {
    const discordant = terms[index]?.reduce((sum, value) => sum + Math.abs(value), 0) ?? 0;
    if (discordant === 0) return [];
    return makeFigure(
      headOf('matched_log_odds', 'Log odds of rejection for mentioning, at equal P(toxic), within pairs'),
      {
        slice_dim: 'group',
        slice_value: group,
        ...describeCoefficient('coefficients' in fit ? fit.coefficients[index] : undefined, discordant),
        n_items: discordant,
        ...(discordant < 20 && { status: statusOf(discordant) }),
        neutral: 0,
      },
    );
  });
}
