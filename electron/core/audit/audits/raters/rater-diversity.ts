import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { percentileInterval, resampleTotals } from '../../../statistics/bootstrap.ts';
import {
  type CodedVotes,
  fillCounts,
  groupColumns,
  groupOfTotals,
  type GroupTest,
  measureConcentration,
  testGroup,
} from '../../../statistics/rater-diversity.ts';
import { adjustFigures, type AuditContext as Context, defineAudit, makeFigure } from '../audit.ts';
import { statusOf } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany } from '../wording.ts';
import { type AnswerTable, createAnswerTable } from './rater-answers.ts';
import { listRaterGroups, type RaterGroup } from './rater-groups.ts';

type AuditContext = Context<{ aspect: string; min_raters: number; rounds: number; max_groups: number }>;

const headOf = (metric: string, title: string) => ({ audit: 'rater-diversity', metric, title });

/** Votes × groups × rounds at most, so that the shuffles end within seconds. */
const workLimit = 1.5e9;

interface Measured extends GroupTest {
  group: RaterGroup;
  ends: Record<'irr' | 'xrr' | 'gai', [number | null, number | null]>;
  plurality: number;
  negentropy: number;
}

export const raterDiversityAudit = defineAudit({
  id: 'rater-diversity',
  family: 'raters',
  title: 'Rater diversity',
  description:
    'Whether groups of annotators agree more with themselves than with everybody else: IRR, XRR and their ratio, the group association index.',
  inputs: ['votes', 'annotator', 'ratings'],
  parameters: {
    /** The rated aspect to compare answers of; empty = the overall votes, else an “overall” aspect. */
    aspect: z.string().default(''),
    min_raters: z.number().int().min(2).default(5),
    rounds: z.number().int().min(100).max(10_000).default(1000),
    max_groups: z.number().int().min(1).max(100).default(40),
  },
  findObstacle: (dataset) => {
    if (dataset.attributes.length === 0)
      return 'No annotator has an attribute such as age or country (column annotator.attributes): there are no groups to compare.';
    return dataset.votes + dataset.ratings === 0
      ? 'The dataset holds neither votes nor ratings of annotators.'
      : null;
  },
  run: async (context) => {
    const answers = await createAnswerTable(context, context.params.aspect);
    if (!answers)
      return {
        obstacle:
          'No aspect is answered by several annotators in at most seven words or values (columns vote, rating).',
      };
    const groups = await listRaterGroups(context, answers.table, context.params);
    if (groups.length === 0)
      return {
        obstacle: `No group of annotators with a common attribute has ${context.params.min_raters} members who answered.`,
      };
    const measured = await measureAll(context, answers, groups);
    const figures = adjustFigures(measured.groups.flatMap((one) => describe(one, context)));
    return {
      figures: [...figures, ...diversityByAxis(figures)],
      findings: conclude(figures, answers),
      tables: [tableOf(measured.groups, figures)],
      params: {
        question: answers.question,
        answers: answers.categories.join(', '),
        rounds_run: measured.rounds,
      },
    };
  },
});

async function measureAll(context: AuditContext, answers: AnswerTable, groups: readonly RaterGroup[]) {
  const { session, seed, signal, params } = context;
  const columns = await session.columns(
    `SELECT item, rater, category, cluster FROM ${answers.table} ORDER BY item, rater`,
    [],
    { signal },
  );
  const [item, rater, category, cluster] = ['item', 'rater', 'category', 'cluster'].map(
    (name) => columns[name] ?? new Float64Array(0),
  );
  if (!item || !rater || !category || !cluster) return { rounds: 0, groups: [] };
  const highest = (codes: Float64Array) => codes.reduce((most, code) => Math.max(most, code + 1), 0);
  const votes: CodedVotes = {
    items: highest(item),
    raters: highest(rater),
    categories: answers.categories.length,
    item,
    rater,
    category,
  };
  const rounds = Math.max(
    100,
    Math.min(params.rounds, Math.floor(workLimit / (item.length * groups.length + 1))),
  );
  const measured: Measured[] = [];
  for (const group of groups) {
    const isMember = new Uint8Array(votes.raters);
    for (const code of group.raters) isMember[code] = 1;
    const test = await testGroup(votes, isMember, { seed, rounds, signal });
    const counts = fillCounts(votes, isMember);
    measured.push({
      ...test,
      group,
      ends: await measureEnds(context, { votes, counts, cluster }),
      ...concentrate(votes, counts.inside),
    });
  }
  return { rounds, groups: measured };
}

/** Intervals from a bootstrap of whole prompts. */
async function measureEnds(
  { seed, signal, params }: AuditContext,
  {
    votes,
    counts,
    cluster,
  }: { votes: CodedVotes; counts: ReturnType<typeof fillCounts>; cluster: Float64Array },
): Promise<Measured['ends']> {
  const codes = new Map<number, number>();
  const clusterOf = new Int32Array(votes.items);
  for (let v = 0; v < votes.item.length; v++) {
    const code = codes.get(cluster[v] ?? 0) ?? codes.size;
    codes.set(cluster[v] ?? 0, code);
    clusterOf[votes.item[v] ?? 0] = code;
  }
  const none: [null, null] = [null, null];
  if (codes.size < 2) return { irr: none, xrr: none, gai: none };
  const columns = groupColumns(counts, clusterOf, codes.size);
  const resampled = await resampleTotals(columns, { seed, rounds: params.rounds, ...(signal && { signal }) });
  const endsOf = (metric: 'irr' | 'xrr' | 'gai'): [number | null, number | null] => {
    const interval = percentileInterval(
      resampled,
      (totals) => groupOfTotals(totals, votes.categories)[metric],
    );
    return interval.status === 'undefined' ? none : [interval.lower, interval.upper];
  };
  return { irr: endsOf('irr'), xrr: endsOf('xrr'), gai: endsOf('gai') };
}

