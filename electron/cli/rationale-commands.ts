import type { Command } from 'commander';
import type { JudgeFigure, JudgePlan } from '../contract/judging.contract.ts';
import {
  type LintSummary,
  type RationaleRun,
  rationaleRequestSchema,
  type SufficiencyReport,
} from '../contract/rationale.contract.ts';
import type { Core } from '../core/boot.ts';
import { summariseLint } from '../core/rationales/lint-dataset.ts';
import { planRationales } from '../core/rationales/plan-rationales.ts';
import { reportSufficiency } from '../core/rationales/sufficiency.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface WriteOptions {
  readonly workspace: string;
  readonly dataset?: string;
  readonly model?: string;
  readonly kind: string;
  readonly check?: boolean;
  readonly of?: string;
  readonly filter?: string;
  readonly limit?: string;
  readonly seed: string;
  readonly maxTokens: string;
  readonly temperature: string;
  readonly template?: string;
  readonly name?: string;
  readonly resume?: string;
  readonly plan?: boolean;
  readonly json?: boolean;
}

function need(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`--${name} is missing`);
}

function readFilter(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--filter takes JSON, not ${text}`);
  }
}

async function findAnnotator(
  core: Core,
  datasetId: number,
  name: string | undefined,
): Promise<number | null> {
  if (name === undefined) return null;
  const { sources } = await summariseLint(core.database, datasetId);
  const found = sources.find((source) => source.name === name);
  if (found) return found.annotatorId;
  throw new UsageError(
    `nobody called “${name}” gave rationales; there are ${sources.map((source) => source.name).join(', ') || 'none'}`,
  );
}

/** The words that need no workspace. Throws UsageError, before anything is opened. */
function readWords(options: WriteOptions) {
  const resumed = options.resume === undefined ? null : readWholeNumber('resume', options.resume, 1);
  if (resumed !== null) return { resumed, asked: null };
  return {
    resumed,
    asked: {
      dataset: need('dataset', options.dataset),
      modelId: need('model', options.model),
      ...(options.limit === undefined ? {} : { limit: readWholeNumber('limit', options.limit, 1) }),
      seed: readWholeNumber('seed', options.seed, 0),
      maxTokens: readWholeNumber('max-tokens', options.maxTokens, 16),
    },
  };
}

type Asked = NonNullable<ReturnType<typeof readWords>['asked']>;

async function readRequest(core: Core, { dataset, ...asked }: Asked, options: WriteOptions) {
  const { datasetId } = await core.services.datasets.getByName(dataset);
  const parsed = rationaleRequestSchema.safeParse({
    datasetId,
    task: options.check ? 'check' : 'write',
    kind: options.kind,
    annotatorId: await findAnnotator(core, datasetId, options.of),
    filter: readFilter(options.filter),
    ...asked,
    temperature: Number(options.temperature),
    template: options.template,
    name: options.name,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${issue?.path.join('.') ?? 'an option'}: ${issue?.message ?? 'not valid'}`);
}

async function write(options: WriteOptions): Promise<void> {
  const { resumed, asked } = readWords(options);
  await withCore(options.workspace, async (core) => {
    const { rationales } = core.services;
    const request = asked && (await readRequest(core, asked, options));
    if (request && options.plan === true) {
      const plan = await planRationales(rationales, { ...request, calibrate: true });
      return options.json ? printJson(plan) : printPlan(plan);
    }
    const rationaleRunId = request ? await rationales.create(request) : resumed;
    if (rationaleRunId === null) return;
    await runJob(core, 'rationales', { rationaleRunId });
    const run = await rationales.get(rationaleRunId);
    if (run.task === 'check') {
      const report = await reportSufficiency(rationales, rationaleRunId);
      return options.json ? printJson(report) : printReport(report);
    }
    return options.json ? printJson(run) : printRun(run);
  });
}

