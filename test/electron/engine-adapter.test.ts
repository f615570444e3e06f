import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createUtilityAdapter, type UtilityChild } from '../../electron/main/processes/utility-adapter.ts';
import { EngineClient } from '../../native/host/engine-client.ts';
import { EngineSupervisor } from '../../native/host/engine-supervisor.ts';
import type { EngineFrame, OwnerFrame } from '../../native/host/frames.ts';
import { serveEngine } from '../../native/host/serve-engine.ts';
import { openScriptedEngine } from '../support/engine-host/scripted-engine.ts';

/** A stand-in with the shape of Electron's utility process, as its documentation gives it; it proves no more than that. */
class StandIn extends EventEmitter implements UtilityChild {
  pid: number | undefined;
  #listener: ((message: unknown) => void) | undefined;

  constructor() {
    super();
    setImmediate(() =>
      serveEngine(
        {
          send: (frame: EngineFrame) => this.emit('message', structuredClone(frame)),
          onMessage: (listener) => (this.#listener = listener),
          onOwnerGone: () => undefined,
          exit: (code) => this.emit('exit', code),
        },
        openScriptedEngine,
      ),
    );
  }

  postMessage(message: OwnerFrame): void {
    setImmediate(() => this.#listener?.(structuredClone(message)));
  }

  kill(): boolean {
    return this.emit('exit', 15);
  }
}

describe('an engine as a utility process (a stand-in; Electron itself is not started)', () => {
  it('answers calls, and its end rejects those in flight', async () => {
    const started: { entry: string; env: Record<string, string> | undefined }[] = [];
    const children: StandIn[] = [];
    const adapter = createUtilityAdapter({
      entry: '/app/llama-process.js',
      environment: { PATH: '/bin', EMPTY: undefined },
      fork: (entry, _args, { env }) => {
        started.push({ entry, env: env as Record<string, string> | undefined });
        const child = new StandIn();
        children.push(child);
        return child;
      },
    });
    const supervisor = new EngineSupervisor({ adapter, name: 'the engine' });
    const client = new EngineClient({ connect: () => supervisor.connect() });
    expect(await client.call('say', { text: 'hello' })).toBe('you said hello');
    expect(started).toEqual([{ entry: '/app/llama-process.js', env: { PATH: '/bin' } }]);
    const inFlight = client.call('say', { text: '#slow' });
    setTimeout(() => children[0]?.emit('exit', 134), 20);
    await expect(inFlight).rejects.toMatchObject({ code: 'ENGINE_DIED' });
    expect(await client.call('say', { text: 'again' })).toBe('you said again');
    await supervisor.close();
  });
});

describe('the package', () => {
  it('ships llama.cpp outside the archive, for its own platform only, without its sources', () => {
    const builder = readFileSync(path.resolve('electron-builder.yml'), 'utf8');
    const unpacked = builder.slice(builder.indexOf('asarUnpack:'), builder.indexOf('electronFuses:'));
    expect(unpacked).toContain('node_modules/@node-llama-cpp/**');
    expect(builder).toContain("'!node_modules/@node-llama-cpp/!(${os}-${arch}*)/**'");
    expect(builder).toContain('llama/gitRelease.bundle');
  });
});
