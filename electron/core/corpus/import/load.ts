import { quoteIdentifier } from '../../../../native/duckdb/quoting.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { loadPrompts, loadResponses } from './load-texts.ts';
import { loadTrajectories } from './load-trajectories.ts';
import { loadAnnotators, loadComparisons, loadRatings } from './load-votes.ts';
import { type Choice, type IdPlan, type LoadCounts, Loader, type LoadRequest } from './loader.ts';
import { surveyRecords } from './survey.ts';

/**
 * Marks in `kept` the records that are usable and not there yet. Records are the same when their prompts have the same
 * MD5 and all their parts the same 64-bit hash; DuckDB may change that hash between releases, so keys carry its version.
 */
async function chooseRecords(loader: Loader): Promise<Choice> {
  const isNew = `coalesce(r.first_no = s.record_no, true)
       AND NOT EXISTS (SELECT 1 FROM record_key k WHERE k.dataset_id IN (${loader.datasetIds}) AND k.content_hash = s.content_hash
         AND k.prompt_key = s.prompt_key AND k.hash_version = version())`;
  await loader.run(
    'Checking rows',
    `CREATE OR REPLACE TEMP TABLE kept AS
     SELECT s.record_no FROM survey s
     LEFT JOIN (SELECT content_hash, prompt_key, min(record_no) AS first_no FROM survey WHERE problem IS NULL
                GROUP BY ALL HAVING count(*) > 1) r USING (content_hash, prompt_key)
     WHERE s.problem IS NULL AND ${loader.request.keepDuplicates ? 'true' : isNew}`,
  );
  const counts = await loader.one<{ kept: number; all: number; problems: number; media: number }>(
    `SELECT (SELECT count(*) FROM kept) AS kept, count(*) AS all, count(problem) AS problems,
       count(*) FILTER (has_media) AS media FROM survey`,
  );
  return {
    whichKept: counts.kept === counts.all ? '' : 'SEMI JOIN kept USING (record_no)',
    hasProblems: counts.problems > 0,
    hasMedia: counts.media > 0,
  };
}

async function planIds(loader: Loader): Promise<IdPlan> {
  const { reading } = loader.request;
  const strides =
    reading.maxResponses !== undefined && reading.maxVotes === 1
      ? { responses: reading.maxResponses, comparisons: 1 }
      : await loader.one<{ responses: number; comparisons: number }>(
          `SELECT coalesce(max(len(models)), 1) AS responses,
             coalesce(max(len(list_distinct(list_transform(votes, lambda v: {'a': v.a, 'b': v.b})))), 1) AS comparisons FROM survey`,
        );
  const bases = await loader.one<
    Record<'prompt' | 'response' | 'comparison' | 'annotator' | 'media', number>
  >(
    `SELECT (SELECT prompt FROM next_id) AS prompt,
       (SELECT response FROM next_id) AS response,
       (SELECT comparison FROM next_id) AS comparison,
       (SELECT coalesce(max(annotator_id), 0) + 1 FROM annotator) AS annotator,
       (SELECT coalesce(max(media_id), 0) + 1 FROM media) AS media`,
  );
  return {
    promptBase: bases.prompt,
    responseBase: bases.response,
    responseStride: Math.max(1, strides.responses),
    comparisonBase: bases.comparison,
    comparisonStride: Math.max(1, strides.comparisons),
    annotatorBase: bases.annotator,
    mediaBase: bases.media,
  };
}

async function keepRejections(loader: Loader, { hasProblems }: Choice): Promise<void> {
  const { importId, heldUnder, path, relation, columns, rejections } = loader.request;
  const raw =
    columns.length > 0
      ? `to_json({${columns.map((column) => `${quoteIdentifier(column.name)}: ${quoteIdentifier(column.name)}`).join(', ')}})::VARCHAR`
      : "''";
  if (hasProblems)
    await loader.run(
      'Keeping rejected rows',
      `INSERT INTO rejected_row
     SELECT ${importId}, ${heldUnder}, ?, s.src_row + 1, s.problem_column, s.problem, left(t.raw, 10000)
     FROM (SELECT src_row, any_value(problem_column) AS problem_column, any_value(problem) AS problem FROM survey WHERE problem IS NOT NULL AND src_rows > 0 GROUP BY src_row) s
     JOIN (SELECT src_row, ${raw} AS raw FROM ${relation}) t ON t.src_row = s.src_row`,
      [path],
    );
  for (const rejection of rejections) {
    await loader.run('Keeping rejected rows', 'INSERT INTO rejected_row VALUES (?, ?, ?, ?, ?, ?, ?)', [
      importId,
      heldUnder,
      path,
      rejection.row,
      rejection.column,
      rejection.reason,
      rejection.raw,
    ]);
  }
}

async function countRows(loader: Loader, pairs: number): Promise<LoadCounts> {
  const container = loader.request.rejections.length;
  const counts = await loader.one<{ sourceRows: number; loaded: number; rejected: number }>(
    `SELECT ${loader.request.reading.from ? `(SELECT count(*) FROM ${loader.request.relation})` : 'count(*)'} AS "sourceRows",
       coalesce(sum(src_rows) FILTER (record_no IN (SELECT record_no FROM kept)), 0) AS loaded,
       coalesce(sum(src_rows) FILTER (problem IS NOT NULL), 0) AS rejected FROM survey`,
  );
  return {
    sourceRows: counts.sourceRows + container,
    loaded: counts.loaded,
    rejected: counts.rejected + container,
    duplicates: counts.sourceRows - counts.loaded - counts.rejected,
    pairs,
  };
}

/**
 * Loads one file into the tables of the corpus. Runs inside the caller's transaction: all of the file is there
 * afterwards, or nothing. Records equal in every part to one of the same dataset are duplicates and skipped.
 */
export async function loadFile(session: Session, request: LoadRequest): Promise<LoadCounts> {
  const loader = new Loader(session, request);
  const { records, prompts, drop } = await surveyRecords(loader);
  const choice = await chooseRecords(loader);
  const plan = await planIds(loader);
  await loadPrompts(loader, prompts, plan, choice);
  await loadResponses(loader, records, plan, choice);
  await loadTrajectories(loader, records, plan);
  await loadAnnotators(loader, plan, choice);
  const pairs = await loadComparisons(loader, plan, choice);
  await loadRatings(loader, plan, choice);
  await keepRejections(loader, choice);
  const counts = await countRows(loader, pairs);
  await loader.run(
    'Finishing',
    `INSERT INTO record_key SELECT ${request.heldUnder}, ${request.importId}, prompt_key, content_hash, version() FROM survey ${choice.whichKept}`,
  );
  await loader.run('Finishing', 'INSERT INTO import_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    request.importId,
    request.fileNo,
    request.path,
    request.format,
    request.bytes,
    counts.sourceRows,
    counts.loaded,
    counts.rejected,
    counts.duplicates,
    counts.pairs,
  ]);
  await request.confirm?.();
  await session.run(`DROP ${request.reading.maxVotes === 1 ? 'VIEW' : 'TABLE'} IF EXISTS temp.voted`);
  for (const table of ['compared', 'kept', 'placed', 'named'])
    await session.run(`DROP TABLE IF EXISTS temp.${table}`);
  await drop();
  return counts;
}
