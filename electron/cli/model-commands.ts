import path from 'node:path';
import type { Command } from 'commander';
import type { Model } from '../contract/model.contract.ts';
import type { AddModelsResult } from '../core/models/add-models.job.ts';
import { printJson, tell } from './output.ts';
import { places } from './places.ts';
import { runJob, withCore } from './with-core.ts';

interface Options {
  readonly workspace: string;
  readonly json?: boolean;
  readonly name?: string;
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
const rate = (value: number) => `${value.toPrecision(3)} tokens/s`;

function describe(model: Model): string {
  const { facts, endpoint } = model;
  const what = facts
    ? [
        facts.architecture,
        facts.quantisation,
        `${(facts.parameters / 1e6).toFixed(0)}M`,
        gigabytes(facts.bytes),
      ]
    : [endpoint?.url, endpoint?.remoteModel, endpoint?.isEnabled ? 'on' : 'off'];
  const state = model.isPresent ? [] : ['FILE MISSING'];
  return [model.name, ...what, model.capabilities.join('+'), ...state].filter(Boolean).join('  ');
}

async function addModels(paths: readonly string[], options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const spec = { paths: paths.map((place) => path.resolve(place)), name: options.name };
    const result = await runJob<AddModelsResult>(core, 'add-models', spec);
    if (options.json) return printJson(result);
    for (const { name } of result.added) console.log(name);
    for (const { name, path: file } of result.known) tell(`${file} is in the list already, as ${name}.`);
    for (const { path: file, message } of result.refused) tell(`${file} was refused: ${message}`);
  });
}

async function listModels(options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const models = await core.services.models.list();
    if (options.json) return printJson(models);
    for (const model of models) console.log(describe(model));
    if (models.length === 0) tell('There is no model yet. Add one: assay models add FILE.gguf');
  });
}

async function inspectModel(file: string, options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const facts = await core.services.models.inspect(path.resolve(file));
    if (options.json) return printJson(facts);
    for (const [name, value] of Object.entries(facts)) {
      if (name === 'chatTemplate')
        console.log(`chatTemplate: ${facts.chatTemplate === null ? 'none' : 'yes'}`);
      else console.log(`${name}: ${Array.isArray(value) ? value.join(', ') : String(value ?? 'unknown')}`);
    }
  });
}

async function benchModel(name: string, options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { modelId } = await core.services.models.get(name);
    const measured = await runJob<Pick<Model, 'benchmark' | 'calibration'>>(core, 'benchmark-model', {
      modelId,
    });
    if (options.json) return printJson({ name, ...measured });
    const { benchmark, calibration } = measured;
    if (calibration) {
      const { sequences, threads, batchSize, flashAttention } = calibration.shape;
      console.log(
        `layout: ${sequences} sequences, ${threads} threads, ${batchSize} tokens a step, flash attention ${flashAttention ? 'on' : 'off'} (of ${calibration.trials.length} tried on ${calibration.machine})`,
      );
    }
    if (benchmark) {
      console.log(`prompts: ${rate(benchmark.promptTokensPerSecond)} (${benchmark.promptTokens} tokens)`);
      console.log(
        `writing: ${rate(benchmark.generationTokensPerSecond)} (${benchmark.generatedTokens} tokens)`,
      );
    }
  });
}

async function listRefusals(options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const refusals = await core.services.models.refusals.list();
    if (options.json) return printJson(refusals);
    for (const { refusedAt, name, code, message } of refusals)
      console.log(`${refusedAt}  ${name}  ${code}  ${message}`);
    if (refusals.length === 0) tell('Nothing was refused.');
  });
}

async function removeModel(name: string, options: Options): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { modelId } = await core.services.models.get(name);
    const removed = await core.services.models.remove(modelId);
    if (options.json) printJson({ modelId, removed });
    else tell(`${name} is out of the list; its file was left where it is.`);
  });
}

export function addModelCommands(program: Command): void {
  const models = program.command('models').description('Language models on this machine, and endpoints.');
  const command = (usage: string, description: string) =>
    models
      .command(usage)
      .description(description)
      .option('-w, --workspace <folder>', 'workspace folder', places.defaultWorkspace)
      .option('--json', 'print JSON');
  command('add <paths...>', 'Add GGUF files, or all in a folder.')
    .option('--name <name>', 'name of a single model')
    .action(addModels);
  command('list', 'List the models.').action(listModels);
  command('inspect <file>', 'What a GGUF file says of itself; nothing is stored.').action(inspectModel);
  command('bench <name>', 'Find the best layout for this machine, then measure.').action(benchModel);
  command('refusals', 'Why files were not added and models not loaded.').action(listRefusals);
  command('remove <name>', 'Take a model out of the list; its file stays.').action(removeModel);
}
