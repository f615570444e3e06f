import { z } from 'zod';
import { curateLimit, curateOnce, findAlarms, meanReward } from '../../../statistics/curation.ts';
import { entropy } from '../../../statistics/divergence.ts';
import { type AuditContext, defineAudit } from '../audit.ts';
import { makeFinding } from '../finding.ts';
import { countFigure, shareFigure } from '../plain-figures.ts';
import { sayShare } from '../wording.ts';
import { responseFields } from './response-fields.ts';

interface Params {
  aspect: string;
  round: string;
  category: 'topic' | 'language' | 'subset' | 'model';
  human_models: string;
  pool_size: number;
}
type Context = AuditContext<Params>;

const headOf = (metric: string, title: string) => ({ audit: 'curation_feedback', metric, title });

interface Round {
  readonly round: string;
  readonly n: number;
  readonly with_origin: number;
  readonly real: number;
  readonly mean_exp: number | null;
  readonly mean_reward: number | null;
  readonly variance: number | null;
  readonly entropy: number;
}

export const curationFeedbackAudit = defineAudit({
  id: 'curation_feedback',
  family: 'documentation',
  title: 'Curation feedback',
  description:
    'What rounds of choosing the best do to reward, diversity and the share of text by people, and what one more round would do.',
  inputs: ['ratings', 'model', 'topic', 'extra'],
  parameters: {
    /** Rating aspect that is the reward; empty = the first. */
    aspect: z.string().default(''),
    /** Extra field that numbers the rounds; without it a round is an import. */
    round: z.string().default('generation_depth'),
    /** Column of kinds of items whose entropy is followed. */
    category: z.enum(['topic', 'language', 'subset', 'model']).default('topic'),
    /** Model names that stand for people, separated by commas. */
    human_models: z.string().default('human,reference,gold'),
    /** K of choosing 1 of K. */
    pool_size: z.number().int().min(2).max(1000).default(2),
  },
  findObstacle: (dataset) => (dataset.responses > 0 ? null : 'There are no responses.'),
  run: async (context) => {
    const aspect = context.params.aspect || (context.dataset.aspects[0] ?? '');
    const table = context.scratch('rounds');
    await createItems(context, { aspect, table });
    const rounds = await readRounds(context, table);
    if (rounds.length === 0) return { obstacle: 'No response belongs to a round.' };
    const alarms =
      rounds.length < 2 ? [] : rounds.flatMap((round, index) => listAlarms(round, rounds[index - 1]));
    const outlook = await foresee(context, table);
    const last = rounds.at(-1);
    const real = shareFigure(
      headOf('real_share', 'Text by people in the last round'),
      last?.real ?? 0,
      last?.with_origin ?? 0,
    );
    return {
      findings: [
        makeFinding({
          id: 'rounds',
          sentence: `${rounds.length === 1 ? 'The one round has' : `The last of ${rounds.length} rounds has`} entropy ${(last?.entropy ?? 0).toFixed(3)} nats of ${context.params.category}${(last?.with_origin ?? 0) === 0 ? '; who wrote the responses is not known' : ` and ${sayShare(real)} text by people`}${alarms.length === 0 ? '' : `; alarms: ${alarms.join('; ')}`}. A rising mean reward alone proves nothing: choosing the best never lowers it.`,
          figure:
            alarms.length > 0
              ? countFigure(
                  headOf('alarms', 'Alarms'),
                  Math.min(1, alarms.length / rounds.length),
                  Math.max(20, last?.n ?? 0),
                )
              : real,
          scale: 'amount',
          isDescriptive: true,
          noticeFrom: alarms.length > 0 ? 0 : Number.POSITIVE_INFINITY,
          warnFrom: 2,
        }),
      ],
      figures: [real, ...rounds.flatMap(describeRound), ...outlook.figures],
      tables: [tabulate(rounds), ...outlook.tables],
      params: {
        reward: aspect || 'none',
        alarm_entropy_drop: 0.1,
        alarm_real_share: 0.2,
        thresholds: 'ours',
      },
    };
  },
});

