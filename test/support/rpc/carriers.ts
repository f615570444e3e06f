import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { vi } from 'vitest';
import WebSocket from 'ws';
import { type Link, type PortLike, createPortLink } from '../../../electron/core/rpc/link.ts';
import { createLinkServer } from '../../../electron/core/rpc/serve-link.ts';
import { startServer } from '../../../electron/server/server.ts';
import type { PageLink } from '../../../renderer/rpc/link.ts';
import { createMessagePortLink } from '../../../renderer/rpc/transport-message-port.ts';
import { openWebSocketLink } from '../../../renderer/rpc/transport-web-socket.ts';
import type { TestCore } from './test-core.ts';

/** A served core that pages can open links to. */
export interface Served {
  openLink(): Promise<PageLink>;
  /** Cuts every link as a crash would: without a word to the page. */
  cut(): void;
  /** Sends raw text as a page could. */
  sendRaw(link: PageLink, text: string): void;
  close(): Promise<void>;
}

export type Carrier = readonly [name: string, serve: (core: TestCore) => Promise<Served>];

/** Two ends in one process; each message arrives in a later turn of the event loop, in order. */
export function createMemoryLinks(): { core: Link; page: PageLink; cut(): void } {
  const ends = [0, 1].map(() => ({
    message: [] as ((message: unknown) => void)[],
    close: [] as ((reason: string) => void)[],
  }));
  let isOpen = true;
  const cut = (reason = 'cut') => {
    if (!isOpen) return;
    isOpen = false;
    for (const end of ends) for (const listener of end.close) listener(reason);
  };
  const create = (own: number): Link => ({
    send(message) {
      setImmediate(() => {
        if (isOpen) for (const listener of ends[1 - own]?.message ?? []) listener(message);
      });
    },
    onMessage: (listener) => void ends[own]?.message.push(listener),
    onClose: (listener) => void ends[own]?.close.push(listener),
    close: (reason) => cut(reason),
  });
  const page = create(1);
  return {
    core: create(0),
    page: { ...page, send: (text) => void page.send(text), close: () => cut('closed') },
    cut,
  };
}

const serveMemory: Carrier[1] = async (core) => {
  const server = createLinkServer(core.router, { log: core.log });
  const pairs = new Set<ReturnType<typeof createMemoryLinks>>();
  let isOpen = true;
  return {
    async openLink() {
      if (!isOpen) throw new Error('not served any more');
      const pair = createMemoryLinks();
      pairs.add(pair);
      server.serve(pair.core);
      return pair.page;
    },
    cut: () => pairs.forEach((pair) => pair.cut()),
    sendRaw: (link, text) => link.send(text),
    async close() {
      isOpen = false;
      server.close('the test is over');
    },
  };
};

const servePorts: Carrier[1] = async (core) => {
  const server = createLinkServer(core.router, { log: core.log });
  const channels: MessageChannel[] = [];
  let isOpen = true;
  return {
    async openLink() {
      if (!isOpen) throw new Error('not served any more');
      const channel = new MessageChannel();
      channels.push(channel);
      // Node's port and the DOM's differ in type only in members a link does not use.
      server.serve(createPortLink(channel.port1 as unknown as PortLike));
      return createMessagePortLink(channel.port2 as unknown as MessagePort);
    },
    cut: () => channels.forEach((channel) => channel.port1.close()),
    sendRaw: (link, text) => link.send(text),
    async close() {
      isOpen = false;
      server.close('the test is over');
      channels.forEach((channel) => channel.port2.close());
    },
  };
};

/** A directory with the least a built page has. */
export function writePage(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'assay-page-'));
  writeFileSync(path.join(directory, 'index.html'), '<!doctype html><title>page</title>');
  return directory;
}

/** Trades a server's token for its session cookie, as the page's first request does. */
export async function signIn(url: string): Promise<string> {
  const { origin, hash } = new URL(url);
  const response = await fetch(`${origin}/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token: hash.replace('#token=', '') }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  if (cookie === undefined) throw new Error(`no cookie, status ${response.status}`);
  return cookie;
}

const serveSockets: Carrier[1] = async (core) => {
  const rendererDirectory = writePage();
  const server = await startServer({ core, rendererDirectory, log: core.log });
  const cookie = await signIn(server.url);
  const { origin, host } = new URL(server.url);
  const sockets: WebSocket[] = [];
  class BrowserSocket extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { origin, cookie } });
      sockets.push(this);
    }
  }
  vi.stubGlobal('WebSocket', BrowserSocket);
  return {
    openLink: () => openWebSocketLink(`ws://${host}/rpc`),
    cut: () => sockets.forEach((socket) => socket.terminate()),
    sendRaw: (link, text) => link.send(text),
    async close() {
      await server.close();
      await Promise.all(
        sockets
          .filter((socket) => socket.readyState !== WebSocket.CLOSED)
          .map((socket) => once(socket, 'close')),
      );
      vi.unstubAllGlobals();
      rmSync(rendererDirectory, { recursive: true });
    },
  };
};

export const carriers: readonly Carrier[] = [
  ['memory', serveMemory],
  ['MessagePort', servePorts],
  ['WebSocket', serveSockets],
];
