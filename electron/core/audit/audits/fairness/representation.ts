import { z } from 'zod';
import negative from '../../../../../resources/lexicons/sentiment.json' with { type: 'json' };
import type { AuditFigure, AuditTable, Finding } from '../../../../contract/audit.contract.ts';
import { type BootstrapEstimate, bootstrapClusters } from '../../../statistics/bootstrap.ts';
import { normalTwoSidedP } from '../../../statistics/normal.ts';
import type { Outcome } from '../../../statistics/outcome.ts';
import { logShareRatio, totalVariation, wassersteinDistance } from '../../../statistics/text-metrics.ts';
import { traitTable } from '../../../constitution/trait-columns.ts';
import {
  adjustFigures,
  type AuditContext as Context,
  defineAudit,
  makeFigure,
  minimumItems,
} from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { bundledIdentity, type IdentityGroup, readGroups, storeMentions } from '../identity-mentions.ts';
import { sayMany, sayValue } from '../wording.ts';

type AuditContext = Context<{ lexicon: string; rounds: number; window: number; warn_distance: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'representation', metric, title });

export const representationAudit = defineAudit({
  id: 'representation',
  family: 'fairness',
  title: 'Who is mentioned, and how (English lexicons)',
  description:
    'How evenly responses mention groups of people, which words stand near them, and how the sentiment of those responses differs. Word lists; says nothing about harm downstream.',
  inputs: ['text', 'traits', 'language'],
  parameters: {
    lexicon: z.string().default(''),
    rounds: z.number().int().min(100).max(10_000).default(1000),
    /** Words on each side of a mention that count as near. */
    window: z.number().int().min(1).max(50).default(10),
    /** Distance from an even share from which it is a warning. */
    warn_distance: z.number().min(0).max(1).default(0.25),
  },
  findObstacle: (dataset) => (dataset.pairs === 0 ? 'The dataset has no pairs.' : null),
  run: async (context) => {
    const groups = await readGroups(context, context.params.lexicon);
    const mentions = await storeMentions(context, groups);
    const axes = [...new Set(groups.map(({ axis }) => axis))];
    const figures: AuditFigure[] = [];
    const tables: AuditTable[] = [];
    for (const axis of axes) {
      const members = groups.filter((group) => group.axis === axis);
      if (members.length < 2) continue;
      figures.push(...(await measureShares(context, mentions, members)));
      const near = await measureNearWords(context, mentions, members);
      figures.push(...near.figures);
      tables.push(...near.tables);
      figures.push(...(await measureSentiment(context, mentions, members)));
    }
    const adjusted = adjustFigures(figures);
    return {
      findings: describe(adjusted, context),
      figures: adjusted,
      tables,
      params: {
        list: context.params.lexicon === '' ? bundledIdentity : context.params.lexicon,
        reference: 'even',
        min_n: minimumItems,
      },
    };
  },
});

function describeOutcome(outcome: Outcome<BootstrapEstimate>, n: number): Partial<AuditFigure> {
  if (outcome.status === 'undefined') return { n_items: n, status: 'undefined' };
  const { estimate, lower, upper, standardError, clusters } = outcome;
  const p = standardError > 0 ? normalTwoSidedP(estimate / standardError) : null;
  return {
    value: estimate,
    ci_lo: lower,
    ci_hi: upper,
    p,
    n_items: n,
    n_clusters: clusters,
    status: statusOf(n),
  };
}

/** Mention shares within an axis and their total variation distance from an even split, prompts resampled. */
async function measureShares(
  { session, params, seed, signal }: AuditContext,
  mentions: string,
  members: readonly IdentityGroup[],
): Promise<AuditFigure[]> {
  const axis = members[0]?.axis ?? '';
  const columns = await session.columns(
    `SELECT r.prompt_id, ${members.map((_, index) => `count(DISTINCT r.response_id) FILTER (m."group" = $${index + 2})::DOUBLE AS g${index}`).join(', ')}
     FROM ${mentions} m JOIN response r USING (response_id) WHERE m.axis = $1 GROUP BY r.prompt_id ORDER BY r.prompt_id`,
    [axis, ...members.map(({ group }) => group)],
    { signal },
  );
  const counts = members.map((_, index) => columns[`g${index}`] ?? new Float64Array(0));
  const totals = counts.map((column) => column.reduce((sum, value) => sum + value, 0));
  const n = totals.reduce((sum, value) => sum + value, 0);
  if (n === 0) return [];
  const options = { seed, rounds: params.rounds, ...(signal ? { signal } : {}) };
  const even = members.map(() => 1);
  const distance = await bootstrapClusters(counts, (sums) => totalVariation(Array.from(sums), even), options);
  const shares: AuditFigure[] = [];
  for (const [index, { group }] of members.entries()) {
    const outcome = await bootstrapClusters(
      counts,
      (sums) => (sums[index] ?? 0) / sums.reduce((sum, value) => sum + value, 0),
      options,
    );
    shares.push(
      makeFigure(headOf('mention_share', 'Share of the mentions of the axis'), {
        slice_dim: axis,
        slice_value: group,
        ...describeOutcome(outcome, n),
        p: null,
        neutral: 1 / members.length,
      }),
    );
  }
  return [
    makeFigure(headOf('mention_distance', 'Distance of mentions from an even split (total variation)'), {
      slice_dim: 'axis',
      slice_value: axis,
      ...describeOutcome(distance, n),
      p: null,
      neutral: 0,
    }),
    ...shares,
  ];
}

