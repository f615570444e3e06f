import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { InferenceEngine } from '../../electron/core/models/inference-engine.ts';
import { createLocalModel } from '../../electron/core/models/local-model.ts';
import { createNodeAdapter } from '../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../native/host/engine-environment.ts';
import type { InferenceModel } from '../../native/host/inference.ts';
import type { ContextShape, LoadSpec } from '../../native/host/inference-calls.ts';
import type { Figure } from './measure.ts';

/** llama.cpp's own bench, where one was built from the sources inside node-llama-cpp; its other tools lie beside it. */
const llamaBench = process.env.ASSAY_LLAMA_BENCH;

/** An inference process that reads log-probabilities by the addon, where one was built, or by the library. */
export function startEngine(path_: 'fast' | 'slow'): InferenceEngine {
  const environment = {
    ...selectEngineEnvironment(process.env),
    ...(path_ === 'slow' ? { ASSAY_ENGINE_SCORER: 'off' } : {}),
  };
  return new InferenceEngine({
    adapter: createNodeAdapter({ entry: path.resolve('out/node/llama-process.js'), environment }),
  });
}

export interface OpenBenchModel {
  readonly model: InferenceModel;
  readonly shape: ContextShape;
  readonly layouts: number;
  readonly seconds: number;
  readonly scoring: string;
}

/** A model calibrated and loaded. */
export async function openCalibrated(
  engine: InferenceEngine,
  { file, contextSize }: { readonly file: string; readonly contextSize: number },
): Promise<OpenBenchModel> {
  const spec: LoadSpec = { key: 'bench', path: file, gpuLayers: 'auto', contextSize, shape: null };
  const startedAt = performance.now();
  const { shape, trials } = await engine.callOnTrial('calibrate', spec);
  const seconds = (performance.now() - startedAt) / 1_000;
  const tuned: LoadSpec = { ...spec, key: 'tuned', shape };
  const { capabilities, sequences, scoring } = await engine.load(tuned);
  const identity = {
    ...{ name: 'bench', hash: '', kind: 'gguf' as const, architecture: 'llama', quantisation: 'Q8_0' },
    ...{ contextSize, capabilities },
  };
  const model = createLocalModel({ engine, spec: tuned, identity, sequences });
  const why = scoring?.why ? ` (${scoring.why})` : '';
  return { model, shape, seconds, layouts: trials.length, scoring: `${scoring?.path ?? 'none'}${why}` };
}

const words = 'the time of it has more to they would like about one other out'.split(' ');

/** Words that are one token each. */
export function makeText(random: () => number, length: number): string {
  return Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ');
}

/** Tokens by the clock, and by the processor time of the process: what other programs take does not count there. */
export interface Rates {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

export const noRates: Rates = { perSecond: NaN, perCpuSecond: NaN };

/** The best of several rounds. */
export function bestOf(rates: readonly Rates[]): Rates {
  return {
    perSecond: Math.max(...rates.map(({ perSecond }) => perSecond)),
    perCpuSecond: Math.max(...rates.map(({ perCpuSecond }) => perCpuSecond)),
  };
}

/** Runs work of an engine; answers seconds by the clock and of its processor (Linux; NaN elsewhere). */
export async function timedEngine<T>(
  engine: InferenceEngine,
  work: () => Promise<T>,
): Promise<{ value: T; seconds: number; cpuSeconds: number }> {
  const read = () => {
    try {
      const [, after = ''] = readFileSync(`/proc/${engine.status.pid}/stat`, 'utf8').split(') ');
      const fields = after.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100; // user and system, in hundredths of a second
    } catch {
      return NaN;
    }
  };
  const before = read();
  const startedAt = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1_000, cpuSeconds: read() - before };
}

interface ToolRun {
  readonly output: string;
  readonly cpuSeconds: number;
}

