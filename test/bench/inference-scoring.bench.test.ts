import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { InferenceEngine } from '../../electron/core/models/inference-engine.ts';
import type { InferenceModel } from '../../native/host/inference.ts';
import { seeded } from '../support/seeded.ts';
import { writeBenchModel } from './bench-model.ts';
import {
  bestOf,
  listRates,
  makeText,
  openCalibrated,
  type Rates,
  runPerplexity,
  startEngine,
  timedEngine,
} from './inference-rig.ts';
import { printFigures } from './measure.ts';

/** Everything that is compared runs in turn, so often; the best of each counts, for the machine has other work. */
const rounds = 3;
const windows = 8;

const folder = mkdtempSync(path.join(tmpdir(), 'assay-bench-'));
const file = path.join(folder, 'scoring.gguf');
const text = path.join(folder, 'text.txt');
const fast = startEngine('fast');
const slow = startEngine('slow');

beforeAll(async () => {
  await writeBenchModel(file, 'scoring');
  writeFileSync(text, makeText(seeded(3), 512 * (windows + 1)));
});
afterAll(async () => {
  await fast.close();
  await slow.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Windows as the perplexity tool has them: 512 tokens, the second half scored. */
async function scoreWindows(
  engine: InferenceEngine,
  model: InferenceModel,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Rates> {
  const random = seeded(seed);
  const inputs = Array.from(
    { length: count },
    () => [makeText(random, 256), ` ${makeText(random, 256)}`] as const,
  );
  let next = 0;
  let processed = 0;
  const worker = async () => {
    for (let input = inputs[next++]; input; input = inputs[next++]) {
      const { use } = await model.score({ text: input[0] }, input[1]);
      processed += use.prompt - use.reused;
    }
  };
  const { seconds, cpuSeconds } = await timedEngine(engine, () =>
    Promise.all(Array.from({ length: model.concurrency }, worker)),
  );
  return { perSecond: processed / seconds, perCpuSecond: processed / cpuSeconds };
}

describe('log-probabilities', () => {
  it('of a 50,000-token vocabulary against llama.cpp’s own perplexity tool', async () => {
    const quick = await openCalibrated(fast, { file, contextSize: 1_024 });
    const plain = await openCalibrated(slow, { file, contextSize: 1_024 });
    const own: Rates[] = [];
    const ours: Rates[] = [];
    const plainly: Rates[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(await runPerplexity(file, quick.shape, { text, windows }));
      ours.push(await scoreWindows(fast, quick.model, { count: windows, seed: 20 + round }));
      plainly.push(await scoreWindows(slow, plain.model, { count: 2, seed: 20 + round }));
    }
    printFigures(
      `P1, ${quick.scoring} path: ${JSON.stringify(quick.shape)}`,
      listRates('tokens processed, half of them scored', {
        ...{ ours: bestOf(ours), slow: bestOf(plainly), own: bestOf(own) },
        tool: 'llama-perplexity',
      }),
    );
    if (own.every(({ perSecond }) => Number.isNaN(perSecond)))
      console.log('  llama-perplexity was not there (beside ASSAY_LLAMA_BENCH); compared with nothing.');
  });
});
