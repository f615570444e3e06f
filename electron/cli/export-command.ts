import path from 'node:path';
import type { Command } from 'commander';
import {
  exportCompressionSchema,
  exportContainerSchema,
  type ExportOption,
  type ExportSpec,
  exportSpecSchema,
  type ExportSummary,
  recipeColumnSchema,
} from '../contract/export.contract.ts';
import { filterSchema } from '../contract/filter.contract.ts';
import { checkSpec } from '../core/export/export.service.ts';
import { listFormats } from '../core/export/registry.ts';
import type { Core } from '../core/boot.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface ExportOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly format: string;
  readonly out?: string;
  readonly container?: string;
  readonly compression: string;
  readonly shards?: string;
  readonly rowsPerShard?: string;
  readonly splits?: string;
  readonly recipe?: string;
  readonly seed: string;
  readonly filter?: string;
  readonly ties: string;
  readonly bothBad: string;
  readonly minStrength?: string;
  readonly annotator?: string;
  readonly option?: string[];
  readonly hub?: boolean;
  readonly licence?: string;
  readonly overwrite?: boolean;
  readonly plan?: boolean;
  readonly json?: boolean;
}

/** Formats of former releases and words people try first. */
const aliases: Readonly<Record<string, { readonly format: string; readonly container?: string }>> = {
  jsonl: { format: 'table', container: 'jsonl' },
  csv: { format: 'table', container: 'csv' },
  parquet: { format: 'table', container: 'parquet' },
};

function readChoice(name: string, given: string, known: readonly string[]): string {
  if (known.includes(given)) return given;
  throw new UsageError(`--${name} takes ${known.join(', ')}, not ${given || 'nothing'}`);
}

function readShare(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new UsageError(`--${name} takes a number from 0 to 1, not ${text || 'nothing'}`);
  return value;
}

function readSplits(text: string, seed: string): ExportSpec['splits'] {
  if (text === 'recipe') return { train: 1, validation: 0, test: 0, seed: 1, from: 'recipe' };
  const shares = text.split(',').map((part) => readShare('splits', part));
  const [train, validation, test, ...more] = shares;
  if (train === undefined || validation === undefined || test === undefined || more.length > 0)
    throw new UsageError(
      '--splits takes three shares: train,validation,test, for example 0.9,0.05,0.05; or recipe: those a recipe dealt',
    );
  if (train + validation + test <= 0) throw new UsageError('--splits adds up to nothing');
  return { train, validation, test, seed: readWholeNumber('seed', seed, 0) };
}

function readRecipe(text: string | undefined): ExportSpec['recipe'] {
  if (text === undefined || text === 'all') return null;
  if (text === 'none') return [];
  return text
    .split(',')
    .map((name) => recipeColumnSchema.parse(readChoice('recipe', name.trim(), recipeColumnSchema.options)));
}

function readFilter(text: string): ExportSpec['filter'] {
  try {
    return filterSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(
      '--filter takes a JSON filter, for example {"clauses":[{"op":"in","field":"model_a","values":["m"]}]}',
    );
  }
}

function readValue(option: ExportOption | undefined, text: string): string | number | boolean {
  if (option?.kind === 'number') return Number(text);
  if (option?.kind === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

function readOptions(format: string, pairs: readonly string[] = []): ExportSpec['options'] {
  const known = listFormats().find((candidate) => candidate.format === format)?.options ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [id = '', ...rest] = pair.split('=');
      if (rest.length === 0) throw new UsageError(`--option takes name=value, not ${pair}`);
      return [
        id,
        readValue(
          known.find((option) => option.id === id),
          rest.join('='),
        ),
      ];
    }),
  );
}

function readPlace(options: ExportOptions, isFile: boolean): Pick<ExportSpec, 'destination' | 'layout'> {
  const out = options.out === undefined ? undefined : path.resolve(options.out);
  return {
    layout: options.hub ? 'hub' : isFile ? 'file' : 'folder',
    destination: {
      folder: out === undefined ? null : path.dirname(out),
      name: out === undefined ? null : path.basename(out),
      overwrite: options.overwrite ?? false,
    },
  };
}

/** The container that the name of the file asks for; the format's own where it asks for none. */
function containerOf(options: ExportOptions, given: string | undefined): string | undefined {
  if (given !== undefined) return given;
  if (options.hub) return 'parquet';
  const ending = /\.(jsonl|parquet|csv|json)(\.gz|\.zst)?$/.exec(options.out ?? '')?.[1];
  const known = listFormats().find(
    (one) => one.format === (aliases[options.format]?.format ?? options.format),
  );
  return known?.containers.find((container) => container === ending);
}

