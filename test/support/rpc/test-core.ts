import { EventEmitter, on, once } from 'node:events';
import { implement } from '@orpc/server';
import { AppError } from '../../../electron/contract/app-error.ts';
import { type CallContext, createGuard } from '../../../electron/core/rpc/guard.ts';
import { createWriteMemory } from '../../../electron/core/rpc/write-memory.ts';
import { testContract } from './test-contract.ts';

export interface LogLine {
  readonly level: 'error' | 'warn';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

function createLog() {
  const lines: LogLine[] = [];
  return {
    lines,
    error: (fields: Record<string, unknown>, message: string) =>
      void lines.push({ level: 'error', fields, message }),
    warn: (fields: Record<string, unknown>, message: string) =>
      void lines.push({ level: 'warn', fields, message }),
  };
}

const odd: Readonly<Record<string, () => unknown>> = {
  bigint: () => ({ rows: [{ count: 1n }] }),
  date: () => ({ when: new Date(0) }),
  map: () => new Map([['a', 1]]),
  bytes: () => ({ image: new Uint8Array(3) }),
  infinity: () => ({ ratio: 1 / 0 }),
  function: () => ({ call: () => 1 }),
  cycle: () => {
    const node: Record<string, unknown> = {};
    node['next'] = node;
    return node;
  },
};

/** A core with one handler for each thing the layer has to do, and a view of what reached them. */
export function createTestCore(hello: { protocol?: number; version?: string } = {}) {
  const log = createLog();
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const seen = {
    running: 0,
    aborted: 0,
    made: [] as string[],
    level: 1,
    hello: { protocol: 1, version: '1.0.0', ...hello },
  };
  const guard = createGuard({ log, memory: createWriteMemory(8), remembered: new Set(['thing.make']) });
  const os = implement(testContract).$context<CallContext>().use(guard);

  /** Waits for an event; counts how many wait, and how many were ended by their call's signal. */
  async function waitFor(name: string, signal: AbortSignal | undefined): Promise<void> {
    seen.running += 1;
    bus.emit('running');
    try {
      await once(bus, name, signal ? { signal } : {});
    } catch (error) {
      seen.aborted += 1;
      bus.emit('aborted');
      throw error;
    } finally {
      seen.running -= 1;
    }
  }

  const router = os.router({
    system: {
      hello: os.system.hello.handler(() => ({
        ...seen.hello,
        workspace: { path: '/somewhere/a.assay', name: 'a', bytes: 1 },
        endpoints: [],
        notices: [],
      })),
    },
    plain: {
      echo: os.plain.echo.handler(({ input }) => ({ text: input.text })),
      refuse: os.plain.refuse.handler(() => {
        throw new AppError('DATASET_MISSING', 'The dataset was not opened: there is none with id 7.', {
          datasetId: 7,
        });
      }),
      crash: os.plain.crash.handler(() => {
        throw new TypeError('cannot read /home/someone/secret');
      }),
      badFailure: os.plain.badFailure.handler(() => {
        throw new AppError('QUERY_FAILED', 'The query failed.', { rows: 3n });
      }),
      odd: os.plain.odd.handler(({ input }) => odd[input.what]?.()),
      wait: os.plain.wait.handler(async ({ signal }) => {
        await waitFor('release', signal);
        return null;
      }),
    },
    events: {
      count: os.events.count.handler(async function* ({ input }) {
        for (let n = 1; n <= input.to; n += 1) {
          if (input.failAfter !== undefined && n > input.failAfter) {
            throw new AppError('QUERY_FAILED', 'The count did not go on.', { after: input.failAfter });
          }
          yield { n };
        }
      }),
      endless: os.events.endless.handler(async function* ({ signal }) {
        yield { n: 1 };
        await waitFor('never', signal);
      }),
    },
    level: {
      changed: os.level.changed.handler(async function* ({ signal }) {
        const changes = on(bus, 'level', signal ? { signal } : {});
        yield { value: seen.level };
        for await (const [value] of changes as AsyncIterable<[number]>) yield { value };
      }),
    },
    thing: {
      make: os.thing.make.handler(async ({ input, signal }) => {
        if (input.name === 'slow') await waitFor('release', signal);
        if (input.name === 'bad')
          throw new AppError('DATASET_NAME_TAKEN', 'Nothing was made: the name is taken.');
        return { id: seen.made.push(input.name) };
      }),
    },
  });

  return {
    router,
    log,
    seen,
    release: () => void bus.emit('release'),
    setLevel(value: number) {
      seen.level = value;
      bus.emit('level', value);
    },
    /** Resolves when a handler starts to wait / was told to stop. */
    nextRunning: () => once(bus, 'running'),
    nextAborted: () => once(bus, 'aborted'),
    listeners: () => bus.eventNames().reduce((sum, name) => sum + bus.listenerCount(name), 0),
  };
}
export type TestCore = ReturnType<typeof createTestCore>;
