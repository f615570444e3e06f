import { readFileSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';
import { type Finished, startAssay } from './command.ts';

/** A running `assay serve`. */
export interface Served {
  readonly origin: string;
  readonly workspace: string;
  /** The address no browser has used yet. Each one is good for one sign-in. */
  address(): Promise<string>;
  /** Process that holds the workspace. */
  pid(): number;
  /** Kills the process that holds the workspace, not its supervisor, and waits for the next one to take over. */
  crash(): Promise<void>;
  /** What was told on standard error. */
  told(): string;
  stop(): Promise<Finished>;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Starts the built server on a workspace and waits until it serves. */
export async function serve(workspace: string): Promise<Served> {
  const running = startAssay(['serve', '--workspace', workspace]);
  const addresses = () => [...running.printed().stdout.matchAll(/http:\S+/g)].map(([url]) => url);
  const told = () => running.printed().stderr;
  await vi.waitUntil(() => addresses().length > 0 || running.child.exitCode !== null, { timeout: 60_000 });
  const [first] = addresses();
  if (first === undefined) throw new Error(`assay serve did not start: ${told()}`);
  const lock = path.join(workspace, 'lock');
  const pid = () => (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid;
  const used = new Set<string>();
  return {
    origin: new URL(first).origin,
    workspace,
    address: async () => {
      await vi.waitUntil(() => addresses().some((url) => !used.has(url)), { timeout: 10_000 });
      const fresh = addresses().at(-1) ?? '';
      used.add(fresh);
      return fresh;
    },
    pid,
    crash: async () => {
      const former = pid();
      process.kill(former, 'SIGKILL');
      const answers = () =>
        fetch(new URL(first).origin).then(
          ({ ok }) => ok,
          () => false,
        );
      await vi.waitUntil(() => !isAlive(former), { timeout: 10_000 });
      await vi.waitUntil(answers, { timeout: 30_000 });
    },
    told,
    stop: async () => {
      running.child.kill('SIGTERM');
      return running.finished;
    },
  };
}
