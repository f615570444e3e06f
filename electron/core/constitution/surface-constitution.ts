import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { ConstitutionDocument, PrincipleResult } from '../../contract/constitution.contract.ts';
import { evaluateExecutors, type ExecutorFigures } from './executors.ts';
import {
  type ControlledStrength,
  controlForLength,
  lengthControlText,
  makeLengthModel,
} from './length-control.ts';
import { describePrinciple, rankPrinciples } from './principle-results.ts';
import { writeRemarks } from './remarks.ts';
import { type Selection, selectPrinciples } from './selection.ts';
import { surfacePrinciples, traitOfPrincipleId } from './surface-principles.ts';
import { surfaceTraits } from './traits/surface-traits.ts';
import {
  foldCount,
  type PairColumns,
  readPairColumns,
  sumVotes,
  type TraitSums,
  withVoteTable,
} from './vote-table.ts';

export interface SurfaceConstitutionSpec {
  readonly datasetId: number;
  readonly top: number;
  readonly seed: number;
}

export interface BuildOptions {
  /** Names the scratch table; two builds at a time need two keys. */
  readonly key: string;
  readonly onProgress?: (phase: string, share: number) => void;
  readonly signal?: AbortSignal | undefined;
}

interface DatasetHead {
  readonly name: string;
  readonly hasSides: boolean;
  readonly total: number;
  readonly labelled: number;
  readonly ties: number;
}

/**
 * Tests every surface principle on the labels of a dataset, selects a constitution on 70 % of the prompts and tries it
 * on the other 30 %. The trait columns must be current. The answer depends on the data, `top` and `seed` alone (but for
 * `created_at`). Throws DATASET_MISSING, and CONSTITUTION_NOT_APPLICABLE where fewer than two pairs carry a label.
 */
export async function buildSurfaceConstitution(
  database: Database,
  spec: SurfaceConstitutionSpec,
  options: BuildOptions,
): Promise<ConstitutionDocument> {
  const { onProgress, signal } = options;
  const head = await readHead(database, spec.datasetId);
  onProgress?.('Comparing the sides', 0);
  const { sums, columns } = await withVoteTable(
    database,
    { ...spec, key: options.key, signal },
    async (table) =>
      database.withReader(async (session) => ({
        sums: await sumVotes(session, table, { signal }),
        columns: await readPairColumns(session, table, { signal }),
      })),
  );
  if (columns.rows !== head.labelled) {
    throw new AppError(
      'CONSTITUTION_NOT_APPLICABLE',
      `No constitution was made: ${head.name} changed meanwhile (${columns.rows} of ${head.labelled} labelled pairs have traits). Run it again.`,
      { datasetId: spec.datasetId },
    );
  }
  const controlled = await controlTraits(columns, {
    signal,
    onProgress: (share) => onProgress?.('Controlling for length', share),
  });
  const train = takeRows(columns, 0);
  const selection = await selectPrinciples(
    {
      votes: train.votes,
      hasOpposite: surfaceTraits.map((trait) => trait.opposite !== undefined),
      fold: train.fold,
      folds: foldCount,
      top: spec.top,
    },
    { signal, onProgress: (share) => onProgress?.('Selecting principles', share) },
  );
  const { selected } = selection;
  return composeDocument({
    head,
    spec,
    prompts: countPrompts(columns),
    principles: describeAll({ sums, controlled, selection, hasSides: head.hasSides }),
    selection,
    train: evaluateExecutors({ ...train, selected }),
    test: evaluateExecutors({ ...takeRows(columns, 1), selected }),
  });
}

async function readHead(database: Database, datasetId: number): Promise<DatasetHead> {
  const head = await database.find<DatasetHead>(
    `SELECT name, has_sides AS "hasSides", count(c.comparison_id) AS total,
       count(*) FILTER (c.label IN ('a', 'b')) AS labelled, count(*) FILTER (c.label IN ('tie', 'both_bad')) AS ties
     FROM dataset d LEFT JOIN comparison c USING (dataset_id) WHERE dataset_id = ? GROUP BY ALL`,
    [datasetId],
  );
  if (!head) {
    throw new AppError('DATASET_MISSING', `There is no dataset ${datasetId} in this workspace.`, {
      datasetId,
    });
  }
  if (head.labelled < 2) {
    throw new AppError(
      'CONSTITUTION_NOT_APPLICABLE',
      `No constitution was made: ${head.name} has ${head.labelled} pairs with a preferred side. It needs pairs labelled a or b.`,
      { datasetId },
    );
  }
  return head;
}

