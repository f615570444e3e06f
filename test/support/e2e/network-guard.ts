import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import net from 'node:net';

/**
 * Loaded before a program (`node --require`), it refuses every connection but those to this machine itself, and writes
 * each refused one to the file that `ASSAY_NETWORK_LOG` names. Everything Node connects with (http, https, tls, fetch,
 * ws) goes through `net.Socket`, names through `dns`, datagrams through `dgram`.
 */
const log = process.env['ASSAY_NETWORK_LOG'];
const isLocal = (host: string) => /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127\..*)$/i.test(host);

function refuse(what: string): Error {
  if (log !== undefined) appendFileSync(log, `${process.pid} ${what}\n`);
  return Object.assign(new Error(`refused by the test: ${what}`), { code: 'ENETUNREACH' });
}

/** Where `connect` is asked to go; undefined for a path, a pipe or this machine. */
function findForeignHost(parameters: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(parameters[0]) ? (parameters[0] as unknown[]) : parameters;
  if (typeof first === 'object' && first !== null) {
    const { path, host, port } = first as { path?: unknown; host?: unknown; port?: unknown };
    if (typeof path === 'string' && port === undefined) return undefined;
    return typeof host === 'string' && !isLocal(host) ? host : undefined;
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return undefined;
  return typeof second === 'string' && !isLocal(second) ? second : undefined;
}

type Connect = (this: net.Socket, ...parameters: unknown[]) => net.Socket;
const prototype = net.Socket.prototype as unknown as { connect: Connect };
const { connect } = prototype;
prototype.connect = function guarded(this: net.Socket, ...parameters) {
  const host = findForeignHost(parameters);
  if (host === undefined) return connect.apply(this, parameters);
  const error = refuse(`connect ${host}`);
  process.nextTick(() => this.destroy(error));
  return this;
};

type Anything = (...parameters: unknown[]) => unknown;

/** Puts a check of the host before a function; the refusal goes to its callback, or its promise. */
function guardNames(target: object, names: readonly string[]): void {
  const functions = target as Record<string, Anything | undefined>;
  for (const name of names) {
    const original = functions[name];
    if (!original) continue;
    functions[name] = (...parameters) => {
      const [host] = parameters;
      if (typeof host !== 'string' || (name === 'lookup' && isLocal(host))) return original(...parameters);
      const error = refuse(`dns.${name} ${host}`);
      const callback = parameters.at(-1);
      if (typeof callback !== 'function') return Promise.reject(error);
      process.nextTick(() => (callback as Anything)(error));
      return undefined;
    };
  }
}

const names = [
  'lookup',
  'lookupService',
  'reverse',
  ...Object.keys(dns).filter((n) => n.startsWith('resolve')),
];
guardNames(dns, names);
guardNames(dns.promises, names);

const sockets = dgram.Socket.prototype as unknown as Record<'send' | 'connect', Anything>;
for (const name of ['send', 'connect'] as const) {
  const original = sockets[name];
  sockets[name] = function guarded(this: dgram.Socket, ...parameters: unknown[]) {
    const hosts = parameters.filter((value): value is string => typeof value === 'string');
    const host = hosts.at(-1) ?? 'localhost';
    if (!isLocal(host)) throw refuse(`dgram.${name} ${host}`);
    return original.apply(this, parameters);
  };
}
