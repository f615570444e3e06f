import { createORPCClient } from '@orpc/client';
import type { Client } from '../../electron/contract/contract.ts';
import type { Host } from '../../electron/contract/host.contract.ts';
import { createBrowserHost } from './browser-host.ts';
import type { Connection } from './client.ts';
import { createGreeting } from './greet.ts';
import type { PageLink } from './link.ts';
import { Session } from './session.ts';
import { checkSession, signIn } from './sign-in.ts';
import { requestPortLink } from './transport-message-port.ts';
import { openWebSocketLink } from './transport-web-socket.ts';

declare global {
  interface Window {
    /** Put there by the desktop shell's preload script; absent in a browser. */
    readonly assay?: Host & { requestPort(nonce: string): void };
  }
}

const topics: ReadonlySet<string> = new Set(['job.changed']);

/**
 * Opens the session with the core over whatever this page has: a port in the desktop shell, a WebSocket in a browser.
 * Rejects with LINK_LOST, VERSION_MISMATCH or UNAUTHORISED; afterwards the session reconnects by itself.
 */
export async function connect(): Promise<Connection> {
  const desktop = window.assay;
  if (!desktop) await signIn();
  const version = import.meta.env['VITE_ASSAY_VERSION'] as string | undefined; // vite types every variable as any
  const session = await Session.open({
    openLink: desktop ? () => requestPortLink((nonce) => desktop.requestPort(nonce)) : openBrowserLink,
    greet: createGreeting(version),
    topics,
  });
  return {
    client: createORPCClient<Client>(session),
    host: desktop ?? createBrowserHost(),
    onStateChange: (listener) => session.onStateChange(listener),
  };
}

async function openBrowserLink(): Promise<PageLink> {
  const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
  try {
    return await openWebSocketLink(`${scheme}//${window.location.host}/rpc`);
  } catch (error) {
    await checkSession();
    throw error;
  }
}
