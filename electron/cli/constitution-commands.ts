import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import {
  type ConstitutionDocument,
  constitutionDocumentSchema,
  type PrincipleRequest,
  principleRequestSchema,
} from '../contract/constitution.contract.ts';
import type { Core } from '../core/boot.ts';
import {
  addConstitutionAnnotator,
  type Annotation,
} from '../core/constitution/principles/annotate-dataset.job.ts';
import {
  type ConstitutionDiff,
  type DiffedPrinciple,
  diffConstitutions,
} from '../core/constitution/principles/diff-constitutions.ts';
import { reportOn } from './analysis-commands.ts';
import { deepen, type DepthOptions, isAskedDeeper, readDepth, tellDepth } from './constitution-depth.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface ConstitutionOptions extends DepthOptions {
  readonly workspace?: string;
  readonly dataset?: string;
  readonly executor: string;
  readonly propose?: string;
  readonly model?: string;
  readonly directions: string;
  readonly factors: string;
  readonly fromUnexplained?: string;
  readonly of?: string;
  readonly sample: string;
  readonly proposePairs: string;
  readonly perPair: string;
  readonly templates: string;
  readonly clusters: string;
  readonly selection: string;
  readonly icai?: string;
  readonly stopEarly?: boolean;
  readonly top: string;
  readonly seed: string;
  readonly out?: string;
  readonly json?: boolean;
}

function need(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`--${name} is missing`);
}

function readIcai(text: string | undefined): unknown {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--icai takes JSON, not ${text}`);
  }
}

/** One principle a line; empty lines are skipped. */
function readTexts(file: string): string[] {
  if (!existsSync(file)) throw new UsageError(`--propose: there is no file ${file}`);
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\d+[.)]|[-*])\s+/, '').trim())
    .filter((line) => line !== '');
}

function readRequest(options: ConstitutionOptions, datasetId: number): PrincipleRequest {
  const { propose = options.fromUnexplained === undefined ? 'list' : 'model' } = options;
  const isFile = propose.startsWith('file:');
  const parsed = principleRequestSchema.safeParse({
    datasetId,
    modelId: options.model ?? null,
    embedModelId: options.embedModel ?? null,
    propose: isFile ? 'texts' : propose,
    texts: isFile ? readTexts(propose.slice('file:'.length)) : [],
    sample: readWholeNumber('sample', options.sample, 10),
    proposePairs: readWholeNumber('propose-pairs', options.proposePairs, 1),
    perPair: readWholeNumber('per-pair', options.perPair, 1),
    templates: options.templates.split(',').map((name) => name.trim()),
    clusters: readWholeNumber('clusters', options.clusters, 1),
    directions: options.directions,
    factors: readWholeNumber('factors', options.factors, 1),
    fromUnexplained:
      options.fromUnexplained === undefined
        ? null
        : readWholeNumber('from-unexplained', options.fromUnexplained, 1),
    selection: options.selection === 'held-out' ? 'held_out' : options.selection,
    icai: readIcai(options.icai),
    // Code alone neither proposes nor votes on texts, so what it cannot execute goes to the weighted vote.
    executor: options.executor === 'surface' ? 'weighted' : options.executor,
    stopEarly: options.stopEarly ?? false,
    top: readWholeNumber('top', options.top, 1),
    seed: readWholeNumber('seed', options.seed, 0),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${issue?.path.join('.') ?? 'an option'}: ${issue?.message ?? 'not valid'}`);
}

async function makeFromPrinciples(
  core: Core,
  options: ConstitutionOptions,
  out: string,
): Promise<{ directory: string; constitutionId: number }> {
  const { datasets, principles, reports } = core.services;
  const { datasetId } = await datasets.getByName(need('dataset', options.dataset));
  const principleRunId = await principles.create(readRequest(options, datasetId));
  const { constitutionId } = await runJob<{ constitutionId: number }>(core, 'principle-constitution', {
    principleRunId,
  });
  mkdirSync(out, { recursive: true });
  const { directory } = await reports.build(constitutionId, path.resolve(out));
  return { directory, constitutionId };
}

