import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import type { ConstitutionSlices, Figure, SliceCell } from '../../../contract/constitution-depth.ts';
import { adjustPValues } from '../../statistics/benjamini-hochberg.ts';
import { type ClusterMoments, ratioInterval } from '../../statistics/ratio.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { estimateStrength, minimumVotes } from '../principle-results.ts';
import type { VoteSums } from '../vote-table.ts';
import { findHomogeneityTest } from './homogeneity.ts';
import {
  type GroupHead,
  groupVotes,
  mostGroups,
  type SliceInput,
  sumAccuracies,
  sumGroups,
  sumSharedResiduals,
  sumsKey,
} from './slice-sums.ts';
import { createSliceTable, isRaterColumn } from './slice-table.ts';
import { type SourcePrinciple, withVotes } from './vote-source.ts';

const tinyLabels = 20;
const tinyPrompts = 10;
/** Votes a group is expected to have, at the relevance of the whole, to be part of the test of a principle. */
const expectedVotes = 5;

export interface SliceSpec {
  readonly constitutionId: number;
  readonly document: ConstitutionDocument;
  readonly column: string;
}

/**
 * Strength of every principle of a constitution in every group of a column, with the metric functions of the whole, and a
 * test of equal strength over the groups for each principle. Sliced by raters, the labels of a group are those its raters
 * gave. Throws AUDIT_SLICE_UNKNOWN.
 */
export async function sliceConstitution(
  database: Database,
  spec: SliceSpec,
  { key, signal }: { key: string; signal?: AbortSignal | undefined },
): Promise<ConstitutionSlices> {
  const { document, column } = spec;
  const names = ['rows', 'pairs', 'slices', 'votes', 'grouped'] as const;
  const tables = Object.fromEntries(
    names.map((name) => [name, `scratch.${quoteIdentifier(`slice_${name}_${key}`)}`]),
  ) as Record<(typeof names)[number], string>;
  try {
    return await withVotes(database, { document, key, signal }, (source) =>
      database.withReader(async (session) => {
        const { rows, pairs, slices, votes, grouped } = tables;
        const { dataset_id: datasetId } = document;
        await createSliceTable(session, { datasetId, column, table: rows, pairs, slices, signal });
        const isRater = isRaterColumn(column);
        const input: SliceInput = { source, slices: rows, votes, grouped, isRater, signal };
        const { groups, leftOut } = await groupVotes(session, input);
        const weights = source.principles.flatMap(({ place, result }) =>
          result.is_selected && result.weight !== null ? [{ place, weight: result.weight }] : [],
        );
        return compose(spec, {
          groups,
          leftOut,
          principles: source.principles,
          sums: await sumGroups(session, input),
          shared: await sumSharedResiduals(session, input),
          accuracies: await sumAccuracies(session, input, weights),
        });
      }),
    );
  } finally {
    await database.withReader(async (session) => {
      for (const table of Object.values(tables)) await session.run(`DROP TABLE IF EXISTS ${table}`);
    });
  }
}

interface Evidence {
  readonly groups: readonly GroupHead[];
  readonly leftOut: number;
  readonly principles: readonly SourcePrinciple[];
  readonly sums: ReadonlyMap<string, VoteSums>;
  readonly shared: Awaited<ReturnType<typeof sumSharedResiduals>>;
  readonly accuracies: ReadonlyMap<number, ClusterMoments>;
}

const isTiny = ({ n, prompts }: GroupHead) => n < tinyLabels || prompts < tinyPrompts;

function compose(spec: SliceSpec, evidence: Evidence): ConstitutionSlices {
  const { groups, leftOut, principles, accuracies } = evidence;
  const sharedByPlace = new Map<number, Evidence['shared'][number][]>();
  for (const one of evidence.shared) addTo(sharedByPlace, one);
  const rows = principles.map((principle) => ({
    principle,
    ...describePrinciple(principle, evidence, sharedByPlace.get(principle.place) ?? []),
  }));
  const adjusted = adjustPValues(rows.map(({ test }) => test?.p ?? Number.NaN));
  const document: Omit<ConstitutionSlices, 'remarks'> = {
    schema: 'assay.constitution-slices/1',
    constitution_id: spec.constitutionId,
    dataset_id: spec.document.dataset_id,
    column: spec.column,
    labels: isRaterColumn(spec.column) ? 'rater' : 'pair',
    created_at: new Date().toISOString(),
    groups: groups.map((group) => ({
      value: group.value,
      n: group.n,
      prompts: group.prompts,
      is_tiny: isTiny(group),
      accuracy: describeAccuracy(accuracies.get(group.groupNo)),
    })),
    groups_left_out: leftOut,
    principles: rows
      .map(({ principle: { result }, whole, cells, spread, test }, index) => ({
        id: result.id,
        text: result.text,
        is_selected: result.is_selected,
        rank: result.rank,
        whole,
        cells,
        spread,
        test: test ? { ...test, p_adjusted: adjusted[index] ?? 1 } : null,
      }))
      .sort((left, right) => (left.rank ?? 1e9) - (right.rank ?? 1e9) || strengthOrder(right, left)),
  };
  return { ...document, remarks: writeSliceRemarks(document) };
}

function addTo(byPlace: Map<number, Evidence['shared'][number][]>, one: Evidence['shared'][number]): void {
  const known = byPlace.get(one.place);
  if (known) known.push(one);
  else byPlace.set(one.place, [one]);
}

