import type { InjectionKey } from 'vue';
import type { Client } from '../../electron/contract/contract.ts';
import type { Host } from '../../electron/contract/host.contract.ts';

/** `reconnecting` while the transport tries again by itself; `lost` when it gave up. */
export type ConnectionState = 'connected' | 'reconnecting' | 'lost';

/** What `connect()` answers with. `onStateChange` returns a function that ends the subscription. */
export interface Connection {
  readonly client: Client;
  readonly host: Host;
  onStateChange(listener: (state: ConnectionState) => void): () => void;
}

export const clientKey: InjectionKey<Client> = Symbol('client');
export const hostKey: InjectionKey<Host> = Symbol('host');

type Method = (...rest: never[]) => unknown;

/** Answer of one contract method. */
export type OutputOf<M extends Method> = Awaited<ReturnType<M>>;
