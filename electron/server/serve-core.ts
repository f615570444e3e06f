import { type AppError, isAppError } from '../contract/app-error.ts';
import type { RpcLog } from '../core/rpc/failure.ts';
import type { CoreRouter } from '../core/rpc/serve-link.ts';
import { type ServerMessage, type StartMessage, parentMessageSchema } from './process-messages.ts';
import { type RunningServer, startServer } from './server.ts';

export interface ServedCore {
  readonly router: CoreRouter;
  close(): Promise<void>;
}

export interface ServeCoreOptions {
  readonly openCore: (options: { workspace: string; version: string }) => Promise<ServedCore>;
  readonly log: RpcLog;
}

/** The part of `process` a forked child needs. */
export interface ChildProcess {
  send?(message: ServerMessage, callback: () => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect' | 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): unknown;
}

interface Running {
  readonly core: ServedCore;
  readonly server: RunningServer;
}

/**
 * The life of the server process: it waits for one `start`, serves until `stop`, a signal or the end of its parent, and
 * then closes the server before the core, so that the workspace is released in every case but a crash.
 */
export function runServerProcess(child: ChildProcess, { openCore, log }: ServeCoreOptions): void {
  let running: Promise<Running> | undefined;
  let isStopping = false;
  const tell = (message: ServerMessage) => new Promise<void>((resolve) => child.send?.(message, resolve));

  async function stop(): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    try {
      const { core, server } = (await running) ?? {};
      await server?.close();
      await core?.close();
      child.exit(0);
    } catch (error) {
      log.error({ err: error }, 'the core did not close cleanly');
      child.exit(1);
    }
  }

  async function start(message: StartMessage): Promise<Running> {
    const { workspace, version, rendererDirectory, port, token, secret } = message;
    const core = await openCore({ workspace, version });
    try {
      const onAddress = (address: { url: string; token: string }) =>
        void tell({ kind: 'address', ...address });
      const server = await startServer({ core, rendererDirectory, log, port, token, secret, onAddress });
      await tell({ kind: 'serving', url: server.url, token: server.token, port: server.port });
      return { core, server };
    } catch (error) {
      await core.close();
      throw error;
    }
  }

  child.on('message', (raw) => {
    const message = parentMessageSchema.parse(raw);
    if (message.kind === 'stop') return void stop();
    running ??= start(message);
    running.catch(async (error: unknown) => {
      const refusal = toRefusal(error, message.port);
      if (!refusal) log.error({ err: error }, 'the server did not start');
      if (refusal) await tell({ kind: 'refused', ...refusal });
      child.exit(1);
    });
  });
  child.on('disconnect', () => void stop());
  child.on('SIGINT', () => void stop());
  child.on('SIGTERM', () => void stop());
}

/** Expected reasons not to start; they would be the same at the next attempt. */
function toRefusal(error: unknown, port: number): Pick<AppError, 'code' | 'message'> | undefined {
  if (isAppError(error)) return { code: error.code, message: error.message };
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && error.code === 'EADDRINUSE') {
    return {
      code: 'INPUT_INVALID',
      message: `Assay was not started: port ${port} is in use. Choose another port, or leave it out to get a free one.`,
    };
  }
  if (/^The page is not built/.test(error.message)) return { code: 'INTERNAL', message: error.message };
  return undefined;
}
