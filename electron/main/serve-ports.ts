import { isAppError } from '../contract/app-error.ts';
import type { RpcLog } from '../core/rpc/failure.ts';
import { type PortLike, createPortLink } from '../core/rpc/link.ts';
import { type CoreRouter, createLinkServer } from '../core/rpc/serve-link.ts';
import { type CoreMessage, shellMessageSchema } from './core-messages.ts';

interface OpenedCore {
  readonly router: CoreRouter;
  close(): Promise<void>;
}

/** The part of Electron's parent port that is used. */
export interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown; ports: PortLike[] }) => void): unknown;
  postMessage(message: CoreMessage): void;
}

export interface ServePortsOptions {
  readonly openCore: (options: { workspace: string; version: string }) => Promise<OpenedCore>;
  readonly log: RpcLog;
  readonly exit: (code: number) => void;
}

interface Served {
  readonly core: OpenedCore;
  readonly links: ReturnType<typeof createLinkServer>;
}

/** The life of the core process in the desktop shell: one `start`, then a link for every port, until `stop`. */
export function runCoreProcess(parent: ParentPort, { openCore, log, exit }: ServePortsOptions): void {
  let served: Promise<Served> | undefined;

  async function start(workspace: string, version: string): Promise<Served> {
    const core = await openCore({ workspace, version });
    parent.postMessage({ kind: 'ready' });
    return { core, links: createLinkServer(core.router, { log }) };
  }

  async function stop(): Promise<void> {
    const { core, links } = (await served) ?? {};
    links?.close('the core is closing');
    await core?.close();
    exit(0);
  }

  const fail = (error: unknown) => {
    if (isAppError(error)) parent.postMessage({ kind: 'refused', code: error.code, message: error.message });
    else log.error({ err: error }, 'the core process failed');
    exit(1);
  };

  parent.on('message', ({ data, ports: [port] }) => {
    const message = shellMessageSchema.parse(data);
    if (message.kind === 'start') {
      served ??= start(message.workspace, message.version);
      served.catch(fail);
    } else if (message.kind === 'stop') {
      stop().catch(fail);
    } else if (port) {
      void served?.then(({ links }) => links.serve(createPortLink(port)));
    }
  });
}
