import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the product promises, for the reader of the table. */
  readonly bar?: string;
}

/** Prints figures as an aligned table. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  const width = Math.max(...figures.map((figure) => figure.what.length));
  console.log(`\n${title}`);
  for (const { what, value, unit, bar } of figures) {
    const number = value >= 100 ? value.toFixed(0) : value.toFixed(2);
    console.log(`  ${what.padEnd(width)}  ${number.padStart(8)} ${unit}${bar ? `   (bar: ${bar})` : ''}`);
  }
}

export async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { seconds: (performance.now() - startedAt) / 1000, value };
}

/** The p-quantile (nearest rank) of a sample. */
export function quantileOf(sample: readonly number[], p: number): number {
  const sorted = [...sample].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? NaN;
}

/** Runs a Node script to its end; answers its wall time, processor time and peak resident memory (Linux; NaN elsewhere). */
export async function runNode(
  args: readonly string[],
): Promise<{ seconds: number; cpuSeconds: number; peakMb: number; output: string }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let peakMb = NaN;
  let cpuSeconds = NaN;
  const watch = setInterval(() => {
    try {
      const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      if (line) peakMb = Number(line[1]) / 1024;
      // Fields 14 and 15 of proc_pid_stat(5), user and system time in hundredths, counted behind the name in brackets.
      const times = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      cpuSeconds = (Number(times[11]) + Number(times[12])) / 100;
    } catch {
      // No such file on this system, or the process has just ended.
    }
  }, 50);
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`ended with ${code}: ${args.join(' ')}`);
  return { seconds: (performance.now() - startedAt) / 1000, cpuSeconds, peakMb, output };
}
