import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runInSandbox, spawnLocked } from '../../../electron/core/judging/tools/sandbox/run-code.ts';

const run = (...scripts: string[]) => runInSandbox(scripts, { milliseconds: 1_000 });

/** The standard output of a program in the locked process itself, without the realm around foreign code. */
async function runOutside(program: string): Promise<string> {
  const child = spawnLocked(program, { heap: 64, milliseconds: 3_000 });
  child.stdin?.end();
  let output = '';
  child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

describe('the code sandbox', () => {
  it.each([
    ['1 + 1', '2'],
    ['[3, 1, 2].sort()', '[1,2,3]'],
    ['({ a: [1] })', '{"a":[1]}'],
    ['undefined', 'undefined'],
    ['Promise.resolve(4).then((n) => n * 2)', '8'],
    ['new Promise(() => {})', 'a promise that was not settled'],
    ['module.exports = { n: 5 }; exports.m = 1; module.exports.n', '5'],
  ])('%s gives %s', async (script, text) => {
    expect(await run(script)).toEqual({ kind: 'value', text, lines: [] });
  });

  it('runs scripts one after the other, keeps what is logged, and shows an error as such', async () => {
    expect(await run('const add = (a, b) => a + b;', 'console.log("sum", [1]); add(2, 3) === 5')).toEqual({
      kind: 'value',
      text: 'true',
      lines: ['sum [1]'],
    });
    expect(await run('missing()')).toMatchObject({
      kind: 'error',
      text: 'ReferenceError: missing is not defined',
    });
    expect(await run('if (')).toMatchObject({
      kind: 'error',
      text: expect.stringContaining('SyntaxError') as string,
    });
    expect(await run('Promise.reject(new TypeError("late"))')).toMatchObject({
      kind: 'error',
      text: 'TypeError: late',
    });
  });

  it('gives the same answer again where code draws or asks the time', async () => {
    const script = '[Math.random(), Date.now(), new Date().toISOString()]';
    const first = await run(script);
    expect(await run(script)).toEqual(first);
    expect(first).toMatchObject({ text: expect.stringContaining('2000-01-01T00:00:00.000Z') as string });
  });

  it.each([
    'require("fs").readFileSync("/etc/passwd", "utf8")',
    'process.env.HOME',
    'process.binding("fs")',
    'globalThis.process.mainModule.require("fs")',
    'import("fs")',
    'this.constructor.constructor("return process")().version',
    'eval("1")',
    'new Function("return 1")()',
    'console.log.constructor("return process")()',
    'module.constructor.constructor("return process")()',
    '(async () => {}).constructor("return process")()',
    'try { null.x } catch (e) { e.constructor.constructor("return process")() }',
    'Error.prepareStackTrace = (_, sites) => sites.map((s) => s.getThis() ?? s.getFunction()).find(Boolean).constructor.constructor("return process")(); new Error().stack.version',
    'const r = () => { try { r() } catch (e) { e.constructor.constructor("return process")().exit() } }; r()',
    'fetch("http://127.0.0.1")',
    'new WebSocket("ws://127.0.0.1")',
    'new XMLHttpRequest()',
    'require("child_process").execSync("id")',
    'new Worker("data:,1")',
    'new SharedArrayBuffer(8)',
    'new WebAssembly.Memory({ initial: 1 })',
  ])('refuses %s', async (script) => {
    expect(await run(script)).toMatchObject({ kind: 'error' });
  });

  it('tells nothing of the outer realm to code that is shown, thrown or inspected', async () => {
    const spy =
      'const seen = []; const trap = (name) => (...args) => { seen.push(name, ...args.map((a) => a instanceof Object || typeof a !== "object" && typeof a !== "function")); };';
    const thrown = `${spy} const p = new Proxy({}, { get: (t, k) => (k === "toString" || k === Symbol.toPrimitive ? () => seen.join() : undefined), getPrototypeOf: () => null }); throw p`;
    expect(await run(thrown)).toMatchObject({ kind: 'error' });
    const inspected = `${spy} Promise.reject({ [Symbol.for("nodejs.util.inspect.custom")]: trap("inspect") }); 1`;
    expect(await run(inspected)).toMatchObject({ kind: 'value', text: '1' });
  });

  it.each([
    ['an endless loop', 'while (true) {}'],
    ['endless microtasks', 'const f = () => { Promise.resolve().then(f) }; f()'],
    ['a slow expression', '/^(a+)+$/.test("a".repeat(40) + "b")'],
  ])('ends %s after its time', async (_, script) => {
    const startedAt = performance.now();
    expect(await run(script)).toEqual({ kind: 'time' });
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it.each([
    ['a growing list', 'const a = []; while (true) a.push(new Array(1e5).fill(1))'],
    ['a growing text', 'let s = "x"; while (true) s = (s + s).split("").join("")'],
  ])('ends %s when its memory is used up, and the caller lives', async (_, script) => {
    expect(await runInSandbox([script], { milliseconds: 5_000 })).toMatchObject({
      kind: expect.stringMatching(/^(memory|time|error)$/) as string,
    });
  });

  it('cuts what is logged and answered', async () => {
    const result = await run('for (let i = 0; i < 1e4; i++) console.log("x".repeat(1e4)); "y".repeat(1e6)');
    expect(result).toMatchObject({ kind: 'value' });
    expect(JSON.stringify(result).length).toBeLessThan(80_000);
  });

  it('is stopped by its caller', async () => {
    await expect(
      runInSandbox(['while (true) {}'], { signal: AbortSignal.timeout(300) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the process around it, if code came out of its realm', () => {
  const attempt = (body: string) => `
    try { ${body}; process.stdout.write('DONE') } catch (error) { process.stdout.write(error.code ?? error.name) }`;

  it('can read and write no file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'secret.txt');
    writeFileSync(file, 'secret');
    expect(await runOutside(attempt(`require('fs').readFileSync(${JSON.stringify(file)})`))).toBe(
      'ERR_ACCESS_DENIED',
    );
    expect(await runOutside(attempt(`require('fs').writeFileSync(${JSON.stringify(file)}, 'x')`))).toBe(
      'ERR_ACCESS_DENIED',
    );
    expect(readFileSync(file, 'utf8')).toBe('secret');
  });

  it.each([
    ['a process', "require('child_process').spawnSync('id')"],
    ['a fork of itself', "require('child_process').fork('x')"],
    ['a thread', "new (require('worker_threads').Worker)('1', { eval: true })"],
    ['a binding', "process.binding('tcp_wrap')"],
  ])('can start no %s', async (_, body) => {
    expect(await runOutside(attempt(body))).toMatch(/^ERR_ACCESS_DENIED|ERR_/);
  });

  it('makes no code of texts and has nothing of the environment', async () => {
    expect(await runOutside(attempt("new Function('return 1')()"))).toBe('EvalError');
    const names = JSON.parse(
      await runOutside('process.stdout.write(JSON.stringify(Object.keys(process.env)))'),
    ) as string[];
    expect(
      names.filter((name) => !['ELECTRON_RUN_AS_NODE', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)),
    ).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('gets no memory outside the heap beyond its bound', async () => {
    expect(await runOutside("Buffer.alloc(1e9, 1); process.stdout.write('DONE')")).not.toContain('DONE');
  });

  it('reaches no server of this machine from the realm, which has nothing to ask with', async () => {
    let calls = 0;
    const server = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    for (const script of [
      `fetch('http://127.0.0.1:${port}')`,
      `require('net').connect(${port})`,
      `new EventSource('http://127.0.0.1:${port}')`,
    ])
      expect(await run(script)).toMatchObject({ kind: 'error' });
    expect(calls).toBe(0);
  });
});
