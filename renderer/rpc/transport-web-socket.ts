import { linkLost } from './link-failure.ts';
import type { PageLink } from './link.ts';

/** Opens a link over a WebSocket. Rejects with LINK_LOST where the server cannot be reached or refuses. */
export function openWebSocketLink(url: string): Promise<PageLink> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const refuse = () => reject(linkLost('the server did not accept it'));
    socket.addEventListener('close', refuse, { once: true });
    socket.addEventListener(
      'open',
      () => {
        socket.removeEventListener('close', refuse);
        resolve(createSocketLink(socket));
      },
      { once: true },
    );
  });
}

function createSocketLink(socket: WebSocket): PageLink {
  let endedBecause: string | undefined;
  const closeListeners: ((reason: string) => void)[] = [];
  const end = (reason: string) => {
    if (endedBecause !== undefined) return;
    endedBecause = reason;
    for (const listener of closeListeners) listener(reason);
  };
  socket.addEventListener('close', (event) => end(event.reason || `close code ${event.code}`));
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    },
    onMessage(listener) {
      socket.addEventListener('message', (event) => listener(event.data));
    },
    onClose(listener) {
      if (endedBecause === undefined) closeListeners.push(listener);
      else listener(endedBecause);
    },
    close() {
      socket.close();
      end('closed by this side');
    },
  };
}
