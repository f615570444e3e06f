import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../electron/contract/app-error.ts';
import { createMemoryAdapter, type MemoryProcess } from '../../native/host/adapters/memory.ts';
import { createNodeAdapter } from '../../native/host/adapters/node.ts';
import { EngineClient } from '../../native/host/engine-client.ts';
import { selectEngineEnvironment } from '../../native/host/engine-environment.ts';
import { EngineSupervisor, type SupervisorOptions } from '../../native/host/engine-supervisor.ts';
import type { ProcessAdapter } from '../../native/host/process-adapter.ts';
import { serveEngine } from '../../native/host/serve-engine.ts';
import { openScriptedEngine } from '../support/engine-host/scripted-engine.ts';

let built: string;

beforeAll(async () => {
  built = mkdtempSync(path.join(tmpdir(), 'assay-engine-'));
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: {
      ssr: path.resolve(import.meta.dirname, '../support/engine-host/scripted-process.ts'),
      outDir: built,
      emptyOutDir: true,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'entry.mjs' } },
    },
  });
});

afterAll(() => rmSync(built, { recursive: true }));

const stopAll: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopAll.splice(0)) await stop();
});

function makeForkAdapter(environment: NodeJS.ProcessEnv = process.env): ProcessAdapter {
  return createNodeAdapter({
    entry: path.join(built, 'entry.mjs'),
    environment: selectEngineEnvironment(environment),
  });
}

function start(
  adapter: ProcessAdapter,
  options: Partial<SupervisorOptions> & { cancelGraceMs?: number } = {},
) {
  const { cancelGraceMs, ...rest } = options;
  const supervisor = new EngineSupervisor({ adapter, name: 'the scripted engine', ...rest });
  const client = new EngineClient({
    connect: () => supervisor.connect(),
    ...(cancelGraceMs === undefined ? {} : { cancelGraceMs }),
  });
  stopAll.push(() => supervisor.close());
  const say = (text: string, more: Parameters<typeof client.call>[2] = {}) =>
    client.call<string>('say', { text }, more);
  return { supervisor, client, say };
}

/** The code a call was refused with. */
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: unknown) => (error as AppError).code ?? (error as Error).message,
  );

const serveInMemory = () =>
  createMemoryAdapter(({ port }: MemoryProcess) => serveEngine(port, openScriptedEngine));

const carriers: [string, () => ProcessAdapter][] = [
  ['memory', serveInMemory],
  ['forked process', () => makeForkAdapter()],
];

