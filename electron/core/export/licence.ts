import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const recordName = 'licences.json';

/** Openings by which common licences are known, most specific first. */
const known: readonly (readonly [RegExp, string])[] = [
  [/Apache License\s+Version 2\.0/i, 'apache-2.0'],
  [/\bMIT License\b|Permission is hereby granted, free of charge/i, 'mit'],
  [/BSD 3-Clause|Neither the name of/i, 'bsd-3-clause'],
  [/BSD 2-Clause/i, 'bsd-2-clause'],
  [/Attribution-NonCommercial-ShareAlike 4\.0/i, 'cc-by-nc-sa-4.0'],
  [/Attribution-NonCommercial 4\.0/i, 'cc-by-nc-4.0'],
  [/Attribution-ShareAlike 4\.0/i, 'cc-by-sa-4.0'],
  [/Attribution 4\.0/i, 'cc-by-4.0'],
  [/CC0 1\.0/i, 'cc0-1.0'],
  [/Open Data Commons Attribution/i, 'odc-by'],
];

function readRecord(directory: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(path.join(directory, recordName), 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}

/** The licence a person gave for a dataset at an earlier export; undefined where there is none. */
export function findRecordedLicence(directory: string, datasetName: string): string | undefined {
  return readRecord(directory)[datasetName];
}

/** Remembers the licence of a dataset in the folder of exports. */
export function recordLicence(directory: string, datasetName: string, licence: string): void {
  const file = path.join(directory, recordName);
  const record = { ...readRecord(directory), [datasetName]: licence };
  writeFileSync(`${file}.part`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}

/** The licence of the first LICENSE file in the folders of the sources or up to two above; undefined where none is known. */
export function guessLicence(sources: readonly string[]): { licence: string; file: string } | undefined {
  const folders = new Set(
    sources.flatMap((source) => {
      const own = path.dirname(source);
      return [own, path.dirname(own), path.dirname(path.dirname(own))];
    }),
  );
  for (const folder of folders) {
    for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE']) {
      const file = path.join(folder, name);
      if (!path.isAbsolute(file) || !existsSync(file)) continue;
      const text = readFileSync(file, 'utf8').slice(0, 20_000);
      const found = known.find(([pattern]) => pattern.test(text));
      if (found) return { licence: found[1], file };
    }
  }
  return undefined;
}
