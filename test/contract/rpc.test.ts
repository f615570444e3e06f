import { createORPCClient } from '@orpc/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGreeting } from '../../renderer/rpc/greet.ts';
import { Session } from '../../renderer/rpc/session.ts';
import { type Served, carriers } from '../support/rpc/carriers.ts';
import type { TestClient } from '../support/rpc/test-contract.ts';
import { type TestCore, createTestCore } from '../support/rpc/test-core.ts';

const topics = new Set(['level.changed']);
const soon = [5, 10, 20, 50, 100, 200];

async function expectFailure(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await call.then(
    (value) => expect.fail(`expected a failure, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  return error as Record<string, unknown>;
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe.each(carriers)('RPC over %s', (_name, serve) => {
  let core: TestCore;
  let served: Served;
  let session: Session;
  let client: TestClient;

  async function openSession(options: { version?: string; delays?: number[] } = {}): Promise<Session> {
    const { version, delays = soon } = options;
    return Session.open({
      openLink: () => served.openLink(),
      greet: createGreeting(version),
      topics,
      delays,
    });
  }

  beforeEach(async () => {
    core = createTestCore();
    served = await serve(core);
    session = await openSession();
    client = createORPCClient<TestClient>(session);
  });

  afterEach(async () => {
    session.close();
    await served.close();
  });

  it('answers, and keeps answers of concurrent calls apart', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => client.plain.echo({ text })));
    expect(answers.map((answer) => answer.text)).toEqual(texts);
  });

  it('rebuilds an expected failure with its code, message and details', async () => {
    expect(await expectFailure(client.plain.refuse())).toMatchObject({
      name: 'AppError',
      code: 'DATASET_MISSING',
      message: 'The dataset was not opened: there is none with id 7.',
      details: { datasetId: 7 },
    });
  });

  it('tells the page nothing of a bug but a report id, and the log everything', async () => {
    const error = await expectFailure(client.plain.crash());
    expect(error).toMatchObject({ code: 'INTERNAL', details: { method: 'plain.crash' } });
    expect(JSON.stringify([error['message'], error['details']])).not.toContain('secret');
    const { reportId } = error['details'] as { reportId: string };
    const line = core.log.lines.find(({ fields }) => fields['reportId'] === reportId);
    expect(line?.fields['err']).toBeInstanceOf(TypeError);
  });

  it('refuses an unknown method by name instead of leaving the caller waiting', async () => {
    const call = session.call(['plain', 'missing'], {}, { context: {} });
    expect(await expectFailure(call)).toMatchObject({
      code: 'METHOD_UNKNOWN',
      details: { method: 'plain.missing' },
    });
  });

  it('refuses bad input naming the path of the part that is wrong', async () => {
    const call = client.plain.echo({ text: 'x', at: { row: 1.5 } });
    const error = await expectFailure(call);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', details: { issues: [{ path: 'at.row' }] } });
    expect(error['message']).toContain('"at.row"');
  });

  it.each([
    ['bigint', 'result.rows[0].count'],
    ['date', 'result.when'],
    ['map', 'result'],
    ['bytes', 'result.image'],
    ['infinity', 'result.ratio'],
    ['function', 'result.call'],
    ['cycle', 'result.next.next'],
  ])('fails one call whose result holds a %s, and the link lives on', async (what, path) => {
    const error = await expectFailure(client.plain.odd({ what }));
    expect(error).toMatchObject({ code: 'RESULT_NOT_SERIALISABLE' });
    expect((error['details'] as { path: string }).path.startsWith(path)).toBe(true);
    expect(await client.plain.echo({ text: 'still here' })).toEqual({ text: 'still here' });
    expect(session.state).toBe('connected');
  });

  it('delivers a failure whose details cannot be sent, without them', async () => {
    expect(await expectFailure(client.plain.badFailure())).toMatchObject({
      code: 'QUERY_FAILED',
      details: {},
    });
  });

  it('carries 4 MiB both ways unchanged', async () => {
    const text = 'äß🙂x'.repeat(2 ** 20 / 2);
    expect(Buffer.byteLength(text)).toBeGreaterThan(4 * 2 ** 20);
    const answer = await client.plain.echo({ text });
    expect(answer.text === text).toBe(true);
  });

  describe('cancelling', () => {
    it('before the call: rejects with the caller’s own reason and runs nothing', async () => {
      const reason = new Error('changed my mind');
      const call = client.plain.wait(undefined, { signal: AbortSignal.abort(reason) });
      expect(await expectFailure(call)).toBe(reason);
      await client.plain.echo({ text: 'x' });
      expect(core.seen.running + core.seen.aborted).toBe(0);
    });

    it('during the call: rejects at once and aborts the handler’s signal', async () => {
      const controller = new AbortController();
      const running = core.nextRunning();
      const call = client.plain.wait(undefined, { signal: controller.signal });
      const failure = expectFailure(call);
      await running;
      const aborted = core.nextAborted();
      const reason = new Error('took too long');
      controller.abort(reason);
      expect(await failure).toBe(reason);
      await aborted;
      expect(core.seen).toMatchObject({ running: 0, aborted: 1 });
      expect(core.log.lines).toEqual([]);
    });

    it('after the answer: changes nothing', async () => {
      const controller = new AbortController();
      expect(await client.plain.echo({ text: 'x' }, { signal: controller.signal })).toEqual({ text: 'x' });
      controller.abort();
      expect(await client.plain.echo({ text: 'y' })).toEqual({ text: 'y' });
    });

    it('drops an answer that comes after the call was given up', async () => {
      const controller = new AbortController();
      const running = core.nextRunning();
      const failure = expectFailure(client.thing.make({ name: 'slow' }, { signal: controller.signal }));
      await running;
      core.release();
      controller.abort();
      expect(await failure).toMatchObject({ name: 'AbortError' });
      expect(await client.plain.echo({ text: 'next' })).toEqual({ text: 'next' });
    });
  });

  describe('event iterators', () => {
    it('arrive in order and end', async () => {
      const events = await collect(await client.events.count({ to: 500 }));
      expect(events.map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    });

    it('end with the typed failure, after the events before it', async () => {
      const got: number[] = [];
      const read = async () => {
        for await (const { n } of await client.events.count({ to: 9, failAfter: 2 })) got.push(n);
      };
      expect(await expectFailure(read())).toMatchObject({ code: 'QUERY_FAILED', details: { after: 2 } });
      expect(got).toEqual([1, 2]);
    });

    it('stop their producer when the consumer leaves, though it waits for its next event', async () => {
      const running = core.nextRunning();
      const aborted = core.nextAborted();
      for await (const { n } of await client.events.endless()) {
        expect(n).toBe(1);
        await running;
        break;
      }
      await aborted;
      expect(core.seen.running).toBe(0);
    });

    it('end with LINK_LOST when the link goes', async () => {
      const running = core.nextRunning();
      const events = await client.events.endless();
      await events.next();
      const failure = expectFailure(events.next());
      await running;
      served.cut();
      expect(await failure).toMatchObject({ code: 'LINK_LOST' });
    });
  });

  it('a topic gives its current value first, goes on over a lost link, and ends with its consumer', async () => {
    const levels = await client.level.changed();
    expect((await levels.next()).value).toEqual({ value: 1 });
    core.setLevel(2);
    expect((await levels.next()).value).toEqual({ value: 2 });
    const next = levels.next();
    served.cut();
    core.setLevel(3);
    expect((await next).value).toEqual({ value: 3 });
    expect(session.state).toBe('connected');
    await levels.return?.();
    expect(await levels.next()).toMatchObject({ done: true });
    await client.plain.echo({ text: 'flush' });
    await expect.poll(() => core.listeners()).toBe(0);
  });

  it('rejects every pending call at once when the link is lost, repeats none, and reconnects', async () => {
    const states: string[] = [];
    session.onStateChange((state) => states.push(state));
    const running = core.nextRunning();
    const failures = [1, 2, 3].map(() => expectFailure(client.plain.wait()));
    await running;
    await expect.poll(() => core.seen.running).toBe(3);
    served.cut();
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'LINK_LOST', details: { method: 'plain.wait' } });
    }
    await expect.poll(() => core.seen.aborted).toBe(3);
    await expect.poll(() => session.state).toBe('connected');
    expect(states).toEqual(['reconnecting', 'connected']);
    expect(core.seen.running).toBe(0);
    expect(await client.plain.echo({ text: 'again' })).toEqual({ text: 'again' });
  });

  describe('writes', () => {
    const make = (name: string, requestId: string) =>
      session.call(['thing', 'make'], { name }, { context: { requestId } }) as Promise<{ id: number }>;

    it('a repetition under the same request id gets the first answer and makes nothing', async () => {
      expect(await make('a', 'one')).toEqual({ id: 1 });
      expect(await make('a', 'one')).toEqual({ id: 1 });
      expect(await client.thing.make({ name: 'a' })).toEqual({ id: 2 });
      expect(core.seen.made).toEqual(['a', 'a']);
    });

    it('a lost write tells its request id, under which the same session or the next learns the outcome', async () => {
      const running = core.nextRunning();
      const failure = expectFailure(client.thing.make({ name: 'slow' }));
      await running;
      served.cut();
      const { requestId } = (await failure)['details'] as { requestId: string };
      await expect.poll(() => session.state).toBe('connected');
      const second = make('slow', requestId);
      await expect.poll(() => core.seen.running).toBe(1);
      core.release();
      expect(await second).toEqual({ id: 1 });
      expect(await make('slow', requestId)).toEqual({ id: 1 });
      expect(core.seen.made).toEqual(['slow']);
    });

    it('a repetition while the first still runs waits for it instead of doing it twice', async () => {
      const both = Promise.all([make('slow', 'two'), make('slow', 'two')]);
      await expect.poll(() => core.seen.running).toBe(1);
      await client.plain.echo({ text: 'flush' });
      core.release();
      expect(await both).toEqual([{ id: 1 }, { id: 1 }]);
    });

    it('a failed write is not remembered, and an id cannot be used for another input', async () => {
      expect(await expectFailure(make('bad', 'three'))).toMatchObject({ code: 'DATASET_NAME_TAKEN' });
      expect(await make('good', 'three')).toEqual({ id: 1 });
      expect(await expectFailure(make('other', 'three'))).toMatchObject({ code: 'INPUT_INVALID' });
    });

    it('the core forgets the oldest answers, so its memory is bounded', async () => {
      for (let index = 0; index < 9; index += 1) await make('a', `id ${index}`);
      expect(await make('a', 'id 8')).toEqual({ id: 9 });
      expect(await make('a', 'id 0')).toEqual({ id: 10 });
    });
  });

  it('does not wait for ever for a core that never greets', async () => {
    const greet = createGreeting(undefined, 50);
    const openSilent = async () => ({ send() {}, onMessage() {}, onClose() {}, close() {} });
    const opening = Session.open({ openLink: openSilent, greet, topics });
    expect(await expectFailure(opening)).toMatchObject({ code: 'LINK_LOST' });
  });

  describe('versions', () => {
    it('refuses a core that speaks another protocol, naming both', async () => {
      core.seen.hello.protocol = 2;
      const error = await expectFailure(openSession());
      expect(error).toMatchObject({ code: 'VERSION_MISMATCH' });
      expect(error['message']).toContain('protocol 2');
    });

    it('refuses a core of another build than the page', async () => {
      expect(await expectFailure(openSession({ version: '0.9.0' }))).toMatchObject({
        code: 'VERSION_MISMATCH',
      });
    });

    it('is lost, with the reason, when the core was replaced under an open page', async () => {
      core.seen.hello.version = '2.0.0';
      const levels = await client.level.changed();
      await levels.next();
      const next = expectFailure(levels.next());
      served.cut();
      expect(await next).toMatchObject({ code: 'VERSION_MISMATCH' });
      expect(session.state).toBe('lost');
      expect(await expectFailure(client.plain.echo({ text: 'x' }))).toMatchObject({
        code: 'VERSION_MISMATCH',
      });
    });
  });

  it('gives up after the last attempt, and says so to calls and topics', async () => {
    const levels = await client.level.changed();
    await levels.next();
    const next = expectFailure(levels.next());
    await served.close();
    expect(await next).toMatchObject({ code: 'LINK_LOST' });
    expect(session.state).toBe('lost');
    expect(await expectFailure(client.plain.echo({ text: 'x' }))).toMatchObject({ code: 'LINK_LOST' });
    served = await serve(core);
  });

  it.each([
    ['text that is no JSON', 'hello'],
    ['a frame of another protocol', '{"t":"call","id":1}'],
    ['an upload', '{"i":"1","p":{"u":"/plain/echo","h":{"content-type":"multipart/form-data"}}}'],
    ['a call by GET', '{"i":"1","p":{"u":"/plain/echo?data=1","m":"GET"}}'],
  ])('closes a link on which comes %s, and no other', async (_what, text) => {
    const link = await served.openLink();
    const closed = new Promise<string>((resolve) => link.onClose(resolve));
    served.sendRaw(link, text);
    await closed;
    expect(await client.plain.echo({ text: 'mine lives' })).toEqual({ text: 'mine lives' });
  });

  it('leaves no handler waiting and no listener behind when a page goes', async () => {
    void client.plain.wait().catch(() => undefined);
    const levels = await client.level.changed();
    await levels.next();
    await expect.poll(() => core.seen.running).toBe(1);
    session.close();
    await expect.poll(() => core.seen.running).toBe(0);
    await expect.poll(() => core.listeners()).toBe(0);
  });
});
