import { inject } from 'vue';
import type { Client } from '../../electron/contract/contract.ts';
import type { Host } from '../../electron/contract/host.contract.ts';
import { clientKey, hostKey } from './client.ts';

/** The typed client of the core. Throws where the page was mounted without one. */
export function useClient(): Client {
  const client = inject(clientKey);
  if (!client) throw new Error('No client is provided to this component.');
  return client;
}

/** What the shell around the page can do (pick files, save, reveal, print). */
export function useHost(): Host {
  const host = inject(hostKey);
  if (!host) throw new Error('No host is provided to this component.');
  return host;
}
