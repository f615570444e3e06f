import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RpcLog } from '../core/rpc/failure.ts';
import { type CoreRouter, type LinkServer, createLinkServer } from '../core/rpc/serve-link.ts';
import { securityHeaders } from './headers.ts';
import { type FindPageFile, readPageFiles } from './page-files.ts';
import { findIntrusion } from './request-guard.ts';
import { answerFile, answerSession, answerText } from './responses.ts';
import { type Sessions, createSecret, createSessions, readCookie } from './sessions.ts';
import { createWebSocketLink } from './web-socket-link.ts';

export const LARGEST_BODY = 2 ** 20;
export const LARGEST_FRAME = 32 * 2 ** 20;
const PING_EVERY_MS = 30_000;

export interface ServerOptions {
  readonly core: { readonly router: CoreRouter };
  /** The built page. */
  readonly rendererDirectory: string;
  readonly log: RpcLog;
  /** 0 or absent: any free port. */
  readonly port?: number | undefined;
  /** Kept by whoever restarts the server, so that open pages stay signed in. */
  readonly token?: string | undefined;
  readonly secret?: string | undefined;
  /** Called whenever an address was used, with the one for the next browser. */
  readonly onAddress?: ((address: { url: string; token: string }) => void) | undefined;
}

export interface RunningServer {
  /** Address with the token that was current at the start; good for one browser. */
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Closes every connection and waits for it. The core stays open. */
  close(): Promise<void>;
}

interface Parts {
  readonly sessions: Sessions;
  readonly findFile: FindPageFile;
  readonly links: LinkServer;
  readonly sockets: WebSocketServer;
  readonly log: RpcLog;
  readonly cookieName: () => string;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port; // a listening TCP server has no other kind of address
}

/**
 * Serves the page and its RPC on 127.0.0.1. Rejects where the port is taken (`EADDRINUSE`) or the page is not built.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { core, log, rendererDirectory } = options;
  const token = options.token ?? createSecret();
  const toUrl = (current: string) => `http://127.0.0.1:${portOf(server)}/#token=${current}`;
  const sessions = createSessions({
    secret: options.secret ?? createSecret(),
    token,
    onSpent: (next) => options.onAddress?.({ url: toUrl(next), token: next }),
  });
  const parts: Parts = {
    sessions,
    findFile: readPageFiles(rendererDirectory),
    links: createLinkServer(core.router, { log }),
    sockets: new WebSocketServer({ noServer: true, maxPayload: LARGEST_FRAME, perMessageDeflate: false }),
    log,
    cookieName: () => `assay-session-${portOf(server)}`,
  };
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000 }, (request, response) => {
    respond(parts, request, response).catch((error: unknown) => {
      log.error({ err: error, url: request.url }, 'a request failed unexpectedly');
      if (response.headersSent) response.destroy();
      else answerText(response, 500, 'The request failed because of a fault in Assay; its log tells more.');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgrade(parts, { request, socket, head });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const stopPings = pingRegularly(parts.sockets);
  return {
    url: toUrl(token),
    token,
    port: portOf(server),
    async close() {
      stopPings();
      parts.links.close('the server is closing');
      for (const socket of parts.sockets.clients) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  const intrusion = findIntrusion(request, { isOriginRequired: !isSafe });
  if (intrusion !== undefined) {
    parts.log.warn({ url: request.url, intrusion }, 'a request was refused');
    return answerText(response, 403, `Refused: ${intrusion}.`);
  }
  const requestPath = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (requestPath === '/session') {
    const { sessions, cookieName } = parts;
    return answerSession(
      { request, response },
      { sessions, cookieName: cookieName(), largestBody: LARGEST_BODY },
    );
  }
  if (!isSafe) {
    response.setHeader('allow', 'GET, HEAD');
    return answerText(response, 405, 'Only GET and HEAD are answered here.');
  }
  const file = parts.findFile(requestPath);
  if (!file) return answerText(response, 404, 'There is no such file.');
  return answerFile({ request, response }, file);
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

function upgrade(
  { sessions, links, sockets, log, cookieName }: Parts,
  { request, socket, head }: Upgrade,
): void {
  const refuse = (status: string, why: string) => {
    log.warn({ url: request.url, why }, 'a WebSocket was refused');
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  };
  const intrusion = findIntrusion(request, { isOriginRequired: true });
  if (intrusion !== undefined) return refuse('403 Forbidden', intrusion);
  if (request.url !== '/rpc') return refuse('404 Not Found', 'no such path');
  if (!sessions.isValid(readCookie(request.headers.cookie, cookieName()))) {
    return refuse('401 Unauthorized', 'no session cookie');
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    sockets.emit('connection', webSocket, request);
    webSocket.on('error', (error) => log.warn({ err: error }, 'a WebSocket failed'));
    links.serve(createWebSocketLink(webSocket));
  });
}

/** A page whose machine went to sleep never closes its socket; two unanswered pings do. Answers the stop. */
function pingRegularly(sockets: WebSocketServer): () => void {
  const silent = new WeakSet<WebSocket>();
  sockets.on('connection', (socket: WebSocket) => socket.on('pong', () => silent.delete(socket)));
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (silent.has(socket)) socket.terminate();
      silent.add(socket);
      socket.ping();
    }
  }, PING_EVERY_MS);
  return () => clearInterval(timer);
}
