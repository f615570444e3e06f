import { z } from 'zod';
import { quoteIdentifier } from '../../../../../native/duckdb/quoting.ts';
import type { AuditFigure, AuditTable } from '../../../../contract/audit.contract.ts';
import { traitTable } from '../../../constitution/trait-columns.ts';
import { surfaceTraits } from '../../../constitution/traits/surface-traits.ts';
import { fitPal, type PalChoices, type PalFit, predictPal } from '../../../statistics/pal.ts';
import { ratioDifferenceInterval, ratioIntervalOfClusters } from '../../../statistics/ratio.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { createVoteTable } from './vote-table.ts';

type AuditContext = Context<{
  max_groups: number;
  min_votes: number;
  steps: number;
  max_votes: number;
  max_traits: number;
}>;

const headOf = (metric: string, title: string) => ({ audit: 'rater-clusters', metric, title });

export const raterClustersAudit = defineAudit({
  id: 'rater-clusters',
  family: 'raters',
  title: 'Rater clusters',
  description:
    'Whether annotators fall into camps with different tastes: ideal points mixed from K prototypes (PAL) on surface traits, judged on held-out votes.',
  inputs: ['votes', 'annotator', 'traits', 'text'],
  parameters: {
    max_groups: z.number().int().min(1).max(6).default(4),
    /** Votes an annotator must have. */
    min_votes: z.number().int().min(4).default(10),
    steps: z.number().int().min(50).max(5000).default(500),
    /** Votes fitted at most, a repeatable sample. */
    max_votes: z.number().int().min(100).max(100_000).default(8000),
    max_traits: z.number().int().min(1).max(32).default(32),
  },
  findObstacle: (dataset) => {
    if (dataset.votes === 0) return 'The dataset holds no votes of annotators (column annotator or vote).';
    return dataset.annotators < 5
      ? 'Fewer than five annotators voted (column annotator): there are no camps to find.'
      : null;
  },
  run: async (context) => {
    const votes = context.scratch('choices');
    const size = await prepareVotes(context, votes);
    if (size.users < 5)
      return {
        obstacle: `Fewer than five annotators cast ${context.params.min_votes} votes for a side (column annotator).`,
      };
    const traits = await chooseTraits(context, votes);
    if (traits.length === 0)
      return { obstacle: 'The two responses of a pair never differ in a surface trait (column response).' };
    const [train, test] = [
      await readChoices(context, { votes, traits, isTest: false }),
      await readChoices(context, { votes, traits, isTest: true }),
    ];
    if (test.offset.length === 0) return { obstacle: 'Too few votes to hold some out (column annotator).' };
    const fits: PalFit[] = [];
    for (let groups = 1; groups <= Math.min(context.params.max_groups, size.users); groups++) {
      fits.push(
        await fitPal(train, {
          groups,
          seed: context.seed,
          steps: context.params.steps,
          signal: context.signal,
        }),
      );
    }
    const figures = adjustFigures(compareFits(fits, test));
    const names = await listUsers(context, votes);
    return {
      figures,
      findings: [conclude(figures)],
      tables: [describePrototypes(fits[1] ?? fits[0], traits), describeMixes(fits[1] ?? fits[0], names)],
      params: {
        annotators: size.users,
        votes_fitted: train.offset.length,
        votes_held_out: test.offset.length,
        vectors: 'standardised surface traits, no embeddings (our operationalisation)',
      },
    };
  },
});