const strengthOrder = (left: { whole: SliceCell }, right: { whole: SliceCell }) =>
  (left.whole.strength ?? -2) - (right.whole.strength ?? -2);

function describeCell(sums: VoteSums | undefined, isTinyGroup: boolean): SliceCell {
  if (!sums || sums.n === 0)
    return { for: 0, against: 0, n: 0, strength: null, strength_ci: null, status: 'undefined' };
  const { value, ci } = estimateStrength(sums);
  const votes = sums.for + sums.against;
  return {
    for: sums.for,
    against: sums.against,
    n: sums.n,
    strength: value,
    strength_ci: ci,
    status: votes === 0 ? 'undefined' : isTinyGroup || votes < minimumVotes ? 'too_small' : 'ok',
  };
}

/** Variance of a strength over prompts: (G/(G−1))·Σu²/n². */
function varianceOf({ n, clusters, for: pro, against, nn, ss, sn }: VoteSums): number {
  const strength = (pro - against) / n;
  const squares = Math.max(0, ss - 2 * strength * sn + strength ** 2 * nn);
  return ((clusters / Math.max(1, clusters - 1)) * squares) / n ** 2;
}

function describePrinciple(
  { place }: SourcePrinciple,
  { groups, sums }: Evidence,
  shared: Evidence['shared'],
) {
  const whole = sums.get(sumsKey(-1, place));
  const own = groups.map((group) => ({ group, sums: sums.get(sumsKey(group.groupNo, place)) }));
  const cells = own.map((one) => describeCell(one.sums, isTiny(one.group)));
  const relevance = whole ? (whole.for + whole.against) / whole.n : 0;
  const tested = own.flatMap(({ group, sums: found }) =>
    found && !isTiny(group) && found.n * relevance >= expectedVotes
      ? [{ groupNo: group.groupNo, sums: found }]
      : [],
  );
  const strengths = tested.map(({ sums: found }) => (found.for - found.against) / found.n);
  const wholeCell = describeCell(whole, false);
  if (!whole || tested.length < 2) return { whole: wholeCell, cells, spread: null, test: null };
  const size = tested.length;
  const covariance = new Float64Array(size * size);
  const indexOf = new Map(tested.map(({ groupNo }, index) => [groupNo, index]));
  tested.forEach(({ sums: found }, index) => {
    // Without any spread a group would claim to be exact: it is given the variance of the whole at its size.
    const floor = (varianceOf(whole) * whole.clusters) / found.clusters;
    const variance = varianceOf(found);
    covariance[index * size + index] = variance > 1e-12 ? variance : floor;
  });
  for (const { first, second, sum } of shared) {
    const [row, column] = [indexOf.get(first), indexOf.get(second)];
    if (row === undefined || column === undefined) continue;
    const value = (whole.clusters / Math.max(1, whole.clusters - 1)) * sum;
    covariance[row * size + column] = value;
    covariance[column * size + row] = value;
  }
  const test = findHomogeneityTest({
    estimates: strengths,
    covariance,
    clusters: tested.map(({ sums: found }) => found.clusters),
  });
  return {
    whole: wholeCell,
    cells,
    spread: Math.max(...strengths) - Math.min(...strengths),
    test: test ?? null,
  };
}

/** A share of sums over prompts with its interval; Wilson’s over prompts where all agree. */
export function describeAccuracy(moments: ClusterMoments | undefined): Figure {
  if (!moments || moments.sumX === 0) return { value: null, ci: null, n: 0 };
  const { sumY, sumX, clusters } = moments;
  const value = sumY / sumX;
  const outcome = ratioInterval(moments);
  if (outcome.status !== 'undefined')
    return { value, ci: [Math.max(0, outcome.lower), Math.min(1, outcome.upper)], n: sumX };
  if (clusters < 2 || (value !== 0 && value !== 1)) return { value, ci: null, n: sumX };
  const wilson = wilsonInterval(value * clusters, clusters);
  return { value, ci: wilson.status === 'undefined' ? null : [wilson.lower, wilson.upper], n: sumX };
}

function writeSliceRemarks(document: Omit<ConstitutionSlices, 'remarks'>): string[] {
  const { groups, principles, column, groups_left_out: leftOut, labels } = document;
  const remarks: string[] = [];
  const tested = principles.filter((one) => one.test !== null);
  const differing = tested.filter((one) => (one.test?.p_adjusted ?? 1) <= 0.05);
  const named = differing
    .sort((left, right) => (right.spread ?? 0) - (left.spread ?? 0))
    .slice(0, 3)
    .map((one) => `“${one.text}”`);
  remarks.push(
    tested.length === 0
      ? `No principle could be compared over ${column}: fewer than two groups are large enough.`
      : `${differing.length} of ${tested.length} principles differ in strength over ${column} at a false discovery rate of 5 %${named.length > 0 ? `, most of all ${named.join(', ')}` : ''}.`,
  );
  const tiny = groups.filter((group) => group.is_tiny).length;
  if (tiny > 0)
    remarks.push(
      `${tiny} of ${groups.length} groups have fewer than ${tinyLabels} labels or ${tinyPrompts} prompts: computed and marked, but no part of the tests.`,
    );
  if (leftOut > 0)
    remarks.push(`${leftOut} smaller groups were left out; the ${mostGroups} largest are shown.`);
  if (labels === 'rater')
    remarks.push(
      'The labels of a group are those its own raters gave. Prompts are what is taken as drawn, not raters: the result is about these raters.',
    );
  return remarks;
}
