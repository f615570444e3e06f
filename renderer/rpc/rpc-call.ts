import { type ClientContext, type ClientOptions, mapEventIterator } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { linkLost, rebuildFailure } from './link-failure.ts';
import type { PageLink } from './link.ts';

/** A caller may pass the request id of a write whose link was lost, to learn its answer instead of doing it twice. */
export interface CallContext extends ClientContext {
  requestId?: string | undefined;
}

export type CallOptions = ClientOptions<CallContext>;

/** One link with oRPC on it. */
export interface Connection {
  readonly link: PageLink;
  readonly rpc: RPCLink<CallContext>;
  /** Set once, before any pending call hears of the loss. */
  lostBecause: string | undefined;
}

type Listener = (event: { data?: unknown }) => void;

/** Puts oRPC on a link. `onLost` is called once, when the link ends. */
export function createConnection(link: PageLink, onLost: (connection: Connection) => void): Connection {
  const closeListeners: Listener[] = [];
  const addEventListener = (type: string, listener: Listener) => {
    if (type === 'close') closeListeners.push(listener);
    if (type === 'message') link.onMessage((message) => receive(message, link, listener));
  };
  const socket = {
    readyState: 1,
    addEventListener,
    removeEventListener: () => undefined,
    send: (message: string) => link.send(message),
  };
  const connection: Connection = {
    link,
    rpc: new RPCLink<CallContext>({
      // oRPC's type names all of WebSocket's overloads; it calls these few members.
      websocket: socket as unknown as WebSocket,
      headers: ({ context }) => (context.requestId === undefined ? {} : { 'request-id': context.requestId }),
    }),
    lostBecause: undefined,
  };
  link.onClose((reason) => {
    connection.lostBecause = reason;
    for (const listener of closeListeners) listener({});
    onLost(connection);
  });
  return connection;
}

/** oRPC leaves a frame it cannot read as an unhandled rejection, so what is no frame ends the link before it gets there. */
function receive(message: unknown, link: PageLink, listener: Listener): void {
  if (typeof message === 'string' && message.startsWith('{"i":')) listener({ data: message });
  else link.close();
}

function isAsyncIterator(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/**
 * One call on one link. Rejects with the `AppError` the core threw, with the caller's own abort reason, or with
 * LINK_LOST whose details name the method and the request id under which the call may be repeated.
 */
export async function callOn(
  connection: Connection,
  path: readonly string[],
  input: unknown,
  options: CallOptions,
): Promise<unknown> {
  const requestId = options.context.requestId ?? crypto.randomUUID();
  const explain = (error: unknown): unknown => {
    if (options.signal?.aborted) return options.signal.reason;
    const { lostBecause } = connection;
    if (lostBecause !== undefined) return linkLost(lostBecause, { method: path.join('.'), requestId });
    return rebuildFailure(error);
  };
  try {
    const output = await connection.rpc.call(path, input, { ...options, context: { requestId } });
    if (!isAsyncIterator(output)) return output;
    return mapEventIterator(output, {
      value: async (value: unknown) => value,
      error: async (error: unknown) => explain(error),
    });
  } catch (error) {
    throw explain(error);
  }
}