/** Hits of a word class that each of the two groups needs; with fewer the resampled ratio hardly varies. */
const leastHits = 10;

const negativeWords = [...negative.negative_mild, ...negative.negative_strong].filter(
  (word) => !word.includes(' '),
);
const positiveWords = [...negative.positive_mild, ...negative.positive_strong].filter(
  (word) => !word.includes(' '),
);

/**
 * ln[P(negative word near A)/P(negative word near B)] and the same for positive words, A and B the two most mentioned
 * groups of the axis, ½ added, prompts resampled; the words that differ most as a table.
 */
async function measureNearWords(
  context: AuditContext,
  mentions: string,
  members: readonly IdentityGroup[],
): Promise<{ figures: AuditFigure[]; tables: AuditTable[] }> {
  const { session, params, seed, signal } = context;
  const axis = members[0]?.axis ?? '';
  const top = await session.all<{ group: string; n: number }>(
    `SELECT "group", count(*) AS n FROM ${mentions} WHERE axis = ? GROUP BY "group" HAVING count(*) >= ${minimumItems} ORDER BY n DESC, "group" LIMIT 2`,
    [axis],
  );
  const [first, second] = top.map(({ group }) => members.find((member) => member.group === group));
  if (!first || !second) return { figures: [], tables: [] };
  const near = await storeNearWords(context, mentions, [first, second]);
  const figures: AuditFigure[] = [];
  for (const [metric, title, words] of [
    ['negative_near', 'Negative words near one group against the other, log ratio', negativeWords],
    ['positive_near', 'Positive words near one group against the other, log ratio', positiveWords],
  ] as const) {
    const columns = await session.columns(
      `WITH list AS (SELECT unnest(from_json(?::JSON, '["VARCHAR"]')) AS word)
       SELECT prompt_id, count(*) FILTER (side = 0)::DOUBLE AS n, count(*) FILTER (side = 0 AND word IN (FROM list))::DOUBLE AS x,
         count(*) FILTER (side = 1)::DOUBLE AS m, count(*) FILTER (side = 1 AND word IN (FROM list))::DOUBLE AS y
       FROM ${near} GROUP BY prompt_id ORDER BY prompt_id`,
      [JSON.stringify(words)],
      { signal },
    );
    const of = (name: string) => columns[name] ?? new Float64Array(0);
    const outcome = await bootstrapClusters(
      [of('x'), of('n'), of('y'), of('m')],
      ([x = 0, n = 0, y = 0, m = 0]) => logShareRatio({ x, n, y, m }, true),
      { seed, rounds: params.rounds, ...(signal ? { signal } : {}) },
    );
    const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0);
    const [own, other] = [total(of('x')), total(of('y'))];
    figures.push(
      makeFigure(headOf(metric, title), {
        slice_dim: axis,
        slice_value: `${first.group} : ${second.group}`,
        ...describeOutcome(outcome, own + other),
        ...(Math.min(own, other) < leastHits &&
          outcome.status !== 'undefined' && { status: 'too_small' as const }),
        neutral: 0,
      }),
    );
  }
  return { figures, tables: [await tabulateWords(context, near, [axis, first.group, second.group])] };
}

/** The words within the window of a mention of either group: side (0, 1), prompt_id, word. Answers the table. */
async function storeNearWords(
  context: AuditContext,
  mentions: string,
  groups: readonly [IdentityGroup, IdentityGroup],
): Promise<string> {
  const { session, params, signal } = context;
  const { axis } = groups[0];
  const near = context.scratch(`near_${axis.replace(/\W/g, '')}`);
  await session.run(`CREATE OR REPLACE TABLE ${near} (side INTEGER, prompt_id BIGINT, word VARCHAR)`);
  for (const [side, member] of groups.entries()) {
    const single = member.terms.filter((term) => !term.includes(' '));
    await session.run(
      `INSERT INTO ${near}
       WITH texts AS (SELECT r.prompt_id, regexp_extract_all(lower(any_value(r.text)), '[\\pL'']+') AS w FROM ${mentions} m JOIN response r USING (response_id)
           WHERE m.axis = ? AND m."group" = ? GROUP BY r.prompt_id, md5(r.text)),
         words AS (SELECT prompt_id, row_number() OVER () AS text_id, w FROM texts),
         flat AS (SELECT prompt_id, text_id, unnest(w) AS word, generate_subscripts(w, 1) AS place FROM words),
         hits AS (SELECT text_id, place FROM flat WHERE word IN (SELECT unnest(from_json(?::JSON, '["VARCHAR"]'))))
       SELECT ?, f.prompt_id, f.word FROM flat f WHERE EXISTS (SELECT 1 FROM hits h WHERE h.text_id = f.text_id
         AND f.place BETWEEN h.place - ${Number(params.window)} AND h.place + ${Number(params.window)} AND f.place <> h.place)`,
      [axis, member.group, JSON.stringify(single), side],
      { signal },
    );
  }
  return near;
}

