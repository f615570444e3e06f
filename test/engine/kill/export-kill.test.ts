import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportSummary } from '../../../electron/contract/export.contract.ts';
import { makeFolder, readAssay, sampleFile, startAssay } from '../../support/e2e/command.ts';

const { folder, remove } = makeFolder('assay-export-kill');
const workspace = path.join(folder, 'w.assay');
const exportsFolder = path.join(workspace, 'exports');
const shards = 300;
const wordsOf = (name: string) => [
  ...['export', '-w', workspace, '-d', 'pandalm', '-f', 'trl', '-o', path.join(folder, name)],
  ...['--shards', String(shards)],
];

interface Begun {
  readonly isComplete: boolean;
  readonly files: readonly { readonly path: string }[];
}

/** Where a run makes its files, and what its manifest says is done. */
function findStaging(): { place: string; files: readonly { path: string }[] } | undefined {
  const [name] = readdirSync(exportsFolder).filter((one) => one.startsWith('.part-'));
  if (name === undefined) return undefined;
  const place = path.join(exportsFolder, name);
  try {
    const { files } = JSON.parse(readFileSync(path.join(place, 'manifest.json'), 'utf8')) as Begun;
    return { place, files };
  } catch {
    return undefined;
  }
}

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
});
afterAll(remove);

describe('SIGKILL in the middle of assay export', () => {
  it('leaves nothing at the place, and the next run keeps what was whole and ends with the same files', async () => {
    const whole = await readAssay<ExportSummary>(...wordsOf('whole'));
    const sums = ({ files }: ExportSummary) => files.map(({ path: name, sha256 }) => [name, sha256]);
    expect(whole.files.length).toBeGreaterThan(200);
    const kept: { place: string; file: string; inode: number }[] = [];
    for (const least of [3, 60]) {
      const { child, finished } = startAssay([...wordsOf('killed'), '--json']);
      await expect
        .poll(() => findStaging()?.files.length ?? 0, { timeout: 60_000, interval: 5 })
        .toBeGreaterThanOrEqual(least);
      child.kill('SIGKILL');
      expect((await finished).signal).toBe('SIGKILL');
      expect(readdirSync(folder).filter((name) => name.startsWith('killed'))).toEqual([]);
      expect(readdirSync(exportsFolder).filter((name) => !name.startsWith('.'))).toEqual([]);
      const staging = findStaging();
      const [first] = staging?.files ?? [];
      if (!staging || !first) throw new Error('the killed run left no file to go on from');
      kept.push({
        place: staging.place,
        file: first.path,
        inode: statSync(path.join(staging.place, first.path)).ino,
      });
    }
    // the second run went on from the first, or its first file would be another one
    expect(kept[1]).toEqual(kept[0]);
    const again = await readAssay<ExportSummary>(...wordsOf('killed'));
    expect(sums(again)).toEqual(sums(whole));
    expect(statSync(path.join(again.file, kept[0]?.file ?? '')).ino).toBe(kept[0]?.inode);
    expect(existsSync(kept[0]?.place ?? '')).toBe(false);
    expect(readdirSync(again.file).filter((name) => name.endsWith('.part'))).toEqual([]);
    const manifest = JSON.parse(readFileSync(path.join(again.file, 'manifest.json'), 'utf8')) as Begun;
    expect([manifest.isComplete, manifest.files.length]).toEqual([true, whole.files.length]);
  }, 240_000);
});
