import { linkLost } from './link-failure.ts';
import type { PageLink } from './link.ts';

const PATIENCE_MS = 20_000;

/** A link over a message port; the port's other end closing, or its process dying, ends it. */
export function createMessagePortLink(port: MessagePort): PageLink {
  let endedBecause: string | undefined;
  const closeListeners: ((reason: string) => void)[] = [];
  const end = (reason: string) => {
    if (endedBecause !== undefined) return;
    endedBecause = reason;
    for (const listener of closeListeners) listener(reason);
  };
  port.addEventListener('close', () => end('the core closed the port'));
  return {
    send(message) {
      if (endedBecause === undefined) port.postMessage(message);
    },
    onMessage(listener) {
      port.addEventListener('message', (event) => listener(event.data));
      port.start();
    },
    onClose(listener) {
      if (endedBecause === undefined) closeListeners.push(listener);
      else listener(endedBecause);
    },
    close() {
      port.close();
      end('closed by this side');
    },
  };
}

/**
 * Asks the desktop shell for a port to the core. The nonce ties the answer to this request, so that a message another
 * frame might post is not taken for it. Rejects with LINK_LOST after 20 s.
 */
export function requestPortLink(
  requestPort: (nonce: string) => void,
  page: Window = window,
): Promise<PageLink> {
  const nonce = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      page.removeEventListener('message', receive);
    };
    const receive = (event: MessageEvent<unknown>) => {
      const [port] = event.ports;
      if (event.source !== page || event.data !== `assay:port:${nonce}` || !port) return;
      stop();
      resolve(createMessagePortLink(port));
    };
    const timer = setTimeout(() => {
      stop();
      reject(linkLost('the core did not start in time'));
    }, PATIENCE_MS);
    page.addEventListener('message', receive);
    requestPort(nonce);
  });
}
