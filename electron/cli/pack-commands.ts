import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import {
  conflictKinds,
  type MergeConflictKind,
  type MergeReport,
  passphraseLength,
  type Resolution,
  resolutionSchema,
  resolutionsOf,
} from '../contract/pack.contract.ts';
import type { Core } from '../core/boot.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { withCore } from './with-core.ts';

interface BaseOptions {
  readonly workspace: string;
  readonly json?: boolean;
}

interface FileOptions extends BaseOptions {
  readonly passphraseFile?: string;
}

/** The first line of the file, `-` for standard input; a passphrase never stands on the command line. */
function readPassphrase(file: string | undefined, least = 1): string | null {
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `--passphrase-file could not be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const [passphrase = ''] = text.split(/\r?\n/);
  if (passphrase.length < least) throw new UsageError(`the passphrase needs at least ${least} characters`);
  return passphrase;
}

interface CreateOptions extends FileOptions {
  readonly rater: readonly string[];
  readonly overlap?: string;
  readonly limit?: string;
  readonly all?: boolean;
  readonly gold?: boolean;
  readonly output?: string;
  readonly overwrite?: boolean;
}

async function ensureRater({ services }: Core, name: string): Promise<number> {
  const raters = await services.annotation.raters.list();
  const known = raters.find((rater) => rater.name.toLowerCase() === name.toLowerCase());
  return (known ?? (await services.annotation.raters.add(name))).raterId;
}

async function create(project: string, options: CreateOptions): Promise<void> {
  const projectId = readWholeNumber('project', project, 1);
  const output = options.output === undefined ? undefined : path.resolve(options.output);
  const place = {
    passphrase: readPassphrase(options.passphraseFile, passphraseLength),
    folder: output === undefined ? null : path.dirname(output),
    name: output === undefined ? null : path.basename(output),
    overwrite: options.overwrite ?? false,
  };
  const number = (name: 'overlap' | 'limit') =>
    options[name] === undefined ? null : readWholeNumber(name, options[name], 1);
  await withCore(options.workspace, async (core) => {
    const { packs } = core.services;
    if (await packs.isBorrowed(projectId)) {
      const made = await packs.giveBack({ projectId, ...place });
      if (options.json) return printJson({ kind: 'answers', ...made });
      console.log(`${made.answers} answers of ${made.raters.join(', ')}: ${made.file}`);
      return console.log(`Signed by ${made.signer.words}`);
    }
    if (options.rater.length === 0) throw new UsageError('--rater is missing: name whom the items are for');
    const raterIds = [];
    for (const name of options.rater) raterIds.push(await ensureRater(core, name));
    const made = await packs.handOff({
      projectId,
      raterIds,
      overlap: number('overlap'),
      count: number('limit'),
      which: options.all ? 'all' : 'open',
      withGold: options.gold ?? false,
      ...place,
    });
    if (options.json) return printJson({ kind: 'items', ...made });
    console.log(`${made.items} items for ${made.raters.join(', ')}: ${made.file}`);
    console.log(`Signed by ${made.signer.words}`);
  });
}

async function inspect(file: string, options: FileOptions): Promise<void> {
  const passphrase = readPassphrase(options.passphraseFile);
  await withCore(options.workspace, async ({ services }) => {
    const found = await services.packs.inspect({ file: path.resolve(file), passphrase });
    if (options.json) return printJson(found);
    console.log(`Signed by ${found.signer.words}${found.isOwn ? ' (this workspace)' : ''}`);
    if (!found.content) return console.log('Encrypted: give its passphrase to see what is in it.');
    const { project, from, raters, items, answers } = found.content;
    const size = found.kind === 'items' ? `${items} items` : `${answers} answers to ${items} items`;
    console.log(`“${project}” from ${from}: ${size}, raters ${raters.join(', ')}`);
  });
}

async function open(file: string, options: FileOptions): Promise<void> {
  const passphrase = readPassphrase(options.passphraseFile);
  await withCore(options.workspace, async ({ services }) => {
    const opened = await services.packs.open({ file: path.resolve(file), passphrase });
    if (options.json) return printJson(opened);
    console.log(
      `Project ${opened.projectId} in dataset ${opened.dataset}: ${opened.items} items${opened.wasOpen ? ' (was open already)' : ''}.`,
    );
    for (const { name, isRenamed } of opened.raters)
      console.log(`  rater ${name}${isRenamed ? ' (renamed, the name was taken)' : ''}`);
    console.log(`Signed by ${opened.signer.words}`);
  });
}

interface MergeOptions extends FileOptions {
  readonly project?: string;
  readonly on: readonly string[];
  readonly resolve: readonly string[];
  readonly dryRun?: boolean;
  readonly report?: string;
}

/** `kind=resolution`. Throws UsageError. */
function readDefaults(pairs: readonly string[]): Partial<Record<MergeConflictKind, Resolution>> {
  const defaults: Partial<Record<MergeConflictKind, Resolution>> = {};
  for (const pair of pairs) {
    const [word, way] = pair.split('=');
    const kind = conflictKinds.find((one) => one === word);
    const parsed = resolutionSchema.safeParse(way);
    if (!kind || !parsed.success || !resolutionsOf[kind].includes(parsed.data))
      throw new UsageError(
        `--on takes ${conflictKinds.map((one) => `${one}=${resolutionsOf[one].join('|')}`).join(', ')}, not ${pair}`,
      );
    defaults[kind] = parsed.data;
  }
  return defaults;
}

/** `conflict id=resolution`. Throws UsageError. */
function readChoices(pairs: readonly string[]): Record<string, Resolution> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const place = pair.lastIndexOf('=');
      const parsed = resolutionSchema.safeParse(pair.slice(place + 1));
      if (place < 1 || !parsed.success)
        throw new UsageError(`--resolve takes CONFLICT=ours, =theirs or =both, not ${pair}`);
      return [pair.slice(0, place), parsed.data];
    }),
  );
}

function printReport(report: MergeReport, isDry: boolean): void {
  console.log(
    `${report.project}: ${report.received} answers, ${report.taken} ${isDry ? 'would be taken' : 'taken'}, ${report.known} here already, ${report.leftOut} left out.`,
  );
  if (report.mergeId !== null)
    console.log(`Merge ${report.mergeId}; “assay pack undo ${report.mergeId}” takes it back.`);
  console.log(`Signed by ${report.signer.words}`);
  if (report.isOtherSigner) console.log('Earlier answers of this hand-off were signed by another key.');
  if (report.areGuidelinesChanged) console.log('The guidelines there are not those it was handed off with.');
  for (const { conflictId, kind, rater, prompt, resolution, ours, theirs, answers } of report.conflicts) {
    console.log(
      `  ${conflictId}  ${kind}${rater === null ? '' : ` of ${rater}`}: ${resolution} (${answers})`,
    );
    if (prompt !== null) console.log(`    item: ${prompt.replaceAll(/\s+/g, ' ').slice(0, 80)}`);
    if (ours !== null) console.log(`    ours: ${ours.slice(0, 160)}`);
    if (theirs !== null) console.log(`    theirs: ${theirs.slice(0, 160)}`);
  }
}

async function merge(file: string, options: MergeOptions): Promise<void> {
  const request = {
    file: path.resolve(file),
    passphrase: readPassphrase(options.passphraseFile),
    projectId: options.project === undefined ? null : readWholeNumber('project', options.project, 1),
    defaults: readDefaults(options.on),
    choices: readChoices(options.resolve),
  };
  await withCore(options.workspace, async ({ services }) => {
    const isDry = options.dryRun ?? false;
    const report = await (isDry ? services.packs.plan(request) : services.packs.merge(request));
    if (options.report !== undefined) {
      writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
      tell(`Report: ${options.report}`);
    }
    if (options.json) return printJson(report);
    printReport(report, isDry);
  });
}

async function list(project: string, options: BaseOptions): Promise<void> {
  const projectId = readWholeNumber('project', project, 1);
  await withCore(options.workspace, async ({ services }) => {
    const handOffs = await services.packs.listHandOffs(projectId);
    const merges = await services.packs.listMerges(projectId);
    if (options.json) return printJson({ handOffs, merges });
    for (const one of handOffs)
      console.log(
        `hand-off ${one.handOffId}  ${one.isOpen ? 'out' : 'closed'}  ${one.items} items for ${one.raters.join(', ')}, ${one.answers} answers back  ${one.file}`,
      );
    for (const { mergeId, mergedAt, undoneAt, report } of merges)
      console.log(
        `merge ${mergeId}  ${mergedAt}  ${report.taken} answers of hand-off ${report.handOffId}${undoneAt === null ? '' : ', undone'}`,
      );
  });
}

async function undo(merged: string, options: BaseOptions): Promise<void> {
  const mergeId = readWholeNumber('merge', merged, 1);
  await withCore(options.workspace, async ({ services }) => {
    const undone = await services.packs.undoMerge(mergeId);
    if (options.json) return printJson(undone);
    console.log(`${undone.removed} answers taken back, ${undone.kept} kept because they were changed since.`);
  });
}

async function close(handOff: string, options: BaseOptions): Promise<void> {
  const handOffId = readWholeNumber('hand-off', handOff, 1);
  await withCore(options.workspace, async ({ services }) => {
    const closed = await services.packs.closeHandOff(handOffId);
    if (options.json) return printJson(closed);
    console.log(`Hand-off ${handOffId} is closed; its items are open to the raters here again.`);
  });
}

async function identity(options: BaseOptions): Promise<void> {
  await withCore(options.workspace, async ({ services }) => {
    const signer = services.packs.identify();
    if (options.json) return printJson(signer);
    console.log(signer.words);
  });
}

const collect = (value: string, former: readonly string[]) => [...former, value];

/** A command of the group with the options all of them have. */
function addCommand(group: Command, words: string, about: string): Command {
  return group
    .command(words)
    .description(about)
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON object');
}

const passphraseOption = [
  '--passphrase-file <file>',
  'its first line is the passphrase; - is standard input',
] as const;

/** pack create, inspect, open, merge, list, undo, close, identity. */
export function addPackCommands(program: Command): void {
  const group = program
    .command('pack')
    .description('hand items of an annotation project to another machine, and take the answers back');
  addCommand(
    group,
    'create <project>',
    'items of a project, or the answers of one that came in a pack, as a file',
  )
    .option('-r, --rater <name>', 'whom the items are for; may be given again', collect, [])
    .option('--overlap <count>', 'raters per item there; without it all of them')
    .option('-n, --limit <count>', 'at most so many items')
    .option('--all', 'also items that have their answers')
    .option('--gold', 'gold items too, without their answers')
    .option('-o, --output <file>', 'the file; without it one in the folder for exports')
    .option('--overwrite', 'replace a file that is there')
    .option(...passphraseOption)
    .action(create);
  addCommand(group, 'inspect <file>', 'what a pack holds and who signed it')
    .option(...passphraseOption)
    .action(inspect);
  addCommand(group, 'open <file>', 'make a dataset and a project of a pack of items')
    .alias('accept')
    .option(...passphraseOption)
    .action(open);
  addCommand(group, 'merge <file>', 'take the answers of a pack into the project they belong to')
    .option('-p, --project <number>', 'the project they must belong to')
    .option('--on <kind=way>', 'answer=theirs, rater=both …; may be given again', collect, [])
    .option('--resolve <conflict=way>', 'one conflict of the report; may be given again', collect, [])
    .option('--dry-run', 'report only')
    .option('--report <file>', 'write the report as JSON')
    .option(...passphraseOption)
    .action(merge);
  addCommand(group, 'list <project>', 'hand-offs and merges of a project').action(list);
  addCommand(group, 'undo <merge>', 'take the answers of a merge away again').action(undo);
  addCommand(group, 'close <hand-off>', 'give the items of a hand-off back to the raters here').action(close);
  addCommand(group, 'identity', 'the words by which others know packs of this workspace').action(identity);
}
