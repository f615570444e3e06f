import { availableParallelism, freemem, totalmem } from 'node:os';
import type { GgufInsights, Llama } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';
import type { ContextShape, Device, LoadSpec, Scoring } from '../host/inference-calls.ts';
import { estimateLogitBytes } from './native-reader.ts';

/** Left to the system and the rest of Assay. */
const reserve = 768 * 2 ** 20;

/** Memory a process may still take: what the system has, or what its container leaves it. */
export function measureRam(): { total: number; free: number } {
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
  const free = typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
  return { total, free: Math.min(free, total) };
}

export async function describeDevice(llama: Llama, scoring: Scoring): Promise<Device> {
  const ram = measureRam();
  const kind = llama.gpu === false ? 'cpu' : llama.gpu;
  const vram = kind === 'cpu' ? { total: 0, free: 0 } : await llama.getVramState();
  return {
    kind,
    names: kind === 'cpu' ? [] : await llama.getGpuDeviceNames(),
    vramTotal: vram.total,
    vramFree: vram.free,
    ramTotal: ram.total,
    ramFree: ram.free,
    cores: availableParallelism(),
    scoring,
  };
}

export interface MemoryNeed {
  readonly ram: number;
  readonly vram: number;
}

/** What a model and its context will take, by the library's own estimate. */
export function estimateNeed(
  insights: GgufInsights,
  spec: Pick<LoadSpec, 'contextSize'>,
  layout: { shape: ContextShape; gpuLayers: number },
): MemoryNeed {
  const weights = insights.estimateModelResourceRequirements({ gpuLayers: layout.gpuLayers });
  const context = estimateContext(insights, spec, layout);
  return { ram: weights.cpuRam + context.cpuRam, vram: weights.gpuVram + context.gpuVram };
}

/** The same with a second context, of the addon that reads log-probabilities, and its logits. The weights are shared. */
export function estimateNeedOfBoth(
  insights: GgufInsights,
  spec: Pick<LoadSpec, 'contextSize'>,
  layout: { shape: ContextShape; gpuLayers: number },
): MemoryNeed {
  const { ram, vram } = estimateNeed(insights, spec, layout);
  const context = estimateContext(insights, spec, layout);
  const vocabulary = insights.ggufFileInfo.metadata.tokenizer?.ggml?.tokens.length ?? 0;
  const logits = estimateLogitBytes(Math.max(1, vocabulary), layout.shape);
  const isOnGpu = layout.gpuLayers > 0;
  return {
    ram: ram + context.cpuRam + logits,
    vram: vram + context.gpuVram + (isOnGpu ? logits / 2 : 0),
  };
}

function estimateContext(
  insights: GgufInsights,
  spec: Pick<LoadSpec, 'contextSize'>,
  { shape, gpuLayers }: { shape: ContextShape; gpuLayers: number },
) {
  return insights.estimateContextResourceRequirements({
    contextSize: spec.contextSize,
    modelGpuLayers: gpuLayers,
    batchSize: shape.batchSize,
    sequences: shape.sequences,
    flashAttention: shape.flashAttention,
  });
}

/** The most layers that fit on the GPU beside their share of the context. */
export function chooseGpuLayers(
  insights: GgufInsights,
  spec: LoadSpec,
  { shape, vramFree }: { shape: ContextShape; vramFree: number },
): number {
  if (spec.gpuLayers !== 'auto') return Math.min(spec.gpuLayers, insights.totalLayers);
  let [low, high] = [0, insights.totalLayers];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const { vram } = estimateNeed(insights, spec, { shape, gpuLayers: middle });
    if (vram <= vramFree * 0.92) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function isFitting(need: MemoryNeed, device: Device): boolean {
  return need.ram <= device.ramFree - reserve && (need.vram === 0 || need.vram <= device.vramFree);
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** The refusal, with the numbers that led to it. */
export function tooLarge(need: MemoryNeed, device: Device): AppError {
  const parts = [
    `${gigabytes(need.ram)} of memory, ${gigabytes(Math.max(0, device.ramFree - reserve))} free to use`,
    ...(need.vram > 0
      ? [`${gigabytes(need.vram)} of graphics memory, ${gigabytes(device.vramFree)} free`]
      : []),
  ];
  return new AppError(
    'MODEL_TOO_LARGE',
    `The model was not loaded: it needs about ${parts.join('; ')}. Lower its context size, or use a smaller or more strongly quantised file.`,
    { ...need, ramFree: device.ramFree, vramFree: device.vramFree },
  );
}
