import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  LARGEST_BODY,
  LARGEST_FRAME,
  type RunningServer,
  startServer,
} from '../../electron/server/server.ts';
import { createSecret } from '../../electron/server/sessions.ts';
import { signIn } from '../support/rpc/carriers.ts';
import { type TestCore, createTestCore } from '../support/rpc/test-core.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

let root: string;
let server: RunningServer;
let core: TestCore;
let addresses: { url: string; token: string }[];
const script = `console.log(${JSON.stringify('x'.repeat(5_000))});`;

/** A request as it is written, without the tidying of paths and headers that `fetch` does. */
async function send(
  url: string,
  { body, ...options }: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: server.port, path: url, agent: false, ...options });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

function origin(): string {
  return `http://127.0.0.1:${server.port}`;
}

function postToken(token: string, headers: Record<string, string> = {}): Promise<Answer> {
  const body = JSON.stringify({ token });
  return send('/session', { method: 'POST', headers: { origin: origin(), ...headers }, body });
}

/** Status the upgrade was refused with, or 101. */
function upgrade(headers: Record<string, string>, url = '/rpc'): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${url}`, { headers });
    socket.on('open', () => {
      resolve(101);
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
      socket.terminate();
    });
    socket.on('error', (error) => {
      if (!/before the connection was established/.test(error.message)) reject(error);
    });
  });
}

beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'assay-server-'));
  const page = path.join(root, 'page');
  mkdirSync(path.join(page, 'assets'), { recursive: true });
  writeFileSync(path.join(page, 'index.html'), '<!doctype html><title>Assay</title>');
  writeFileSync(path.join(page, 'assets', 'main-a1B2c3D4.js'), script);
  writeFileSync(path.join(page, 'assets', 'name with ü.json'), '{}');
  writeFileSync(path.join(page, '.hidden'), 'hidden');
  writeFileSync(path.join(root, 'secret.txt'), 'secret');
  symlinkSync(path.join(root, 'secret.txt'), path.join(page, 'link.txt'));
  symlinkSync(root, path.join(page, 'up'));
  core = createTestCore();
  addresses = [];
  server = await startServer({
    core,
    log: core.log,
    rendererDirectory: page,
    onAddress: (address) => addresses.push(address),
  });
});

afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

describe('page files', () => {
  it('serves the page with every security header', async () => {
    const { status, headers, body } = await send('/');
    expect(status).toBe(200);
    expect(body.toString()).toContain('<title>Assay</title>');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
        "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; " +
        "frame-ancestors 'none'",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('sends the headers with refusals too', async () => {
    for (const answer of [await send('/missing'), await send('/', { headers: { host: 'evil.example' } })]) {
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    }
  });

  it('lets a browser keep hashed assets for good, compressed, and revalidate the rest', async () => {
    const plain = await send('/assets/main-a1B2c3D4.js');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(plain.body.toString()).toBe(script);
    const small = await send('/assets/main-a1B2c3D4.js', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(small.headers['content-encoding']).toBe('gzip');
    expect(small.body.length).toBeLessThan(500);
    const etag = String((await send('/')).headers['etag']);
    expect(await send('/', { headers: { 'if-none-match': etag } })).toMatchObject({ status: 304 });
  });

  it('finds names with escapes, and answers HEAD without a body', async () => {
    expect((await send('/assets/name%20with%20%C3%BC.json?v=1')).body.toString()).toBe('{}');
    const head = await send('/', { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%252e%252e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/.hidden',
    '/index.html%00.js',
    '/%E0%A4%A',
    '/assets/',
    '/assets',
  ])('gives nothing away for %s', async (url) => {
    const answer = await send(url);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).not.toContain('secret');
  });

  it('refuses other methods', async () => {
    expect((await send('/', { method: 'DELETE', headers: { origin: origin() } })).status).toBe(405);
    expect((await send('/session', { method: 'PUT', headers: { origin: origin() } })).status).toBe(405);
  });

  it('says what to do where the page was not built', async () => {
    const options = { core, log: core.log, rendererDirectory: path.join(root, 'page', 'assets') };
    await expect(startServer(options)).rejects.toThrow('npm run build');
  });
});

describe('who is let in', () => {
  it('listens on the loopback address only', async () => {
    const socket: Socket = connect({ host: '127.0.0.2', port: server.port });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(['ECONNREFUSED', 'EADDRNOTAVAIL', 'ETIMEDOUT']).toContain(error.code);
  });

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost@evil.example',
  ])('refuses the Host "%s", which a rebound name would send', async (host) => {
    expect((await send('/', { headers: { host } })).status).toBeGreaterThanOrEqual(400);
    const cookie = await signIn(server.url);
    const headers = { host, origin: `http://${host}`, cookie };
    expect(await upgrade(headers)).toBe(403);
  });

  it('accepts a tunnel that changes the port, as long as Origin is that very host', async () => {
    const cookie = await signIn(server.url);
    expect((await send('/', { headers: { host: 'localhost:9000' } })).status).toBe(200);
    expect(await upgrade({ host: 'localhost:9000', origin: 'http://localhost:9000', cookie })).toBe(101);
    expect(await upgrade({ host: 'localhost:9000', origin: 'http://localhost:9001', cookie })).toBe(403);
  });

  it('refuses another Origin, a missing one, and "null", on POST and on the WebSocket', async () => {
    const cookie = await signIn(server.url);
    for (const bad of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${server.port}`,
      'http://127.0.0.1:1',
    ]) {
      expect((await postToken(server.token, { origin: bad })).status).toBe(403);
      expect(await upgrade({ origin: bad, cookie })).toBe(403);
    }
    expect((await send('/session', { method: 'POST', body: '{}' })).status).toBe(403);
    expect(await upgrade({ cookie })).toBe(403);
  });

  it('refuses what a browser marks as coming from another site, but follows links', async () => {
    const fetched = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await send('/', { headers: fetched })).status).toBe(403);
    expect((await send('/', { headers: { ...fetched, 'sec-fetch-mode': 'navigate' } })).status).toBe(200);
  });

  it('opens the WebSocket with the cookie and not without, nor on another path', async () => {
    const cookie = await signIn(server.url);
    expect(await upgrade({ origin: origin(), cookie })).toBe(101);
    expect(await upgrade({ origin: origin(), cookie: `other=1; ${cookie}` })).toBe(101);
    expect(await upgrade({ origin: origin() })).toBe(401);
    expect(await upgrade({ origin: origin(), cookie: `${cookie}x` })).toBe(401);
    expect(await upgrade({ origin: origin(), cookie: cookie.replace('.', 'a.') })).toBe(401);
    expect(await upgrade({ origin: origin(), cookie: `assay-session-${server.port}=` })).toBe(401);
    expect(await upgrade({ origin: origin(), cookie }, '/other')).toBe(404);
  });

  it('exchanges a token once, for a cookie that scripts and other sites do not see', async () => {
    const first = await postToken(server.token);
    expect(first.status).toBe(204);
    expect(first.headers['set-cookie']?.[0]).toMatch(
      /^assay-session-\d+=[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const again = await postToken(server.token);
    expect(again.status).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  it('hands out a fresh address when one was used, good for a second browser', async () => {
    await postToken(server.token);
    expect(addresses).toHaveLength(1);
    const [fresh] = addresses;
    expect(fresh?.url).toBe(`${origin()}/#token=${fresh?.token}`);
    expect((await postToken(fresh?.token ?? '')).status).toBe(204);
    expect(addresses).toHaveLength(2);
  });

  it.each([
    ['a wrong token', JSON.stringify({ token: 'x'.repeat(43) }), 401],
    ['no JSON', 'token=x', 400],
    ['another shape', '{"token":1}', 400],
    ['more than asked for', '{"token":"x","admin":true}', 400],
  ])('refuses %s and spends nothing', async (_what, body, status) => {
    const answer = await send('/session', { method: 'POST', headers: { origin: origin() }, body });
    expect(answer.status).toBe(status);
    expect((await postToken(server.token)).status).toBe(204);
  });

  it('tells a reloaded page that its cookie is good, and a stranger that he has none', async () => {
    const cookie = await signIn(server.url);
    expect((await send('/session', { headers: { cookie } })).status).toBe(204);
    expect((await send('/session')).status).toBe(401);
  });

  it('keeps cookies good over a restart with the same secret, and not with another', async () => {
    const cookieOf = async (secret: string) => {
      const other = await startServer({
        core,
        log: core.log,
        rendererDirectory: path.join(root, 'page'),
        secret,
      });
      const [, value] = (await signIn(other.url)).split(/=(.*)/s);
      await other.close();
      return `assay-session-${server.port}=${value}`;
    };
    await server.close();
    const secret = createSecret();
    const [kept, foreign] = [await cookieOf(secret), await cookieOf(createSecret())];
    const { port } = server;
    server = await startServer({
      core,
      log: core.log,
      rendererDirectory: path.join(root, 'page'),
      secret,
      port,
    });
    expect(await upgrade({ origin: origin(), cookie: kept })).toBe(101);
    expect(await upgrade({ origin: origin(), cookie: foreign })).toBe(401);
  });
});

