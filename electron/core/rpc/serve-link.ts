import type { ORPCError, Router } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import type { WebSocket } from 'ws';
import { type RpcLog, methodUnknown, toWireFailure } from './failure.ts';
import { isRequestFrame } from './frames.ts';
import type { CallContext } from './guard.ts';
import type { Link } from './link.ts';

/** Header of a call that carries the caller's request id. */
const REQUEST_ID_HEADER = 'request-id';
const LONGEST_REQUEST_ID = 100;

/** Any router whose handlers take a `CallContext`; the contract behind it does not matter here. */
// The contract is the one part of oRPC's router type that has to stay open here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type CoreRouter = Router<any, CallContext>;

/** Serves a router to any number of links; each link is a session of its own. */
export interface LinkServer {
  serve(link: Link): void;
  readonly openLinks: number;
  /** Closes every link, which aborts every call on it. */
  close(reason: string): void;
}

type Listener = (event: { data?: unknown }) => void;

/**
 * Makes a server of a router. The link's end aborts all its calls; a frame that is no request closes the link, because
 * its peer speaks another protocol.
 */
export function createLinkServer(router: CoreRouter, { log }: { log: RpcLog }): LinkServer {
  const handler = createHandler(router, log);
  const links = new Set<Link>();
  return {
    serve(link) {
      links.add(link);
      link.onClose(() => links.delete(link));
      void handler.upgrade(asSocket(link, log), { context: {} });
    },
    get openLinks() {
      return links.size;
    },
    close(reason) {
      for (const link of [...links]) link.close(reason);
    },
  };
}

function createHandler(router: CoreRouter, log: RpcLog): RPCHandler<CallContext> {
  const answer = (error: ORPCError<string, unknown>) => ({
    matched: true as const,
    response: { status: error.status, headers: {}, body: { json: error.toJSON() } },
  });
  return new RPCHandler<CallContext>(router, {
    rootInterceptors: [
      async (call) => {
        const method = call.request.url.pathname.slice(1).replaceAll('/', '.');
        try {
          const result = await call.next();
          return result.matched ? result : answer(methodUnknown(method));
        } catch (error) {
          return answer(toWireFailure(error, method, log));
        }
      },
    ],
    interceptors: [
      (call) => {
        const header = call.request.headers[REQUEST_ID_HEADER];
        const isUsable = typeof header === 'string' && header !== '' && header.length <= LONGEST_REQUEST_ID;
        return call.next(isUsable ? { ...call, context: { ...call.context, requestId: header } } : call);
      },
    ],
  });
}

/** oRPC's `ws` adapter wants three things of a socket; a link gives them without being one. */
function asSocket(link: Link, log: RpcLog): Pick<WebSocket, 'addEventListener' | 'send'> {
  const addEventListener = (type: string, listener: Listener) => {
    if (type === 'close') link.onClose(() => listener({}));
    if (type !== 'message') return;
    link.onMessage((message) => {
      if (isRequestFrame(message)) return listener({ data: message });
      log.warn({}, 'a link was closed: its peer sent something that is no request');
      link.close('protocol violation');
    });
  };
  const socket = { addEventListener, send: (message: string) => link.send(message) };
  // The adapter's type names all of ws.WebSocket's overloads, of which it calls these two.
  return socket as unknown as Pick<WebSocket, 'addEventListener' | 'send'>;
}
