import type { Database } from '../../../../native/duckdb/database.ts';
import type { InferenceModel } from '../../../../native/host/inference.ts';
import type {
  ConstitutionDocument,
  PrincipleResult,
  PrincipleRunFigures,
} from '../../../contract/constitution.contract.ts';
import { wilsonInterval } from '../../statistics/wilson.ts';
import { evaluateExecutors, type ExecutorFigures as Tried } from '../executors.ts';
import { controlForLength, lengthControlText, makeLengthModel } from '../length-control.ts';
import { describePrinciple, rankPrinciples } from '../principle-results.ts';
import { type Choice, choosePrinciples, fixChoice } from './choose-principles.ts';
import { type JudgeArm, judgeHeldOut } from './constitutional-judge.ts';
import { orderDecisionList } from './decision-list.ts';
import {
  codeVoter,
  type PrincipleRun,
  PrincipleRunRepository,
  type RunPrinciple,
} from './principle-run.repository.ts';
import {
  noVotes,
  type PrincipleColumns,
  readPrincipleColumns,
  sumPrincipleVotes,
  takePairs,
} from './principle-votes.ts';
import { compareExecutors, gainOf, runTransparentExecutors, toSides } from './run-executors.ts';
import { writeRunRemarks } from './run-remarks.ts';

