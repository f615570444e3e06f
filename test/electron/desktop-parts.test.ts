import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostChannels, nonceSchema } from '../../electron/main/host-channels.ts';
import { findWorkspaceArgument, toWorkspacePath } from '../../electron/main/opened-workspace.ts';
import { placeWindow, readShellState, writeShellState } from '../../electron/main/window-state.ts';

const screen = { x: 0, y: 0, width: 1920, height: 1080 };

describe('where the window opens', () => {
  it('at the same place where that is on a screen', () => {
    const bounds = { x: 300, y: 200, width: 1200, height: 800 };
    expect(placeWindow(bounds, [screen])).toEqual(bounds);
  });

  it.each([
    ['on a screen that was unplugged', { x: 2500, y: 100, width: 1200, height: 800 }],
    ['above the screen, where its title cannot be reached', { x: 100, y: -300, width: 1200, height: 800 }],
    ['but for a sliver off the side', { x: 1900, y: 100, width: 1200, height: 800 }],
    ['left of the screen', { x: -1150, y: 100, width: 1200, height: 800 }],
    ['below the screen', { x: 100, y: 1050, width: 1200, height: 800 }],
  ])('in the same size elsewhere when it was %s', (_what, bounds) => {
    expect(placeWindow(bounds, [screen])).toEqual({ width: 1200, height: 800 });
  });

  it('not smaller than the page can be used', () => {
    expect(placeWindow({ x: 0, y: 0, width: 10, height: 10 }, [screen])).toMatchObject({
      width: 960,
      height: 640,
    });
  });
});

describe('the state of the shell', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'assay-shell-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('comes back as it was written', () => {
    const file = path.join(directory, 'shell.json');
    const state = {
      bounds: { x: 1, y: 2, width: 3, height: 4 },
      isMaximised: true,
      workspace: '/data/a.assay',
    };
    writeShellState(file, state);
    expect(readShellState(file)).toEqual(state);
  });

  it.each(['', '{"bounds":', '{"bounds":{"x":"left"}}', '[]'])(
    'is the default where the file holds %j',
    (text) => {
      const file = path.join(directory, 'shell.json');
      writeFileSync(file, text);
      expect(readShellState(file)).toEqual({ isMaximised: false });
    },
  );
});

describe('what the system hands over to open', () => {
  const folder = path.resolve('/data/a.assay');

  it('is a workspace folder, or a file right inside one', () => {
    expect(toWorkspacePath('/data/a.assay')).toBe(folder);
    expect(toWorkspacePath('/data/a.assay/assay.duckdb')).toBe(folder);
    expect(toWorkspacePath('/data/A.ASSAY/')).toBe(path.resolve('/data/A.ASSAY'));
  });

  it('is not a data file, nor a switch that ends like a workspace', () => {
    expect(toWorkspacePath('/data/pairs.jsonl')).toBeUndefined();
    expect(findWorkspaceArgument(['--user-data-dir=/x/a.assay', '.', '/data/a.assay'])).toBe(folder);
    expect(findWorkspaceArgument(['--inspect', '/data/pairs.jsonl'])).toBeUndefined();
  });
});

describe('what a page may ask of the shell', () => {
  it.each([
    ['assay:open-files', ['extra']],
    ['assay:save-file', ['', 'text/plain', 'x']],
    ['assay:save-file', ['a.txt', 'text/plain', { toString: 'x' }]],
    ['assay:reveal-file', [['/etc']]],
    ['assay:print-pdf', ['<p>']],
  ] as const)('%s is refused with %j', (channel, args) => {
    expect(hostChannels[channel].safeParse(args).success).toBe(false);
  });

  it('a port, under a nonce that is a UUID', () => {
    expect(nonceSchema.safeParse(crypto.randomUUID()).success).toBe(true);
    for (const bad of ['', '1', 7, null, { nonce: 1 }])
      expect(nonceSchema.safeParse(bad).success).toBe(false);
  });
});
