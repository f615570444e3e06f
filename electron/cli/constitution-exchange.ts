import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { constitutionFormatSchema, systemPromptSchema } from '../contract/constitution-exchange.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { withCore } from './with-core.ts';

interface ExchangeOptions {
  readonly workspace?: string;
  readonly dataset?: string;
  readonly format?: string;
  readonly template?: string;
  readonly out?: string;
  readonly json?: boolean;
}

function need(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`--${name} is missing`);
}

function readChoice<T extends string>(name: string, given: string, known: readonly T[]): T {
  const found = known.find((one) => one === given);
  if (found !== undefined) return found;
  throw new UsageError(`--${name} takes ${known.join(', ')}, not ${given}`);
}

async function exportConstitution(id: string, _options: unknown, command: Command): Promise<void> {
  const options: ExchangeOptions = command.optsWithGlobals();
  const constitutionId = readWholeNumber('ID', id, 1);
  const format = readChoice('format', need('format', options.format), constitutionFormatSchema.options);
  const template = readChoice('template', options.template ?? 'assistant', systemPromptSchema.options);
  const out = path.resolve(need('out', options.out));
  await withCore(need('workspace', options.workspace), async ({ services: { constitutionExchange } }) => {
    mkdirSync(path.dirname(out), { recursive: true });
    let remarks: string[] = [];
    if (format === 'annotated-pairs' || format === 'icai')
      remarks = await constitutionExchange.exportFiles(constitutionId, format, out);
    else writeFileSync(out, (await constitutionExchange.exportText(constitutionId, format, template)).text);
    if (options.json) return printJson({ constitutionId, format, out, remarks });
    remarks.forEach(tell);
    console.log(out);
  });
}

async function importConstitution(from: string, _options: unknown, command: Command): Promise<void> {
  const options: ExchangeOptions = command.optsWithGlobals();
  await withCore(need('workspace', options.workspace), async ({ services }) => {
    const { datasetId } = await services.datasets.getByName(need('dataset', options.dataset));
    const made = await services.constitutionExchange.importFrom({ datasetId, path: path.resolve(from) });
    if (options.json) return printJson(made);
    made.remarks.forEach(tell);
    if (made.kept.length > 0) tell(`Kept as they are: ${made.kept.join(', ')}`);
    console.log(
      `Constitution ${made.constitutionId}: ${made.principles} principles, ${made.others} others; ${made.votes} votes on ${made.matched} of ${made.rows} pairs.`,
    );
  });
}

/** constitution export, constitution import; workspace, dataset, out and json are options of `constitution`. */
export function addConstitutionExchange(program: Command): void {
  const constitution = program.commands.find((command) => command.name() === 'constitution');
  constitution
    ?.command('export')
    .description('write a constitution for people, models, ICAI or Feedback Forensics')
    .argument('<id>', 'number of the constitution')
    .requiredOption('--format <name>', constitutionFormatSchema.options.join(', '))
    .option('--template <name>', 'wording of the system prompt: assistant, judge or critic', 'assistant')
    .action(exportConstitution);
  constitution
    ?.command('import')
    .description('read a constitution from a file or an ICAI result folder into a dataset')
    .argument('<path>', 'JSON, Markdown, YAML, plain list, AnnotatedPairs, or a folder of ICAI')
    .action(importConstitution);
}