export interface ComposeOptions {
  readonly acquire: () => Promise<InferenceModel>;
  readonly onProgress: (phase: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
  /** Principles by their place in the run and their weights, as written by hand; none: they are selected. */
  readonly fixed?: readonly { readonly index: number; readonly weight: number | null }[];
  /** Put before the other remarks. */
  readonly notes?: readonly string[];
}

interface Evidence {
  readonly run: PrincipleRun;
  readonly principles: readonly RunPrinciple[];
  readonly columns: PrincipleColumns;
  readonly train: PrincipleColumns;
  readonly test: PrincipleColumns;
}

export const documentId = (principleId: number) => `principle:${principleId}`;

/** Makes the document of a run whose votes are all in; the judge’s verdicts on held-out pairs are asked for here. */
export async function composeConstitution(
  database: Database,
  run: PrincipleRun,
  options: ComposeOptions,
): Promise<ConstitutionDocument> {
  const principles = await new PrincipleRunRepository(database).listPrinciples(run.principleRunId);
  const columns = await readPrincipleColumns(database, run, principles);
  const evidence: Evidence = {
    run,
    principles,
    columns,
    train: takePairs(columns, 0),
    test: takePairs(columns, 1),
  };
  options.onProgress('Selecting principles', 0, 1);
  const { signal } = options;
  const { fixed } = options;
  const choice = fixed
    ? await fixChoice(evidence.train, fixed, signal)
    : await choosePrinciples(database, { ...evidence, signal });
  const flipped = fixed
    ? undefined
    : await choosePrinciples(database, {
        run,
        principles,
        train: takePairs(columns, 0, -1),
        isFlipped: true,
        signal,
      });
  const results = await describeAll(database, evidence, { choice, signal });
  const figures = await execute(database, evidence, { ...options, choice, flipped });
  const document = await assemble(database, evidence, { choice, results, figures });
  return { ...document, remarks: [...(options.notes ?? []), ...document.remarks] };
}

async function describeAll(
  database: Database,
  { run, principles, columns }: Evidence,
  { choice, signal }: { choice: Choice; signal: AbortSignal },
): Promise<PrincipleResult[]> {
  const sums = await sumPrincipleVotes(database, run);
  const length = await makeLengthModel(columns, { signal });
  const { hasSides } = await database.one<{ hasSides: boolean }>(
    'SELECT has_sides AS "hasSides" FROM dataset WHERE dataset_id = ?',
    [run.datasetId],
  );
  const results: PrincipleResult[] = [];
  for (const [index, principle] of principles.entries()) {
    const controlled =
      principle.stoppedAfter === null
        ? await controlForLength(columns.votes[index] ?? new Int8Array(0), length, { signal })
        : undefined;
    const result = describePrinciple(
      { id: documentId(principle.principleId), text: principle.text, family: principle.origin, direction: 1 },
      {
        all: sums.all.get(principle.place) ?? noVotes,
        test: sums.test.get(principle.place) ?? noVotes,
        controlled,
      },
      hasSides,
    );
    const rank = choice.chosen.findIndex((one) => one.index === index);
    const weight = choice.chosen[rank]?.weight;
    results.push(
      rank < 0 ? result : { ...result, is_selected: true, rank: rank + 1, weight: weight ?? null },
    );
  }
  return rankPrinciples(results, (id) => id);
}

type ExecutorFigures = Pick<PrincipleRunFigures, 'executors' | 'agreement' | 'judge_gain' | 'flipped'>;

async function execute(
  database: Database,
  { run, principles, train, test, columns }: Evidence,
  options: ComposeOptions & { choice: Choice; flipped: Choice | undefined },
): Promise<ExecutorFigures> {
  const { choice } = options;
  const flipped = options.flipped ?? { chosen: [], isSupported: true };
  const textsOf = ({ chosen }: Choice) => chosen.flatMap(({ index }) => principles[index]?.text ?? []);
  const orderOf = ({ chosen }: Choice, pairs: PrincipleColumns) =>
    orderDecisionList(
      pairs.votes,
      chosen.map(({ index }) => index),
    );
  const sides = runTransparentExecutors(test, choice.chosen, orderOf(choice, train));
  const inverted = takePairs(columns, 1, -1);
  const flippedSides = runTransparentExecutors(
    inverted,
    flipped.chosen,
    orderOf(flipped, takePairs(columns, 0, -1)),
  );
  const judge = async (arm: JudgeArm, constitution: readonly string[]) =>
    judgeHeldOut(database, run, {
      ...options,
      arm,
      constitution,
      onProgress: (done, total) => options.onProgress(`Judging held-out pairs (${arm})`, done, total),
    });
  let gain: ExecutorFigures['judge_gain'] = null;
  if (run.record.request.executor === 'judge') {
    const plain = await judge('plain_judge', []);
    sides.set('plain_judge', toSides(test, plain));
    const own = choice.chosen.length > 0 ? toSides(test, await judge('judge', textsOf(choice))) : undefined;
    if (own) {
      sides.set('judge', own);
      gain = gainOf(test, own, toSides(test, plain));
    }
    flippedSides.set('plain_judge', toSides(inverted, plain));
    if (flipped.chosen.length > 0)
      flippedSides.set('judge', toSides(inverted, await judge('judge_flipped', textsOf(flipped))));
  }
  const compared = compareExecutors(test, sides);
  // What was written by hand was not made from labels, so there is nothing to make from inverted ones.
  const control = options.flipped
    ? compareExecutors(inverted, flippedSides).executors.map((one) => ({
        ...one,
        executor: `${one.executor}_flipped`,
      }))
    : [];
  return {
    executors: [...compared.executors, ...control],
    agreement: compared.agreement,
    judge_gain: gain,
    flipped: textsOf(flipped),
  };
}

async function assemble(
  database: Database,
  { run, principles, columns, train, test }: Evidence,
  { choice, results, figures }: { choice: Choice; results: PrincipleResult[]; figures: ExecutorFigures },
): Promise<ConstitutionDocument> {
  const { request } = run.record;
  const head = await database.one<{ name: string; total: number; labelled: number; ties: number }>(
    `SELECT name, count(c.comparison_id) AS total, count(*) FILTER (c.label IN ('a', 'b')) AS labelled,
       count(*) FILTER (c.label IN ('tie', 'both_bad')) AS ties
     FROM dataset d LEFT JOIN comparison c USING (dataset_id) WHERE dataset_id = ? GROUP BY ALL`,
    [run.datasetId],
  );
  const selected = choice.chosen.map(({ index, weight }) => ({
    trait: index,
    direction: 1 as const,
    weight,
  }));
  const [trained, tried] = [
    evaluateExecutors({ ...train, selected }),
    evaluateExecutors({ ...test, selected }),
  ];
  const document = {
    schema: 'assay.constitution/1' as const,
    executor: request.executor,
    dataset: head.name,
    dataset_id: run.datasetId,
    created_at: new Date().toISOString(),
    seed: request.seed,
    top: request.top,
    pairs: {
      total: head.total,
      labelled: columns.rows,
      ties: head.ties,
      unlabelled: head.total - head.labelled - head.ties,
      prompts: new Set(columns.cluster).size,
    },
    length_control: lengthControlText,
    principles: results,
    constitution: choice.chosen.flatMap(({ index }) => principles[index]?.text ?? []),
    reconstruction: reconstruct(trained, tried),
    run: await countRun(database, run, { principles, figures }),
  };
  const support = { isSupported: choice.isSupported, leftOut: run.record.leftOut ?? 0 };
  return { ...document, remarks: writeRunRemarks(document, support) };
}

function reconstruct(trained: Tried, tried: Tried): ConstitutionDocument['reconstruction'] {
  return {
    train: trained.pairs,
    test: tried.pairs,
    train_prompts: trained.prompts,
    test_prompts: tried.prompts,
    baseline_longer: tried.longer.value,
    baseline_longer_ci: tried.longer.ci,
    majority: tried.majority.value,
    majority_ci: tried.majority.ci,
    weighted: tried.weighted.value,
    weighted_ci: tried.weighted.ci,
    gain_over_longer: tried.gainOverLonger.value,
    gain_over_longer_ci: tried.gainOverLonger.ci,
    train_majority: trained.majority.value,
    train_weighted: trained.weighted.value,
    executor_agreement: tried.agreement,
    silent: tried.silent,
  };
}

async function countRun(
  database: Database,
  run: PrincipleRun,
  { principles, figures }: { principles: readonly RunPrinciple[]; figures: ExecutorFigures },
): Promise<PrincipleRunFigures> {
  const { record } = run;
  const counts = await database.one<{
    votes: number;
    invalid: number;
    calls: number;
    dependent: number;
    valid: number;
  }>(
    `SELECT count(*) AS votes, count(*) FILTER (label = 'invalid') AS invalid, coalesce(sum(n_calls), 0) AS calls,
       count(*) FILTER (v.voter <> '${codeVoter}' AND label <> 'invalid') AS valid,
       count(*) FILTER ((label_ab = 'a' AND label_ba = 'b') OR (label_ab = 'b' AND label_ba = 'a')) AS dependent
     FROM principle_run_principle rr JOIN principle p USING (principle_id)
     JOIN principle_run_pair rp ON rp.principle_run_id = rr.principle_run_id
     JOIN principle_vote v ON v.principle_id = rr.principle_id AND v.comparison_id = rp.comparison_id
       AND v.voter = CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END
     WHERE rr.principle_run_id = ?`,
    [run.voter, run.principleRunId],
  );
  const proposals = await database.one<{ texts: number; failed: number }>(
    `SELECT coalesce(sum(len(texts)), 0) AS texts, count(*) FILTER (fail_reason IS NOT NULL) AS failed
     FROM principle_proposal WHERE principle_run_id = ?`,
    [run.principleRunId],
  );
  const dependent = wilsonInterval(counts.dependent, counts.valid);
  const { selection, icai, propose } = record.request;
  return {
    run: run.principleRunId,
    model: record.model,
    merged_by: record.mergedBy ?? 'none',
    templates: { ...record.templates },
    propose,
    proposed: proposals.texts,
    proposals_failed: proposals.failed,
    candidates: principles.length,
    votes: counts.votes,
    votes_invalid: counts.invalid,
    order_dependent:
      dependent.status === 'undefined'
        ? { value: null, ci: null, n: 0 }
        : { value: dependent.estimate, ci: [dependent.lower, dependent.upper], n: counts.valid },
    calls: counts.calls,
    stopped: principles.flatMap(({ principleId, stoppedAfter }) =>
      stoppedAfter === null ? [] : [{ id: documentId(principleId), after: stoppedAfter }],
    ),
    selection,
    icai: selection === 'icai' ? icai : null,
    ...figures,
  };
}