/** A new constitution with its report, or one of the workspace with its report written anew. */
async function makeOrTake(
  core: Core,
  options: ConstitutionOptions,
  settings: { dataset: string; top: number; seed: number; out: string },
): Promise<{ directory: string; constitutionId: number }> {
  if (options.of !== undefined) {
    const constitutionId = readWholeNumber('of', options.of, 1);
    mkdirSync(settings.out, { recursive: true });
    const { directory } = await core.services.reports.build(constitutionId, path.resolve(settings.out));
    return { directory, constitutionId };
  }
  if (
    options.executor === 'surface' &&
    options.fromUnexplained === undefined &&
    options.propose !== 'directions'
  )
    return reportOn(core, settings);
  return makeFromPrinciples(core, options, settings.out);
}

async function makeConstitution(options: ConstitutionOptions): Promise<void> {
  const executors = ['surface', 'majority', 'weighted', 'list', 'judge'];
  if (!executors.includes(options.executor))
    throw new UsageError(`--executor takes ${executors.join(', ')}, not ${options.executor}`);
  const dataset = options.of === undefined ? need('dataset', options.dataset) : '';
  const out = need('out', options.out);
  const settings = {
    dataset,
    top: readWholeNumber('top', options.top, 1),
    seed: readWholeNumber('seed', options.seed, 0),
    out,
  };
  await withCore(need('workspace', options.workspace), async (core) => {
    const { directory, constitutionId } = await makeOrTake(core, options, settings);
    const { document } = await core.services.constitutions.get(constitutionId);
    if (isAskedDeeper(options)) {
      await deepen(core, constitutionId, options);
      await core.services.reports.build(constitutionId, directory);
    }
    if (options.json)
      printJson({ directory, constitutionId, ...document, ...(await readDepth(core, constitutionId)) });
    else {
      for (const remark of document.remarks) tell(remark);
      document.constitution.forEach((text, index) => console.log(`${index + 1}. ${text}`));
      await tellDepth(core, constitutionId);
      tell(`The report: ${path.join(directory, 'report.html')}`);
    }
  });
}

