import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the built scripts. */
const built = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(built, '../..');

/** Where the pieces of an installation lie, seen from the built command. */
export const places = {
  extractEntry: path.join(built, 'extract-process.js'),
  serverEntry: path.join(built, 'server-process.js'),
  renderer: path.join(root, 'out/renderer'),
  desktop: path.join(root, 'out/main/index.js'),
  defaultWorkspace: path.join(homedir(), 'Assay', 'workspace.assay'),
} as const;

/** Electron's program, where it was downloaded; found without loading the package, whose import would fetch it. */
export function findElectron(): string | undefined {
  const folder = path.join(root, 'node_modules/electron/dist');
  const names = ['electron', 'electron.exe', 'Electron.app/Contents/MacOS/Electron'];
  return names.map((name) => path.join(folder, name)).find(existsSync);
}
