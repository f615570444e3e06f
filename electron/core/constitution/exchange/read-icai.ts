import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { quoteLiteral } from '../../../../native/duckdb/quoting.ts';
import { AppError } from '../../../contract/app-error.ts';
import { bare, type Incoming } from './incoming.ts';

const constitutionFile = '060_constitution.json';
const principlesFile = '030_distilled_principles_per_cluster.json';
const pairsFile = '000_train_data.csv';
const votesFile = '040_votes_per_comparison.csv';
const filteredFile = '050_filtered_principles.json';
const understood = new Set([constitutionFile, principlesFile, pairsFile, votesFile, filteredFile]);
/** Kept as they are up to this size, characters. */
const keptLimit = 2_000_000;

/** The folder with the results: the one given, or `results` in it. Undefined where there is no ICAI result. */
export function findIcaiResults(folder: string): string | undefined {
  return [folder, path.join(folder, 'results')].find((candidate) =>
    [constitutionFile, principlesFile].some((name) => existsSync(path.join(candidate, name))),
  );
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new AppError(
      'IMPORT_FILE_UNREADABLE',
      `Nothing was imported: ${path.basename(file)} is not what ICAI writes there. Mend it or leave it out of the folder.`,
      { file },
    );
  }
}

/** The texts of “1. …\n2. …”; what is not numbered is taken as it is. */
function splitConstitution(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\d+[.)]\s+/, '').trim())
    .filter((line) => line !== '');
}

/**
 * Reads a result folder of ICAI. `folder` must be one the database may read. The constitution is 060, else 050; principles of
 * 030 that are in neither are others. Throws IMPORT_FILE_UNREADABLE.
 */
export function readIcaiFolder(folder: string): Incoming {
  const file = (name: string) => path.join(folder, name);
  const byPlace = readJson(file(principlesFile), z.record(z.string(), z.string())) ?? {};
  const spelled = readJson(file(constitutionFile), z.string());
  const filtered = readJson(file(filteredFile), z.array(z.string()));
  const texts = spelled === undefined ? (filtered ?? Object.values(byPlace)) : splitConstitution(spelled);
  const chosen = new Set(texts);
  const hasVotes = [pairsFile, votesFile, principlesFile].every((name) => existsSync(file(name)));
  const { kept, remarks } = keepRest(folder);
  return {
    format: 'icai',
    written: [...chosen].map(bare),
    others: [...new Set(Object.values(byPlace))].filter((text) => !chosen.has(text)),
    pairsSql: hasVotes ? pairsOf(file(pairsFile)) : null,
    votesSql: hasVotes ? votesOf(file) : null,
    kept,
    remarks: hasVotes
      ? remarks
      : [...remarks, 'The folder has no votes on pairs (000, 030 and 040 together).'],
  };
}

function keepRest(folder: string): { kept: Map<string, string>; remarks: string[] } {
  const kept = new Map<string, string>();
  const remarks: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const file = path.join(folder, name);
    if (understood.has(name)) continue;
    const isText = /\.(json|jsonl|csv|txt|ya?ml|md|log)$/i.test(name);
    if (isText && statSync(file).isFile() && statSync(file).size <= keptLimit)
      kept.set(name, readFileSync(file, 'utf8'));
    else remarks.push(`${name} was not read and not kept (${isText ? 'too large' : 'no text file'}).`);
  }
  return { kept, remarks };
}

const csvRows = (file: string) =>
  `(SELECT to_json(t) AS j, row_number() OVER () - 1 AS row FROM read_csv(${quoteLiteral(file)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', null_padding = true, max_line_size = 4000000, parallel = false) t)`;

/** ICAI keeps texts without the merged prompt as _og_text_a and _og_text_b. */
function pairsOf(file: string): string {
  const text = (side: string) =>
    `coalesce(json_extract_string(j, '$._og_text_${side}'), json_extract_string(j, '$.text_${side}'))`;
  return `SELECT coalesce(json_extract_string(j, '$.index'), row::VARCHAR) AS idx,
      coalesce(json_extract_string(j, '$.example_id'), json_extract_string(j, '$.comparison_id')) AS ext_id,
      ${text('a')} AS text_a, ${text('b')} AS text_b, json_extract_string(j, '$.preferred_text') AS preferred
    FROM ${csvRows(file)}`;
}

/** True agrees with the preferred text; what ICAI calls None, both and neither is no side. */
function votesOf(file: (name: string) => string): string {
  const parts = String.raw`'(\d+)\s*:\s*(True|False|None|''[^'']*''|"[^"]*")'`;
  return `WITH given AS (SELECT json_extract_string(j, '$.index') AS idx, json_extract_string(j, '$.votes') AS votes FROM ${csvRows(file(votesFile))}),
    single AS (
      SELECT idx, unnest(regexp_extract_all(votes, ${parts}, 1)) AS place, unnest(regexp_extract_all(votes, ${parts}, 2)) AS word FROM given),
    rule AS (SELECT unnest(map_keys(m)) AS place, unnest(map_values(m)) AS principle
      FROM (SELECT json_transform(content::JSON, '"MAP(VARCHAR, VARCHAR)"') AS m FROM read_text(${quoteLiteral(file(principlesFile))})))
    SELECT s.idx, r.principle, CASE WHEN lower(s.word) LIKE '%invalid%' THEN 'invalid'
      WHEN s.word NOT IN ('True', 'False') OR p.preferred NOT IN ('text_a', 'text_b') THEN 'neither'
      WHEN (s.word = 'True') = (p.preferred = 'text_a') THEN 'a' ELSE 'b' END AS said
    FROM single s JOIN rule r USING (place) JOIN (${pairsOf(file(pairsFile))}) p USING (idx)`;
}
