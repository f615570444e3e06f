import type { WebSocket } from 'ws';
import type { Link } from '../core/rpc/link.ts';

/** Bytes that may wait in the socket before a producer of events is asked to wait. */
const FULL_AT = 4 * 2 ** 20;

/** A link over one accepted WebSocket; text messages only. */
export function createWebSocketLink(socket: WebSocket): Link {
  return {
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount < FULL_AT) return socket.send(message);
      return new Promise((resolve) => socket.send(message, () => resolve()));
    },
    onMessage(listener) {
      socket.on('message', (data, isBinary) => {
        // ws gives a text message as one Buffer unless binaryType is changed, which it is not.
        listener(isBinary ? undefined : (data as Buffer).toString('utf8'));
      });
    },
    onClose(listener) {
      socket.once('close', (code, reason) => listener(reason.toString() || `close code ${code}`));
    },
    close(reason) {
      socket.close(1008, reason.slice(0, 120));
    },
  };
}