/** Mean plurality share and negentropy of the group over the items it answered at least twice. */
function concentrate(
  votes: CodedVotes,
  inside: ArrayLike<number>,
): { plurality: number; negentropy: number } {
  let [plurality, negentropy, items] = [0, 0, 0];
  for (let from = 0; from < inside.length; from += votes.categories) {
    const counts = Array.from({ length: votes.categories }, (_, c) => inside[from + c] ?? 0);
    if (counts.reduce((sum, count) => sum + count, 0) < 2) continue;
    const one = measureConcentration(counts);
    plurality += one.plurality;
    negentropy += one.negentropy;
    items += 1;
  }
  return {
    plurality: items > 0 ? plurality / items : Number.NaN,
    negentropy: items > 0 ? negentropy / items : Number.NaN,
  };
}

function describe(one: Measured, { params }: AuditContext): AuditFigure[] {
  const place = {
    slice_dim: one.group.axis,
    slice_value: one.group.value,
    n_items: one.votes,
    n_clusters: one.sharedItems,
  };
  const titles = {
    irr: 'Agreement inside the group (Krippendorff’s alpha)',
    xrr: 'Agreement of the group with everybody else',
    gai: 'Group association index, IRR/XRR',
  };
  return (['gai', 'irr', 'xrr'] as const).map((metric) => {
    const value = one[metric];
    const [ci_lo, ci_hi] = one.ends[metric];
    if (Number.isNaN(value)) return makeFigure(headOf(metric, titles[metric]), place);
    const p = metric === 'gai' && !Number.isNaN(one.p) ? one.p : null;
    const status = one.members < params.min_raters ? 'too_small' : statusOf(one.sharedItems);
    return makeFigure(headOf(metric, titles[metric]), {
      ...place,
      value,
      ci_lo,
      ci_hi,
      p,
      status,
      neutral: metric === 'gai' ? 1 : 0,
    });
  });
}

/** Diversity sensitivity of an axis: its largest GAI. */
function diversityByAxis(figures: readonly AuditFigure[]): AuditFigure[] {
  const best = new Map<string, AuditFigure>();
  for (const figure of figures) {
    if (
      figure.metric !== 'gai' ||
      figure.status !== 'ok' ||
      figure.value === null ||
      figure.slice_dim === null
    )
      continue;
    if (figure.value > (best.get(figure.slice_dim)?.value ?? -Infinity)) best.set(figure.slice_dim, figure);
  }
  return Array.from(best, ([axis, figure]) =>
    makeFigure(headOf('dsi', 'Largest group association index along an axis'), {
      ...figure,
      metric: 'dsi',
      title: 'Largest group association index along an axis',
      slice_value: `${axis}: ${figure.slice_value ?? ''}`,
      p: null,
      p_adj: null,
    }),
  );
}

function conclude(figures: readonly AuditFigure[], answers: AnswerTable) {
  const ranked = figures
    .filter((figure) => figure.metric === 'gai' && figure.status === 'ok')
    .sort(
      (left, right) =>
        (left.p_adj ?? 1) - (right.p_adj ?? 1) ||
        Math.abs((right.value ?? 1) - 1) - Math.abs((left.value ?? 1) - 1),
    );
  const [first] = ranked;
  const clear = ranked.filter((figure) => (figure.p_adj ?? 1) <= 0.05).length;
  return [
    makeFinding({
      id: 'group_association',
      sentence: first
        ? `${first.slice_dim ?? ''} ${first.slice_value ?? ''} has a group association index of ${(first.value ?? 0).toFixed(3)} [${first.ci_lo?.toFixed(3) ?? '?'}, ${first.ci_hi?.toFixed(3) ?? '?'}] on “${answers.question}” (adjusted p ${(first.p_adj ?? 1).toFixed(3)}); ${sayMany(clear, 'group')} of ${ranked.length} differ from shuffled groups.`
        : 'No group has answers enough for a group association index.',
      figure: first ?? null,
      scale: 'difference',
      warnFrom: 0.2,
    }),
  ];
}

function tableOf(groups: readonly Measured[], figures: readonly AuditFigure[]) {
  const digits = (value: number) => (Number.isNaN(value) ? null : Number(value.toFixed(4)));
  return {
    id: 'groups',
    title: 'Groups of annotators',
    columns: [
      'Axis',
      'Group',
      'Annotators',
      'Answers',
      'IRR',
      'XRR',
      'GAI',
      'p',
      'Adjusted p',
      'Plurality',
      'Negentropy (nats)',
    ],
    rows: groups.map((one) => {
      const gai = figures.find(
        (figure) =>
          figure.metric === 'gai' &&
          figure.slice_dim === one.group.axis &&
          figure.slice_value === one.group.value,
      );
      return [
        ...[one.group.axis, one.group.value, one.members, one.votes],
        ...[digits(one.irr), digits(one.xrr), digits(one.gai), digits(one.p), gai?.p_adj ?? null],
        ...[digits(one.plurality), digits(one.negentropy)],
      ];
    }),
  };
}
