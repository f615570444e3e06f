import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../../contract/app-error.ts';

const dataFile = /\.(parquet|jsonl|ndjson|json|csv|tsv|duckdb|db)(\.(gz|zst))?$/i;
const metadataFile = /^(dataset_infos?|dataset_dict|state|package|config)\.json$/i;

/** The data files below a folder, in name order; hidden folders and known metadata files are passed over. */
function listFolder(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((left, right) =>
    left.name.localeCompare(right.name, 'en', { numeric: true }),
  );
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.isSymbolicLink()) return [];
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) return listFolder(full);
    return dataFile.test(entry.name) && !metadataFile.test(entry.name) ? [full] : [];
  });
}

/** `dir/*.jsonl`: wildcards in the last part of the path, which is what shells leave unexpanded when nothing matches there. */
function expandGlob(pattern: string): string[] {
  const folder = path.dirname(pattern);
  if (!existsSync(folder)) return [];
  const source = path
    .basename(pattern)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`);
  return readdirSync(folder)
    .filter((name) => expression.test(name))
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

/**
 * The files behind what a person named: files, folders (also the layout of a Hugging Face dataset: data files in
 * subfolders beside a README) and glob patterns. Throws IMPORT_FILE_MISSING for a name with nothing behind it.
 */
export function discoverFiles(names: readonly string[]): string[] {
  const found = names.flatMap((name) => {
    if (existsSync(name)) {
      if (!statSync(name).isDirectory()) return [path.resolve(name)];
      const inside = listFolder(path.resolve(name));
      if (inside.length > 0) return inside;
      throw new AppError(
        'IMPORT_FILE_MISSING',
        `The folder ${name} was not imported: it holds no Parquet, JSONL, JSON, CSV or DuckDB files.`,
        { file: name },
      );
    }
    const matches = /[*?]/.test(name) ? expandGlob(path.resolve(name)) : [];
    if (matches.length > 0) return matches;
    throw new AppError(
      'IMPORT_FILE_MISSING',
      `${name} was not imported: there is no such file. Check the path.`,
      { file: name },
    );
  });
  return [...new Set(found)];
}