/** A tool of llama.cpp, with the processor time the shell counts for it; undefined where it is not there. */
async function runTool(name: string, settings: readonly string[]): Promise<ToolRun | undefined> {
  if (!llamaBench) return undefined;
  const tool = path.join(path.dirname(llamaBench), name);
  const { stdout, stderr } = await promisify(execFile)('bash', [
    ...['-c', '"$@"; times', 'bash', tool],
    ...settings,
  ]);
  const times = [...(stdout.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuSeconds = times.reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
  return { output: `${stdout}\n${stderr}`, cpuSeconds };
}

/** llama.cpp's prompt rate by its own tool; its processor time is that of four repetitions more. */
export async function runLlamaBench(
  file: string,
  { threads, flashAttention, batchSize }: ContextShape,
  promptTokens: number,
): Promise<Rates> {
  const repeat = (times: number) =>
    runTool('llama-bench', [
      ...['-m', file, '-o', 'json', '-fa', flashAttention ? 'on' : 'off', '-n', '0', '-r', String(times)],
      ...['-p', String(promptTokens), '-t', String(threads), '-ub', String(batchSize)],
    ]);
  const [few, many] = [await repeat(1), await repeat(5)];
  if (!few || !many) return noRates;
  const [first] = JSON.parse(many.output.slice(0, many.output.lastIndexOf(']') + 1)) as { avg_ts: number }[]; // its format
  return {
    perSecond: first?.avg_ts ?? NaN,
    perCpuSecond: (4 * promptTokens) / (many.cpuSeconds - few.cpuSeconds),
  };
}

/** Minutes, seconds, thousandths, millionths: how llama.cpp's tools begin a line. */
const timePattern = /^(\d+)\.(\d\d)\.(\d{3})\.(\d{3}) /;

function readTime(output: string, words_: string): number {
  const line = output.split('\n').find((one) => one.includes(words_)) ?? '';
  const [, minutes = NaN, seconds = NaN, thousandths = NaN, millionths = NaN] = timePattern.exec(line) ?? [];
  return (
    60 * Number(minutes) + Number(seconds) + Number(thousandths) / 1_000 + Number(millionths) / 1_000_000
  );
}

/** llama.cpp's perplexity tool over windows of 512 tokens, of which it scores the second half. */
export async function runPerplexity(
  file: string,
  { threads, flashAttention }: ContextShape,
  { text, windows }: { readonly text: string; readonly windows: number },
): Promise<Rates> {
  const score = (chunks: number) =>
    runTool('llama-perplexity', [
      ...['-m', file, '-f', text, '-c', '512', '--chunks', String(chunks), '-t', String(threads)],
      ...['-fa', flashAttention ? 'on' : 'off', '--log-timestamps'],
    ]);
  const few = 2;
  const [short, long] = [await score(few), await score(windows)];
  if (!short || !long) return noRates;
  const seconds = readTime(long.output, 'Final estimate') - readTime(long.output, 'calculating perplexity');
  return {
    perSecond: (windows * 512) / seconds,
    perCpuSecond: ((windows - few) * 512) / (long.cpuSeconds - short.cpuSeconds),
  };
}

/** Rates side by side, and the share that is promised. */
export function listRates(
  of: string,
  { ours, slow, own, tool }: { ours: Rates; slow: Rates; own: Rates; tool: string },
): Figure[] {
  const both = (what: string, { perSecond, perCpuSecond }: Rates): Figure[] => [
    { what, value: perSecond, unit: 'tokens/s' },
    { what: `${what}, of its processor time`, value: perCpuSecond, unit: 'tokens/s' },
  ];
  return [
    ...both(of, ours),
    ...both(`slow path: ${of}`, slow),
    ...both(tool, own),
    ...[{ what: `${of}, of ${tool}`, value: (100 * ours.perSecond) / own.perSecond, unit: '%', bar: '80 %' }],
    {
      what: 'the same, by processor time',
      value: (100 * ours.perCpuSecond) / own.perCpuSecond,
      unit: '%',
      bar: '80 %; the one to read where the machine is shared',
    },
  ];
}
