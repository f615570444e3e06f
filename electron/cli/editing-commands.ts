import type { Command } from 'commander';
import { labelSchema } from '../contract/corpus.contract.ts';
import {
  type EditChange,
  type EditOutcome,
  editRequestSchema,
  type EditTarget,
  textPartSchema,
} from '../contract/editing.contract.ts';
import { filterSchema } from '../contract/filter.contract.ts';
import type { Core } from '../core/boot.ts';
import { diffDatasets } from '../core/editing/dataset-diff.ts';
import { listOperations } from '../core/editing/operation.repository.ts';
import { printJson, readWholeNumber, tell, UsageError } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface Place {
  readonly workspace: string;
  readonly dataset: string;
  readonly json?: boolean;
}

interface Signed {
  readonly reason?: string;
  readonly who?: string;
}

interface EditOptions extends Place, Signed {
  readonly where?: string;
  readonly sql?: string;
  readonly ids?: string;
  readonly set?: string[];
  readonly tag?: string;
  readonly untag?: string;
  readonly note?: string;
  readonly find?: string;
  readonly replace?: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
  readonly in?: string;
  readonly hide?: boolean;
  readonly unhide?: boolean;
  readonly swapSides?: boolean;
  readonly flipLabel?: boolean;
  readonly split?: string;
  readonly merge?: boolean;
  readonly everywhere?: boolean;
  readonly preview?: boolean;
}

function readTarget(options: EditOptions): EditTarget {
  const given = [options.where, options.sql, options.ids].filter((value) => value !== undefined);
  if (options.unhide && given.length === 0) return { kind: 'hidden' };
  if (given.length !== 1) throw new UsageError('give the rows by one of --where, --sql and --ids');
  if (options.sql !== undefined) return { kind: 'sql', sql: options.sql };
  if (options.ids !== undefined)
    return { kind: 'rows', ids: options.ids.split(',').map((id) => readWholeNumber('ids', id.trim(), 0)) };
  return { kind: 'filter', filter: readFilter(options.where ?? '') };
}

/** A filter as JSON: `{"clauses": […], "words": "…"}`, or the list of clauses alone. */
function readFilter(text: string) {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UsageError(
      '--where takes a filter as JSON, for example [{"op":"in","field":"label","values":["b"]}]',
    );
  }
  const parsed = filterSchema.safeParse(Array.isArray(json) ? { clauses: json } : json);
  if (!parsed.success)
    throw new UsageError(
      `--where is not a filter: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`,
    );
  return parsed.data;
}

const settable = ['label', 'strength', 'language', 'topic', 'subset', 'model_a', 'model_b', 'model'];

/** `label=a`, `strength=0.5`, `topic=` (empty takes the value away). */
function readSet(pairs: readonly string[]): Extract<EditChange, { op: 'set' }> {
  const values: Record<string, string | number | null> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [field, text] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at < 1 || !settable.includes(field))
      throw new UsageError(`--set takes field=value with one of ${settable.join(', ')}`);
    if (text === '' || (field === 'label' && text === 'none')) values[field] = null;
    else if (field === 'strength') {
      const number = Number(text);
      if (!Number.isFinite(number)) throw new UsageError(`--set strength takes a number, not ${text}`);
      values[field] = number;
    } else if (field === 'label' && !labelSchema.safeParse(text).success)
      throw new UsageError(`--set label takes ${labelSchema.options.join(', ')} or none, not ${text}`);
    else values[field] = text;
  }
  return { op: 'set', values };
}

function readReplace(options: EditOptions): EditChange {
  const parts = (options.in ?? 'response_a,response_b')
    .split(',')
    .map((part) => textPartSchema.safeParse(part.trim()));
  const known = parts.flatMap((part) => (part.success ? [part.data] : []));
  if (known.length !== parts.length)
    throw new UsageError(`--in takes ${textPartSchema.options.join(', ')}, separated by commas`);
  if (options.replace === undefined) throw new UsageError('--find needs --replace (which may be empty)');
  return {
    op: 'replace',
    parts: known,
    find: options.find ?? '',
    with: options.replace,
    isRegex: options.regex ?? false,
    ignoreCase: options.ignoreCase ?? false,
  };
}

