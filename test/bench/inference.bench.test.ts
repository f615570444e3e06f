import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { addUse } from '../../electron/core/judging/pair-record.ts';
import { letterForms } from '../../electron/core/judging/verdict.ts';
import type { InferenceModel } from '../../native/host/inference.ts';
import { seeded } from '../support/seeded.ts';
import { writeBenchModel } from './bench-model.ts';
import {
  bestOf,
  listRates,
  makeText,
  openCalibrated,
  type Rates,
  runLlamaBench,
  startEngine,
  timedEngine,
} from './inference-rig.ts';
import type { InferenceEngine } from '../../electron/core/models/inference-engine.ts';
import { printFigures } from './measure.ts';

/** A model to use in place of the random one. */
const givenModel = process.env.ASSAY_BENCH_MODEL;
const contextSize = 2_048;
const pairs = 4;
/** Tokens of the prompts that are the measure: about as many as a verdict's. */
const referenceTokens = 512;
/** Everything that is compared runs in turn, so often; the best of each counts, for the machine has other work. */
const rounds = 3;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
const file = givenModel ?? path.join(folder, 'bench.gguf');
const fast = startEngine('fast');
const slow = startEngine('slow');

beforeAll(async () => {
  if (!givenModel) await writeBenchModel(file);
});
afterAll(async () => {
  await fast.close();
  await slow.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Both orders of pairs with a common prompt, as the cheapest judge asks them. */
async function judgePairs(engine: InferenceEngine, model: InferenceModel, seed: number) {
  const random = seeded(seed);
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
  const { seconds, cpuSeconds } = await timedEngine(engine, () =>
    Promise.all(Array.from({ length: model.concurrency }, worker)),
  );
  const { prompt, reused } = addUse(uses);
  const processed = prompt - reused;
  const rates = { perSecond: processed / seconds, perCpuSecond: processed / cpuSeconds };
  return { calls: asks.length, seconds, prompt, reused, ...rates };
}

describe('inference', () => {
  it('pairwise verdicts and shared beginnings against llama.cpp’s own prompt rate', async () => {
    const quick = await openCalibrated(fast, { file, contextSize });
    const plain = await openCalibrated(slow, { file, contextSize });
    await quick.model.decide({ text: 'warm' }, letterForms);
    await plain.model.decide({ text: 'warm' }, letterForms);
    const judged: Awaited<ReturnType<typeof judgePairs>>[] = [];
    const judgedPlainly: Rates[] = [];
    const own: Rates[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(await runLlamaBench(file, quick.shape, referenceTokens));
      judged.push(await judgePairs(fast, quick.model, 7 + round));
      judgedPlainly.push(await judgePairs(slow, plain.model, 7 + round));
    }
    const total = (member: 'prompt' | 'reused' | 'calls' | 'seconds') =>
      judged.reduce((sum, one) => sum + one[member], 0);
    printFigures(
      `P2, ${quick.scoring} path: ${JSON.stringify(quick.shape)}, of ${quick.layouts} layouts tried; slow path: ${plain.shape.sequences} sequences, ${plain.shape.threads} threads`,
      [
        { what: 'calibration', value: quick.seconds, unit: 's' },
        { what: 'pairwise verdicts', value: total('calls') / total('seconds'), unit: 'calls/s' },
        { what: 'tokens spared by shared beginnings', value: total('reused'), unit: `of ${total('prompt')}` },
        { what: 'the same', value: (100 * total('reused')) / total('prompt'), unit: '%' },
        ...listRates('tokens processed for verdicts', {
          ...{ ours: bestOf(judged), slow: bestOf(judgedPlainly), own: bestOf(own) },
          tool: 'llama-bench',
        }),
      ],
    );
    if (own.every(({ perSecond }) => Number.isNaN(perSecond)))
      console.log('  llama-bench was not there (ASSAY_LLAMA_BENCH); compared with nothing.');
  });
});