/** Votes for a side by annotators with enough of them: annotator, user (code), response ids of chosen and rejected, is_test. */
async function prepareVotes(context: AuditContext, table: string): Promise<{ users: number }> {
  const { session, signal, seed, params } = context;
  const votes = await createVoteTable(context);
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     WITH sided AS (SELECT v.*, c.response_a_id, c.response_b_id, md5(concat(v.comparison_id, '/', v.annotator_id, '/', $1::INTEGER)) AS luck FROM ${votes} v JOIN comparison c USING (comparison_id) WHERE v.label IN ('a', 'b')),
       enough AS (SELECT * FROM sided QUALIFY count(*) OVER (PARTITION BY annotator_id) >= $2),
       drawn AS (SELECT * FROM enough ORDER BY luck LIMIT $3)
     SELECT annotator, dense_rank() OVER (ORDER BY annotator_id) - 1 AS "user", comparison_id, CASE label WHEN 'a' THEN response_a_id ELSE response_b_id END AS chosen_id,
       CASE label WHEN 'a' THEN response_b_id ELSE response_a_id END AS rejected_id, row_number() OVER (PARTITION BY annotator_id ORDER BY luck) % 4 = 0 AS is_test
     FROM drawn ORDER BY "user", comparison_id`,
    [seed, params.min_votes, params.max_votes],
    { signal },
  );
  return session.one<{ users: number }>(`SELECT count(DISTINCT "user") AS users FROM ${table}`);
}

interface TraitScale {
  id: string;
  mean: number;
  sd: number;
}

/** The surface traits that differ in the most pairs, with mean and SD over the responses voted on. */
async function chooseTraits(
  { session, signal, dataset, params }: AuditContext,
  votes: string,
): Promise<TraitScale[]> {
  const table = traitTable(dataset.datasetId);
  const columns = surfaceTraits.flatMap(({ id }, index) => {
    const trait = quoteIdentifier(id);
    return [
      `count(*) FILTER (x.${trait} <> y.${trait}) AS d${index}`,
      `(avg(x.${trait}) + avg(y.${trait})) / 2 AS m${index}`,
      `sqrt((var_pop(x.${trait}) + var_pop(y.${trait})) / 2 + power(avg(x.${trait}) - avg(y.${trait}), 2) / 4) AS s${index}`,
    ];
  });
  const row = await session.one<Record<string, number | null>>(
    `SELECT ${columns.join(', ')} FROM ${votes} v JOIN ${table} x ON x.response_id = v.chosen_id JOIN ${table} y ON y.response_id = v.rejected_id`,
    [],
    { signal },
  );
  return surfaceTraits
    .map(({ id }, index) => ({
      id,
      differing: row[`d${index}`] ?? 0,
      mean: row[`m${index}`] ?? 0,
      sd: row[`s${index}`] ?? 0,
    }))
    .filter(({ differing, sd }) => differing > 0 && sd > 0 && Number.isFinite(sd))
    .sort((left, right) => right.differing - left.differing || (left.id < right.id ? -1 : 1))
    .slice(0, params.max_traits)
    .map(({ id, mean, sd }) => ({ id, mean, sd }));
}

/** Vectors of the chosen and rejected responses, each trait standardised and all divided by √dimensions, clipped at 3 SDs. */
async function readChoices(
  { session, signal, dataset }: AuditContext,
  { votes, traits, isTest }: { votes: string; traits: readonly TraitScale[]; isTest: boolean },
): Promise<PalChoices> {
  const table = traitTable(dataset.datasetId);
  const scaled = (alias: string, { id, mean, sd }: TraitScale) =>
    `greatest(-3, least(3, coalesce((${alias}.${quoteIdentifier(id)}::DOUBLE - ${mean}) / ${sd}, 0))) / ${Math.sqrt(traits.length)}`;
  const columns = await session.columns(
    `SELECT "user", ${traits.flatMap((trait, index) => [`${scaled('x', trait)} AS c${index}`, `${scaled('y', trait)} AS r${index}`]).join(', ')}
     FROM ${votes} v JOIN ${table} x ON x.response_id = v.chosen_id JOIN ${table} y ON y.response_id = v.rejected_id WHERE is_test = ? ORDER BY "user", comparison_id`,
    [isTest],
    { signal },
  );
  const { user = new Float64Array(0) } = columns;
  const dimensions = traits.length;
  const difference = new Float64Array(user.length * dimensions);
  const offset = new Float64Array(user.length);
  for (const [d] of traits.entries()) {
    const [chosen, rejected] = [columns[`c${d}`], columns[`r${d}`]];
    for (let row = 0; row < user.length; row++) {
      const [f, g] = [chosen?.[row] ?? 0, rejected?.[row] ?? 0];
      difference[row * dimensions + d] = f - g;
      offset[row] = (offset[row] ?? 0) + g * g - f * f;
    }
  }
  const { users } = await session.one<{ users: number }>(`SELECT max("user") + 1 AS users FROM ${votes}`);
  return { users, dimensions, user, difference, offset };
}

/** Held-out accuracy by K and the gain over one prototype, annotators as clusters. */
function compareFits(fits: readonly PalFit[], test: PalChoices): AuditFigure[] {
  const asked = new Float64Array(test.users);
  for (let row = 0; row < test.offset.length; row++)
    asked[test.user[row] ?? 0] = (asked[test.user[row] ?? 0] ?? 0) + 1;
  const right = fits.map((fit) => {
    const sums = new Float64Array(test.users);
    for (const [row, p] of predictPal(test, fit).entries())
      if (p > 0.5) sums[test.user[row] ?? 0] = (sums[test.user[row] ?? 0] ?? 0) + 1;
    return sums;
  });
  const n = test.offset.length;
  const base = { slice_dim: 'groups', n_items: n, n_clusters: test.users };
  const total = (column: Float64Array) => column.reduce((sum, value) => sum + value, 0);
  const accuracy = right.map((sums, index) => {
    const interval = ratioIntervalOfClusters(sums, asked);
    const ends =
      interval.status === 'undefined'
        ? {}
        : { ci_lo: Math.max(0, interval.lower), ci_hi: Math.min(1, interval.upper) };
    return makeFigure(headOf('held_out_accuracy', 'Held-out votes predicted rightly'), {
      ...base,
      slice_value: String(index + 1),
      value: total(sums) / n,
      ...ends,
      status: statusOf(n),
    });
  });
  const [one] = right;
  const gains = right.slice(1).map((sums, index) => {
    const head = headOf('held_out_gain', 'Gain over a single taste on held-out votes');
    const place = {
      ...base,
      slice_value: String(index + 2),
      neutral: 0,
      value: (total(sums) - total(one ?? sums)) / n,
      status: statusOf(n),
    };
    const outcome = ratioDifferenceInterval(
      { numerators: sums, denominators: asked },
      { numerators: one ?? sums, denominators: asked },
    );
    if (outcome.status === 'undefined') return makeFigure(head, place);
    return makeFigure(head, { ...place, ci_lo: outcome.lower, ci_hi: outcome.upper, p: outcome.p });
  });
  return [...accuracy, ...gains];
}

async function listUsers(
  { session }: AuditContext,
  votes: string,
): Promise<{ annotator: string; votes: number }[]> {
  return session.all(
    `SELECT annotator, count(*) AS votes FROM ${votes} GROUP BY annotator, "user" ORDER BY "user"`,
  );
}

function conclude(figures: readonly AuditFigure[]) {
  const gain = figures.find((figure) => figure.metric === 'held_out_gain' && figure.slice_value === '2');
  const of = (groups: string) =>
    figures.find((figure) => figure.metric === 'held_out_accuracy' && figure.slice_value === groups);
  const [one, two] = [of('1'), of('2')];
  const points = (value: number | null | undefined) =>
    value === null || value === undefined ? '?' : (100 * value).toFixed(1);
  const error = gain && gain.ci_lo !== null && gain.ci_hi !== null ? (gain.ci_hi - gain.ci_lo) / 4 : null;
  const isHeterogeneous = error !== null && (gain?.value ?? 0) > 2 * error;
  return makeFinding({
    id: 'camps',
    sentence: `One taste predicts ${one ? sayShare(one) : '?'} of ${sayMany(one?.n_items ?? 0, 'held-out vote')}, two ${two ? sayShare(two) : '?'} (gain ${points(gain?.value)} points [${points(gain?.ci_lo)}, ${points(gain?.ci_hi)}]): ${
      isHeterogeneous
        ? 'annotators differ in taste, so a majority vote hides one camp.'
        : 'no sign of camps in surface traits.'
    }`,
    figure: gain ?? null,
    scale: 'difference',
    warnFrom: 0.1,
    noticeFrom: isHeterogeneous ? 0 : 2,
  });
}

function describePrototypes(fit: PalFit | undefined, traits: readonly TraitScale[]): AuditTable {
  const groups = fit?.groups ?? 0;
  const at = (k: number, d: number) => fit?.prototypes[k * traits.length + d] ?? 0;
  const spread = (d: number) =>
    Math.max(...Array.from({ length: groups }, (_, k) => at(k, d))) -
    Math.min(...Array.from({ length: groups }, (_, k) => at(k, d)));
  const order = [...traits.keys()]
    .sort((left, right) => spread(right) - spread(left) || left - right)
    .slice(0, 12);
  return {
    id: 'prototypes',
    title: 'Where the prototypes differ most (standardised traits)',
    columns: ['Trait', ...Array.from({ length: groups }, (_, k) => `Prototype ${k + 1}`)],
    rows: order.map((d) => [
      traits[d]?.id ?? '',
      ...Array.from({ length: groups }, (_, k) => Number(at(k, d).toFixed(3))),
    ]),
  };
}

function describeMixes(
  fit: PalFit | undefined,
  names: readonly { annotator: string; votes: number }[],
): AuditTable {
  const groups = fit?.groups ?? 0;
  return {
    id: 'mixes',
    title: 'Mix of each annotator',
    columns: [
      'Annotator',
      'Votes',
      ...Array.from({ length: groups }, (_, k) => `Share of prototype ${k + 1}`),
    ],
    rows: names
      .slice(0, 500)
      .map(({ annotator, votes }, user) => [
        annotator,
        votes,
        ...Array.from({ length: groups }, (_, k) => Number((fit?.mix[user * groups + k] ?? 0).toFixed(4))),
      ]),
  };
}
