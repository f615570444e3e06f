import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { superviseServer } from '../../../electron/server/supervise.ts';
import {
  canRun,
  cliEntry,
  makeFolder,
  runAssay,
  sampleFile,
  startProgram,
} from '../../support/e2e/command.ts';
import { openPageLink } from '../../support/e2e/page-link.ts';

const { folder, remove } = makeFolder('assay-offline');
const log = path.join(folder, 'network.log');
const guard = path.join(folder, 'guard.cjs');
const workspace = path.join(folder, 'demo/demo.assay');
const guarded = { NODE_OPTIONS: `--require ${guard}`, ASSAY_NETWORK_LOG: log };

/** What was tried, beyond this machine. */
const attempts = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: path.resolve('test/support/e2e/network-guard.ts'),
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { output: { format: 'cjs', entryFileNames: 'guard.cjs' } },
    },
  });
});
beforeEach(() => rmSync(log, { force: true }));
afterAll(remove);

const runGuarded = (words: readonly string[]) => runAssay(words, guarded);

describe('the guard itself', () => {
  it.each([
    ['http', `require('http').get('http://192.0.2.1/').on('error', () => {})`, 'connect 192.0.2.1'],
    ['https', `require('https').get('https://example.com/').on('error', () => {})`, 'example.com'],
    ['fetch', `fetch('https://example.com/').catch(() => {})`, 'example.com'],
    ['net', `require('net').connect(9, '192.0.2.1').on('error', () => {})`, 'connect 192.0.2.1'],
    ['tls', `require('tls').connect(9, 'example.com').on('error', () => {})`, 'example.com'],
    ['dns', `require('dns').resolve4('example.com', () => {})`, 'dns.resolve4 example.com'],
    [
      'dns.promises',
      `require('dns/promises').lookup('example.com').catch(() => {})`,
      'dns.lookup example.com',
    ],
    ['udp', `try { require('dgram').createSocket('udp4').send('x', 9, '192.0.2.1') } catch {}`, 'dgram.send'],
    ['ws', `new (require('ws'))('ws://example.com/').on('error', () => {})`, 'example.com'],
  ])('catches %s', async (_, script, what) => {
    const env = { ...process.env, ...guarded };
    const { code, stderr } = await startProgram(
      process.execPath,
      ['-e', `${script}; setTimeout(() => process.exit(0), 300)`],
      {
        env,
      },
    ).finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(attempts().join('\n')).toContain(what);
  });

  it('lets this machine talk to itself, so that it does not pass by breaking everything', async () => {
    const script = `const s = require('http').createServer((q, r) => r.end('here')).listen(0, '127.0.0.1', async () => {
      console.log(await (await fetch('http://127.0.0.1:' + s.address().port)).text()); process.exit(0) })`;
    const { stdout } = await startProgram(process.execPath, ['-e', script], {
      env: { ...process.env, ...guarded },
    }).finished;
    expect(stdout.trim()).toBe('here');
    expect(attempts()).toEqual([]);
  });
});

