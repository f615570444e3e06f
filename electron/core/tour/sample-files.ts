import { existsSync } from 'node:fs';
import path from 'node:path';
import type { SampleName } from '../../contract/tour.contract.ts';

/** Files of the corpora that come with Assay; null where they are not installed. */
export type SampleFiles = Readonly<Record<SampleName, string>> | null;

/** The sample files, seen from the folder of the built scripts. */
export function findSampleFiles(scripts: string): SampleFiles {
  // Beside the scripts of a checkout; beside the archive of a packaged program.
  for (const place of ['../../resources/sample', '../../../resources/sample']) {
    const folder = path.resolve(scripts, place);
    const files = {
      pandalm: path.join(folder, 'pandalm/pandalm-testset.json'),
      planted: path.join(folder, 'planted/planted.jsonl'),
    };
    if (Object.values(files).every((file) => existsSync(file))) return files;
  }
  return null;
}
