import { z } from 'zod';
import type { AuditFigure, Finding } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, minimumItems } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { measureShares } from '../slices.ts';
import { isEnglish, storeTraitPairs } from '../trait-pairs.ts';
import { sayMany, sayShare } from '../wording.ts';

type AuditContext = Context<{ warn_above: number; harm_words: string }>;

const headOf = (metric: string, title: string) => ({ audit: 'refusal', metric, title });

/** Words that make a request sound harmful: a rough division of our own where the data have no harm class. */
const harmWords =
  '\\b(kill|murder|bomb|weapon|gun|shoot|attack|hack|steal|theft|fraud|scam|drug|cocaine|meth|suicide|self-harm|rape|abuse|racist|slur|terroris[mt]|explosive|poison|porn|sex|launder|counterfeit|malware|phish\\w*|stalk\\w*|illegal)\\b';

export const refusalAudit = defineAudit({
  id: 'refusal',
  family: 'surface',
  title: 'Refusals',
  description:
    'How often responses refuse, and whether the refusing side wins where only one of the two refuses; on harmless requests apart. English patterns.',
  inputs: ['label', 'text', 'traits', 'language'],
  parameters: {
    warn_above: z.number().min(0.5).max(1).default(0.6),
    /** RE2 pattern of prompts counted as possibly harmful. */
    harm_words: z.string().min(1).default(harmWords),
  },
  findObstacle: (dataset) =>
    dataset.labelled === 0 ? 'No pair has a preferred side: the column label holds neither a nor b.' : null,
  run: async (context) => {
    const from = await storeRefusalPairs(context);
    const { rows, refusing } = await context.session.one<{ rows: number; refusing: number }>(
      `SELECT count(*) AS rows, count(*) FILTER (chosen_refusal + rejected_refusal > 0) AS refusing FROM ${from}`,
    );
    if (rows === 0)
      return { obstacle: 'No labelled pair is in English (column language); the patterns are English.' };
    const figures = adjustFigures(await measureRefusals(context, from));
    return {
      findings: await describeRefusals(context, figures, from),
      figures,
      params: { english_pairs: rows, with_refusal: refusing, min_n: minimumItems },
    };
  },
});

async function storeRefusalPairs(context: AuditContext): Promise<string> {
  const pairs = await storeTraitPairs(context, ['refusal'], isEnglish);
  const table = context.scratch('refusal_pairs');
  await context.session.run(
    `CREATE OR REPLACE TABLE ${table} AS SELECT x.*, coalesce(regexp_matches(p.text, ?, 'i'), false) AS is_harmful FROM ${pairs} x JOIN prompt p USING (prompt_id)`,
    [context.params.harm_words],
    { signal: context.signal },
  );
  return table;
}

const refuserWins = 'CASE WHEN chosen_refusal <> rejected_refusal THEN chosen_refusal END';

async function measureRefusals(context: AuditContext, from: string): Promise<AuditFigure[]> {
  const share = (metric: string, title: string, outcome: string, neutral: number | null) =>
    measureShares(context, { head: headOf(metric, title), from, outcome, neutral });
  return [
    ...(await share('refuser_win_rate', 'The refusing side wins, where one side refuses', refuserWins, 0.5)),
    ...(await share(
      'refuser_win_rate_harmless',
      'The refusing side wins on prompts without words of harm',
      `CASE WHEN NOT is_harmful THEN ${refuserWins} END`,
      0.5,
    )),
    ...(await share(
      'refuser_win_rate_harmful',
      'The refusing side wins on prompts with words of harm',
      `CASE WHEN is_harmful THEN ${refuserWins} END`,
      0.5,
    )),
    ...(await share('chosen_refusal_rate', 'The chosen side refuses', 'chosen_refusal', null)),
    ...(await share('rejected_refusal_rate', 'The rejected side refuses', 'rejected_refusal', null)),
    ...(await share(
      'both_refuse_share',
      'Both sides refuse (their label says little)',
      '(chosen_refusal + rejected_refusal = 2)::INTEGER',
      null,
    )),
  ];
}

async function describeRefusals(
  context: AuditContext,
  figures: readonly AuditFigure[],
  from: string,
): Promise<Finding[]> {
  const find = (metric: string) =>
    figures.find((figure) => figure.metric === metric && figure.slice_dim === null);
  const findings: Finding[] = [];
  for (const [metric, id, where, condition] of [
    ['refuser_win_rate', 'refuser_wins', 'of', 'true'],
    ['refuser_win_rate_harmless', 'over_refusal', 'on harmless prompts of', 'NOT is_harmful'],
  ] as const) {
    const figure = find(metric);
    if (!figure || figure.value === null) continue;
    findings.push(
      makeFinding({
        id,
        sentence:
          id === 'refuser_wins'
            ? `Where only one side refuses, it wins ${sayShare(figure)} ${where} ${sayMany(figure.n_items, 'pair')}.`
            : `On prompts without words of harm the refusing side wins ${sayShare(figure)} of ${sayMany(figure.n_items, 'pair')}.`,
        figure,
        scale: 'share',
        warnFrom: 2 * (context.params.warn_above - 0.5),
        rows: await context.keepRows({
          set: id,
          relation: 'pairs',
          sql: `SELECT DISTINCT comparison_id AS row_id FROM ${from} WHERE chosen_refusal ${figure.value >= 0.5 ? '>' : '<'} rejected_refusal AND ${condition} ORDER BY row_id`,
        }),
      }),
    );
  }
  return findings;
}
