/**
 * Runs inside the realm of the foreign code, before it. It gives the code a console and a fixed chance and clock, takes
 * from it what memory outside the heap could be asked for with, and answers with functions that make texts of values:
 * no object of the outer realm ever enters this one, and only texts leave it.
 */
const prelude = String.raw`
'use strict';
(() => {
  const { stringify } = JSON;
  const text = String;
  const { apply } = Reflect;
  const slice = Function.prototype.call.bind(String.prototype.slice);
  const mostLines = 50;
  const lines = [];
  const show = (value) => {
    try {
      if (typeof value === 'string') return value;
      if (typeof value === 'object' && value !== null && !(value instanceof Error)) {
        const written = stringify(value);
        if (typeof written === 'string') return written;
      }
      return text(value);
    } catch {
      return 'a value that cannot be shown';
    }
  };
  const log = (...values) => {
    if (lines.length < mostLines) lines[lines.length] = slice(values.map(show).join(' '), 0, 1000);
  };
  globalThis.console = { log, info: log, warn: log, error: log, debug: log };
  globalThis.module = { exports: {} };
  globalThis.exports = globalThis.module.exports;
  let state = 42;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const start = Date.UTC(2000, 0, 1);
  globalThis.Date = class extends Date {
    constructor(...parts) {
      if (parts.length === 0) super(start);
      else super(...parts);
    }
    static now() {
      return start;
    }
  };
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (/Array$|^(ArrayBuffer|SharedArrayBuffer|DataView|Atomics|WebAssembly|FinalizationRegistry|WeakRef)$/.test(name) && name !== 'Array')
      delete globalThis[name];
  let answer = { isError: false, text: 'undefined' };
  const done = (value) => void (answer = { isError: false, text: show(value) });
  const failed = (error) => void (answer = { isError: true, text: show(error) });
  const resolve = Promise.resolve.bind(Promise);
  const then = Promise.prototype.then;
  return {
    failed,
    done: (value) => {
      done('a promise that was not settled');
      const isThenable = typeof value === 'object' && value !== null && typeof value.then === 'function';
      if (isThenable) apply(then, resolve(value), [done, failed]);
      else done(value);
    },
    tell: () => slice(stringify({ ...answer, text: slice(answer.text, 0, 2000), lines }), 0, 60000),
  };
})()`;

/**
 * The program of the child process: reads a job from its standard input, runs it in a realm of its own and writes one
 * line. It refuses to run anything where the process is not locked down.
 */
export const runnerSource = String.raw`
'use strict';
const vm = require('node:vm');
const net = require('node:net');
const dgram = require('node:dgram');
const write = process.stdout.write.bind(process.stdout);
const exit = process.exit.bind(process);
const tell = (line) => write(line + '\n', () => exit(0));
const { permission } = process;
const isOpen = ['fs.read', 'fs.write', 'child', 'worker'].some((scope) => permission === undefined || permission.has(scope));
const deny = () => {
  throw new Error('there is no network here');
};
for (const [owner, names] of [
  [net.Socket.prototype, ['connect']],
  [net.Server.prototype, ['listen']],
  [dgram.Socket.prototype, ['bind', 'connect', 'send']],
])
  for (const name of names) Object.defineProperty(owner, name, { value: deny });
const stdin = process.stdin;
let source = '';
stdin.setEncoding('utf8');
stdin.on('data', (part) => {
  source += part;
});
stdin.on('end', () => {
  if (isOpen) return tell(JSON.stringify({ refused: true }));
  const { scripts, milliseconds } = JSON.parse(source);
  const realm = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const { done, failed, tell: answer } = vm.runInContext(${JSON.stringify(prelude)}, realm);
  for (const name of ['process', 'fetch', 'WebSocket', 'EventSource', 'require', 'Buffer', 'navigator', 'performance'])
    delete globalThis[name];
  const until = Date.now() + milliseconds;
  const options = () => ({ timeout: Math.max(1, until - Date.now()), filename: 'test.js' });
  try {
    let value;
    for (const script of scripts) value = vm.runInContext(script, realm, options());
    done(value);
  } catch (error) {
    if (Date.now() >= until) return tell(JSON.stringify({ isSlow: true }));
    // The only errors of the outer realm are those of vm itself; one of the code is shown by its own realm.
    failed(error instanceof Error ? String(error) : error);
  }
  try {
    vm.runInContext('undefined', realm, options());
  } catch {
    return tell(JSON.stringify({ isSlow: true }));
  }
  const line = answer();
  tell(typeof line === 'string' ? line : JSON.stringify({ refused: true }));
});
`;