async function controlTraits(
  columns: PairColumns,
  options: { signal?: AbortSignal | undefined; onProgress: (share: number) => void },
): Promise<Map<string, ControlledStrength | undefined>> {
  const signal = options.signal ? { signal: options.signal } : {};
  const model = await makeLengthModel(columns, signal);
  const controlled = new Map<string, ControlledStrength | undefined>();
  for (const [index, trait] of surfaceTraits.entries()) {
    const votes = columns.votes[index] ?? new Int8Array(0);
    controlled.set(trait.id, await controlForLength(votes, model, signal));
    options.onProgress((index + 1) / surfaceTraits.length);
  }
  return controlled;
}

/** The training rows (0) or the held-out rows (1). */
function takeRows(columns: PairColumns, isTest: 0 | 1): Omit<PairColumns, 'rows' | 'isTest'> {
  const rows = columns.isTest.reduce((sum, own) => sum + (own === isTest ? 1 : 0), 0);
  const take = <A extends Int8Array | Uint8Array | Int32Array | Float64Array>(source: A, target: A): A => {
    let at = 0;
    for (let row = 0; row < source.length; row++) {
      if (columns.isTest[row] === isTest) target[at++] = source[row] ?? 0;
    }
    return target;
  };
  return {
    cluster: take(columns.cluster, new Int32Array(rows)),
    fold: take(columns.fold, new Uint8Array(rows)),
    charsChosen: take(columns.charsChosen, new Float64Array(rows)),
    charsRejected: take(columns.charsRejected, new Float64Array(rows)),
    votes: columns.votes.map((votes) => take(votes, new Int8Array(rows))),
  };
}

const countPrompts = (columns: PairColumns) => new Set(columns.cluster).size;

function describeAll(evidence: {
  sums: TraitSums;
  controlled: ReadonlyMap<string, ControlledStrength | undefined>;
  selection: Selection;
  hasSides: boolean;
}): PrincipleResult[] {
  const { sums, controlled, selection, hasSides } = evidence;
  const places = new Map(
    selection.selected.map(({ trait, direction, weight }, index) => [
      `${surfaceTraits[trait]?.id ?? ''} ${direction}`,
      { rank: index + 1, weight },
    ]),
  );
  const results = surfacePrinciples.flatMap((principle) => {
    const all = sums.all.get(principle.trait.id);
    const test = sums.test.get(principle.trait.id);
    if (!all || !test) return [];
    const result = describePrinciple(
      principle,
      { all, test, controlled: controlled.get(principle.trait.id) },
      hasSides,
    );
    const place = places.get(`${principle.trait.id} ${principle.direction}`);
    return [place ? { ...result, is_selected: true, ...place } : result];
  });
  return rankPrinciples(results, traitOfPrincipleId);
}

function composeDocument(parts: {
  head: DatasetHead;
  spec: SurfaceConstitutionSpec;
  prompts: number;
  principles: PrincipleResult[];
  selection: Selection;
  train: ExecutorFigures;
  test: ExecutorFigures;
}): ConstitutionDocument {
  const { head, spec, principles, selection, train, test } = parts;
  const document: Omit<ConstitutionDocument, 'remarks'> = {
    schema: 'assay.constitution/1',
    executor: 'surface',
    dataset: head.name,
    dataset_id: spec.datasetId,
    created_at: new Date().toISOString(),
    seed: spec.seed,
    top: spec.top,
    pairs: {
      total: head.total,
      labelled: head.labelled,
      ties: head.ties,
      unlabelled: head.total - head.labelled - head.ties,
      prompts: parts.prompts,
    },
    length_control: lengthControlText,
    principles,
    constitution: principles
      .filter((result) => result.is_selected)
      .sort((left, right) => (left.rank ?? 0) - (right.rank ?? 0))
      .map((result) => result.text),
    reconstruction: {
      train: train.pairs,
      test: test.pairs,
      train_prompts: train.prompts,
      test_prompts: test.prompts,
      baseline_longer: test.longer.value,
      baseline_longer_ci: test.longer.ci,
      majority: test.majority.value,
      majority_ci: test.majority.ci,
      weighted: test.weighted.value,
      weighted_ci: test.weighted.ci,
      gain_over_longer: test.gainOverLonger.value,
      gain_over_longer_ci: test.gainOverLonger.ci,
      train_majority: train.majority.value,
      train_weighted: train.weighted.value,
      executor_agreement: test.agreement,
      silent: test.silent,
    },
  };
  const { isSupported } = selection;
  return { ...document, remarks: writeRemarks({ ...document, isSupported, hasSides: head.hasSides }) };
}
