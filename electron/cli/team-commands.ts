import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { type TeamConnect, teamConnectSchema, type TeamStatus } from '../contract/team.contract.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { withCore } from './with-core.ts';

interface BaseOptions {
  readonly workspace: string;
  readonly json?: boolean;
}

interface ConnectOptions extends BaseOptions {
  readonly host?: string;
  readonly port: string;
  readonly database?: string;
  readonly user?: string;
  readonly plain?: boolean;
  readonly tls?: boolean;
  readonly caFile?: string;
  readonly allowPublic?: boolean;
  readonly passwordFile?: string;
}

/** The first line of the file, `-` for standard input; a password never stands on the command line. */
function readPassword(file: string | undefined): string | null {
  if (file === undefined) return null;
  try {
    const [password = ''] = readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/);
    return password;
  } catch (error) {
    throw new UsageError(
      `--password-file could not be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function readConnect(options: ConnectOptions, setUp: boolean): TeamConnect {
  const { host, database, user, plain, tls, allowPublic } = options;
  if (host === undefined || database === undefined || user === undefined)
    throw new UsageError('--host, --database and --user are needed to connect');
  if (plain && tls) throw new UsageError('--plain and --tls exclude each other');
  return teamConnectSchema.parse({
    ...{ host, database, user, setUp },
    port: readWholeNumber('port', options.port, 1),
    tls: plain ? 'off' : tls ? 'verify' : null,
    caFile: options.caFile === undefined ? null : path.resolve(options.caFile),
    confirmPlain: plain ?? false,
    confirmPublic: allowPublic ?? false,
    password: readPassword(options.passwordFile),
    keepPassword: options.passwordFile !== undefined,
  });
}

const answers = (count: number) => `${count} ${count === 1 ? 'answer' : 'answers'}`;

function printStatus(status: TeamStatus): void {
  const { state, address, leavesMachine, failure, waiting, projects, namesakes } = status;
  if (state === 'none') return console.log('No team. Connect to one: assay team init, or assay team join');
  console.log(`${address ?? ''}: ${state}${leavesMachine ? ', leaves this machine' : ''}`);
  if (failure) console.log(`  ${failure.message} [${failure.code}]`);
  console.log(`${answers(waiting)} waiting to be sent`);
  for (const one of projects)
    console.log(
      `  project ${one.projectId}  ${one.name}: ${one.sent} sent, ${one.waiting} waiting${one.heldBack > 0 ? `, ${one.heldBack} of others held back` : ''}  ${one.projectKey}`,
    );
  for (const { name } of namesakes)
    console.log(`  The team knows somebody else called ${name}: assay team who ${name} --same or --other`);
}

function show(status: TeamStatus, { json }: BaseOptions): void {
  if (json) printJson(status);
  else printStatus(status);
}

async function init(options: ConnectOptions): Promise<void> {
  const place = readConnect(options, true);
  await withCore(options.workspace, async ({ services }) => {
    await services.team.connect(place);
    show(await services.team.check(), options);
  });
}

async function join(projectKey: string | undefined, options: ConnectOptions): Promise<void> {
  const place = options.host === undefined ? undefined : readConnect(options, false);
  await withCore(options.workspace, async ({ services }) => {
    if (place) await services.team.connect(place);
    if (projectKey !== undefined) {
      const joined = await services.team.join(projectKey);
      if (options.json) return printJson(joined);
      return console.log(`Project ${joined.projectId} in dataset ${joined.dataset}: ${joined.items} items.`);
    }
    const projects = await services.team.listProjects();
    if (options.json) return printJson(projects);
    if (projects.length === 0) tell('The team has no project yet. Publish one: assay team publish PROJECT');
    for (const one of projects)
      console.log(
        `${one.projectKey}  ${one.name}  ${one.complete} of ${one.items} items complete, from ${one.from}${one.projectId === null ? '' : `  (project ${one.projectId} here)`}`,
      );
  });
}

async function publish(project: string, options: BaseOptions): Promise<void> {
  const projectId = readWholeNumber('project', project, 1);
  await withCore(options.workspace, async ({ services }) => {
    const published = await services.team.publish(projectId);
    await services.team.sync();
    if (options.json) return printJson(published);
    console.log(
      `${published.items} items are in the team. Others join with: assay team join ${published.projectKey}`,
    );
  });
}

async function status(options: BaseOptions): Promise<void> {
  await withCore(options.workspace, async ({ services }) => show(await services.team.check(), options));
}

async function sync(options: BaseOptions): Promise<void> {
  await withCore(options.workspace, async ({ services }) => {
    const done = await services.team.sync();
    if (options.json) return printJson(done);
    console.log(`${answers(done.sent)} sent, ${done.received} received, ${done.taken} taken.`);
    if (done.unreadable > 0) tell(`${answers(done.unreadable)} could not be read and were left out.`);
  });
}

async function who(name: string, options: BaseOptions & { same?: boolean; other?: boolean }): Promise<void> {
  if (options.same === options.other) throw new UsageError('one of --same and --other is needed');
  await withCore(options.workspace, async ({ services }) => {
    const raters = await services.annotation.raters.list();
    const rater = raters.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!rater) throw new UsageError(`there is no rater ${name} in this workspace`);
    show(await services.team.settleRater(rater.raterId, options.same ?? false), options);
  });
}

async function leave(options: BaseOptions & { force?: boolean }): Promise<void> {
  await withCore(options.workspace, async ({ services }) => {
    const left = await services.team.leave(options.force ?? false);
    if (options.json) return printJson(left);
    console.log('The team is left. Projects and answers stay in this workspace.');
  });
}

/** A command of the group with the options all of them have. */
function addCommand(group: Command, words: string, about: string): Command {
  return group
    .command(words)
    .description(about)
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON object');
}

const addPlace = (command: Command) =>
  command
    .option('--host <name>', 'the server: a name, an address, or the folder of a local socket')
    .option('--port <number>', 'its port', '5432')
    .option('--database <name>', 'the database')
    .option('--user <name>', 'the role')
    .option(
      '--password-file <file>',
      'its first line is the password, kept in the workspace; - is standard input',
    )
    .option('--tls', 'encrypted also on this machine; elsewhere it is encrypted anyway')
    .option('--plain', 'not encrypted: password and data can be read on the network')
    .option('--ca-file <file>', 'authorities to trust, as PEM')
    .option('--allow-public', 'the server may be on the public internet');

/** team init, join, publish, status, sync, who, leave. */
export function addTeamCommands(program: Command): void {
  const group = program
    .command('team')
    .description(
      'share queue and votes over the team’s own PostgreSQL; the only commands that use a network',
    );
  addPlace(addCommand(group, 'init', 'make the team’s tables in a database and connect to it')).action(init);
  addPlace(
    addCommand(group, 'join [project]', 'connect to a team; list its projects, or make one a project here'),
  ).action(join);
  addCommand(group, 'publish <project>', 'put a project with its items into the team').action(publish);
  addCommand(group, 'status', 'whether the team can be reached, and what waits').action(status);
  addCommand(group, 'sync', 'send what waits and fetch what others said').action(sync);
  addCommand(group, 'who <rater>', 'say who a rater is whose name the team knows too')
    .option('--same', 'the same person')
    .option('--other', 'somebody else')
    .action(who);
  addCommand(group, 'leave', 'end the connection; projects and answers stay here')
    .option('--force', 'also while answers wait to be sent')
    .action(leave);
}
