import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';

/** The folder of a PostgreSQL server's programs: on the PATH, or where Debian's packages put them. */
function findPrograms(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter);
  const root = '/usr/lib/postgresql';
  const packaged = existsSync(root)
    ? readdirSync(root)
        .sort((left, right) => Number(right) - Number(left))
        .map((version) => path.join(root, version, 'bin'))
    : [];
  return [...onPath, ...packaged].find(
    (folder) => existsSync(path.join(folder, 'initdb')) && existsSync(path.join(folder, 'postgres')),
  );
}

const programs = findPrograms();
export const hasPostgres = programs !== undefined;
export const postgresMissing =
  'SKIPPED, no PostgreSQL server is installed (packages postgresql or postgresql-NN of the distribution)';

/** Certificates are made with the openssl program; Node cannot make them. */
function findOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
export const hasOpenssl = findOpenssl();

export const owner = 'owner';
export const ownerPassword = 'pass word/ü';

export interface PostgresServer {
  readonly port: number;
  readonly folder: string;
  /** A client of the owner, connected; ends with the test. */
  query<T extends object = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<T[]>;
  /** `immediate`: as `pg_ctl stop -m immediate`. `kill`: SIGKILL to the main process. */
  stop(way: 'fast' | 'immediate' | 'kill'): Promise<void>;
  start(): Promise<void>;
}

/** PostgreSQL refuses to run as root; tests that do run it as nobody. */
const nobody = 65_534;
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

/** A certificate that signs itself, good for 127.0.0.1, that a server started by {@link startPostgres} can read. */
export function makeCertificate(): { folder: string; certificate: string; settings: string[] } {
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-pg-tls-'));
  const certificate = path.join(folder, 'server.crt');
  const key = path.join(folder, 'server.key');
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...words, ...names], { stdio: 'ignore' });
  chmodSync(key, 0o600);
  if (identity.uid !== undefined)
    for (const place of [folder, certificate, key]) chownSync(place, identity.uid, identity.gid);
  const settings = ['ssl = on', `ssl_cert_file = '${certificate}'`, `ssl_key_file = '${key}'`];
  return { folder, certificate, settings };
}

async function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

const connectionOf = (port: number) => ({
  host: '127.0.0.1',
  port,
  user: owner,
  password: ownerPassword,
  database: 'postgres',
});

async function ask<T extends object>(port: number, sql: string, parameters: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(connectionOf(port));
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as T[];
  } finally {
    await client.end();
  }
}

async function waitUntilReady(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error('the PostgreSQL server ended while it started');
    try {
      await ask(port, 'SELECT 1');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error('the PostgreSQL server did not start');
}

/** Starts a throw-away cluster in a temporary folder; `settings` are further lines of its configuration. */
export async function startPostgres(
  settings: readonly string[] = [],
): Promise<PostgresServer & { end(): Promise<void> }> {
  if (programs === undefined) throw new Error(postgresMissing);
  const bin = programs;
  const folder = mkdtempSync(path.join(tmpdir(), 'assay-pg-'));
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid);
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, ownerPassword, { mode: 0o644 });
  const words = ['-D', data, '-U', owner, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8'];
  execFileSync(path.join(bin, 'initdb'), [...words, '--no-locale', '--no-sync'], {
    ...identity,
    cwd: folder,
    stdio: 'ignore',
  });
  const port = await findFreePort();
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
    'max_connections = 60',
  ];
  writeFileSync(path.join(data, 'postgresql.auto.conf'), [...lines, ...settings].join('\n'));
  let child: ChildProcess | undefined;
  const server: PostgresServer = {
    port,
    folder,
    query: (sql, parameters) => ask(port, sql, parameters),
    start: async () => {
      for (let attempt = 0; ; attempt++) {
        child = spawn(path.join(bin, 'postgres'), ['-D', data, '-p', String(port)], {
          ...identity,
          cwd: folder,
          stdio: 'ignore',
        });
        try {
          return await waitUntilReady(port, child);
        } catch (error) {
          if (attempt === 5) throw error;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      }
    },
    stop: async (way) => {
      if (!child) return;
      child.kill(way === 'kill' ? 'SIGKILL' : way === 'immediate' ? 'SIGQUIT' : 'SIGINT');
      await ended(child);
    },
  };
  await server.start();
  return {
    ...server,
    end: async () => {
      await server.stop('immediate');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

let databases = 0;

/** A database of its own for one test, gone with it. */
export async function makeDatabase(server: PostgresServer): Promise<string> {
  databases += 1;
  const name = `team_${databases}`;
  await server.query(`CREATE DATABASE ${name}`);
  onTestFinished(async () => {
    await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
  });
  return name;
}

/** One statement in another database of the server. */
export async function queryIn<T extends object = Record<string, unknown>>(
  { port }: PostgresServer,
  database: string,
  sql: string,
  parameters: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ ...connectionOf(port), database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as T[];
  } finally {
    await client.end();
  }
}