describe.each(carriers)('calls over a %s', (_name, makeAdapter) => {
  it('gives each of many calls in flight its own answer', async () => {
    const { say } = start(makeAdapter());
    const texts = ['#slow one', 'two', '#slow three', 'four'];
    expect(await Promise.all(texts.map((text) => say(text)))).toEqual(
      texts.map((text) => `you said ${text}`),
    );
  });

  it('carries an expected failure with code, words and details, and goes on', async () => {
    const { say } = start(makeAdapter());
    await expect(say('#fail x')).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
      message: 'refused: #fail x',
      details: { need: 7 },
    });
    await expect(say('#bug')).rejects.toThrow('in the engine process: TypeError: a bug');
    expect(await say('hello')).toBe('you said hello');
  });

  it('delivers events in order before the answer, and none after it', async () => {
    const { say } = start(makeAdapter());
    const heard: unknown[] = [];
    await say('#pieces', { onEvent: (value) => heard.push(value) });
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('rejects an unknown method without ending the process', async () => {
    const { client, supervisor, say } = start(makeAdapter());
    await expect(client.call('sing', {})).rejects.toThrow('the engine has no method sing');
    await say('hello');
    expect(supervisor.status.generation).toBe(1);
  });

  it('cancels at once with the caller’s own reason, and drops the late answer', async () => {
    const { say, client } = start(makeAdapter());
    await say('warm');
    const controller = new AbortController();
    const call = say('#slow', { signal: controller.signal });
    const reason = new Error('not needed any more');
    await sleep(20);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(client.inFlight).toBe(0);
    expect(await say('after')).toBe('you said after');
  });

  it('does not send a call that was cancelled before', async () => {
    const { say, supervisor } = start(makeAdapter());
    const reason = new Error('early');
    await expect(say('x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(supervisor.status.phase).toBe('stopped');
  });
});

describe('a forked engine', () => {
  it('keeps typed arrays what they are, which JSON frames would not', async () => {
    const { client } = start(makeForkAdapter());
    const doubled = await client.call<Float32Array>('double', { values: Float32Array.of(1.5, -2) });
    expect(doubled).toBeInstanceOf(Float32Array);
    expect([...doubled]).toEqual([3, -4]);
  });

  it('sees no variable of the shell that is not on the list', async () => {
    const adapter = makeForkAdapter({
      PATH: process.env.PATH,
      HOME: '/nowhere',
      CUDA_VISIBLE_DEVICES: '0',
      OPENAI_API_KEY: 'secret',
      HTTPS_PROXY: 'http://proxy',
      NODE_OPTIONS: '--no-warnings',
    });
    const names = await start(adapter).client.call<string[]>('environment', {});
    expect(names).toContain('CUDA_VISIBLE_DEVICES');
    for (const secret of ['OPENAI_API_KEY', 'HTTPS_PROXY', 'NODE_OPTIONS'])
      expect(names).not.toContain(secret);
  });

  it('rejects all calls in flight when it aborts, replays none, and serves the next from a new process', async () => {
    const { say, supervisor, client } = start(makeForkAdapter());
    await say('warm');
    const calls = [say('#slow one'), say('#slow two'), say('#abort')];
    expect(await Promise.all(calls.map(codeOf))).toEqual(['ENGINE_DIED', 'ENGINE_DIED', 'ENGINE_DIED']);
    expect(client.inFlight).toBe(0);
    expect(supervisor.status).toMatchObject({ phase: 'stopped', deaths: 1 });
    expect(supervisor.status.reason).toMatch(/SIGABRT|code/);
    expect(await say('again')).toBe('you said again');
    expect(supervisor.status).toMatchObject({ generation: 2, deaths: 0, reason: null });
  });

  it('kills a process that hangs outside a native call', async () => {
    const { say, supervisor } = start(makeForkAdapter(), { heartbeatMs: 50, mostMissedBeats: 3 });
    expect(await codeOf(say('#hang'))).toBe('ENGINE_DIED');
    expect(supervisor.status.reason).toMatch(/did not answer/);
  });

  it('does not take the silence of a declared native call for a hang', async () => {
    const { say, supervisor } = start(makeForkAdapter(), { heartbeatMs: 50, mostMissedBeats: 3 });
    expect(await say('#long')).toBe('you said #long');
    expect(supervisor.status.generation).toBe(1);
  });

  it('does not blame the process for a time in which its owner itself was held up', async () => {
    const { say, supervisor } = start(makeForkAdapter(), { heartbeatMs: 50, mostMissedBeats: 3 });
    await say('warm');
    const end = Date.now() + 500;
    while (Date.now() < end);
    expect(await say('#slow')).toBe('you said #slow');
    expect(supervisor.status.generation).toBe(1);
  });

  it('opens the breaker after three deaths in a row, says why, and closes it on request only', async () => {
    const { say, supervisor } = start(makeForkAdapter());
    for (const phase of ['stopped', 'stopped', 'broken']) {
      expect(await codeOf(say('#abort'))).toBe('ENGINE_DIED');
      expect(supervisor.status.phase).toBe(phase);
    }
    const refusal: AppError = await say('hello').then(
      () => expect.fail('it was answered'),
      (error: AppError) => error,
    );
    expect(refusal.code).toBe('ENGINE_UNAVAILABLE');
    expect(refusal.message).toMatch(/3 times in a row \(the last time: it /);
    expect(supervisor.status.generation).toBe(3);
    supervisor.reset();
    expect(await say('hello')).toBe('you said hello');
  });

  it('counts deaths in a row: an answer in between makes them few again', async () => {
    const { say, supervisor } = start(makeForkAdapter());
    for (let round = 0; round < 2; round++) {
      await codeOf(say('#abort'));
      await codeOf(say('#abort'));
      await codeOf(say('#fail is an answer too'));
    }
    expect(supervisor.status).toMatchObject({ phase: 'ready', deaths: 0 });
  });

  it('does not count a death during a trial, and tells whose it was', async () => {
    const { say, supervisor } = start(makeForkAdapter());
    for (let round = 0; round < 4; round++) {
      await expect(say('#abort', { isTrial: true })).rejects.toMatchObject({
        code: 'ENGINE_DIED',
        details: { isTrial: true },
      });
    }
    expect(supervisor.status).toMatchObject({ phase: 'stopped', deaths: 0 });
  });

  it('ends a process that does not heed a cancellation, but never under other calls', async () => {
    const { say, supervisor } = start(makeForkAdapter(), { cancelGraceMs: 100 });
    await say('warm');
    const controller = new AbortController();
    const deaf = say('#deaf', { signal: controller.signal });
    await sleep(20);
    controller.abort(new Error('enough'));
    await expect(deaf).rejects.toThrow('enough');
    expect(await say('#slow but wanted')).toBe('you said #slow but wanted');
    expect(supervisor.status.generation).toBe(1);
    await expect.poll(() => supervisor.status.phase, { timeout: 3_000 }).toBe('stopped');
    expect(supervisor.status).toMatchObject({ deaths: 0, reason: null });
  });

  it('is stopped when it is idle, and started again by the next call', async () => {
    const { say, supervisor } = start(makeForkAdapter(), { idleStopMs: 150 });
    await say('one');
    await expect.poll(() => supervisor.status.phase, { timeout: 3_000 }).toBe('stopped');
    expect(supervisor.status).toMatchObject({ deaths: 0, reason: null, pid: null });
    expect(await say('two')).toBe('you said two');
  });

  it('is gone when stop has resolved, and answers nothing after close', async () => {
    const { say, supervisor } = start(makeForkAdapter());
    await say('one');
    const { pid } = supervisor.status;
    const waiting = codeOf(say('#slow'));
    await sleep(20);
    await supervisor.close();
    expect(() => process.kill(pid ?? 0, 0)).toThrow(/ESRCH/);
    expect(['ENGINE_DIED', 'The operation was aborted']).toContain(await waiting);
    expect(await codeOf(say('two'))).toBe('ENGINE_UNAVAILABLE');
  });
});

describe('an engine that misbehaves (in memory)', () => {
  /** Children that only do what the test says; `processes` are those spawned so far. */
  function startByHand(options: Partial<SupervisorOptions> = {}) {
    const processes: MemoryProcess[] = [];
    const started = start(
      createMemoryAdapter((process) => processes.push(process)),
      { stopMs: 10, killMs: 20, ...options },
    );
    return { ...started, processes };
  }

  it('ignores late frames of an old generation', async () => {
    const { say, processes, supervisor } = startByHand();
    const first = codeOf(say('one'));
    processes[0]?.say({ t: 'ready', generation: 1, info: null });
    await sleep(5);
    processes[0]?.exit({ code: 1, signal: null });
    expect(await first).toBe('ENGINE_DIED');
    const second = say('two');
    processes[1]?.say({ t: 'ready', generation: 2, info: null });
    await sleep(5);
    // The dying first process answers an id of the second call, and publishes a state of its own.
    processes[0]?.say({ t: 'ok', generation: 1, id: 2, value: 'stale' });
    processes[1]?.say({ t: 'ok', generation: 1, id: 2, value: 'stale' });
    processes[1]?.say({ t: 'state', generation: 1, value: 'stale' });
    processes[1]?.say({ t: 'ok', generation: 2, id: 2, value: 'fresh' });
    expect(await second).toBe('fresh');
    expect(supervisor.status.state).toBeNull();
  });

  it('ends a process that says what is no frame', async () => {
    const { say, processes, supervisor } = startByHand();
    const call = codeOf(say('one'));
    processes[0]?.say({ t: 'ready', generation: 1, info: null });
    await sleep(5);
    processes[0]?.say({ t: 'ok', generation: 1, id: 'one', value: 1 });
    expect(await call).toBe('ENGINE_DIED');
    expect(processes[0]?.isKilled).toBe(true);
    expect(supervisor.status.reason).toMatch(/makes no sense/);
  });

  it('gives up on a process that is not ready in time', async () => {
    const { say, processes, supervisor } = startByHand({ readyDeadlineMs: 30 });
    await expect(say('one')).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    expect(processes[0]?.isKilled).toBe(true);
    expect(supervisor.status.deaths).toBe(1);
  });

  it('starts no successor before the end of the old process was seen', async () => {
    const { say, processes, supervisor } = startByHand({ stopMs: 10_000, killMs: 20_000 });
    const first = say('one');
    processes[0]?.say({ t: 'ready', generation: 1, info: null });
    await sleep(5);
    processes[0]?.say({ t: 'ok', generation: 1, id: 1, value: 'fine' });
    await first;
    const stopped = supervisor.stop();
    const second = say('two');
    await sleep(30);
    expect(processes).toHaveLength(1);
    processes[0]?.exit({ code: 0, signal: null });
    await stopped;
    await sleep(5);
    expect(processes).toHaveLength(2);
    processes[1]?.say({ t: 'ready', generation: 2, info: null });
    await sleep(5);
    processes[1]?.say({ t: 'ok', generation: 2, id: 2, value: 'fine too' });
    expect(await second).toBe('fine too');
  });

  it('kills a process that does not stop when asked', async () => {
    const { say, processes, supervisor } = startByHand({ stopMs: 10, killMs: 30 });
    const call = codeOf(say('one'));
    processes[0]?.say({ t: 'ready', generation: 1, info: null });
    await sleep(5);
    await supervisor.stop();
    expect(processes[0]?.isKilled).toBe(true);
    expect(await call).toBe('ENGINE_DIED');
    expect(supervisor.status.deaths).toBe(0);
  });

  it('leaves no handler on a caller’s signal and no timer behind', async () => {
    const { say, supervisor } = start(serveInMemory());
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...parameters);
    };
    for (let index = 0; index < 20; index++) await say(`call ${index}`, { signal });
    expect(listeners).toBe(0);
    await supervisor.close();
    const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await sleep(1);
    expect(timers).toBeLessThanOrEqual(1); // the runner's own time limit
  });
});