describe('sizes', () => {
  it('refuses a body over 1 MiB, announced or not', async () => {
    const body = Buffer.alloc(LARGEST_BODY + 1, 'x');
    const headers = { origin: origin() };
    expect((await send('/session', { method: 'POST', headers, body })).status).toBe(413);
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    expect((await send('/session', { method: 'POST', headers: chunked, body })).status).toBe(413);
  });

  it('ends a WebSocket that sends a frame over 32 MiB, with the code for it', async () => {
    const cookie = await signIn(server.url);
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, {
      headers: { origin: origin(), cookie },
    });
    await once(socket, 'open');
    socket.send('x'.repeat(LARGEST_FRAME + 1), () => undefined);
    socket.on('error', () => undefined);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
    expect((await send('/')).status).toBe(200);
  });
});

it('leaves no connection, timer or socket of its own behind when it closes', async () => {
  const before = process.getActiveResourcesInfo().length;
  const other = await startServer({ core, log: core.log, rendererDirectory: path.join(root, 'page') });
  const cookie = await signIn(other.url);
  const headers = { origin: `http://127.0.0.1:${other.port}`, cookie };
  const socket = new WebSocket(`ws://127.0.0.1:${other.port}/rpc`, { headers });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await Promise.all([other.close(), closed]);
  await expect(fetch(`http://127.0.0.1:${other.port}/`)).rejects.toThrow();
  await expect.poll(() => process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
});
