import type { EngineFrame } from '../frames.ts';
import type { EngineProcess, ProcessAdapter, ProcessExit } from '../process-adapter.ts';
import type { EnginePort } from '../serve-engine.ts';

/** A process that is only two queues; the test holds the other end. */
export interface MemoryProcess {
  readonly port: EnginePort;
  /** Says anything as the child, also what no frame is. */
  say(message: unknown): void;
  /** Ends the process as the system would. */
  exit(exit: ProcessExit): void;
  readonly isKilled: boolean;
}

/** An adapter without processes: `start` is given each new one and plays the child. */
export function createMemoryAdapter(start: (process: MemoryProcess) => void): ProcessAdapter {
  let nextPid = 1;
  return {
    spawn: () => {
      let toOwner: ((message: unknown) => void) | undefined;
      let toChild: ((message: unknown) => void) | undefined;
      let ended: ((exit: ProcessExit) => void) | undefined;
      let isOver = false;
      const state = { isKilled: false };
      const exit = (how: ProcessExit) => {
        if (isOver) return;
        isOver = true;
        queueMicrotask(() => ended?.(how));
      };
      const say = (message: unknown) => queueMicrotask(() => toOwner?.(message));
      const owned: EngineProcess = {
        pid: nextPid++,
        send: (frame) => queueMicrotask(() => !isOver && toChild?.(structuredClone(frame))),
        onMessage: (listener) => (toOwner = listener),
        onExit: (listener) => (ended = listener),
        terminate: () => undefined,
        kill: () => {
          state.isKilled = true;
          exit({ code: null, signal: 'SIGKILL' });
        },
      };
      start({
        port: {
          send: (frame: EngineFrame) => !isOver && say(structuredClone(frame)),
          onMessage: (listener) => (toChild = listener),
          onOwnerGone: () => undefined,
          exit: (code) => exit({ code, signal: null }),
        },
        say,
        exit,
        get isKilled() {
          return state.isKilled;
        },
      });
      return owned;
    },
  };
}