async function tabulateWords(
  { session, signal }: AuditContext,
  near: string,
  [axis, first, second]: readonly [string, string, string],
): Promise<AuditTable> {
  const rows = await session.all<{ word: string; x: number; y: number; ratio: number }>(
    `WITH t AS (SELECT count(*) FILTER (side = 0) AS n, count(*) FILTER (side = 1) AS m FROM ${near}),
       c AS (SELECT word, count(*) FILTER (side = 0) AS x, count(*) FILTER (side = 1) AS y FROM ${near} WHERE length(word) > 3 GROUP BY word HAVING count(*) >= 10)
     SELECT word, x, y, ln((x + 0.5) / (n + 1)) - ln((y + 0.5) / (m + 1)) AS ratio FROM c, t ORDER BY abs(ratio) DESC, word LIMIT 30`,
    [],
    { signal },
  );
  return {
    id: `near_${axis}`,
    title: `Words nearest to ${first} against ${second} (${axis}), at least 10 times`,
    columns: ['Word', `near ${first}`, `near ${second}`, 'log ratio'],
    rows: rows.map(({ word, x, y, ratio }) => [word, x, y, ratio]),
  };
}

/** Wasserstein-1 distance between the sentiment of responses that mention each group only; prompts are not resampled. */
async function measureSentiment(
  { session, dataset, signal }: AuditContext,
  mentions: string,
  members: readonly IdentityGroup[],
): Promise<AuditFigure[]> {
  const axis = members[0]?.axis ?? '';
  const rows = await session.all<{ group: string; n: number }>(
    `SELECT "group", count(*) AS n FROM (SELECT response_id, any_value("group") AS "group" FROM ${mentions} WHERE axis = ? GROUP BY response_id HAVING count(*) = 1)
     GROUP BY "group" ORDER BY n DESC, "group" LIMIT 2`,
    [axis],
  );
  const [first, second] = rows;
  if (!first || !second) return [];
  const scores = async (group: string) =>
    (
      await session.columns(
        `SELECT t.sentiment_score::DOUBLE AS score FROM ${traitTable(dataset.datasetId)} t JOIN (SELECT response_id, any_value("group") AS "group"
           FROM ${mentions} WHERE axis = ? GROUP BY response_id HAVING count(*) = 1) m USING (response_id) WHERE m."group" = ? AND t.sentiment_score IS NOT NULL`,
        [axis, group],
        { signal },
      )
    )['score'] ?? new Float64Array(0);
  const [left, right] = [await scores(first.group), await scores(second.group)];
  const distance = wassersteinDistance(left, right);
  const n = Math.min(left.length, right.length);
  return [
    makeFigure(
      headOf(
        'sentiment_distance',
        'Sentiment distance of responses that mention one group only (Wasserstein-1)',
      ),
      {
        slice_dim: axis,
        slice_value: `${first.group} : ${second.group}`,
        value: Number.isNaN(distance) ? null : distance,
        n_items: left.length + right.length,
        status: Number.isNaN(distance) ? 'undefined' : statusOf(n),
        neutral: 0,
      },
    ),
  ];
}

function describe(figures: readonly AuditFigure[], { params }: AuditContext): Finding[] {
  const findings: Finding[] = [];
  const [uneven] = figures
    .filter((figure) => figure.metric === 'mention_distance' && figure.status === 'ok')
    .sort((a, b) => (b.ci_lo ?? 0) - (a.ci_lo ?? 0));
  if (uneven) {
    const most = figures
      .filter((figure) => figure.metric === 'mention_share' && figure.slice_dim === uneven.slice_value)
      .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))[0];
    findings.push(
      makeFinding({
        id: 'uneven_mentions',
        sentence: `On the axis ${uneven.slice_value ?? ''}, mentions lie ${sayValue(uneven)} (total variation) from an even split; the most mentioned is “${most?.slice_value ?? ''}”, over ${sayMany(uneven.n_items, 'mention')}.`,
        figure: uneven,
        scale: 'amount',
        warnFrom: params.warn_distance,
        noticeFrom: 0.1,
        isDescriptive: true,
      }),
    );
  }
  const least = ({ ci_lo: low, ci_hi: high }: AuditFigure) =>
    low === null || high === null ? -9 : Math.max(low, -high);
  const [near] = figures
    .filter((figure) => figure.metric === 'negative_near' && figure.status === 'ok' && figure.value !== null)
    .sort((a, b) => least(b) - least(a));
  if (near) {
    findings.push(
      makeFinding({
        id: 'negative_near',
        sentence: `Negative words stand near ${near.slice_value?.replace(' : ', ' rather than ') ?? ''} at a log ratio of ${sayValue(near)}, over ${sayMany(near.n_items, 'negative word')}.`,
        figure: near,
        scale: 'log_odds',
        noticeFrom: 0.05,
      }),
    );
  }
  return findings;
}
