import path from 'node:path';
import type { Command } from 'commander';
import { type JudgeFigure, type JudgeReport, judgeRequestSchema } from '../contract/judging.contract.ts';
import type { DegreeReport } from '../contract/mining.contract.ts';
import type { Core } from '../core/boot.ts';
import { measureDegreeOrder } from '../core/curation/mining/degree-order.ts';
import { fitRunWeights } from '../core/judging/feature-weights.ts';
import { importVerdicts } from '../core/judging/import-verdicts.ts';
import { planRun } from '../core/judging/judge-plan.ts';
import { buildJudgeReport } from '../core/judging/judge-report.ts';
import { getProtocol } from '../core/judging/protocols/registry.ts';
import { listRaters } from '../core/judging/raters.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface JudgeOptions {
  readonly workspace: string;
  readonly dataset?: string;
  readonly model?: readonly string[];
  readonly protocol: string;
  readonly params?: string;
  readonly order: string;
  readonly tieEpsilon: string;
  readonly filter?: string;
  readonly limit?: string;
  readonly seed: string;
  readonly name?: string;
  readonly resume?: string;
  readonly plan?: boolean;
  readonly json?: boolean;
}

const collect = (value: string, previous: string[] = []) => [...previous, value];

function readJson(option: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--${option} takes JSON, not ${text}`);
  }
}

/** `role=model`, or a bare model for the protocol's first role; a role that takes many may be given several times. */
function readModels(protocolId: string, given: readonly string[]): Record<string, string[]> {
  const { roles } = getProtocol(protocolId);
  const models: Record<string, string[]> = {};
  for (const text of given) {
    const [, named, rest] = /^([a-z_]+)=(.+)$/.exec(text) ?? [];
    const role = named !== undefined && roles.some((one) => one.id === named) ? named : roles[0]?.id;
    if (role === undefined) continue;
    models[role] = [...(models[role] ?? []), role === named ? (rest ?? '') : text];
  }
  return models;
}

async function judge(options: JudgeOptions): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const judgeRunId =
      options.resume === undefined
        ? await prepare(core, options)
        : readWholeNumber('resume', options.resume, 1);
    if (judgeRunId === undefined) return;
    await runJob(core, 'judge', { judgeRunId });
    const run = await core.services.judging.get(judgeRunId);
    if (options.json) return printJson(run);
    console.log(
      `Run ${run.judgeRunId}: ${run.done} of ${run.planned} judged, ${run.invalid} without a valid answer.`,
    );
    console.log(`Agreement with the labels: ${sayShare(run.accuracy)}`);
    tell(`The report: assay judge-report --workspace … --dataset … --judge "${run.name}"`);
  });
}

/** Starts a run, or prints its plan and answers undefined. */
async function prepare(core: Core, options: JudgeOptions): Promise<number | undefined> {
  if (options.dataset === undefined) throw new UsageError('--dataset is missing');
  const { datasets, judging } = core.services;
  const { datasetId } = await datasets.getByName(options.dataset);
  const request = judgeRequestSchema.parse({
    datasetId,
    protocol: options.protocol,
    models: readModels(options.protocol, options.model ?? []),
    params: readJson('params', options.params),
    filter: readJson('filter', options.filter),
    order: options.order,
    tieEpsilon: Number(options.tieEpsilon),
    ...(options.limit === undefined ? {} : { limit: readWholeNumber('limit', options.limit, 1) }),
    seed: readWholeNumber('seed', options.seed, 0),
    name: options.name,
  });
  if (!options.plan) return judging.create(request);
  const plan = await planRun(judging, core.database, { ...request, calibrate: true });
  if (options.json) printJson(plan);
  else {
    for (const warning of plan.warnings) tell(warning);
    console.log(
      `${plan.items} items, ${plan.calls} calls, about ${plan.promptTokens} tokens to read (${plan.reusedTokens} of them shared), ${plan.generatedTokens} to write.`,
    );
    console.log(
      plan.minutes === null
        ? 'No time estimate.'
        : `About ${plan.minutes.toFixed(1)} minutes on this machine, from ${plan.calibratedOn} items.`,
    );
  }
  return undefined;
}

interface ReportOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly judge: string;
  readonly reference?: string;
  readonly json?: boolean;
}

async function report(options: ReportOptions): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const raters = await listRaters(core.database, datasetId);
    const find = (name: string) => {
      const rater = raters.find((one) => one.name === name || String(one.judgeRunId) === name);
      if (rater) return rater;
      throw new UsageError(
        `there is no judge “${name}”; there are ${raters.map((one) => one.name).join(', ')}`,
      );
    };
    const judged = find(options.judge);
    const document = await buildJudgeReport(core.database, {
      datasetId,
      annotatorId: judged.annotatorId,
      referenceId: options.reference === undefined ? null : find(options.reference).annotatorId,
    });
    const degrees =
      judged.judgeRunId === null ? null : await measureDegreeOrder(core.database, judged.judgeRunId);
    if (options.json) return printJson({ ...document, degrees });
    printReport(document);
    if (degrees && degrees.adjacentAccuracy.n > 0) printDegrees(degrees);
  });
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;

function sayShare({ value, low, high, n }: JudgeFigure): string {
  if (value === null) return `unknown (n = ${n})`;
  const interval = low === null || high === null ? '' : ` [${percent(low)}, ${percent(high)}]`;
  return `${percent(value)}${interval}, n = ${n}`;
}

function sayNumber({ value, low, high, n }: JudgeFigure): string {
  if (value === null) return `unknown (n = ${n})`;
  const interval = low === null || high === null ? '' : ` [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  return `${value.toFixed(3)}${interval}, n = ${n}`;
}

function printReport({
  judge,
  reference,
  items,
  agreement,
  position,
  length,
  calibration,
  warnings,
}: JudgeReport): void {
  for (const warning of warnings) tell(warning);
  const lines: [string, string][] = [
    ['Judge', judge.name],
    ['Compared with', reference.name],
    ['Pairs', `${items.judged} judged, ${items.invalid} invalid, ${items.compared} compared`],
    ['Accuracy', sayShare(agreement.accuracy)],
    ['Accuracy, ties too', sayShare(agreement.accuracyWithTies)],
    ['Cohen’s kappa', sayNumber(agreement.kappa)],
    ['Kappa, ties too', sayNumber(agreement.kappaWithTies)],
    ['Same in both orders', sayShare(position.consistent)],
    ['Follows first place', sayShare(position.firstBiased)],
    ['Follows second place', sayShare(position.secondBiased)],
    ['Longer wins', sayShare(length.longerWins)],
    ['Longer wins, reference', sayShare(length.referenceLongerWins)],
    ['Correlation with length', sayNumber(length.correlation)],
    ['Calibration error', sayNumber(calibration.expectedError)],
  ];
  for (const [name, value] of lines) console.log(`${name.padEnd(24)} ${value}`);
}

function printDegrees({ degreeSpearman, adjacentAccuracy }: DegreeReport): void {
  console.log(`${'Order of degrees'.padEnd(24)} ${sayNumber(degreeSpearman)}`);
  console.log(`${'Neighbouring degrees'.padEnd(24)} ${sayShare(adjacentAccuracy)}`);
}

interface WeightCommandOptions {
  readonly workspace: string;
  readonly run: string;
  readonly seed: string;
  readonly json?: boolean;
}

async function fitWeights({ workspace, run, seed, json }: WeightCommandOptions): Promise<void> {
  await withCore(workspace, async ({ database, services }) => {
    const stored = await services.judging.runs.get(readWholeNumber('run', run, 1));
    const fit = await fitRunWeights(database, stored, {
      trainShare: 0.8,
      seed: readWholeNumber('seed', seed, 0),
    });
    if (json) return printJson(fit);
    for (const { name, weight } of fit.features) console.log(`${name.padEnd(24)} ${sayNumber(weight)}`);
    console.log(`${'Held-out accuracy'.padEnd(24)} ${sayShare(fit.heldOut)}`);
    tell(`Fitted on ${fit.trained} pairs, measured on ${fit.tested}; ${fit.leftOut} left out.`);
  });
}

interface VerdictOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly name: string;
  readonly id: string;
  readonly verdict: string;
  readonly rationale?: string;
  readonly first?: string;
  readonly json?: boolean;
}