function readChange(options: EditOptions): EditChange {
  const changes: EditChange[] = [
    ...(options.set ? [readSet(options.set)] : []),
    ...(options.tag !== undefined ? [{ op: 'tag', tag: options.tag, isOn: true } as const] : []),
    ...(options.untag !== undefined ? [{ op: 'tag', tag: options.untag, isOn: false } as const] : []),
    ...(options.note !== undefined
      ? [{ op: 'note', text: options.note === '' ? null : options.note } as const]
      : []),
    ...(options.find !== undefined ? [readReplace(options)] : []),
    ...(options.hide ? [{ op: 'hide' } as const] : []),
    ...(options.unhide ? [{ op: 'unhide' } as const] : []),
    ...(options.swapSides ? [{ op: 'swap_sides' } as const] : []),
    ...(options.flipLabel ? [{ op: 'flip_label' } as const] : []),
    ...(options.split === undefined
      ? []
      : [{ op: 'split', turn: readWholeNumber('split', options.split, 1) } as const]),
    ...(options.merge ? [{ op: 'merge' } as const] : []),
  ];
  const [change, ...others] = changes;
  if (!change || others.length > 0)
    throw new UsageError(
      'give one change: --set, --tag, --untag, --note, --find, --hide, --unhide, --swap-sides, --flip-label, --split or --merge',
    );
  return change;
}

async function editRows(options: EditOptions): Promise<void> {
  const [target, change] = [readTarget(options), readChange(options)];
  if (options.hide && !options.preview && !options.reason?.trim())
    throw new UsageError('--hide needs a --reason');
  await withCore(options.workspace, async (core) => {
    const { datasetId, relation } = await core.services.datasets.getByName(options.dataset);
    const request = editRequestSchema.parse({
      datasetId,
      relation,
      target,
      change,
      sharing: options.everywhere ? 'everywhere' : 'rows',
      reason: options.reason,
      who: options.who,
    });
    if (options.preview) {
      const shown = await core.services.editing.preview({ ...request, samples: 10 });
      if (options.json) return printJson(shown);
      tell(
        `${shown.rows} of ${shown.selected} rows would change (${shown.changes} values). Nothing was changed.`,
      );
      if (shown.sharedTexts > 0)
        tell(
          `${shown.sharedTexts} texts are shared with other rows, which ${options.everywhere ? 'change too' : 'keep theirs'}.`,
        );
      for (const { field, before, after, rows } of shown.transitions)
        console.log(`${field}\t${before ?? '(none)'} -> ${after ?? '(none)'}\t${rows}`);
      for (const { exampleId, field, before, after } of shown.samples)
        console.log(`${exampleId}\t${field}\n- ${before ?? ''}\n+ ${after ?? ''}`);
      return;
    }
    report(await runJob<EditOutcome>(core, 'edit', request), options);
  });
}

function report(outcome: EditOutcome, options: { readonly json?: boolean }): void {
  if (options.json) printJson(outcome);
  else if (outcome.operationId === null) tell('No row had to change.');
  else tell(`${outcome.title}. Operation ${outcome.operationId}; take it back with: assay undo`);
}

async function reverse(
  direction: 'undo' | 'redo',
  options: Place & Signed & { readonly operation?: string },
): Promise<void> {
  await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    const { operation: operationId, reason, who } = options;
    const outcome = await core.services.editing.reverseNow(direction, {
      datasetId,
      operationId,
      reason,
      who,
    });
    if (options.json) printJson(outcome);
    else tell(`${direction === 'undo' ? 'Undone' : 'Redone'}: ${outcome.title}.`);
  });
}