function readSpec(options: ExportOptions): Omit<ExportSpec, 'datasetId'> {
  const alias = aliases[options.format];
  const known = listFormats().map((one) => one.format);
  const format = alias?.format ?? readChoice('format', options.format, known);
  const container = containerOf(options, options.container ?? alias?.container);
  const isFile = !options.hub && !options.splits && !options.shards && !options.rowsPerShard;
  if (container !== undefined) readChoice('container', container, exportContainerSchema.options);
  const spec = exportSpecSchema.omit({ datasetId: true }).parse({
    format,
    options: readOptions(format, options.option),
    ...(container === undefined ? {} : { container }),
    compression: readChoice('compression', options.compression, exportCompressionSchema.options),
    shards: options.shards === undefined ? null : readWholeNumber('shards', options.shards, 1),
    rowsPerShard:
      options.rowsPerShard === undefined ? null : readWholeNumber('rows-per-shard', options.rowsPerShard, 1),
    ...(options.filter === undefined ? {} : { filter: readFilter(options.filter) }),
    ties: readChoice('ties', options.ties, ['auto', 'drop', 'keep', 'both']),
    bothBad: readChoice('both-bad', options.bothBad, ['auto', 'drop', 'keep', 'tie']),
    minStrength: options.minStrength === undefined ? null : readShare('min-strength', options.minStrength),
    splits: options.splits === undefined ? null : readSplits(options.splits, options.seed),
    recipe: readRecipe(options.recipe),
    licence: options.licence ?? null,
    ...readPlace(options, isFile),
  });
  checkSpec({ ...spec, datasetId: 0 });
  return spec;
}

async function findAnnotator(
  core: Core,
  datasetId: number,
  name: string | undefined,
): Promise<number | null> {
  if (name === undefined) return null;
  const all = await core.services.exports.listAnnotators(datasetId);
  const found = all.find((one) => one.name === name && one.aspect === null);
  if (found) return found.annotatorId;
  const known = all.flatMap((one) => (one.aspect === null ? [one.name] : []));
  throw new UsageError(`--annotator takes ${known.join(', ') || 'nothing: nobody voted'}, not ${name}`);
}

function tellPlan(plan: Awaited<ReturnType<Core['services']['exports']['plan']>>): void {
  console.log(
    `${plan.written} of ${plan.selected} rows of the dataset would be written, as ${plan.rows} rows.`,
  );
  for (const { split, written, clusters } of plan.splits)
    if (split !== '') console.log(`${split}: ${written} rows, ${clusters} prompt clusters`);
  for (const { kind, count, text } of plan.warnings) console.log(`${kind}\t${count}\t${text}`);
  if (plan.scanned < plan.written)
    console.log(`Personal data was looked for in the first ${plan.scanned} rows.`);
  if (plan.licence.question) console.log(plan.licence.question);
}

async function exportDataset(options: ExportOptions): Promise<void> {
  const given = readSpec(options);
  if (options.out === undefined && !options.plan) throw new UsageError('--out is missing: where to write to');
  await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const spec = {
      ...given,
      datasetId,
      annotatorId: await findAnnotator(core, datasetId, options.annotator),
    };
    if (options.plan) {
      const plan = await core.services.exports.plan({ ...spec, looksForPersonalData: true });
      if (options.json) printJson(plan);
      else tellPlan(plan);
      return;
    }
    const summary = await runJob<ExportSummary>(core, 'export', spec);
    if (options.json) printJson(summary);
    else {
      const files = summary.files.length === 1 ? '' : ` in ${summary.files.length} files`;
      tell(
        `${summary.rows} rows ${summary.wasThere ? 'were there already' : 'written'} to ${summary.file}${files}${summary.skipped > 0 ? `; left out: ${summary.skippedWhy}` : ''}.`,
      );
    }
  });
}

const collect = (value: string, previous: string[] = []) => [...previous, value];

/** export. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('write a dataset or a part of it to files; --plan tells beforehand what would be lost')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .requiredOption(
      '-f, --format <format>',
      [...listFormats().map((one) => one.format), ...Object.keys(aliases)].join(', '),
    )
    .option('-o, --out <file>', 'the file to write; a folder where there are splits, shards or --hub')
    .option('--container <kind>', exportContainerSchema.options.join(', '))
    .option('--compression <kind>', exportCompressionSchema.options.join(', '), 'none')
    .option('--shards <count>', 'files of each split')
    .option('--rows-per-shard <count>', 'pairs in a file at most')
    .option(
      '--splits <shares>',
      'train,validation,test by prompt clusters, for example 0.9,0.05,0.05; or recipe',
    )
    .option(
      '--recipe <columns>',
      `what a recipe decided, by comma: ${recipeColumnSchema.options.join(', ')}; all the format has a place for, or none`,
      'all',
    )
    .option('--seed <number>', 'seed of the splits', '1')
    .option('--filter <json>', 'a filter as the grid uses it')
    .option('--ties <policy>', 'drop, keep, both (orders) or auto (keep where the format can say it)', 'auto')
    .option('--both-bad <policy>', 'drop, keep, tie or auto', 'auto')
    .option('--min-strength <share>', 'least strength of a preference, 0 to 1')
    .option('--annotator <name>', 'whose overall votes are the label; without it the label of the dataset')
    .option('--option <name=value>', 'a setting of the format (repeatable)', collect)
    .option('--hub', 'a Hugging Face dataset folder with a card and data/*.parquet')
    .option('--licence <id>', 'licence of the dataset, for the card')
    .option('--overwrite', 'replace a former export')
    .option('--plan', 'write nothing; tell what would be written, lost and left out')
    .option('--json', 'print one JSON object')
    .action(exportDataset);
}
