import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { type ImportBench, openImportBench } from '../../support/import-corpus.ts';

/** `count` pairs from number `from` on, one file. */
async function writePairs(name: string, from: number, count: number): Promise<string> {
  const file = path.join(await makeTemporaryDirectory(), name);
  const lines = Array.from({ length: count }, (_, index) => {
    const no = from + index;
    return JSON.stringify({ prompt: `Question ${no % 50}?`, chosen: `Yes ${no}.`, rejected: `No ${no}.` });
  });
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** What every public view shows, and what the list of datasets says. */
async function readShown({ workspace, datasets }: ImportBench) {
  const views = await workspace.database.one(
    `SELECT (SELECT count(*) FROM pairs) AS pairs, (SELECT count(*) FROM responses) AS responses, (SELECT count(*) FROM votes) AS votes,
       (SELECT count(*) FROM rejected_rows) AS rejected`,
  );
  const [dataset] = await datasets.list();
  return { ...views, counted: dataset?.pairs, sources: dataset?.sources.length };
}

const former = { pairs: 100, responses: 200, votes: 100, rejected: 0, counted: 100, sources: 1 };

/** A bench with 100 pairs in dataset `d`, and an import of two more files that waits when its second file is read. */
async function stopBetweenFiles() {
  const bench = await openImportBench();
  await bench.load({ files: [await writePairs('first.jsonl', 0, 100)], dataset: 'd' });
  const files = [await writePairs('second.jsonl', 90, 60), await writePairs('third.jsonl', 150, 40)];
  const jobId = await bench.jobs.start('import', { files, dataset: 'd' });
  const loaded = () =>
    bench.workspace.database.one<{ n: number }>('SELECT count(*) AS n FROM import_file WHERE import_id = 2');
  const shown: unknown[] = [];
  const stop = bench.jobs.onChange((job) => {
    if (job.jobId !== jobId || !job.phase.startsWith('File 2')) return;
    stop();
    shown.push(bench.jobs.pause(jobId));
  });
  onTestFinished(stop);
  await expect.poll(async () => (await bench.jobs.get(jobId)).status, { timeout: 60_000 }).toBe('paused');
  expect(await loaded(), 'one file lies in the tables').toEqual({ n: 1 });
  return { bench, jobId };
}

it('an import into a dataset shows none of its files before all are in, then all at once', async () => {
  const { bench, jobId } = await stopBetweenFiles();
  expect(await readShown(bench)).toEqual(former);
  await bench.jobs.resume(jobId);
  const job = await bench.jobs.wait(jobId);
  expect(job, JSON.stringify(job.error)).toMatchObject({
    status: 'succeeded',
    result: { rows: 90, duplicates: 10, pairs: 90 },
  });
  expect(await readShown(bench)).toEqual({
    pairs: 190,
    responses: 380,
    votes: 190,
    rejected: 0,
    counted: 190,
    sources: 3,
  });
  expect(
    await bench.workspace.database.one(
      'SELECT count(*) AS prompts, count(DISTINCT dataset_id) AS datasets FROM prompt',
    ),
    'the 50 questions that were known are not stored again',
  ).toEqual({ prompts: 50, datasets: 1 });
});

it('a cancelled import into a dataset leaves it as it was, and no row under an id that no dataset has', async () => {
  const { bench, jobId } = await stopBetweenFiles();
  await bench.jobs.cancel(jobId);
  expect(await readShown(bench)).toEqual(former);
  for (const table of ['comparison', 'response', 'prompt', 'vote', 'record_key', 'annotator'])
    expect(
      await bench.workspace.database.one(`SELECT count(*) AS n FROM ${table} WHERE dataset_id <> 1`),
      table,
    ).toEqual({ n: 0 });
});

it('a second import into the dataset is refused while one rests, instead of missing its duplicates', async () => {
  const { bench, jobId } = await stopBetweenFiles();
  const more = await writePairs('more.jsonl', 90, 10);
  expect(await bench.run({ files: [more], dataset: 'd' })).toMatchObject({
    status: 'failed',
    error: { code: 'IMPORT_UNFINISHED' },
  });
  expect(await bench.load({ files: [more], dataset: 'other' })).toMatchObject({ rows: 10 });
  await bench.jobs.resume(jobId);
  expect((await bench.jobs.wait(jobId)).status).toBe('succeeded');
});

it('removing a dataset removes what a resting import has held back from it', async () => {
  const { bench } = await stopBetweenFiles();
  await bench.datasets.remove(1);
  for (const table of ['comparison', 'response', 'prompt', 'vote', 'import_file', 'import_run'])
    expect(await bench.workspace.database.one(`SELECT count(*) AS n FROM ${table}`), table).toEqual({ n: 0 });
});
