import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { CurationOutcome } from '../contract/curation.contract.ts';
import type { Core } from '../core/boot.ts';
import { curationSteps } from '../core/curation/registry.ts';
import { type OpenRecipe, openRecipe, type RecipeTools, runRecipe } from '../core/curation/recipe-run.ts';
import type { Difference } from '../core/curation/run-record.ts';
import { printJson, tell, UsageError } from './output.ts';
import { version } from './version.ts';
import { waitForJob, withCore } from './with-core.ts';

interface RunOptions {
  readonly workspace?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Differences that are printed at most. */
const mostShown = 20;

const toolsOf = (core: Core): RecipeTools => ({
  database: core.database,
  datasets: core.services.datasets,
  judging: core.services.judging,
  principles: core.services.principles,
  version,
  startJob: (type, spec) => core.services.jobs.start(type, spec),
  waitForJob: (jobId) =>
    waitForJob(core, () => {
      core.services.jobs.run();
      return Promise.resolve(jobId);
    }),
  readAudit: (auditRunId) => core.services.audits.get(auditRunId),
  readConstitution: async (constitutionId) =>
    (await core.services.constitutions.get(constitutionId)).document,
  tell,
});

function tellSteps(outcome: CurationOutcome): void {
  console.log(`${outcome.source} pairs in the source`);
  for (const step of outcome.steps) {
    const parts = [
      step.dropped > 0 ? `${step.dropped} dropped` : '',
      step.added > 0 ? `${step.added} added` : '',
      step.changed > 0 ? `${step.changed} changed` : '',
    ].filter(Boolean);
    console.log(`${step.out}\t${step.step}: ${parts.join(', ') || 'nothing to do'}`);
    for (const { reason, count } of step.droppedWhy) console.log(`\t  − ${count} ${reason}`);
    for (const note of step.notes) console.log(`\t  ${note}`);
  }
  for (const { split, pairs } of outcome.splits) console.log(`${pairs}\t${split}`);
}

function tellDifferences(differences: readonly Difference[]): void {
  if (differences.length === 0) {
    console.log('Run again: every number is the same.');
    return;
  }
  console.log(`Run again: ${differences.length} values differ.`);
  for (const { path: where, before, after } of differences.slice(0, mostShown))
    console.log(`${where}\t${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  if (differences.length > mostShown) console.log(`… and ${differences.length - mostShown} more`);
}

/** The workspace for a run: the one given; for a record without one, a new one that goes afterwards. */
async function withWorkspace(
  open: OpenRecipe,
  given: string | undefined,
  work: (workspace: string) => Promise<void>,
): Promise<void> {
  if (given !== undefined) return work(given);
  if (open.former === null) throw new UsageError('--workspace is missing: where to keep the datasets');
  if (open.recipe.import === undefined)
    throw new UsageError('--workspace is missing: the recipe works on a dataset of a workspace');
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-run-'));
  try {
    await work(path.join(folder, 'run.assay'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runFile(file: string, options: RunOptions): Promise<void> {
  const open = openRecipe(file, options.out);
  await withWorkspace(open, options.workspace, (workspace) =>
    withCore(workspace, async (core) => {
      const { record, file: written, differences } = await runRecipe(toolsOf(core), open);
      if (options.json) printJson({ record, file: written, differences });
      else {
        for (const { name, done, planned, invalid } of record.figures.judges ?? [])
          console.log(
            `${String(done)}\tof ${String(planned)} judged by ${String(name)}, ${String(invalid)} without a valid answer`,
          );
        if (record.figures.curate) tellSteps(record.figures.curate);
        for (const { to, rows, skipped } of record.figures.export)
          console.log(`${rows}\t${to}${skipped > 0 ? ` (${skipped} pairs left out)` : ''}`);
        if (differences) tellDifferences(differences);
        tell(`The record of the run is ${written}.`);
      }
      if (differences && differences.length > 0) process.exitCode = 1;
    }),
  );
}

function listSteps(options: { readonly json?: boolean }): void {
  const steps = curationSteps.map(({ id, family, title, description }) => ({
    step: id,
    family,
    title,
    description,
  }));
  if (options.json) printJson(steps);
  else for (const { step, description } of steps) console.log(`${step}\t${description}`);
}

/** run, steps. */
export function addRecipeCommands(program: Command): void {
  program
    .command('run')
    .description(
      'run a recipe file from import to export; or run the record of a run again and tell what differs',
    )
    .argument('<file>', 'recipe.yml, or the run-record.json of a former run')
    .option(
      '-w, --workspace <folder>',
      'the workspace; a record without it is run in a new one that goes afterwards',
    )
    .option('-o, --out <folder>', 'where to write to, in place of the output folder of the recipe')
    .option('--json', 'print one JSON object')
    .action(runFile);
  program
    .command('steps')
    .description('the steps that a recipe can have')
    .option('--json', 'print one JSON array')
    .action(listSteps);
}
