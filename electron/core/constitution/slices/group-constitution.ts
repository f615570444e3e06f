import type { Database } from '../../../../native/duckdb/database.ts';
import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Figure, GroupConstitution } from '../../../contract/constitution-depth.ts';
import { differ, groupClusters, shareOf } from '../executors.ts';
import { estimateStrength } from '../principle-results.ts';
import { selectPrinciples } from '../selection.ts';
import { foldCount } from '../vote-table.ts';
import type { SliceSpec } from './slice-constitution.ts';
import { createSliceTable, isRaterColumn } from './slice-table.ts';
import { type SourcePrinciple, type VoteSource, withVotes } from './vote-source.ts';

export interface GroupSpec extends SliceSpec {
  readonly value: string;
}

interface GroupColumns {
  readonly rows: number;
  readonly cluster: Int32Array;
  readonly fold: Uint8Array;
  /** By principle of the source: 1, 0 or −1, seen from the side the label of the row names. */
  readonly votes: readonly Int8Array[];
}

/**
 * The constitution of one group: selection and weights anew from the group’s training labels, tried on its held-out ones
 * beside the constitution of the whole. The split is that of the whole, so no prompt changes sides. Throws
 * AUDIT_SLICE_UNKNOWN, and CONSTITUTION_NOT_APPLICABLE for a group without training labels.
 */
export async function makeGroupConstitution(
  database: Database,
  spec: GroupSpec,
  { key, signal }: { key: string; signal?: AbortSignal | undefined },
): Promise<GroupConstitution> {
  const { document, column, value } = spec;
  const names = ['rows', 'pairs', 'slices', 'group'] as const;
  const tables = Object.fromEntries(
    names.map((name) => [name, `scratch.${quoteIdentifier(`group_${name}_${key}`)}`]),
  ) as Record<(typeof names)[number], string>;
  try {
    return await withVotes(database, { document, key, signal }, (source) =>
      database.withReader(async (session) => {
        const { rows, pairs, slices, group } = tables;
        const { dataset_id: datasetId } = document;
        await createSliceTable(session, { datasetId, column, table: rows, pairs, slices, signal });
        const own = isRaterColumn(column) ? 's.own * v.y' : '1';
        await session.run(
          `CREATE OR REPLACE TABLE ${group} AS
           SELECT s.row_id, v.place, v.cluster, v.is_test, v.fold, (${own} * v.vote)::INTEGER AS vote
           FROM ${rows} s JOIN ${source.table} v USING (comparison_id) WHERE s.slice = ?`,
          [value],
          { signal },
        );
        const read = (isTest: boolean) => readColumns(session, { group, source, isTest });
        return compose(spec, { source, train: await read(false), test: await read(true), signal });
      }),
    );
  } finally {
    await database.withReader(async (session) => {
      for (const table of Object.values(tables)) await session.run(`DROP TABLE IF EXISTS ${table}`);
    });
  }
}

async function readColumns(
  session: Session,
  { group, source, isTest }: { group: string; source: VoteSource; isTest: boolean },
): Promise<GroupColumns> {
  const rowsOf = `SELECT row_id, any_value(cluster) AS cluster, any_value(fold) AS fold FROM ${group} WHERE is_test = ${isTest} GROUP BY row_id`;
  const base = await session.columns(`SELECT cluster, fold FROM (${rowsOf}) ORDER BY cluster, row_id`);
  const cast = await session.columns(
    `WITH placed AS (SELECT row_id, row_number() OVER (ORDER BY cluster, row_id) - 1 AS spot FROM (${rowsOf}))
     SELECT place, spot, vote FROM ${group} JOIN placed USING (row_id) WHERE vote <> 0`,
  );
  const rows = base['cluster']?.length ?? 0;
  const indexOf = new Map(source.principles.map(({ place }, index) => [place, index]));
  const votes = source.principles.map(() => new Int8Array(rows));
  const [at, values] = [cast['spot'], cast['vote']];
  cast['place']?.forEach((place, index) => {
    const own = votes[indexOf.get(place) ?? -1];
    if (own) own[at?.[index] ?? 0] = values?.[index] ?? 0;
  });
  return {
    rows,
    cluster: Int32Array.from(base['cluster'] ?? []),
    fold: Uint8Array.from(base['fold'] ?? []),
    votes,
  };
}

interface Weighted {
  readonly index: number;
  readonly weight: number;
}

function weigh(columns: GroupColumns, chosen: readonly Weighted[]): Int8Array {
  const sides = new Int8Array(columns.rows);
  for (let row = 0; row < columns.rows; row++) {
    let sum = 0;
    for (const { index, weight } of chosen) sum += weight * (columns.votes[index]?.[row] ?? 0);
    sides[row] = Math.abs(sum) < 1e-12 ? 0 : Math.sign(sum);
  }
  return sides;
}

function requireLabels({ rows }: GroupColumns, { column, value }: GroupSpec): void {
  if (rows > 0) return;
  throw new AppError(
    'CONSTITUTION_NOT_APPLICABLE',
    `No constitution was made: “${value}” of ${column} has no label among the training pairs.`,
    { column, value },
  );
}