async function createItems(
  { session, dataset, params, signal }: Context,
  { aspect, table }: { aspect: string; table: string },
): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS WITH
       rewarded AS (SELECT response_id, avg("value") AS reward FROM rating WHERE dataset_id = $1 AND aspect = $2 GROUP BY response_id)
     SELECT r.response_id, g.reward, r.${params.category}::VARCHAR AS kind, r.import_id,
       CASE WHEN json_valid(r.extra) THEN json_extract_string(r.extra, $3) END AS given_round,
       CASE WHEN r.model IS NOT NULL THEN list_contains(list_transform(string_split(lower($4), ','), lambda name: trim(name)), lower(r.model)) END AS is_real
     FROM (${responseFields('$1')}) r LEFT JOIN rewarded g USING (response_id)`,
    [dataset.datasetId, aspect, `$."${params.round.replaceAll('"', '')}"`, params.human_models],
    { signal },
  );
}

async function readRounds({ session, signal }: Context, table: string): Promise<Round[]> {
  return session.all<Round>(
    `WITH items AS (SELECT *, coalesce(given_round, CASE WHEN (SELECT count(given_round) FROM ${table}) = 0 THEN 'import ' || import_id END) AS round FROM ${table})
     SELECT round, count(*) AS n, count(is_real) AS with_origin, count(*) FILTER (is_real) AS real, avg(exp(reward)) AS mean_exp, avg(reward) AS mean_reward,
       var_samp(reward) AS variance, coalesce(entropy(kind), 0) * ln(2) AS entropy
     FROM items WHERE round IS NOT NULL GROUP BY round ORDER BY TRY_CAST(regexp_extract(round, '\\d+') AS BIGINT), round LIMIT 100`,
    [],
    { signal },
  );
}

function listAlarms(round: Round, former: Round | undefined): string[] {
  const state = (one: Round) => ({
    entropy: one.entropy,
    realShare: one.with_origin === 0 ? null : one.real / one.with_origin,
  });
  return findAlarms(state(round), former && state(former)).map((alarm) =>
    alarm === 'entropy_fell'
      ? `entropy fell by more than 10 % in round ${round.round}`
      : `text by people is under 20 % in round ${round.round}`,
  );
}

function describeRound(round: Round) {
  const slice = { slice_dim: 'round', slice_value: round.round };
  return [
    countFigure({ ...headOf('entropy', 'Entropy of kinds (nats)'), ...slice }, round.entropy, round.n),
    countFigure({ ...headOf('mean_exp_reward', 'Mean of exp(reward)'), ...slice }, round.mean_exp, round.n),
    countFigure(
      { ...headOf('reward_variance', 'Variance of the reward'), ...slice },
      round.variance,
      round.n,
    ),
  ];
}

const tabulate = (rounds: readonly Round[]) => ({
  id: 'rounds',
  title: 'Rounds',
  columns: [
    'Round',
    'Responses',
    'Mean reward',
    'Mean exp(reward)',
    'Variance',
    'Entropy (nats)',
    'By people',
  ],
  rows: rounds.map((one) => [
    one.round,
    one.n,
    one.mean_reward,
    one.mean_exp,
    one.variance,
    one.entropy,
    one.with_origin === 0 ? null : one.real / one.with_origin,
  ]),
});

/** What choosing 1 of K once more would make of the shares of kinds, taking a kind's mean reward as its log-odds. */
async function foresee({ session, params, signal }: Context, table: string) {
  const kinds = await session.all<{ kind: string; n: number; reward: number }>(
    `SELECT kind, count(*) AS n, avg(reward) AS reward FROM ${table} WHERE kind IS NOT NULL AND reward IS NOT NULL GROUP BY kind ORDER BY n DESC, kind LIMIT 50`,
    [],
    { signal },
  );
  if (kinds.length < 2) return { figures: [], tables: [] };
  const n = kinds.reduce((sum, one) => sum + one.n, 0);
  const pool = { density: kinds.map((one) => one.n), rewards: kinds.map((one) => one.reward) };
  const next = curateOnce(pool, params.pool_size);
  const limit = curateLimit(pool);
  return {
    figures: [
      countFigure(
        headOf('entropy_next', `Entropy after choosing 1 of ${params.pool_size} (model)`),
        entropy(next),
        n,
      ),
      countFigure(
        headOf('reward_next', `Mean exp(reward) after choosing 1 of ${params.pool_size} (model)`),
        meanReward({ ...pool, density: next }, true),
        n,
      ),
    ],
    tables: [
      {
        id: 'outlook',
        title: `Shares of ${params.category} now, after choosing 1 of ${params.pool_size}, and in the limit`,
        columns: ['Kind', 'Mean reward', 'Now', 'Next', 'Limit'],
        rows: kinds.map((one, i) => [one.kind, one.reward, one.n / n, next[i] ?? null, limit[i] ?? null]),
      },
    ],
  };
}
