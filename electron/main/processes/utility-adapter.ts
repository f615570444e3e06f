import type { ForkOptions } from 'electron';
import type { OwnerFrame } from '../../../native/host/frames.ts';
import type { ProcessAdapter } from '../../../native/host/process-adapter.ts';

/** The part of Electron's UtilityProcess that is used; a test gives its own. */
export interface UtilityChild {
  readonly pid: number | undefined;
  postMessage(message: OwnerFrame): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
}

export interface UtilityAdapterOptions {
  /** `utilityProcess.fork`. */
  readonly fork: (entry: string, args: string[], options: ForkOptions) => UtilityChild;
  /** The built script of the engine process. */
  readonly entry: string;
  /** The whole environment of the child; see `selectEngineEnvironment`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Variables without values are refused by Electron. */
function listSet(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/**
 * Engine processes as Electron's utility processes. Electron has one way to end them, which its documentation describes
 * as SIGTERM on POSIX; a process that ignores it is ended through its id.
 */
export function createUtilityAdapter({ fork, entry, environment }: UtilityAdapterOptions): ProcessAdapter {
  return {
    spawn: () => {
      const child = fork(entry, [], {
        env: listSet(environment),
        serviceName: 'Assay inference',
        stdio: 'ignore',
      });
      return {
        get pid() {
          return child.pid;
        },
        send: (frame) => child.postMessage(frame),
        onMessage: (listener) => void child.on('message', listener),
        onExit: (listener) => void child.once('exit', (code) => listener({ code, signal: null })),
        terminate: () => void child.kill(),
        kill: () => {
          if (child.pid === undefined) child.kill();
          else process.kill(child.pid, 'SIGKILL');
        },
      };
    },
  };
}
