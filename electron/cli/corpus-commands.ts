import type { Command } from 'commander';
import type { ImportSummary } from '../contract/import.contract.ts';
import { printJson, readWholeNumber, tell } from './output.ts';
import { runJob, withCore } from './with-core.ts';

interface ImportOptions {
  readonly workspace: string;
  readonly dataset?: string;
  readonly format?: string;
  readonly map?: string[];
  readonly keepDuplicates?: boolean;
  readonly json?: boolean;
}

function parseMapping(pairs: readonly string[] | undefined): Record<string, string> | undefined {
  if (!pairs) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, pair] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function importFiles(files: string[], options: ImportOptions): Promise<void> {
  const mapping = parseMapping(options.map);
  const format = options.format ?? (mapping ? 'mapped' : undefined);
  const summary = await withCore(options.workspace, (core) =>
    runJob<ImportSummary>(core, 'import', {
      files,
      dataset: options.dataset,
      format,
      mapping,
      keepDuplicates: options.keepDuplicates ?? false,
    }),
  );
  if (options.json) printJson(summary);
  else {
    const { dataset, rows, pairs, rejected, duplicates, seconds } = summary;
    tell(
      `${dataset} (${summary.format}): ${rows} rows loaded as ${pairs} pairs, ${rejected} rejected, ${duplicates} duplicates skipped, in ${seconds.toFixed(1)} s.`,
    );
    if (rejected > 0)
      tell(`The reasons: assay sql "SELECT * FROM rejected_rows" --workspace ${options.workspace}`);
  }
}

async function listDatasets(options: { workspace: string; json?: boolean }): Promise<void> {
  const datasets = await withCore(options.workspace, (core) => core.services.datasets.list());
  if (options.json) printJson(datasets);
  else
    for (const { name, format, pairs, responses, prompts } of datasets)
      console.log(`${name}\t${format}\t${pairs} pairs\t${responses} responses\t${prompts} prompts`);
}

async function runSql(sql: string, options: { workspace: string; json?: boolean }): Promise<void> {
  const rows = await withCore(options.workspace, (core) => core.services.console.rows(sql));
  if (options.json) printJson(rows);
  else console.table(rows);
}

async function searchWords(
  words: string,
  options: { workspace: string; dataset: string; limit: string; json?: boolean },
): Promise<void> {
  const limit = readWholeNumber('limit', options.limit, 1);
  const result = await withCore(options.workspace, async (core) => {
    const dataset = await core.services.datasets.getByName(options.dataset);
    if (!dataset.isSearchable) await runJob(core, 'search-index', { datasetId: dataset.datasetId });
    return core.services.search.query({ datasetId: dataset.datasetId, words, limit });
  });
  if (options.json) printJson(result);
  else {
    tell(`${result.total} rows`);
    for (const hit of result.hits)
      console.log(
        `${hit.score.toFixed(2)}\t${hit.exampleId}\t${hit.part}\t${hit.snippet.replaceAll(/\s+/g, ' ')}`,
      );
  }
}

const collect = (value: string, previous: string[] = []) => [...previous, value];

/** import, datasets, sql, search. */
export function addCorpusCommands(program: Command): void {
  program
    .command('import')
    .description('load preference data from files, folders or globs')
    .argument('<files...>', 'Parquet, JSONL, JSON, CSV, TSV (also .gz, .zst), DuckDB files or folders')
    .requiredOption('-w, --workspace <folder>', 'the workspace, NAME.assay; created where there is none')
    .option('-d, --dataset <name>', 'name of the dataset; of an existing one to add to it')
    .option('-f, --format <format>', 'the format, where it is not recognised by itself')
    .option('-m, --map <part=column>', 'a column for a part of the record (repeatable)', collect)
    .option('--keep-duplicates', 'load exact repetitions too')
    .option('--json', 'print one JSON object')
    .action(importFiles);
  program
    .command('datasets')
    .description('list the datasets of a workspace')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print one JSON array')
    .action(listDatasets);
  program
    .command('sql')
    .description('run one read-only SQL statement')
    .argument('<statement>', 'for example: SELECT label, count(*) FROM pairs GROUP BY label')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .option('--json', 'print the rows as an array of objects')
    .action(runSql);
  program
    .command('search')
    .description('ranked full-text search')
    .argument('<words>', 'words; "a phrase"; -without; prefix*')
    .requiredOption('-w, --workspace <folder>', 'the workspace')
    .requiredOption('-d, --dataset <name>', 'the dataset')
    .option('-n, --limit <count>', 'hits to show', '20')
    .option('--json', 'print one JSON object')
    .action(searchWords);
}
