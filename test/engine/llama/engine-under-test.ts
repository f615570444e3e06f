import path from 'node:path';
import { onTestFinished } from 'vitest';
import { InferenceEngine } from '../../../electron/core/models/inference-engine.ts';
import { createLocalModel } from '../../../electron/core/models/local-model.ts';
import { createNodeAdapter } from '../../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../../native/host/engine-environment.ts';
import type { InferenceModel } from '../../../native/host/inference.ts';
import type { LoadSpec } from '../../../native/host/inference-calls.ts';
import { type TestModelKind, testModelFile } from '../../support/models/test-models.ts';

/** The built inference process. */
export const llamaEntry = path.resolve('out/node/llama-process.js');

/** An inference process on the CPU, ended with the test or by the caller. */
export function startEngine(more: NodeJS.ProcessEnv = {}): InferenceEngine {
  const environment = { ...selectEngineEnvironment(process.env), ASSAY_ENGINE_GPU: 'off', ...more };
  return new InferenceEngine({ adapter: createNodeAdapter({ entry: llamaEntry, environment }) });
}

export function startEngineForTest(more: NodeJS.ProcessEnv = {}): InferenceEngine {
  const engine = startEngine(more);
  onTestFinished(() => engine.close());
  return engine;
}

export async function makeSpec(kind: TestModelKind, change: Partial<LoadSpec> = {}): Promise<LoadSpec> {
  return {
    key: kind,
    path: await testModelFile(kind),
    gpuLayers: 0,
    contextSize: 1_024,
    shape: { sequences: 2, batchSize: 256, flashAttention: true, threads: 1 },
    ...change,
  };
}

/** A test model, ready to be asked. */
export async function openModel(
  engine: InferenceEngine,
  kind: TestModelKind,
  change: Partial<LoadSpec> = {},
): Promise<InferenceModel> {
  const spec = await makeSpec(kind, change);
  const { capabilities, contextSize, sequences } = await engine.load(spec);
  return createLocalModel({
    engine,
    spec,
    sequences,
    identity: {
      name: kind,
      hash: '0'.repeat(64),
      kind: 'gguf',
      architecture: 'llama',
      quantisation: null,
      contextSize,
      capabilities,
    },
  });
}
