import type { EnginePort } from './serve-engine.ts';

/** Electron's port in a utility process, as far as it is used. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
}

/** The wire of this very process to its owner, in a forked Node as in Electron's utility process. */
export function openProcessPort(): EnginePort {
  const { parentPort } = process as { parentPort?: ParentPort }; // there in a utility process only
  if (parentPort) {
    return {
      send: (frame) => parentPort.postMessage(frame),
      onMessage: (listener) => void parentPort.on('message', ({ data }) => listener(data)),
      onOwnerGone: () => undefined, // a utility process ends with the program that made it
      exit: (code) => process.exit(code),
    };
  }
  let sent: Promise<void> = Promise.resolve();
  return {
    send: (frame) => {
      if (!process.connected) return;
      sent = new Promise((resolve) => process.send?.(frame, undefined, undefined, () => resolve()));
    },
    onMessage: (listener) => void process.on('message', listener),
    onOwnerGone: (listener) => void process.once('disconnect', listener),
    // The last words have to be on their way first.
    exit: (code) => void sent.then(() => process.exit(code)),
  };
}
