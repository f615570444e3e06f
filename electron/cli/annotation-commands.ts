import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type AgreementFigure,
  type ProjectSettings,
  projectSettingsSchema,
} from '../contract/annotation.contract.ts';
import { projectTemplates } from '../core/annotation/templates.ts';
import { printJson, readWholeNumber, UsageError } from './output.ts';
import { withCore } from './with-core.ts';

interface CreateOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly name?: string;
  readonly template: string;
  readonly guidelines?: string;
  readonly config?: string;
  readonly limit?: string;
  readonly order?: string;
  readonly seed?: string;
  readonly overlap?: string;
  readonly gold?: string;
  readonly json?: boolean;
}

function readConfig(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(
      `--config could not be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new UsageError('--config takes a file with one JSON object');
}

/** The settings of a template with the file's and the options' values over it. Throws UsageError. */
function readSettings(options: CreateOptions): ProjectSettings {
  const template = projectTemplates.find((one) => one.id === options.template);
  if (!template)
    throw new UsageError(
      `--template takes one of ${projectTemplates.map((one) => one.id).join(', ')}, not ${options.template}`,
    );
  const count = (name: 'limit' | 'seed' | 'overlap', least: number) => {
    const text = options[name];
    return text === undefined ? {} : { [name]: readWholeNumber(name, text, least) };
  };
  const parsed = projectSettingsSchema.safeParse({
    name: template.title,
    guidelines: template.guidelines,
    questions: template.questions,
    ...(options.config !== undefined && readConfig(options.config)),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.guidelines !== undefined && { guidelines: readFileSync(options.guidelines, 'utf8') }),
    ...(options.order !== undefined && { order: options.order }),
    ...count('limit', 1),
    ...count('seed', 0),
    ...count('overlap', 1),
    ...(options.gold !== undefined && {
      gold: { count: readWholeNumber('gold', options.gold, 1), source: 'labels' },
    }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`the project is not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

async function create(options: CreateOptions): Promise<void> {
  const settings = readSettings(options);
  await withCore(options.workspace, async ({ services }) => {
    const { datasetId } = await services.datasets.getByName(options.dataset);
    const made = await services.annotation.create(datasetId, settings);
    if (options.json) return printJson(made);
    console.log(`Project ${made.projectId}: ${made.items} items, ${made.goldItems} of them gold.`);
  });
}

interface ListOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly json?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  await withCore(options.workspace, async ({ services }) => {
    const { datasetId } = await services.datasets.getByName(options.dataset);
    const projects = await services.annotation.projects.list(datasetId);
    if (options.json) return printJson(projects);
    for (const { projectId, settings, complete, items, answers } of projects)
      console.log(`${projectId}  ${settings.name}  ${complete} of ${items} complete, ${answers} answers`);
  });
}

interface OneOptions {
  readonly workspace: string;
  readonly json?: boolean;
}

async function status(project: string, options: OneOptions): Promise<void> {
  const projectId = readWholeNumber('project', project, 1);
  await withCore(options.workspace, async ({ services }) => {
    const found = await services.annotation.projects.get(projectId);
    const { raters } = await services.annotation.measureAgreement(projectId);
    if (options.json) return printJson({ ...found, byRater: raters });
    console.log(
      `${found.settings.name}: ${found.complete} of ${found.items} complete, ${found.answers} answers`,
    );
    for (const rater of raters)
      console.log(
        `  ${rater.name}: ${rater.submitted} answers, ${rater.skipped} skipped, gold ${say(rater.gold)}`,
      );
  });
}

function say({ value, low, high, n }: AgreementFigure): string {
  if (value === null) return `none (n = ${n})`;
  const interval = low === null || high === null ? '' : ` [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  return `${value.toFixed(3)}${interval} (n = ${n})`;
}

async function agreement(project: string, options: OneOptions): Promise<void> {
  const projectId = readWholeNumber('project', project, 1);
  await withCore(options.workspace, async ({ services }) => {
    const report = await services.annotation.measureAgreement(projectId);
    if (options.json) return printJson(report);
    for (const { title, alpha, fleiss, pairs } of report.questions) {
      console.log(`${title}: alpha ${say(alpha)}, Fleiss ${say(fleiss)}`);
      for (const pair of pairs) console.log(`  ${pair.first} and ${pair.second}: kappa ${say(pair.kappa)}`);
    }
  });
}

/** annotate-project create, list, status, agreement. */
export function addAnnotationCommands(program: Command): void {
  const group = program.command('annotate-project').description('projects in which people judge pairs');
  group
    .command('create')
    .description('freeze a queue of pairs and the questions asked about them')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--name <name>', 'name of the project')
    .option('--template <id>', projectTemplates.map((one) => one.id).join(', '), 'pairwise')
    .option('--guidelines <file>', 'a Markdown file')
    .option('--config <file>', 'a JSON file with any of the settings, questions and filter too')
    .option('-n, --limit <count>', 'at most so many items')
    .option('--order <order>', 'random, disagreement or uncertainty')
    .option('--seed <number>', 'of the order, the sides and the gold items')
    .option('--overlap <count>', 'raters per item')
    .option('--gold <count>', 'items with a known answer, from the labels of the dataset')
    .option('--json', 'print one JSON object')
    .action(create);
  group
    .command('list')
    .description('the projects of a dataset')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--json', 'print one JSON array')
    .action(list);
  group
    .command('status')
    .description('how far a project is, and each of its raters')
    .argument('<project>', 'its number')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON object')
    .action(status);
  group
    .command('agreement')
    .description('how the raters of a project agree, per question')
    .argument('<project>', 'its number')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON object')
    .action(agreement);
}
