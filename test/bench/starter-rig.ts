import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceEngine } from '../../electron/core/models/inference-engine.ts';
import { createLocalModel } from '../../electron/core/models/local-model.ts';
import { isStarter, speakAsStarter } from '../../electron/core/models/starter-model.ts';
import { principleTemplates } from '../../electron/core/constitution/principles/templates.ts';
import { renderTemplate } from '../../electron/core/judging/template.ts';
import { createNodeAdapter } from '../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../native/host/engine-environment.ts';
import type { InferenceModel } from '../../native/host/inference.ts';

/** What `native/starter/held_out.py` writes. */
export interface HeldOut {
  readonly principles: readonly {
    readonly trait: string;
    readonly prefers: 'larger' | 'smaller';
    readonly seen: readonly string[];
    readonly unseen: readonly string[];
  }[];
  readonly pairs: readonly HeldOutPair[];
  readonly judged: readonly {
    readonly set: string;
    readonly first: string;
    readonly second: string;
    readonly label: 'a' | 'b';
  }[];
}

export interface HeldOutPair {
  readonly first: string;
  readonly second: string;
  readonly questions: readonly HeldOutQuestion[];
  readonly truths: readonly string[] | null;
  readonly lies: readonly string[] | null;
}

export interface HeldOutQuestion {
  readonly principle: number;
  readonly part: 'seen' | 'unseen';
  readonly text: string;
  readonly answer: 'A' | 'B' | 'C';
}

export const heldOutFile = path.resolve(
  process.env['ASSAY_STARTER_HELD_OUT'] ?? 'out/starter/data/held-out.json',
);

export function readHeldOut(): HeldOut | undefined {
  return existsSync(heldOutFile) ? (JSON.parse(readFileSync(heldOutFile, 'utf8')) as HeldOut) : undefined;
}

export function startStarterEngine(): InferenceEngine {
  const environment = { ...selectEngineEnvironment(process.env), ASSAY_ENGINE_GPU: 'off' };
  return new InferenceEngine({
    adapter: createNodeAdapter({ entry: path.resolve('out/node/llama-process.js'), environment }),
  });
}

const folder = path.resolve(process.env['ASSAY_STARTER_FOLDER'] ?? 'resources/models');

/** A shipped model as the product uses it. */
export async function openShipped(
  engine: InferenceEngine,
  name: 'starter' | 'starter-embedder',
): Promise<InferenceModel> {
  const spec = {
    key: name,
    path: path.join(folder, `assay-${name}.F16.gguf`),
    gpuLayers: 0,
    contextSize: 1_024,
    shape: { sequences: 4, batchSize: 512, flashAttention: true, threads: 1 },
  };
  const { capabilities, sequences, contextSize } = await engine.load(spec);
  const identity = {
    ...{ name, hash: '', kind: 'gguf' as const, architecture: 'llama', quantisation: 'F16' },
    ...{ contextSize, capabilities },
  };
  const model = createLocalModel({ engine, spec, sequences, identity });
  const facts = await engine.call('inspect', { path: spec.path });
  return isStarter(facts) ? speakAsStarter(model) : model;
}

export interface Answer {
  /** Probabilities of the first slot, the second and neither. */
  readonly first: number;
  readonly second: number;
  readonly neither: number;
  readonly coverage: number;
}

const forms = [
  ['A', ' A'],
  ['B', ' B'],
  ['C', ' C'],
];

/** One question of one order, by the product’s own prompt. */
export async function askVote(
  model: InferenceModel,
  [response_1, response_2]: readonly [string, string],
  principle: string,
): Promise<Answer> {
  const input = renderTemplate(principleTemplates.vote, { prompt: '', response_1, response_2, principle });
  const { probabilities, coverage } = await model.decide(input, forms);
  const [first = 0, second = 0, neither = 0] = probabilities;
  return { first, second, neither, coverage };
}

/** Runs work over items, so many at a time, in their order. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: limit }, run));
  return results;
}
