import path from 'node:path';
import { onTestFinished } from 'vitest';
import { SearchIndexJob } from '../../../electron/core/corpus/search/search-index.job.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { openWorkspace, type Workspace } from '../../../electron/core/workspace/workspace.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';

export interface PairTexts {
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
}

export interface SearchCorpus {
  readonly workspace: Workspace;
  readonly search: SearchService;
  readonly job: SearchIndexJob;
  build(signal?: AbortSignal, onProgress?: (phase: string, done: number) => void): Promise<unknown>;
  /** Ids of the hits, best first. */
  readonly ids: (words: string) => Promise<number[]>;
}

async function insertDataset(workspace: Workspace, datasetId: number, relation: string): Promise<void> {
  await workspace.database.write((session) =>
    session.run(
      'INSERT INTO dataset (dataset_id, name, format, relation, has_sides, is_ready) VALUES (?, ?, ?, ?, true, true)',
      [datasetId, `set ${datasetId}`, 'test', relation],
    ),
  );
}

async function insertPrompt(workspace: Workspace, promptId: number, text: string): Promise<void> {
  await workspace.database.write((session) =>
    session.run('INSERT INTO prompt VALUES (?, 1, ?, NULL, 0, length(?), 1, 1)', [promptId, text, text]),
  );
}

async function insertResponse(workspace: Workspace, ids: readonly number[], text: string): Promise<void> {
  const [responseId = 0, promptId = 0, position = 0] = ids;
  await workspace.database.write((session) =>
    session.run(
      `INSERT INTO response (response_id, dataset_id, prompt_id, text, position, chars, example_id, import_id, source_file, source_row)
       VALUES (?, 1, ?, ?, ?, length(?), 'x' || ?, 1, 'f', 1)`,
      [responseId, promptId, text, position, text, responseId],
    ),
  );
}

async function insertComparison(workspace: Workspace, id: number, promptId: number): Promise<void> {
  await workspace.database.write((session) =>
    session.run(
      `INSERT INTO comparison (comparison_id, dataset_id, example_id, prompt_id, response_a_id, response_b_id, label, n_votes,
         prompt_chars, chars_a, chars_b, turns, import_id, source_file, source_row)
       SELECT ?, 1, 'x' || ?, ?, a.response_id, b.response_id, 'a', 1, p.chars, a.chars, b.chars, 1, 1, 'f', 1
       FROM prompt p, response a, response b
       WHERE p.prompt_id = ? AND a.response_id = ? AND b.response_id = ?`,
      [id, id, promptId, promptId, id * 2, id * 2 + 1],
    ),
  );
}

/** Adds pairs numbered from `first`; equal prompts share one row, as the importer has it. */
export async function addPairs(workspace: Workspace, pairs: readonly PairTexts[], first = 1): Promise<void> {
  const prompts = new Map<string, number>();
  for (const [index, { prompt, a, b }] of pairs.entries()) {
    const id = first + index;
    const promptId = prompts.get(prompt) ?? id;
    if (promptId === id) await insertPrompt(workspace, id, prompt);
    prompts.set(prompt, promptId);
    await insertResponse(workspace, [id * 2, promptId, 0], a);
    await insertResponse(workspace, [id * 2 + 1, promptId, 1], b);
    await insertComparison(workspace, id, promptId);
  }
}

function wrap(workspace: Workspace, charactersPerBatch?: number): SearchCorpus {
  const { database } = workspace;
  const search = new SearchService(database);
  const job = new SearchIndexJob(database, charactersPerBatch === undefined ? {} : { charactersPerBatch });
  return {
    workspace,
    search,
    job,
    build: (signal = new AbortController().signal, onProgress = () => undefined) =>
      job.run({ jobId: 'job', spec: { datasetId: 1 }, attempt: 1, progress: onProgress }, signal),
    ids: async (words) => (await search.query({ datasetId: 1, words, limit: 100 })).hits.map((hit) => hit.id),
  };
}

async function openCorpus(): Promise<Workspace> {
  const directory = await makeTemporaryDirectory();
  const workspace = await openWorkspace(path.join(directory, 'w.assay'), { memoryLimitMb: 512, threads: 2 });
  onTestFinished(() => workspace.close());
  return workspace;
}

/** A workspace with dataset 1 made of these pairs (ids 1, 2, …), not yet indexed. */
export async function openPairs(
  pairs: readonly PairTexts[],
  charactersPerBatch?: number,
): Promise<SearchCorpus> {
  const workspace = await openCorpus();
  await insertDataset(workspace, 1, 'pairs');
  await addPairs(workspace, pairs);
  return wrap(workspace, charactersPerBatch);
}

/** A workspace with dataset 1 made of single responses (ids 1, 2, …) to an empty prompt, not yet indexed. */
export async function openResponses(texts: readonly string[], prompt = ''): Promise<SearchCorpus> {
  const workspace = await openCorpus();
  await insertDataset(workspace, 1, 'responses');
  await insertPrompt(workspace, 1, prompt);
  for (const [index, text] of texts.entries()) await insertResponse(workspace, [index + 1, 1, 0], text);
  return wrap(workspace);
}

/** Names of all tables of all indexes, finished, hidden or scratch. */
export async function listSearchTables(workspace: Workspace): Promise<string[]> {
  const rows = await workspace.database.all<{ name: string }>(
    `SELECT database_name || '.' || table_name AS name FROM duckdb_tables()
     WHERE table_name LIKE 'search%' AND table_name <> 'search_index' ORDER BY name`,
  );
  return rows.map((row) => row.name);
}
