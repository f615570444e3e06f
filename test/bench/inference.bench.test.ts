import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { letterForms } from '../../electron/core/judging/verdict.ts';
import { addUse } from '../../electron/core/judging/pair-record.ts';
import { InferenceEngine } from '../../electron/core/models/inference-engine.ts';
import { createLocalModel } from '../../electron/core/models/local-model.ts';
import { createNodeAdapter } from '../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../native/host/engine-environment.ts';
import type { InferenceModel } from '../../native/host/inference.ts';
import type { ContextShape, LoadSpec } from '../../native/host/inference-calls.ts';
import { seeded } from '../support/seeded.ts';
import { writeBenchModel } from './bench-model.ts';
import { printFigures, timed } from './measure.ts';

/** llama.cpp's own bench, where one was built from the sources inside node-llama-cpp. */
const llamaBench = process.env.ASSAY_LLAMA_BENCH;
/** A model to use in place of the random one. */
const givenModel = process.env.ASSAY_BENCH_MODEL;
const contextSize = 2_048;
const pairs = 8;
/** Tokens of the prompts that are the measure; long enough that a step's fixed cost does not count. */
const referenceTokens = 256;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
const file = givenModel ?? path.join(folder, 'bench.gguf');
const engine = new InferenceEngine({
  adapter: createNodeAdapter({
    entry: path.resolve('out/node/llama-process.js'),
    environment: selectEngineEnvironment(process.env),
  }),
});

beforeAll(async () => {
  if (!givenModel) await writeBenchModel(file);
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const words = 'the time of it has more to say than they would like about one other way out'.split(' ');

function makeText(random: () => number, length: number): string {
  return Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ');
}

/** llama.cpp's prompt rate by its own tool; undefined where the tool is not there. */
async function runLlamaBench(shape: ContextShape): Promise<number | undefined> {
  const { threads, flashAttention, batchSize } = shape;
  if (!llamaBench) return undefined;
  const settings = [
    '-p',
    String(referenceTokens),
    '-n',
    '0',
    '-r',
    '2',
    '-t',
    String(threads),
    '-ub',
    String(batchSize),
  ];
  const { stdout } = await promisify(execFile)(llamaBench, [
    ...['-m', file, '-o', 'json', '-fa', flashAttention ? 'on' : 'off'],
    ...settings,
  ]);
  const [first] = JSON.parse(stdout) as { avg_ts: number }[]; // the tool's own format
  return first?.avg_ts;
}

/** The bare library: one sequence, one prompt after another, nothing of ours. */
async function runBareLibrary({ threads, flashAttention, batchSize }: ContextShape): Promise<number> {
  const llama = await getLlama({
    build: 'never',
    skipDownload: true,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: file });
  const context = await model.createContext({ contextSize: 512, batchSize, flashAttention, threads });
  const sequence = context.getSequence();
  const random = seeded(5);
  const tokens = model.tokenize(makeText(random, 1_000)).slice(0, referenceTokens);
  await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, 64));
  const { seconds } = await timed(async () => {
    for (let round = 0; round < 2; round++) {
      await sequence.clearHistory();
      await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    }
  });
  await llama.dispose();
  return (2 * tokens.length) / seconds;
}

/** Both orders of pairs with a common prompt, as the cheapest judge asks them. */
async function judgePairs(model: InferenceModel) {
  const random = seeded(7);
  const asks = Array.from({ length: pairs }, () => {
    const prompt = makeText(random, 120);
    const [a, b] = [makeText(random, 120), makeText(random, 120)];
    const ask = (first: string, second: string) => ({
      messages: [
        {
          role: 'user' as const,
          content: `Compare two responses to a prompt.\n\nPrompt:\n${prompt}\n\nFirst:\n${first}\n\nSecond:\n${second}`,
        },
      ],
      answer: 'Better:',
    });
    return [ask(a, b), ask(b, a)];
  }).flat();
  let next = 0;
  const uses: Awaited<ReturnType<InferenceModel['decide']>>['use'][] = [];
  const worker = async () => {
    for (let ask = asks[next++]; ask; ask = asks[next++])
      uses.push((await model.decide(ask, letterForms)).use);
  };
  const { seconds } = await timed(() => Promise.all(Array.from({ length: model.concurrency }, worker)));
  const { prompt, reused } = addUse(uses);
  return { calls: asks.length, seconds, prompt, reused, processed: prompt - reused };
}

describe('inference', () => {
  it('pairwise verdicts, shared beginnings and scores against llama.cpp’s own prompt rate', async () => {
    const spec: LoadSpec = { key: 'bench', path: file, gpuLayers: 'auto', contextSize, shape: null };
    const calibration = await timed(() => engine.callOnTrial('calibrate', spec));
    const { shape, trials } = calibration.value;
    const tuned: LoadSpec = { ...spec, key: 'tuned', shape };
    const { capabilities, sequences } = await engine.load(tuned);
    const identity = {
      ...{ name: 'bench', hash: '', kind: 'gguf' as const, architecture: 'llama', quantisation: 'F16' },
      ...{ contextSize, capabilities },
    };
    const model = createLocalModel({ engine, spec: tuned, identity, sequences });
    await model.decide({ text: 'warm' }, letterForms);
    const bareBefore = await runBareLibrary(shape);
    const reference = await runLlamaBench(shape);
    const judged = await judgePairs(model);
    const bareAfter = await runBareLibrary(shape);
    const referenceAfter = await runLlamaBench(shape);
    const bare = (bareBefore + bareAfter) / 2;
    const random = seeded(11);
    const scored = await timed(async () => {
      let count = 0;
      for (let index = 0; index < 4; index++)
        count += (await model.score({ text: makeText(random, 60) }, ` ${makeText(random, 200)}`)).count;
      return count;
    });
    const rate = judged.processed / judged.seconds;
    const own = reference && referenceAfter ? (reference + referenceAfter) / 2 : undefined;
    printFigures(`inference: ${JSON.stringify(shape)}, of ${trials.length} layouts tried`, [
      { what: 'calibration', value: calibration.seconds, unit: 's' },
      { what: 'pairwise verdicts: processed', value: rate, unit: 'tokens/s' },
      {
        what: 'pairwise verdicts: read, reuse included',
        value: judged.prompt / judged.seconds,
        unit: 'tokens/s',
      },
      { what: 'pairwise verdicts', value: judged.calls / judged.seconds, unit: 'calls/s' },
      { what: 'tokens spared by shared beginnings', value: (100 * judged.reused) / judged.prompt, unit: '%' },
      { what: 'bare library, one sequence, same run', value: bare, unit: 'tokens/s' },
      { what: 'processed, of the bare library', value: (100 * rate) / bare, unit: '%' },
      ...(own === undefined
        ? []
        : [
            { what: 'llama-bench, same run', value: own, unit: 'tokens/s' },
            { what: 'processed, of llama-bench', value: (100 * rate) / own, unit: '%' },
          ]),
      { what: 'scored (P1)', value: scored.value / scored.seconds, unit: 'tokens/s' },
    ]);
    if (own === undefined)
      console.log('  llama-bench was not there (ASSAY_LLAMA_BENCH); compared with the library alone.');
  });
});
