import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron as electron } from 'playwright-core';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** The binary, looked for without importing `electron`, which would start to download it. */
function findBinary(): string | undefined {
  const pathFile = path.join(root, 'node_modules/electron/path.txt');
  const distribution =
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(root, 'node_modules/electron/dist');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : 'electron';
  const binary = path.join(distribution, name);
  return existsSync(binary) ? binary : undefined;
}

const binary = findBinary();
const isBuilt = existsSync(path.join(root, 'out/main/index.js'));
const missing =
  binary === undefined
    ? 'no Electron binary'
    : isBuilt
      ? undefined
      : 'not built, run "npm run build:desktop"';

it.skipIf(missing !== undefined)(
  `the desktop app opens a window over its core${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'assay-electron-'));
    const app = await electron.launch({
      executablePath: binary ?? '',
      args: [root, `--user-data-dir=${path.join(directory, 'user')}`, path.join(directory, 'smoke.assay')],
    });
    try {
      const page = await app.firstWindow();
      await page.waitForSelector('main', { timeout: 60_000 });
      expect(page.url()).toMatch(/^app:\/\/assay\//);
      expect(existsSync(path.join(directory, 'smoke.assay/assay.duckdb'))).toBe(true);
      const inPage = await page.evaluate(() => ({
        hasNode: 'process' in window || 'require' in window,
        exposed: Object.keys(Reflect.get(window, 'assay') as object).sort(),
      }));
      expect(inPage.hasNode).toBe(false);
      expect(inPage.exposed).toEqual([
        'capabilities',
        'openFiles',
        'printPdf',
        'requestPort',
        'revealFile',
        'saveFile',
      ]);
    } finally {
      await app.close();
      rmSync(directory, { recursive: true });
    }
  },
);
