import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { ConstitutionDocument } from '../../../contract/constitution.contract.ts';
import type { ConstitutionCeiling, Figure } from '../../../contract/constitution-depth.ts';
import { decideByList, orderDecisionList } from '../principles/decision-list.ts';
import { isRunDocument } from '../principles/principle-rows.ts';
import { type VoteSource, withVotes } from '../slices/vote-source.ts';
import { foldCount } from '../vote-table.ts';
import { compareAuc, computeAuc } from './auc.ts';
import { embedResponses, readDifferences } from './embeddings.ts';
import { fitProbeByFolds, scoreDifferences, takeDifferences } from './probe.ts';

export interface CeilingSpec {
  readonly constitutionId: number;
  readonly document: ConstitutionDocument;
  readonly model: { readonly name: string; readonly hash: string };
  /** Labelled pairs at most, drawn by the seed of the constitution. */
  readonly sample: number;
}

export interface CeilingOptions {
  readonly key: string;
  readonly acquire: () => Promise<InferenceModel>;
  readonly onProgress: (phase: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

interface Pair {
  readonly comparisonId: number;
  readonly cluster: number;
  readonly isTest: boolean;
  readonly fold: number;
  readonly y: number;
}

/** Pairs and the votes of the selected principles on them, in one order. */
interface Drawn {
  readonly pairs: readonly Pair[];
  readonly votes: readonly Int8Array[];
  readonly weights: readonly number[];
}

/**
 * How well a linear probe on embedding differences tells the chosen response on the held-out pairs of a constitution, and
 * what share of that its executors reach on the same pairs. Throws CONSTITUTION_NOT_APPLICABLE where there is too little to
 * fit or to try a probe on.
 */
export async function measureCeiling(
  database: Database,
  spec: CeilingSpec,
  options: CeilingOptions,
): Promise<ConstitutionCeiling> {
  const { document, model } = spec;
  const { signal, onProgress } = options;
  const { drawn, usable, differences } = await readEmbedded(database, spec, options);
  const isTest = (row: number) => usable.pairs[row]?.isTest ?? false;
  const train = takeDifferences(differences, (row) => !isTest(row));
  const test = takeDifferences(differences, isTest);
  requireEnough(train.rows, test.rows);
  onProgress('Fitting the probe', 0, 1);
  const [trained, held] = [
    takeDrawn(usable, indicesOf(usable, false)),
    takeDrawn(usable, indicesOf(usable, true)),
  ];
  const { weights, penalty } = await fitProbeByFolds(
    train,
    Uint8Array.from(trained.pairs, ({ fold }) => fold),
    { folds: foldCount, signal },
  );
  const rules = await listRules(database, spec, { trained, held });
  const cluster = held.pairs.map((pair) => pair.cluster);
  const compared = await compareAuc(
    { probe: scoreDifferences(test, weights), rules: rules.map(({ scores }) => scores), cluster },
    { seed: document.seed, signal },
  );
  const figures = {
    train: train.rows,
    test: test.rows,
    test_prompts: new Set(cluster).size,
    left_out: drawn.pairs.length - usable.pairs.length,
    probe: compared.probe,
    probe_train: computeAuc(scoreDifferences(train, weights)),
    executors: rules.map(({ executor }, index) => ({
      executor,
      auc: compared.rules[index]?.auc ?? nothing,
      share: compared.rules[index]?.share ?? nothing,
    })),
  };
  return {
    schema: 'assay.constitution-ceiling/1',
    constitution_id: spec.constitutionId,
    dataset_id: document.dataset_id,
    created_at: new Date().toISOString(),
    model,
    dimensions: differences.dimensions,
    penalty,
    ...figures,
    remarks: writeRemarks(figures, document.executor === 'surface' ? 'weighted' : document.executor),
  };
}

/** The pairs drawn, those of which both responses could be embedded, and the differences of these in the same order. */
async function readEmbedded(database: Database, spec: CeilingSpec, options: CeilingOptions) {
  const { document, model } = spec;
  const { signal } = options;
  const drawn = await withVotes(database, { document, key: options.key, signal }, (source) =>
    drawPairs(database, source, spec),
  );
  const place = { datasetId: document.dataset_id, modelHash: model.hash, signal };
  await embedResponses(
    database,
    drawn.pairs.map(({ comparisonId }) => comparisonId),
    {
      ...place,
      acquire: options.acquire,
      onProgress: (done, total) => options.onProgress('Embedding responses', done, total),
    },
  );
  const { differences, kept } = await readDifferences(database, drawn.pairs, place);
  return { drawn, usable: takeDrawn(drawn, kept), differences };
}

function requireEnough(train: number, test: number): void {
  if (train >= 20 && test >= 10) return;
  throw new AppError(
    'CONSTITUTION_NOT_APPLICABLE',
    `No ceiling was measured: ${train} training and ${test} held-out pairs could be embedded; it needs 20 and 10.`,
    { train, test },
  );
}

const nothing: Figure = { value: null, ci: null, n: 0 };

const indicesOf = ({ pairs }: Drawn, isTest: boolean) =>
  pairs.flatMap((pair, index) => (pair.isTest === isTest ? [index] : []));

function takeDrawn(drawn: Drawn, kept: readonly number[]): Drawn {
  return {
    pairs: kept.flatMap((index) => drawn.pairs[index] ?? []),
    votes: drawn.votes.map((votes) => Int8Array.from(kept, (index) => votes[index] ?? 0)),
    weights: drawn.weights,
  };
}

async function drawPairs(database: Database, source: VoteSource, spec: CeilingSpec): Promise<Drawn> {
  const chosen = source.principles.filter(({ result }) => result.is_selected);
  const drawnSql = `SELECT comparison_id, any_value(cluster) AS cluster, any_value(is_test) AS is_test, any_value(fold) AS fold, any_value(y) AS y
    FROM ${source.table} GROUP BY comparison_id ORDER BY md5(concat(comparison_id, ':', ?::BIGINT)) LIMIT ?`;
  const parameters = [spec.document.seed, spec.sample];
  return database.withReader(async (session) => {
    const pairs = await session.all<Pair>(
      `SELECT comparison_id AS "comparisonId", cluster, is_test AS "isTest", fold, y FROM (${drawnSql}) ORDER BY comparison_id`,
      parameters,
    );
    const cast = await session.columns(
      `WITH drawn AS (SELECT comparison_id, row_number() OVER (ORDER BY comparison_id) - 1 AS spot FROM (${drawnSql}))
       SELECT place, spot, vote FROM ${source.table} JOIN drawn USING (comparison_id) WHERE vote <> 0`,
      parameters,
    );
    const indexOf = new Map(chosen.map(({ place }, index) => [place, index]));
    const votes = chosen.map(() => new Int8Array(pairs.length));
    const [at, values] = [cast['spot'], cast['vote']];
    cast['place']?.forEach((place, index) => {
      const own = votes[indexOf.get(place) ?? -1];
      if (own) own[at?.[index] ?? 0] = values?.[index] ?? 0;
    });
    return { pairs, votes, weights: chosen.map(({ result }) => result.weight ?? 0) };
  });
}

interface Rule {
  readonly executor: string;
  readonly scores: ArrayLike<number>;
}

/** Scores of each executor on the held-out pairs, above 0 where it is for the chosen side. */
async function listRules(
  database: Database,
  { document }: CeilingSpec,
  { trained, held }: { trained: Drawn; held: Drawn },
): Promise<Rule[]> {
  const rows = held.pairs.length;
  const sum = (weigh: (index: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) =>
      held.votes.reduce((total, votes, index) => total + weigh(index) * (votes[row] ?? 0), 0),
    );
  const order = orderDecisionList(
    trained.votes,
    trained.votes.map((_, index) => index),
  );
  const rules: Rule[] = [
    { executor: 'weighted', scores: sum((index) => held.weights[index] ?? 0) },
    { executor: 'majority', scores: sum(() => 1) },
    { executor: 'list', scores: order.length === 0 ? new Int8Array(rows) : decideByList(held.votes, order) },
  ];
  if (!isRunDocument(document)) return rules;
  const verdicts = await database.all<{ arm: string; id: number; pA: number }>(
    `SELECT arm, comparison_id AS id, p_a AS "pA" FROM constitution_verdict
     WHERE principle_run_id = ? AND p_a IS NOT NULL AND arm IN ('judge', 'plain_judge')`,
    [document.run.run],
  );
  for (const arm of ['judge', 'plain_judge']) {
    const byId = new Map(verdicts.filter((one) => one.arm === arm).map((one) => [one.id, one.pA]));
    if (byId.size === 0) continue;
    const scores = held.pairs.map(({ comparisonId, y }) => y * (2 * (byId.get(comparisonId) ?? 0.5) - 1));
    rules.push({ executor: arm, scores });
  }
  return rules;
}

function writeRemarks(
  figures: Pick<ConstitutionCeiling, 'probe' | 'executors' | 'left_out' | 'test_prompts'>,
  executor: string,
): string[] {
  const remarks: string[] = [];
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const own = figures.executors.find((one) => one.executor === executor);
  if (own && own.share.value !== null)
    remarks.push(
      `The constitution (${executor}) explains ${percent(own.share.value)}${own.share.ci ? ` [${percent(own.share.ci[0])}, ${percent(own.share.ci[1])}]` : ''} of what a linear probe on these embeddings can tell of the held-out labels.`,
    );
  else
    remarks.push(
      'The probe does not tell held-out labels better than chance, so there is nothing to measure the constitution against: the embeddings may miss what the labels follow, or the sample is too small.',
    );
  remarks.push(
    'It is a ceiling for this embedding model and a linear rule alone, not for the labels: a better model, or the prompt beside the response, may tell more.',
  );
  if (figures.test_prompts < 50)
    remarks.push(`Only ${figures.test_prompts} held-out prompts: the intervals are rough.`);
  if (figures.left_out > 0)
    remarks.push(`${figures.left_out} pairs were left out: a response was empty or too long for the model.`);
  return remarks;
}