async function showHistory(options: Place & { readonly limit: string }): Promise<void> {
  const limit = readWholeNumber('limit', options.limit, 1);
  const { count, operations } = await withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    return listOperations(core.database, { datasetId, offset: 0, limit });
  });
  if (options.json) return printJson({ count, operations });
  tell(`${count} operations`);
  for (const { operationId, direction, title, who, reason, doneAt, isInForce } of operations)
    console.log(
      `${doneAt}\t${who}\t${direction === 'edit' ? '' : `${direction}: `}${title}${isInForce ? '' : ' (undone)'}\t${reason ?? ''}\t${operationId}`,
    );
}

interface SnapshotOptions extends Place, Signed {
  readonly limit: string;
  readonly with?: string;
  readonly verify?: boolean;
}

async function withSnapshots<T>(
  options: Place,
  work: (core: Core, datasetId: number) => Promise<T>,
): Promise<T> {
  return withCore(options.workspace, async (core) => {
    const { datasetId } = await core.services.datasets.getByName(options.dataset);
    return work(core, datasetId);
  });
}

async function createSnapshot(name: string, options: SnapshotOptions): Promise<void> {
  const snapshot = await withSnapshots(options, (core, datasetId) =>
    core.services.snapshots.createNow({ datasetId, name, reason: options.reason, who: options.who }),
  );
  if (options.json) printJson(snapshot);
  else tell(`Snapshot ${name} of ${snapshot.rows} rows.`);
}

async function listSnapshots(options: SnapshotOptions): Promise<void> {
  const snapshots = await withSnapshots(options, (core, datasetId) =>
    core.services.snapshots.list(datasetId),
  );
  if (options.json) return printJson(snapshots);
  for (const { name, rows, createdAt, operationsSince } of snapshots)
    console.log(`${name}\t${createdAt}\t${rows} rows\t${operationsSince} operations since`);
}

async function diffSnapshots(from: string, to: string | undefined, options: SnapshotOptions): Promise<void> {
  const limit = readWholeNumber('limit', options.limit, 1);
  const diff = await withSnapshots(options, async (core, datasetId) => {
    const { snapshots } = core.services;
    const point = async (name: string) => ({
      snapshotId: (await snapshots.getByName(datasetId, name)).snapshotId,
    });
    return snapshots.diff({
      datasetId,
      from: await point(from),
      to: to === undefined ? 'now' : await point(to),
      verify: options.verify ?? false,
      limit,
    });
  });
  if (options.json) return printJson(diff);
  tell(`${diff.changes} values changed, ${diff.rowsAdded} rows added, ${diff.rowsRemoved} removed.`);
  for (const { exampleId, field, before, after } of diff.entries)
    console.log(`${exampleId ?? ''}\t${field}\n- ${before ?? ''}\n+ ${after ?? ''}`);
}

interface CompareOptions extends Place {
  readonly with: string;
  readonly by: string;
  readonly limit: string;
}

async function compareDatasets(options: CompareOptions): Promise<void> {
  const limit = readWholeNumber('limit', options.limit, 1);
  if (options.by !== 'texts' && options.by !== 'example_id')
    throw new UsageError(`--by takes texts or example_id, not ${options.by}`);
  const { by } = options;
  const diff = await withCore(options.workspace, async ({ services, database }) => {
    const left = (await services.datasets.getByName(options.dataset)).datasetId;
    const right = (await services.datasets.getByName(options.with)).datasetId;
    return diffDatasets(database, { left, right, by, limit });
  });
  if (options.json) return printJson(diff);
  const changed = diff.fields.reduce((sum, field) => sum + field.changes, 0);
  tell(
    `${diff.both} pairs in both, ${changed} values changed, ${diff.onlyRight} only in ${options.with}, ${diff.onlyLeft} only in ${options.dataset}.`,
  );
  for (const { leftId, rightId, field, before, after } of diff.entries)
    console.log(`${leftId ?? ''}\t${rightId ?? ''}\t${field}\n- ${before ?? ''}\n+ ${after ?? ''}`);
}

