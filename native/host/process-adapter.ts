import type { OwnerFrame } from './frames.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to standard error, where that was kept. */
  readonly lastWords?: string;
}

/** One running engine process, whatever it is made of. Each listener may be set once. */
export interface EngineProcess {
  readonly pid: number | undefined;
  send(frame: OwnerFrame): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the end was observed. */
  onExit(listener: (exit: ProcessExit) => void): void;
  /** Asks the system to end it (SIGTERM where there are signals). */
  terminate(): void;
  /** Ends it at once (SIGKILL). The end still has to be observed. */
  kill(): void;
}

/** Starts engine processes: a forked Node, Electron's utility process, or a test's own. */
export interface ProcessAdapter {
  spawn(): EngineProcess;
}
