import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Core } from '../core/boot.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface ConstitutionOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly executor: string;
  readonly top: string;
  readonly seed: string;
  readonly out: string;
  readonly json?: boolean;
}

/** Constitution, audits and the three report files of one dataset. */
export async function reportOn(
  core: Core,
  options: { dataset: string; top: number; seed: number; out: string },
): Promise<{ directory: string; constitutionId: number }> {
  const { datasets, reports } = core.services;
  const { datasetId } = await datasets.getByName(options.dataset);
  const { constitutionId } = await runJob<{ constitutionId: number }>(core, 'surface-constitution', {
    datasetId,
    top: options.top,
    seed: options.seed,
  });
  await runJob(core, 'audit', { datasetId, seed: options.seed });
  mkdirSync(options.out, { recursive: true });
  const { directory } = await reports.build(constitutionId, path.resolve(options.out));
  return { directory, constitutionId };
}

async function makeConstitution(options: ConstitutionOptions): Promise<void> {
  if (options.executor !== 'surface')
    throw new UsageError(`--executor takes surface, not ${options.executor}`);
  const settings = {
    dataset: options.dataset,
    top: readWholeNumber('top', options.top, 1),
    seed: readWholeNumber('seed', options.seed, 0),
    out: options.out,
  };
  await withCore(options.workspace, async (core) => {
    const { directory, constitutionId } = await reportOn(core, settings);
    const { document } = await core.services.constitutions.get(constitutionId);
    if (options.json) printJson({ directory, ...document });
    else {
      for (const remark of document.remarks) tell(remark);
      document.constitution.forEach((text, index) => console.log(`${index + 1}. ${text}`));
      tell(`The report: ${path.join(directory, 'report.html')}`);
    }
  });
}

async function runAudits(options: {
  workspace: string;
  dataset: string;
  only?: string;
  seed: string;
  json?: boolean;
}): Promise<void> {
  const seed = readWholeNumber('seed', options.seed, 0);
  const document = await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const only = options.only?.split(',').map((name) => name.trim());
    await runJob(core, 'audit', {
      datasetId,
      seed,
      ...(only ? { only } : {}),
    });
    return core.services.audits.latest(datasetId);
  });
  if (options.json) printJson(document);
  else
    for (const audit of document?.audits ?? [])
      console.log(
        `${audit.title}: ${audit.is_applicable ? audit.finding : `not applicable: ${audit.reason}`}`,
      );
}

/** constitution, audit. */
export function addAnalysisCommands(program: Command): void {
  program
    .command('constitution')
    .description('what the labels reward: principles, their strength and a report')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--executor <name>', 'who applies the principles: surface (traits computed by code)', 'surface')
    .option('--top <count>', 'principles in the constitution at most', '7')
    .option('--seed <number>', 'seed of the split', '1')
    .requiredOption('-o, --out <folder>', 'folder for constitution.json, report.html and report.md')
    .option('--json', 'print the constitution as one JSON object')
    .action(makeConstitution);
  program
    .command('audit')
    .description('bias audits')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--only <names>', 'audits to run, separated by commas')
    .option('--seed <number>', 'seed of resampling', '1')
    .option('--json', 'print one JSON object')
    .action(runAudits);
}