async function restoreSnapshot(name: string, options: SnapshotOptions): Promise<void> {
  const outcome = await withSnapshots(options, async (core, datasetId) => {
    const { snapshots } = core.services;
    const { snapshotId } = await snapshots.getByName(datasetId, name);
    return snapshots.restoreNow({ datasetId, snapshotId, reason: options.reason, who: options.who });
  });
  report(outcome, options);
}

const collect = (value: string, previous: string[] = []) => [...previous, value];

function withPlace(command: Command): Command {
  return command
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('--json', 'print JSON');
}

function withSignature(command: Command): Command {
  return withPlace(command)
    .option('--reason <text>', 'why; kept in the history')
    .option('--who <name>', 'who; kept in the history', 'local');
}

function addEdit(program: Command): void {
  withSignature(program.command('edit').description('change rows; every change is logged and can be undone'))
    .option('--where <filter>', 'rows by a filter as JSON: a list of clauses, or {"clauses": …, "words": …}')
    .option(
      '--sql <select>',
      'rows by a SELECT with a column comparison_id (response_id for single responses)',
    )
    .option('--ids <list>', 'rows by their ids, separated by commas')
    .option('--set <field=value>', 'set a field; an empty value takes it away (repeatable)', collect)
    .option('--tag <name>', 'add a tag')
    .option('--untag <name>', 'remove a tag')
    .option('--note <text>', 'write a note; empty removes it')
    .option('--find <text>', 'find and replace in texts')
    .option('--replace <text>', 'what to put in its place')
    .option('--in <parts>', 'texts to replace in: prompt, prompt_b, response_a, response_b, response')
    .option('--regex', '--find is an RE2 expression; --replace may hold \\1')
    .option('--ignore-case', 'find in any case')
    .option('--hide', 'take rows out of views, audits and exports; restorable')
    .option('--unhide', 'show hidden rows again; all of them where none are named')
    .option('--swap-sides', 'exchange A and B; the same response stays chosen')
    .option('--flip-label', 'a becomes b and b becomes a')
    .option('--split <message>', 'cut the conversation of one row before this message of its prompt, from 0')
    .option('--merge', 'put the earlier of two rows, with its chosen response, before the later one')
    .option('--everywhere', 'change texts that other rows share for those rows too')
    .option('--preview', 'show what would change, and change nothing')
    .action(editRows);
}

function addSnapshots(program: Command): void {
  const group = program.command('snapshot').description('named states of a dataset');
  withSignature(group.command('create').argument('<name>').description('name the state of now')).action(
    createSnapshot,
  );
  withPlace(group.command('list').description('list snapshots')).action(listSnapshots);
  withPlace(group.command('diff').argument('<from>').argument('[to]', 'another snapshot; now where absent'))
    .description('what changed since a snapshot, or between two')
    .option('-n, --limit <count>', 'changes to show', '20')
    .option('--verify', 'also compare every row with the hashes of the snapshot')
    .action(diffSnapshots);
  withSignature(
    group
      .command('restore')
      .argument('<name>')
      .description('bring the dataset back to a snapshot; can be undone'),
  ).action(restoreSnapshot);
}

/** edit, history, undo, redo, snapshot, diff. */
export function addEditingCommands(program: Command): void {
  addEdit(program);
  withPlace(program.command('history').description('operations on a dataset, newest first'))
    .option('-n, --limit <count>', 'operations to show', '50')
    .action(showHistory);
  withSignature(program.command('undo').description('take an operation back'))
    .option('--operation <id>', 'the operation; the newest in force where absent')
    .action((options: Place & Signed & { operation?: string }) => reverse('undo', options));
  withSignature(program.command('redo').description('make an undone operation again'))
    .option('--operation <id>', 'the operation; the one undone last where absent')
    .action((options: Place & Signed & { operation?: string }) => reverse('redo', options));
  addSnapshots(program);
  withPlace(program.command('diff').description('compare the pairs of a dataset with those of another'))
    .requiredOption('--with <dataset>', 'the other dataset')
    .option('--by <key>', 'partners share their texts, or their example_id', 'texts')
    .option('-n, --limit <count>', 'differences to show', '20')
    .action(compareDatasets);
}