describe('nothing leaves this machine', () => {
  it('demo: import, constitution, audits and report', async () => {
    const { code, stderr } = await runGuarded(['demo', '--out', path.join(folder, 'demo'), '--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(attempts()).toEqual([]);
    expect(existsSync(path.join(folder, 'demo/report/report.html'))).toBe(true);
  });

  it.each([
    ['import', ['import', sampleFile, '-w', workspace, '-d', 'again']],
    ['search', ['search', 'grammar', '-w', workspace, '-d', 'pandalm', '--json']],
    ['constitution', ['constitution', '-w', workspace, '-d', 'pandalm', '-o', path.join(folder, 'out')]],
    ['audit', ['audit', '-w', workspace, '-d', 'pandalm']],
    ['export', ['export', '-w', workspace, '-d', 'pandalm', '-f', 'csv', '-o', path.join(folder, 'out.csv')]],
  ])('%s', async (_, words) => {
    const { code } = await runGuarded(words);
    expect(code).toBe(0);
    expect(attempts()).toEqual([]);
  });

  it('import of rows that name remote files and addresses opens none of them', async () => {
    const file = path.join(folder, 'addresses.jsonl');
    const address = 'https://example.com/pixel.png';
    const rows = [`![x](${address})`, `<img src="${address}">`, address].map((text) =>
      JSON.stringify({ prompt: text, chosen: `${text} a`, rejected: `${text} b`, image: address }),
    );
    writeFileSync(file, rows.join('\n'));
    expect((await runGuarded(['import', file, '-w', workspace])).code).toBe(0);
    expect(attempts()).toEqual([]);
  });

  it.each([
    ['a remote file to import', ['import', 'https://example.com/data.jsonl', '-w', workspace]],
    ['a remote file in SQL', ['sql', `SELECT * FROM read_csv('https://example.com/x.csv')`, '-w', workspace]],
    ['an S3 file in SQL', ['sql', `SELECT * FROM 's3://bucket/x.parquet'`, '-w', workspace]],
    ['an extension to install', ['sql', 'INSTALL httpfs', '-w', workspace]],
    ['an extension to load', ['sql', 'LOAD httpfs', '-w', workspace]],
    ['a remote database to attach', ['sql', `ATTACH 'https://example.com/x.duckdb'`, '-w', workspace]],
  ])('%s is refused without being asked for', async (_, words) => {
    const { code, stdout } = await runGuarded(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(attempts()).toEqual([]);
  });

  it('serve, with a page that greets the core and reads rows', async () => {
    process.env['ASSAY_NETWORK_LOG'] = log;
    const urls: string[] = [];
    const server = superviseServer({
      entry: path.resolve('out/node/server-process.js'),
      workspace,
      version: '1.0.0',
      rendererDirectory: path.resolve('out/renderer'),
      onAddress: (url) => urls.push(url),
      onTrouble: () => undefined,
      execArgv: ['--require', guard],
    });
    try {
      await server.started;
      const link = await openPageLink(urls[0] ?? '');
      const hello = await link.call<{ workspace: { name: string }; endpoints: unknown[] }>('system.hello');
      expect(hello).toMatchObject({ workspace: { name: 'demo' }, endpoints: [] });
      const { resultId } = await link.call<{ resultId: string }>('sql.run', {
        sql: `SELECT count(*) AS n FROM pairs WHERE dataset = 'pandalm'`,
      });
      const page = await link.call<{ rows: unknown[][] }>('sql.page', { resultId, offset: 0, limit: 10 });
      expect(Number(page.rows[0]?.[0])).toBe(999);
      link.close();
    } finally {
      server.stop();
      await server.finished;
      delete process.env['ASSAY_NETWORK_LOG'];
    }
    expect(attempts()).toEqual([]);
  });
});

const hasNamespaces = await canRun('unshare', ['-rn', 'true']);
const missing = 'SKIPPED, this machine does not permit "unshare -rn"';

describe(`without any network interface${hasNamespaces ? '' : `: ${missing}`}`, () => {
  it.skipIf(!hasNamespaces)('the demo runs where the kernel itself has no way out', async () => {
    const out = path.join(folder, 'isolated');
    const { code, stderr } = await startProgram('unshare', [
      '-rn',
      process.execPath,
      cliEntry,
      'demo',
      '--out',
      out,
      '--json',
    ]).finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(existsSync(path.join(out, 'report/report.html'))).toBe(true);
  });

  it.skipIf(!hasNamespaces)('and there is truly no way out of it', () => {
    const script = `require('net').connect(9, '192.0.2.1').on('error', (e) => console.log(e.code))`;
    const printed = execFileSync('unshare', ['-rn', process.execPath, '-e', script], { encoding: 'utf8' });
    expect(printed.trim()).toBe('ENETUNREACH');
  });
});