async function compose(
  spec: GroupSpec,
  {
    source,
    train,
    test,
    signal,
  }: { source: VoteSource; train: GroupColumns; test: GroupColumns; signal?: AbortSignal | undefined },
): Promise<GroupConstitution> {
  const { document, column, value } = spec;
  requireLabels(train, spec);
  const { selected, isSupported } = await selectPrinciples(
    {
      votes: train.votes,
      hasOpposite: source.principles.map(() => false),
      fold: train.fold,
      folds: foldCount,
      top: document.top,
    },
    signal ? { signal } : {},
  );
  const own = selected.map(({ trait, weight }) => ({ index: trait, weight }));
  const whole = source.principles.flatMap(({ result }, index) =>
    result.is_selected ? [{ index, weight: result.weight ?? 0 }] : [],
  );
  const groups = groupClusters(test.cluster, test.rows);
  const [ownSides, wholeSides] = [weigh(test, own), weigh(test, whole)];
  const accuracy = (sides: Int8Array) => shareOf(groups, (row) => (1 + (sides[row] ?? 0)) / 2);
  const chosen = new Set(own.map(({ index }) => index));
  const figures = {
    own: accuracy(ownSides),
    whole: accuracy(wholeSides),
    gain: differ(groups, ownSides, wholeSides),
  };
  return {
    schema: 'assay.constitution-group/1',
    constitution_id: spec.constitutionId,
    dataset_id: document.dataset_id,
    column,
    value,
    labels: isRaterColumn(column) ? 'rater' : 'pair',
    created_at: new Date().toISOString(),
    train: train.rows,
    test: test.rows,
    test_prompts: groups.count,
    principles: own.flatMap(({ index, weight }, place) =>
      describe(source.principles[index], { rank: place + 1, weight, parts: [train, test], index }),
    ),
    left_out: whole.flatMap(({ index }) =>
      chosen.has(index) ? [] : (source.principles[index]?.result.text ?? []),
    ),
    ...figures,
    is_supported: isSupported,
    remarks: writeRemarks({ ...figures, isSupported, labels: train.rows + test.rows }),
  };
}

const countVotes = (parts: readonly GroupColumns[], index: number, side: number) =>
  parts.reduce((sum, part) => sum + (part.votes[index]?.filter((vote) => vote === side).length ?? 0), 0);

function describe(
  principle: SourcePrinciple | undefined,
  {
    rank,
    weight,
    parts,
    index,
  }: { rank: number; weight: number; parts: readonly GroupColumns[]; index: number },
): GroupConstitution['principles'] {
  if (!principle) return [];
  const sums = new Map<number, { s: number; n: number }>();
  for (const part of parts)
    for (let row = 0; row < part.rows; row++) {
      const cluster = part.cluster[row] ?? 0;
      const own = sums.get(cluster) ?? { s: 0, n: 0 };
      sums.set(cluster, { s: own.s + (part.votes[index]?.[row] ?? 0), n: own.n + 1 });
    }
  const groups = [...sums.values()];
  const total = (of: (one: { s: number; n: number }) => number) =>
    groups.reduce((sum, one) => sum + of(one), 0);
  const { value, ci } = estimateStrength({
    n: total(({ n }) => n),
    clusters: groups.length,
    largestCluster: Math.max(0, ...groups.map(({ n }) => n)),
    for: countVotes(parts, index, 1),
    against: countVotes(parts, index, -1),
    nn: total(({ n }) => n * n),
    ss: total(({ s }) => s * s),
    sn: total(({ s, n }) => s * n),
  });
  const { id, text, is_selected: isInWhole } = principle.result;
  const figure = { value, ci, n: total(({ n }) => n) };
  return [{ id, text, rank, weight, strength: figure, is_in_whole: isInWhole }];
}

/** Whether two intervals have nothing in common; for a difference without spread, which has no interval of its own. */
const isApart = (first: Figure, second: Figure) =>
  first.ci !== null && second.ci !== null && (first.ci[0] > second.ci[1] || second.ci[0] > first.ci[1]);

function writeRemarks(
  parts: Pick<GroupConstitution, 'own' | 'whole' | 'gain'> & { isSupported: boolean; labels: number },
): string[] {
  const { own, whole, gain, isSupported, labels } = parts;
  const remarks: string[] = [];
  if (labels < 200)
    remarks.push(`Only ${labels} labels: what a group this small rewards is seen with wide intervals.`);
  if (!isSupported)
    remarks.push('No set of principles predicts left-out labels of this group better than chance.');
  if (own.value === null) remarks.push('The group has no held-out label, so nothing is known of new ones.');
  else if (gain.value !== null) {
    const isClear = gain.ci === null ? isApart(own, whole) : gain.ci[0] > 0 || gain.ci[1] < 0;
    remarks.push(
      isClear
        ? `Its own constitution does ${gain.value > 0 ? 'better' : 'worse'} on its held-out labels than that of the whole.`
        : 'Its own constitution is not distinguishable from that of the whole on its held-out labels.',
    );
  }
  return remarks;
}