/** A constitution by its number in the workspace, or from a constitution.json. */
async function readConstitution(core: Core, name: string): Promise<ConstitutionDocument> {
  if (/^\d+$/.test(name)) return (await core.services.constitutions.get(Number(name))).document;
  if (!existsSync(name)) throw new UsageError(`there is no constitution ${name}: give its number or a file`);
  const parsed = constitutionDocumentSchema.safeParse(JSON.parse(readFileSync(name, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name} is not a constitution.json`);
}

function describeDiffed({ text, left, right, difference, ci }: DiffedPrinciple): string {
  const say = (value: number | null | undefined) => (value == null ? '–' : value.toFixed(2));
  const change =
    difference === null
      ? ''
      : `  difference ${say(difference)}${ci ? ` [${say(ci[0])}, ${say(ci[1])}]` : ''}`;
  return `  ${text}: ${say(left?.strength)} (n = ${left?.n ?? 0}) → ${say(right?.strength)} (n = ${right?.n ?? 0})${change}`;
}

function printDiff(diff: ConstitutionDiff): void {
  const titles = {
    shared: 'In both',
    opposite: 'In one, and the other way round on the other data',
    onlyLeft: 'Only in the first',
    onlyRight: 'Only in the second',
  } as const;
  for (const key of ['shared', 'opposite', 'onlyLeft', 'onlyRight'] as const) {
    console.log(`${titles[key]}: ${diff[key].length}`);
    for (const principle of diff[key]) console.log(describeDiffed(principle));
  }
}

async function diff(left: string, right: string, _options: unknown, command: Command): Promise<void> {
  const options: { workspace?: string; json?: boolean } = command.optsWithGlobals();
  await withCore(need('workspace', options.workspace), async (core) => {
    const found = diffConstitutions(await readConstitution(core, left), await readConstitution(core, right));
    if (options.json) printJson(found);
    else printDiff(found);
  });
}

interface AnnotateOptions {
  readonly workspace: string;
  readonly dataset: string;
  readonly constitution: string;
  readonly model: string;
  readonly name?: string;
  readonly json?: boolean;
}

async function annotate(options: AnnotateOptions): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const { constitution, dataset } = await readConstitution(core, options.constitution);
    if (constitution.length === 0) throw new UsageError('this constitution has no principles');
    const model = await core.services.models.get(options.model);
    const name = options.name ?? `${model.name} · constitution of ${dataset}`;
    const annotatorId = await addConstitutionAnnotator(core.database, {
      datasetId,
      name,
      source: options.constitution,
    });
    const done = await runJob<Annotation>(core, 'annotate-by-constitution', {
      datasetId,
      annotatorId,
      modelId: model.modelId,
      constitution,
    });
    if (options.json) return printJson({ name, ...done });
    console.log(`${done.labelled} pairs labelled by “${name}”, ${done.invalid} without a valid answer.`);
  });
}

const collect = (value: string, known: readonly string[]) => [...known, value];

/** constitution, constitution diff, annotate. */
export function addConstitutionCommands(program: Command): void {
  program
    .command('constitution')
    .description('what the labels reward: principles, their strength and a report')
    .option('-w, --workspace <folder>', 'the workspace')
    .option('-d, --dataset <name>', 'the dataset')
    .option(
      '--executor <name>',
      'who applies the principles: surface (traits computed by code), majority, weighted, list or judge',
      'surface',
    )
    .option(
      '--propose <from>',
      'principles from model, rationales, directions, surface, list, kept or file:PATH (list)',
    )
    .option('-m, --model <model>', 'a model by name or id, to propose, vote and judge')
    .option('--embed-model <model>', 'a model that embeds texts: for merging, directions and the ceiling')
    .option('--directions <method>', 'how contrast directions are found: pca or kmeans', 'pca')
    .option('--factors <count>', 'contrast directions to name', '8')
    .option('--from-unexplained <constitution>', 'propose from the pairs this one gets wrong or leaves open')
    .option('-n, --sample <count>', 'labelled pairs to vote on', '200')
    .option('--propose-pairs <count>', 'training pairs shown to the model that proposes', '40')
    .option('--per-pair <count>', 'principles proposed for each pair and template', '3')
    .option('--templates <names>', 'neutral, rejected, topic; separated by commas', 'neutral,rejected')
    .option('--clusters <count>', 'principles left after merging what was proposed', '20')
    .option('--selection <name>', 'held-out (ours) or icai', 'held-out')
    .option('--icai <json>', 'parameters of ICAI’s filter and order')
    .option('--stop-early', 'stop asking about principles that are clearly of no use')
    .option('--top <count>', 'principles in the constitution at most', '7')
    .option('--seed <number>', 'seed of the sample, the split and all that is drawn', '1')
    .option('-o, --out <folder>', 'folder for constitution.json, report.html and report.md')
    .option('--of <constitution>', 'look deeper into this constitution instead of making one')
    .option('--slice <column>', 'strengths by group of a column; may be given again', collect, [])
    .option('--group <column=value>', 'the constitution of one group; may be given again', collect, [])
    .option('--ceiling', 'what a linear probe on embeddings tells of the labels; needs --embed-model')
    .option('--ceiling-pairs <count>', 'pairs for the ceiling at most', '2000')
    .option('--json', 'print the constitution as one JSON object')
    .action(makeConstitution)
    .command('diff')
    .description('what two constitutions share and where they differ')
    .argument('<first>', 'number of a constitution, or a constitution.json')
    .argument('<second>', 'the other one')
    .action(diff);
  program
    .command('annotate')
    .description('label pairs by a constitution, as a new annotator')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .requiredOption('-c, --constitution <constitution>', 'its number, or a constitution.json')
    .requiredOption('-m, --model <model>', 'the model that reads it')
    .option('--name <name>', 'name of the annotator')
    .option('--json', 'print one JSON object')
    .action(annotate);
}