async function readVerdicts(file: string, options: VerdictOptions): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const summary = await importVerdicts(core.workspace, {
      datasetId,
      file: path.resolve(file),
      name: options.name,
      idColumn: options.id,
      verdictColumn: options.verdict,
      rationaleColumn: options.rationale,
      firstColumn: options.first,
    });
    if (options.json) return printJson(summary);
    console.log(
      `${summary.imported} of ${summary.rows} verdicts of ${options.name} imported, ${summary.unmatched} name no pair.`,
    );
    if (summary.unreadable > 0)
      tell(
        `${summary.unreadable} are no verdict (${summary.unknownWords.join(', ')}); they count as none, not as ties.`,
      );
    if (summary.unmatched > 0) tell(`Ids without a pair, for example: ${summary.unknownIds.join(', ')}`);
  });
}

async function listProtocols(options: { workspace: string; json?: boolean }): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const protocols = core.services.judging.listProtocols();
    if (options.json) return printJson(protocols);
    for (const { protocol, title, subject, roles } of protocols)
      console.log(
        `${protocol.padEnd(24)} ${subject.padEnd(9)} ${title}  (${roles.map((one) => one.role).join(', ')})`,
      );
  });
}

/** judge, judge-report, protocols. */
export function addJudgingCommands(program: Command): void {
  program
    .command('judge')
    .description('label pairs or score responses with a model')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('-d, --dataset <name>', 'the dataset')
    .option('-m, --model <model>', 'a model by name or id, or role=model (repeatable)', collect)
    .option('-p, --protocol <protocol>', 'how to judge; see assay protocols', 'pairwise-logits')
    .option('--params <json>', 'parameters of the protocol')
    .option('--order <policy>', 'average, consistent_only or random_single', 'average')
    .option('--tie-epsilon <number>', 'a tie below this distance of p from one half', '0.05')
    .option('--filter <json>', 'only the rows of a filter')
    .option('-n, --limit <count>', 'a random sample of this size')
    .option('--seed <number>', 'of the sample and of everything drawn', '1')
    .option('--name <name>', 'name of the judge in the dataset')
    .option('--resume <run>', 'go on with a run that was stopped')
    .option('--plan', 'only say what it would cost')
    .option('--json', 'print one JSON object')
    .action(judge);
  program
    .command('judge-verdicts')
    .description('put the verdicts of another judge beside the pairs of a dataset')
    .argument('<file>', 'JSON, JSONL, CSV or Parquet with an id and a verdict per row')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .requiredOption('--name <name>', 'name of the judge')
    .requiredOption('--id <column>', 'column with the example id of the pair')
    .requiredOption('--verdict <column>', 'column with the verdict: 1, 2, A, B, tie …')
    .option('--rationale <column>', 'column with the reason')
    .option('--first <column>', 'column that says which response was shown first')
    .option('--json', 'print one JSON object')
    .action(readVerdicts);
  program
    .command('judge-report')
    .description('how a judge agrees with the labels, keeps to its choice and follows length')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .requiredOption('--judge <name>', 'name of the judge, or the number of its run')
    .option('--reference <name>', 'another judge or rater instead of the dataset’s labels')
    .option('--json', 'print one JSON object')
    .action(report);
  program
    .command('judge-weights')
    .description('weights of the domain features of a run, fitted on the labels')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('--run <number>', 'the run')
    .option('--seed <number>', 'of the split by prompt', '1')
    .option('--json', 'print one JSON object')
    .action(fitWeights);
  program
    .command('protocols')
    .description('list the ways to judge')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON array')
    .action(listProtocols);
}
