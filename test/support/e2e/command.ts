import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The built command; `npm test` builds it first. */
export const cliEntry = path.resolve('out/node/cli.js');
/** The bundled sample: 999 PandaLM instructions, each judged by three people. */
export const sampleFile = path.resolve('resources/sample/pandalm/pandalm-testset.json');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What was printed so far. */
  printed(): { stdout: string; stderr: string };
}

/** Starts a program and collects what it prints. */
export function startProgram(
  command: string,
  parameters: readonly string[],
  options: SpawnOptions = {},
): Running {
  const child = spawn(command, [...parameters], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, finished, printed: () => ({ stdout, stderr }) };
}

/** Starts the built `assay` with these words. */
export function startAssay(words: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  if (!existsSync(cliEntry)) throw new Error(`${cliEntry} is missing: run "npm run build" first.`);
  return startProgram(process.execPath, [cliEntry, ...words], { env: { ...process.env, ...env } });
}

/** Runs the built `assay` to its end. */
export function runAssay(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return startAssay(words, env).finished;
}

/** Runs a command that must succeed and answers the one JSON value on its standard output. */
export async function readAssay<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await runAssay([...words, '--json']);
  if (code !== 0) throw new Error(`assay ${words.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A fresh folder, and the function that removes it. */
export function makeFolder(name = 'assay-test'): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), `${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** True where a program runs and ends well. */
export async function canRun(command: string, parameters: readonly string[]): Promise<boolean> {
  return startProgram(command, parameters)
    .finished.then(({ code }) => code === 0)
    .catch(() => false);
}
