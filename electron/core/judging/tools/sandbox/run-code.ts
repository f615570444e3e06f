import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { runnerSource } from './runner.ts';

export interface SandboxLimits {
  /** Of computing; the process is killed a little later whatever it does. */
  readonly milliseconds: number;
  /** Of the heap, in MiB. Memory outside the heap cannot be asked for. */
  readonly heap: number;
}

const usualLimits: SandboxLimits = { milliseconds: 5_000, heap: 64 };

/** What became of foreign code; `text` is the value of its last expression. */
export type SandboxResult =
  | { readonly kind: 'value'; readonly text: string; readonly lines: readonly string[] }
  | { readonly kind: 'error'; readonly text: string; readonly lines: readonly string[] }
  | { readonly kind: 'time' | 'memory' | 'output' | 'unavailable' };

const answerSchema = z.union([
  z.object({ text: z.string(), isError: z.boolean(), lines: z.array(z.string()) }),
  z.object({ isSlow: z.literal(true) }),
  z.object({ refused: z.literal(true) }),
]);

const mostOutput = 100_000;
/** Starting Node, before the code's own time begins. */
const startMilliseconds = 3_000;

/** Node's name of the switch that takes files, processes, workers and addons away. */
function permissionFlag(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isStable = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  return isStable ? '--permission' : '--experimental-permission';
}

/**
 * A locked-down Node that runs `program`: no files, no further processes or threads, no addons, no code from texts, an
 * empty environment, a bounded heap, and on systems with `ulimit` bounded memory, computing time and file size.
 */
export function spawnLocked(program: string, { heap, milliseconds }: SandboxLimits): ChildProcess {
  const words = [
    permissionFlag(),
    '--disallow-code-generation-from-strings',
    '--frozen-intrinsics',
    '--unhandled-rejections=none',
    '--no-warnings',
    '--no-addons',
    `--max-old-space-size=${heap}`,
    '--max-semi-space-size=4',
    '--eval',
    program,
  ];
  const { SYSTEMROOT } = process.env;
  const options: SpawnOptions = {
    cwd: tmpdir(),
    env: { ELECTRON_RUN_AS_NODE: '1', ...(SYSTEMROOT !== undefined && { SYSTEMROOT }) },
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  };
  if (process.platform === 'win32') return spawn(process.execPath, words, options);
  const seconds = Math.ceil((milliseconds + startMilliseconds) / 1_000);
  const kibibytes = (heap + 448) * 1_024;
  const bounds = `ulimit -c 0; ulimit -f 0; ulimit -t ${seconds}; ulimit -d ${kibibytes}`;
  return spawn(
    '/bin/sh',
    ['-c', `(${bounds}) 2>/dev/null && ${bounds}; exec "$0" "$@"`, process.execPath, ...words],
    options,
  );
}

/**
 * Runs scripts one after the other in one realm that has the language and nothing else, in a process of its own. The same
 * scripts give the same answer: chance and clock are fixed. Where the process cannot be locked down nothing is run.
 */
export async function runInSandbox(
  scripts: readonly string[],
  { signal, ...given }: Partial<SandboxLimits> & { readonly signal?: AbortSignal | undefined } = {},
): Promise<SandboxResult> {
  const limits = { ...usualLimits, ...given };
  signal?.throwIfAborted();
  // A keyword cannot be written in another way; what it rejects with would be an object of the outer realm.
  if (scripts.some((script) => /\bimport\b/.test(script)))
    return { kind: 'error', text: 'nothing can be imported here', lines: [] };
  const child = spawnLocked(runnerSource, limits);
  const kill = () => child.kill('SIGKILL');
  let ended: 'time' | 'output' | undefined;
  let output = '';
  const timer = setTimeout(() => {
    ended = 'time';
    kill();
  }, limits.milliseconds + startMilliseconds);
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    output += part;
    if (output.length <= mostOutput) return;
    ended = 'output';
    kill();
  });
  child.stdin?.on('error', () => undefined); // it ended before it had read the job; its exit tells
  child.stdin?.end(JSON.stringify({ scripts, milliseconds: limits.milliseconds }));
  signal?.addEventListener('abort', kill, { once: true });
  const exit = await new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, closedBy) => resolve({ code, signal: closedBy }));
  });
  clearTimeout(timer);
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  if (ended !== undefined) return { kind: ended };
  return readAnswer(output, exit);
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Node ends so when its heap is full: by a signal, or as a shell or Windows tells of one. */
const fullHeap = (code: number | null) => code === 134 || code === 5 || code === 0x8000_0003;

function readAnswer(output: string, { code, signal }: Exit): SandboxResult {
  let told: unknown;
  try {
    told = JSON.parse(output);
  } catch {
    if (signal === 'SIGXCPU') return { kind: 'time' };
    return { kind: signal !== null || fullHeap(code) ? 'memory' : 'unavailable' };
  }
  const { data } = answerSchema.safeParse(told);
  if (!data || 'refused' in data) return { kind: 'unavailable' };
  if ('isSlow' in data) return { kind: 'time' };
  const { text, lines, isError } = data;
  return { kind: isError ? 'error' : 'value', text, lines };
}