function printPlan(plan: JudgePlan): void {
  for (const warning of plan.warnings) tell(warning);
  console.log(
    `${plan.items} pairs, ${plan.calls} calls, about ${plan.promptTokens} tokens to read, at most ${plan.generatedTokens} to write.`,
  );
  console.log(
    plan.minutes === null
      ? 'No time estimate.'
      : `About ${plan.minutes.toFixed(1)} minutes on this machine, from ${plan.calibratedOn} pairs.`,
  );
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;

function sayShare({ value, low, high, n }: JudgeFigure): string {
  if (value === null) return `unknown (n = ${n})`;
  const interval = low === null || high === null ? '' : ` [${percent(low)}, ${percent(high)}]`;
  return `${percent(value)}${interval}, n = ${n}`;
}

function printRun(run: RationaleRun): void {
  console.log(
    `Run ${run.rationaleRunId}: ${run.done - run.invalid} of ${run.planned} pairs have a rationale, ${run.invalid} none after two answers.`,
  );
  if (run.chosenFirst) console.log(`Chosen response shown first: ${sayShare(run.chosenFirst)}`);
}

function printReport({ run, own, shuffled, difference, warnings }: SufficiencyReport): void {
  for (const warning of warnings) tell(warning);
  console.log(`Run ${run.rationaleRunId}, judge ${run.record.model.name}`);
  console.log(`Label recovered from the rationale      ${sayShare(own.accuracy)}, ${own.invalid} invalid`);
  console.log(
    `… from the rationale of another pair    ${sayShare(shuffled.accuracy)}, ${shuffled.invalid} invalid`,
  );
  console.log(`Difference                              ${sayShare(difference)}`);
}

function printLint(summary: LintSummary): void {
  for (const source of summary.sources) {
    console.log(
      `${source.name} (${source.kind}): ${source.rationales} rationales, clean ${sayShare(source.clean)}`,
    );
    if (source.unchecked > 0)
      console.log(
        `  not in English, winner and length not checked: ${source.unchecked} of ${source.linted} (${source.languages.map(({ language, n }) => `${language} ${n}`).join(', ')})`,
      );
    for (const { finding, share } of source.findings)
      if ((share.value ?? 0) > 0) console.log(`  ${finding.padEnd(20)} ${sayShare(share)}`);
  }
}

interface ReportOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly run?: string;
  readonly json?: boolean;
}

async function report(options: ReportOptions): Promise<void> {
  const asked = options.run === undefined ? null : [readWholeNumber('run', options.run, 1)];
  await withCore(options.workspace, async (core) => {
    const { rationales, datasets } = core.services;
    const { datasetId } = await datasets.getByName(options.dataset);
    await runJob(core, 'rationale-lint', { datasetId });
    const lint = await summariseLint(core.database, datasetId);
    const runs = await rationales.list(datasetId);
    const checks = asked ?? runs.filter((run) => run.task === 'check').map((run) => run.rationaleRunId);
    const sufficiency: SufficiencyReport[] = [];
    for (const id of checks) sufficiency.push(await reportSufficiency(rationales, id));
    if (options.json) return printJson({ lint, runs, sufficiency });
    printLint(lint);
    for (const one of sufficiency) printReport(one);
  });
}

/** rationales, rationales-report. */
export function addRationaleCommands(program: Command): void {
  program
    .command('rationales')
    .description(
      'let a model write why the chosen response is better, or check whether that can be told from it',
    )
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('-d, --dataset <name>', 'the dataset')
    .option('-m, --model <model>', 'a model by name or id')
    .option('-k, --kind <kind>', 'general, or specific: by quoted passages', 'general')
    .option(
      '--check',
      'let the model recover the label from rationales that are there, and from shuffled ones',
    )
    .option('--of <name>', 'with --check: whose rationales; without, the first of each pair')
    .option('--filter <json>', 'only the pairs of a filter')
    .option('-n, --limit <count>', 'a random sample of this size')
    .option('--seed <number>', 'of the sample, the order shown and the model', '1')
    .option('--max-tokens <count>', 'most tokens of a rationale', '200')
    .option('--temperature <number>', '0 = the most probable token each time', '0')
    .option('--template <hash>', 'an edited version of the prompt')
    .option('--name <name>', 'name of the author in the dataset')
    .option('--resume <run>', 'go on with a run that was stopped')
    .option('--plan', 'only say what it would cost')
    .option('--json', 'print one JSON object')
    .action(write);
  program
    .command('rationales-report')
    .description('lint every rationale of a dataset, and show what its checks found')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--run <run>', 'one check only')
    .option('--json', 'print one JSON object')
    .action(report);
}
