import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { RowService } from '../../../electron/core/corpus/row.service.ts';
import { SearchIndexJob } from '../../../electron/core/corpus/search/search-index.job.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { makeEditingServices, registerEditingJobs } from '../../../electron/core/editing/editing-services.ts';
import type { EditChange, EditRequest, EditTarget } from '../../../electron/contract/editing.contract.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { openImportBench } from '../../support/import-corpus.ts';

export interface SourceRow {
  readonly prompt: string;
  readonly left: string;
  readonly right: string;
  readonly verdict: 'model_a' | 'model_b' | 'tie';
  readonly first?: string;
  readonly second?: string;
}

/** Four pairs; the first two share their prompt. */
export const fourRows: readonly SourceRow[] = [
  { prompt: 'What is tea?', left: 'A leaf drink.', right: 'A colour.', verdict: 'model_a' },
  { prompt: 'What is tea?', left: 'Hot water.', right: 'Leaves in hot water.', verdict: 'model_b' },
  { prompt: 'Name a river.', left: 'The Elbe.', right: 'The Moon.', verdict: 'model_a' },
  { prompt: 'Say hello.', left: 'Hello!', right: 'Hi.', verdict: 'tie' },
];

const mapping = {
  prompt: 'prompt',
  response_a: 'left',
  response_b: 'right',
  label: 'verdict',
  model_a: 'first',
  model_b: 'second',
};

/** A workspace with one dataset and everything that edits it. */
export async function openEditing(rows: readonly SourceRow[] = fourRows) {
  const bench = await openImportBench();
  const { database } = bench.workspace;
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  const services = makeEditingServices({
    database,
    search,
    jobs: bench.jobs,
    datasets: bench.datasets,
    onChanged: () => views.invalidate(),
  });
  registerEditingJobs(bench.jobs, services);
  bench.jobs.register(new SearchIndexJob(database));
  const file = path.join(await makeTemporaryDirectory(), 'pairs.jsonl');
  const lines = rows.map((row) => `${JSON.stringify({ first: 'x', second: 'y', ...row })}\n`);
  writeFileSync(file, lines.join(''));
  const { datasetId } = await bench.load({ files: [file], format: 'mapped', mapping, keepDuplicates: true });
  const ids = (
    await database.all<{ id: number }>('SELECT comparison_id AS id FROM comparison ORDER BY comparison_id')
  ).map((row) => row.id);
  const request = (
    change: EditChange,
    target: EditTarget | readonly number[] = { kind: 'filter', filter: { clauses: [] } },
    more: Partial<EditRequest> = {},
  ): EditRequest => ({
    datasetId,
    relation: 'pairs',
    target: 'kind' in target ? target : { kind: 'rows', ids: [...target] },
    change,
    sharing: 'rows',
    ...more,
  });
  const apply = async (...words: Parameters<typeof request>) => {
    const { outcome } = await services.editing.apply(request(...words));
    if (!outcome) throw new Error('became a job');
    return outcome;
  };
  const reverse = (direction: 'undo' | 'redo') => async (operationId?: string) =>
    (await services.editing.reverse(direction, { datasetId, operationId })).outcome;
  return {
    ...services,
    bench,
    database,
    search,
    views,
    datasetId,
    ids,
    file,
    mapping,
    rows: new RowService(database, () => views.invalidate(), bench.workspace.media),
    request,
    apply,
    preview: (...words: Parameters<typeof request>) =>
      services.editing.preview({ ...request(...words), samples: 20 }),
    undo: reverse('undo'),
    redo: reverse('redo'),
    pairs: () =>
      database.all<Record<string, string | number | null>>(
        'SELECT prompt, response_a, response_b, label, model_a, model_b FROM pairs ORDER BY comparison_id',
      ),
  };
}

export type EditingBench = Awaited<ReturnType<typeof openEditing>>;

/** Everything of the dataset that a person can see or that follows from it, as one text; ids of copies included. */
export async function fingerprint({ database }: Pick<EditingBench, 'database'>): Promise<string> {
  const tables = {
    comparison: 'SELECT * FROM comparison ORDER BY comparison_id',
    hidden: 'SELECT * FROM hidden_comparison ORDER BY comparison_id',
    hiddenRow: 'SELECT * FROM hidden_row ORDER BY relation, row_id',
    response: 'SELECT * FROM response ORDER BY response_id',
    prompt: 'SELECT * FROM prompt ORDER BY prompt_id',
    tag: 'SELECT * FROM tag ORDER BY ALL',
    note: 'SELECT * FROM note ORDER BY ALL',
    vote: 'SELECT * FROM vote ORDER BY ALL',
  };
  const parts = await Promise.all(
    Object.entries(tables).map(async ([name, sql]) => [name, await database.all(sql)]),
  );
  const text = JSON.stringify(Object.fromEntries(parts as [string, unknown][]), null, 1);
  return text.replaceAll(/assay-test-\w+/g, 'folder');
}
