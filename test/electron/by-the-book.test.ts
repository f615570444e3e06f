import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostChannels } from '../../electron/main/host-channels.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const readFolder = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: read(`${folder}/${name}`) }));
const main = readFolder('electron/main');
const everything = main.map(({ text }) => text).join('\n');
const builder = read('electron-builder.yml');

/** The options object of each `new BrowserWindow(…)`, by counting brackets. */
function findWindows(text: string): string[] {
  return [...text.matchAll(/new BrowserWindow\(/g)].map(({ index }) => {
    let depth = 0;
    for (let end = text.indexOf('(', index); end < text.length; end += 1) {
      if (text[end] === '(') depth += 1;
      if (text[end] === ')') depth -= 1;
      if (depth === 0) return text.slice(index, end);
    }
    return '';
  });
}

// These read sources, because the Electron binary is not everywhere; they show that a rule is written, not that it works.
describe('the desktop shell, read against the Electron security checklist', () => {
  it('opens every window sandboxed, isolated and without Node', () => {
    const windows = main.flatMap(({ text }) => findWindows(text));
    expect(windows.length).toBeGreaterThanOrEqual(2);
    for (const options of windows) {
      expect(options).toContain('sandbox: true');
      expect(options).toContain('contextIsolation: true');
      expect(options).toContain('nodeIntegration: false');
    }
    expect(everything).toContain('app.enableSandbox()');
  });

  it.each([
    'nodeIntegration: true',
    'sandbox: false',
    'contextIsolation: false',
    'webSecurity: false',
    'webviewTag: true',
    'allowRunningInsecureContent',
    'experimentalFeatures',
    'enableBlinkFeatures',
    'openExternal',
    'loadFile',
    'bypassCSP',
    'autoUpdater',
  ])('never says %s', (text) => {
    expect(everything).not.toContain(text);
  });

  it.each([
    'setPermissionRequestHandler',
    'setPermissionCheckHandler',
    'setDevicePermissionHandler',
    'will-navigate',
    'will-redirect',
    'will-attach-webview',
    'setWindowOpenHandler',
    'onBeforeRequest',
    'requestSingleInstanceLock',
    'registerSchemesAsPrivileged',
  ])('has a %s', (text) => {
    expect(everything).toContain(text);
  });

  it('blocks every remote scheme in the session', () => {
    const guard = read('electron/main/guards.ts');
    for (const scheme of ['http', 'https', 'ws', 'wss']) expect(guard).toContain(`'${scheme}://*/*'`);
    expect(guard).toContain('cancel: true');
  });

  it('answers a page only through one place, which checks the sender and parses what it sent', () => {
    const uses = main.filter(({ text }) => /ipcMain\.(handle|on)\b/.test(text)).map(({ name }) => name);
    expect(uses).toEqual(['host-handlers.ts']);
    const handlers = read('electron/main/host-handlers.ts');
    expect(handlers.match(/ipcMain\.handle\(/g)).toHaveLength(1);
    expect(handlers.match(/ipcMain\.on\(/g)).toHaveLength(1);
    expect(handlers.match(/isOurPage\(event\)/g)).toHaveLength(2);
    expect(handlers).toContain('hostChannels[channel].parse(args)');
    expect(handlers).toContain('nonceSchema.safeParse(raw)');
  });

  it('serves the page with the headers of the headless shell', () => {
    expect(read('electron/main/app-scheme.ts')).toContain("from '../server/headers.ts'");
  });
});

describe('the preload script', () => {
  const preload = read('electron/preload/index.ts');

  it('gives the page named functions and nothing of Electron itself', () => {
    expect(preload.match(/exposeInMainWorld\(/g)).toHaveLength(1);
    const body = preload.slice(preload.indexOf('const host'));
    expect(body).not.toMatch(/:\s*ipcRenderer\b(?!\.)/);
    expect(body).not.toMatch(/\(\s*(channel|\.\.\.args)/);
  });

  it('uses exactly the channels the desktop shell knows', () => {
    const used = [...preload.matchAll(/invoke\('([^']+)'/g)].map(([, channel]) => channel);
    expect(used.sort()).toEqual(Object.keys(hostChannels).sort());
    const handled = [...read('electron/main/host-handlers.ts').matchAll(/handle\('([^']+)'/g)].map(
      ([, name]) => name,
    );
    expect(handled.sort()).toEqual(used);
  });

  it('is one file without imports at run time but electron, built as CommonJS under the name the window loads', () => {
    expect(readdirSync(path.join(root, 'electron/preload')).filter((name) => name.endsWith('.ts'))).toEqual([
      'index.ts',
    ]);
    const imports = [...preload.matchAll(/^import (?!type)[^;]*from '([^']+)'/gm)].map(([, from]) => from);
    expect(imports).toEqual(['electron']);
    expect(read('electron.vite.config.ts')).toMatch(/format: 'cjs', entryFileNames: '\[name\]\.cjs'/);
    expect(read('electron/main/index.ts')).toContain("'preload/index.cjs'");
  });
});

describe('the packaging', () => {
  const fuse = (name: string) => new RegExp(`^ {2}${name}: (true|false)$`, 'm').exec(builder)?.[1];

  it('flips the fuses', () => {
    expect({
      enableNodeOptionsEnvironmentVariable: fuse('enableNodeOptionsEnvironmentVariable'),
      enableNodeCliInspectArguments: fuse('enableNodeCliInspectArguments'),
      enableCookieEncryption: fuse('enableCookieEncryption'),
      enableEmbeddedAsarIntegrityValidation: fuse('enableEmbeddedAsarIntegrityValidation'),
      onlyLoadAppFromAsar: fuse('onlyLoadAppFromAsar'),
      grantFileProtocolExtraPrivileges: fuse('grantFileProtocolExtraPrivileges'),
    }).toEqual({
      enableNodeOptionsEnvironmentVariable: 'false',
      enableNodeCliInspectArguments: 'false',
      enableCookieEncryption: 'true',
      enableEmbeddedAsarIntegrityValidation: 'true',
      onlyLoadAppFromAsar: 'true',
      grantFileProtocolExtraPrivileges: 'false',
    });
  });

  it('lets the binary run as Node only for as long as the reader of foreign files needs it', () => {
    const needsIt = read('native/duckdb/foreign.ts').includes('ELECTRON_RUN_AS_NODE');
    expect(fuse('runAsNode')).toBe(String(needsIt));
  });

  it('keeps native addons outside the archive, of one platform only, and publishes nowhere', () => {
    expect(builder).toMatch(/asarUnpack:\n {2}- node_modules\/@duckdb\/node-bindings-\*\/\*\*/);
    expect(builder).toContain("'!node_modules/@duckdb/node-bindings-!(${platform}-${arch})/**'");
    expect(builder).toContain('publish: null');
  });

  it('hardens the macOS app with entitlements that exist and hold no more than the JIT', () => {
    expect(builder).toContain('hardenedRuntime: true');
    const file = /entitlements: (\S+)/.exec(builder)?.[1] ?? '';
    expect(existsSync(path.join(root, file))).toBe(true);
    expect([...read(file).matchAll(/<key>([^<]+)<\/key>/g)].map(([, key]) => key)).toEqual([
      'com.apple.security.cs.allow-jit',
    ]);
  });
});
