/**
 * One connection to one page, whatever carries it: send text, receive text, learn of the end.
 *
 * `send` may answer a promise that settles when the carrier has room again; a producer of events waits for it.
 * Sending on a closed link does nothing: `onClose` has already told everyone who waits.
 */
export interface Link {
  send(message: string): void | Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with what ended the link. */
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}

/** The part of a MessagePort that DOM, worker_threads and Electron's main-process ports share. */
export interface PortLike {
  postMessage(message: unknown): void;
  close(): void;
  start?(): void;
  addEventListener?(type: 'message' | 'close', listener: (event: { data?: unknown }) => void): void;
  on?(type: 'message' | 'close', listener: (event?: { data?: unknown }) => void): unknown;
}

/** A link over a message port. Both ends learn of a `close()`; so does one end when the other's process dies. */
export function createPortLink(port: PortLike): Link {
  let isOpen = true;
  const closeListeners: ((reason: string) => void)[] = [];
  const end = (reason: string) => {
    if (!isOpen) return;
    isOpen = false;
    for (const listener of closeListeners) listener(reason);
  };
  const listen = (type: 'message' | 'close', listener: (event?: { data?: unknown }) => void) => {
    if (port.addEventListener) port.addEventListener(type, listener);
    else port.on?.(type, listener);
  };
  listen('close', () => end('the port was closed'));
  return {
    send(message) {
      if (isOpen) port.postMessage(message);
    },
    onMessage(listener) {
      listen('message', (event) => listener(event?.data));
      port.start?.();
    },
    onClose(listener) {
      closeListeners.push(listener);
    },
    close(reason) {
      port.close();
      end(reason);
    },
  };
}
