import { EventEmitter, once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../electron/contract/app-error.ts';
import type { CoreMessage, ShellMessage } from '../../electron/main/core-messages.ts';
import { type CoreChild, CoreSupervisor } from '../../electron/main/core-supervisor.ts';
import { type ParentPort, runCoreProcess } from '../../electron/main/serve-ports.ts';
import type { PortLike } from '../../electron/core/rpc/link.ts';
import { createGreeting } from '../../renderer/rpc/greet.ts';
import type { PageLink } from '../../renderer/rpc/link.ts';
import { Session } from '../../renderer/rpc/session.ts';
import { createMessagePortLink } from '../../renderer/rpc/transport-message-port.ts';
import type { TestClient } from '../support/rpc/test-contract.ts';
import { createTestCore } from '../support/rpc/test-core.ts';

/** The core process in this one: the same code, without Electron's fork around it. */
class FakeProcess extends EventEmitter implements CoreChild<MessagePort> {
  readonly diary: string[] = [];
  readonly #parent = new EventEmitter();
  readonly #ports: MessagePort[] = [];
  isOver = false;

  constructor(readonly refusal?: AppError) {
    super();
    const parent: ParentPort = {
      on: (event, listener) => this.#parent.on(event, listener),
      postMessage: (message: CoreMessage) => void setImmediate(() => this.emit('message', message)),
    };
    runCoreProcess(parent, {
      openCore: async ({ workspace }) => {
        if (this.refusal) throw this.refusal;
        this.diary.push(`opened ${workspace}`);
        return { ...createTestCore(), close: async () => void this.diary.push('closed') };
      },
      log: { error: () => undefined, warn: () => undefined },
      exit: (code) => setImmediate(() => this.end(code)),
    });
  }

  postMessage(data: ShellMessage, ports: MessagePort[] = []): void {
    this.#ports.push(...ports);
    // Node's port has the listeners a link uses; its type names more overloads.
    setImmediate(
      () => this.isOver || this.#parent.emit('message', { data, ports: ports as unknown as PortLike[] }),
    );
  }

  kill(): void {
    this.end(9);
  }

  end(code: number): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const port of this.#ports) port.close();
    this.emit('exit', code);
  }
}

let processes: FakeProcess[] = [];
let complaints: string[] = [];
let supervisor: CoreSupervisor<MessagePort>;
let session: Session | undefined;

function start(refusal?: AppError): void {
  processes = [];
  complaints = [];
  supervisor = new CoreSupervisor<MessagePort>({
    fork: () => {
      const child = new FakeProcess(refusal);
      processes.push(child);
      return child;
    },
    version: '1.0.0',
    onGivenUp: (message) => complaints.push(message),
    restartDelayMs: 5,
  });
}

async function openLink(): Promise<PageLink> {
  const { port1, port2 } = new MessageChannel();
  supervisor.connect(port1);
  // The page has the DOM's port; the members a link uses are the same.
  return createMessagePortLink(port2 as unknown as globalThis.MessagePort);
}

async function connect(): Promise<TestClient> {
  session = await Session.open({
    openLink,
    greet: createGreeting(),
    topics: new Set(),
    delays: [5, 10, 20, 40, 80],
  });
  return createORPCClient<TestClient>(session);
}

afterEach(async () => {
  session?.close();
  session = undefined;
  await supervisor.stop();
});

describe('the core under the desktop shell', () => {
  it('serves a page that asked for its port before the core was ready', async () => {
    start();
    const client = connect();
    await supervisor.open('/data/a.assay');
    expect(await (await client).plain.echo({ text: 'x' })).toEqual({ text: 'x' });
  });

  it('is started again after a crash, and the page reconnects by itself', async () => {
    start();
    await supervisor.open('/data/a.assay');
    const client = await connect();
    const pending = client.plain.wait();
    processes[0]?.end(139);
    await expect(pending).rejects.toMatchObject({ code: 'LINK_LOST' });
    await expect.poll(() => session?.state).toBe('connected');
    expect(await client.plain.echo({ text: 'again' })).toEqual({ text: 'again' });
    expect(processes).toHaveLength(2);
    expect(complaints).toEqual([]);
  });

  it('is given up after three restarts, with a text for the person', async () => {
    start();
    await supervisor.open('/data/a.assay');
    for (let crash = 1; crash <= 4; crash += 1) {
      await expect.poll(() => processes.length).toBe(crash);
      processes.at(-1)?.end(139);
    }
    await expect.poll(() => complaints).toEqual([expect.stringContaining('3 restarts')]);
    expect(processes).toHaveLength(4);
  });

  it('is not started into the same refusal again', async () => {
    start(new AppError('WORKSPACE_IN_USE', 'The workspace was not opened: process 7 has it.'));
    await supervisor.open('/data/a.assay');
    await expect.poll(() => complaints).toEqual(['The workspace was not opened: process 7 has it.']);
    await expect.poll(() => processes[0]?.isOver).toBe(true);
    expect(processes).toHaveLength(1);
    await expect(connect()).rejects.toMatchObject({ code: 'LINK_LOST' });
  });

  it('closes one workspace before it opens another, and the page follows', async () => {
    start();
    await supervisor.open('/data/a.assay');
    const client = await connect();
    const states: string[] = [];
    session?.onStateChange((state) => states.push(state));
    await supervisor.open('/data/b.assay');
    expect(processes[0]?.diary).toEqual(['opened /data/a.assay', 'closed']);
    await expect.poll(() => states).toEqual(['reconnecting', 'connected']);
    await client.plain.echo({ text: 'x' });
    expect(processes[1]?.diary).toEqual(['opened /data/b.assay']);
  });

  it('ends closed when it is stopped, also while it is still opening', async () => {
    start();
    await supervisor.open('/data/a.assay');
    const [child] = processes;
    const ended = child && once(child, 'exit');
    await supervisor.stop();
    expect(await ended).toEqual([0]);
    expect(child?.diary.at(-1)).toBe('closed');
  });
});
