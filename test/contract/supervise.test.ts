import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Supervised, selectEnvironment, superviseServer } from '../../electron/server/supervise.ts';
import { signIn, writePage } from '../support/rpc/carriers.ts';

let entry: string;
let built: string;
let page: string;
let root: string;
let urls: string[];
let troubles: string[];
let running: Supervised | undefined;

beforeAll(async () => {
  built = mkdtempSync(path.join(tmpdir(), 'assay-entry-'));
  page = writePage();
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: path.resolve(import.meta.dirname, '../support/rpc/test-server-process.ts'),
      outDir: built,
      emptyOutDir: true,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'entry.mjs' } },
    },
  });
  entry = path.join(built, 'entry.mjs');
});

afterAll(() => {
  rmSync(built, { recursive: true });
  rmSync(page, { recursive: true });
});

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'assay-supervise-'));
  urls = [];
  troubles = [];
});

afterEach(async () => {
  running?.stop();
  await running?.finished;
  rmSync(root, { recursive: true });
});

function supervise(name: string, port?: number): Supervised {
  const workspace = path.join(root, name);
  mkdirSync(workspace);
  running = superviseServer({
    entry,
    workspace,
    port,
    version: '1.0.0',
    rendererDirectory: page,
    onAddress: (url) => urls.push(url),
    onTrouble: (line) => troubles.push(line),
    delays: [10, 10, 10],
  });
  return running;
}

function readDiary(name: string): string[] {
  return readFileSync(path.join(root, name, 'diary.txt'), 'utf8')
    .trim()
    .split('\n');
}

const pidOf = (line: string | undefined) => Number(line?.replace('opened ', ''));

describe('the server under its supervisor', () => {
  it('tells its address, and a fresh one whenever one was used', async () => {
    const { started } = supervise('a.assay');
    const port = await started;
    expect(urls).toEqual([
      expect.stringMatching(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#token=[\\w-]{43}$`)),
    ]);
    await signIn(urls[0] ?? '');
    await expect.poll(() => urls.length).toBe(2);
    await signIn(urls[1] ?? '');
    await expect(signIn(urls[0] ?? '')).rejects.toThrow('401');
  });

  it('comes back after a crash on the same port, with open pages still signed in', async () => {
    const { started } = supervise('a.assay');
    const port = await started;
    const cookie = await signIn(urls[0] ?? '');
    await expect.poll(() => urls.length).toBe(2);
    process.kill(pidOf(readDiary('a.assay')[0]), 'SIGKILL');
    await expect.poll(() => readDiary('a.assay').length, { timeout: 10_000 }).toBe(2);
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/session`, { headers: { cookie } }).catch(
        () => undefined,
      );
      return response?.status;
    };
    await expect.poll(ask, { timeout: 10_000 }).toBe(204);
    expect(troubles).toEqual([expect.stringContaining('SIGKILL')]);
    expect(urls).toHaveLength(2);
    await signIn(urls[1] ?? '');
  });

  it('closes the workspace when it is stopped, and ends with 0', async () => {
    const { started, finished } = supervise('a.assay');
    await started;
    running?.stop();
    expect(await finished).toBe(0);
    expect(readDiary('a.assay')).toEqual([expect.stringMatching(/^opened \d+$/), 'closed']);
    expect(troubles).toEqual([]);
  });

  it('closes the workspace on a signal from the terminal as well, which reaches the child directly', async () => {
    const { started, finished } = supervise('a.assay');
    await started;
    process.kill(pidOf(readDiary('a.assay')[0]), 'SIGINT');
    running?.stop();
    expect(await finished).toBe(0);
    expect(readDiary('a.assay').at(-1)).toBe('closed');
  });

  it('gives up loudly after three restarts, with 1', async () => {
    const { started, finished } = supervise('broken.assay');
    await expect(started).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await finished).toBe(1);
    expect(readDiary('broken.assay')).toHaveLength(4);
    expect(troubles).toHaveLength(4);
    expect(troubles.at(-1)).toContain('gives up');
  });

  it('passes on a refusal once, without restarting into it', async () => {
    const { started, finished } = supervise('taken.assay');
    await expect(started).rejects.toMatchObject({ code: 'WORKSPACE_IN_USE' });
    await expect(started).rejects.toThrow('process 1');
    expect(await finished).toBe(1);
    expect(troubles).toEqual([]);
  });

  it('says so when the port is taken, and leaves the workspace closed', async () => {
    const { started } = supervise('a.assay');
    const port = await started;
    const first = running;
    const second = supervise('b.assay', port);
    await expect(second.started).rejects.toThrow(`port ${port} is in use`);
    expect(readDiary('b.assay').at(-1)).toBe('closed');
    first?.stop();
    await first?.finished;
  });
});

it('passes a child a short list of variables, not the shell’s environment', () => {
  const all = {
    PATH: '/bin',
    HOME: '/home/a',
    LC_ALL: 'C',
    NODE_OPTIONS: '--inspect',
    API_KEY: 'secret',
    ASSAY_LOG: '1',
  };
  expect(selectEnvironment(all)).toEqual({ PATH: '/bin', HOME: '/home/a', LC_ALL: 'C', ASSAY_LOG: '1' });
});
