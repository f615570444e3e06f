import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startServer } from '../../electron/server/server.ts';
import { createSecret } from '../../electron/server/sessions.ts';
import { createTestCore } from '../support/rpc/test-core.ts';

const executablePath = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find(existsSync);
const why = executablePath === undefined ? ' (skipped: no Chromium; set CHROMIUM_PATH)' : '';

const script = `
import { connect } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../renderer/rpc/connect.ts'))};
const show = (text) => (document.body.textContent = text);
connect().then(
  (connection) => {
    window.connection = connection;
    connection.onStateChange(show);
    show('connected');
  },
  (error) => show(error.code),
);
`;

describe.skipIf(executablePath === undefined)(`the page’s own connection in a real browser${why}`, () => {
  let browser: Browser | undefined;
  let page: string;
  let server: RunningServer;
  let addresses: string[];
  const secret = createSecret();

  const openTab = async () => {
    const context = await browser?.newContext();
    if (!context) throw new Error('the browser did not start');
    return context.newPage();
  };
  const start = (port = 0) => {
    const core = createTestCore();
    return startServer({
      core,
      log: core.log,
      rendererDirectory: path.join(page, 'out'),
      secret,
      port,
      onAddress: ({ url }) => addresses.push(url),
    });
  };

  beforeAll(async () => {
    page = mkdtempSync(path.join(tmpdir(), 'assay-browser-'));
    writeFileSync(path.join(page, 'main.ts'), script);
    const html = '<!doctype html><body></body><script type="module" src="./main.ts"></script>';
    writeFileSync(path.join(page, 'index.html'), html);
    await build({
      configFile: false,
      root: page,
      logLevel: 'silent',
      resolve: {},
      build: { outDir: 'out' },
    });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(page, { recursive: true });
  });

  beforeEach(async () => {
    addresses = [];
    server = await start();
  });

  afterEach(() => server.close());

  it('enters with the address once, takes the token out of it, and stays in over a reload', async () => {
    const tab = await openTab();
    const violations: string[] = [];
    tab.on('console', (line) => /Content Security Policy/.test(line.text()) && violations.push(line.text()));
    await tab.goto(server.url);
    await tab.getByText('connected').waitFor();
    expect(tab.url()).toBe(`http://127.0.0.1:${server.port}/`);
    await tab.reload();
    await tab.getByText('connected').waitFor();
    expect(violations).toEqual([]);
    const stranger = await openTab();
    await stranger.goto(server.url);
    await stranger.getByText('UNAUTHORISED').waitFor();
    await stranger.goto(addresses[0] ?? '');
    await stranger.reload();
    await stranger.getByText('connected').waitFor();
  });

  it('reconnects by itself when the server comes back on the same port', async () => {
    const tab = await openTab();
    await tab.goto(server.url);
    await tab.getByText('connected', { exact: true }).waitFor();
    const { port } = server;
    await server.close();
    await tab.getByText('reconnecting').waitFor();
    server = await start(port);
    await tab.getByText('connected', { exact: true }).waitFor();
  });

  it('cannot reach anything but its own server, and no other page can reach it', async () => {
    const tab = await openTab();
    await tab.goto(server.url);
    await tab.getByText('connected').waitFor();
    const other = await start();
    const reached = await tab.evaluate(
      (url) =>
        fetch(url, { mode: 'no-cors' }).then(
          () => 'reached',
          () => 'blocked',
        ),
      `http://127.0.0.1:${other.port}/`,
    );
    expect(reached).toBe('blocked');
    const opened = await tab.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url);
          socket.onopen = () => resolve('opened');
          socket.onerror = () => resolve('refused');
        }).catch(() => 'blocked'),
      `ws://127.0.0.1:${other.port}/rpc`,
    );
    expect(opened).not.toBe('opened');
    await other.close();
  });
});
