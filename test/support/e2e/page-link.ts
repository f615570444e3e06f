import { once } from 'node:events';
import WebSocket from 'ws';
import type { PageLink } from '../../../renderer/rpc/link.ts';
import { callOn, createConnection } from '../../../renderer/rpc/rpc-call.ts';
import { signIn } from '../rpc/carriers.ts';

/** The page's side of the RPC without a browser: signs in with a printed address and calls methods. */
export interface PageCalls {
  /** Calls `domain.method`; rejects as the page's client does. */
  call<T>(method: string, input?: unknown): Promise<T>;
  close(): void;
}

function toLink(socket: WebSocket): PageLink {
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    onMessage: (listener) => {
      socket.on('message', (data: Buffer) => listener(data.toString()));
    },
    onClose: (listener) => {
      socket.on('close', (code) => listener(`close code ${code}`));
    },
    close: () => socket.close(),
  };
}

export async function openPageLink(address: string): Promise<PageCalls> {
  const { origin, host } = new URL(address);
  const cookie = await signIn(address);
  const socket = new WebSocket(`ws://${host}/rpc`, { headers: { origin, cookie } });
  await once(socket, 'open');
  const connection = createConnection(toLink(socket), () => undefined);
  return {
    call: async <T>(method: string, input?: unknown) =>
      (await callOn(connection, method.split('.'), input, { context: {} })) as T,
    close: () => socket.terminate(),
  };
}
