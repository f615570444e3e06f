import type { EngineView, Model, ModelSettings } from '../../../electron/contract/model.contract.ts';

type Device = NonNullable<EngineView['device']>;
type Facts = NonNullable<Model['facts']>;

/** Left to the system by the core's own check before a model is loaded, in bytes. */
const reserve = 768 * 2 ** 20;

/** Tokens of the context that `contextBytes` of a model is told for. */
const toldContextSize = 4_096;

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A count of parameters, e.g. `7.62B`. */
export function formatParameters(parameters: number): string {
  return compact.format(parameters);
}

export interface MemoryEstimate {
  readonly weights: number;
  /** Null where the architecture cannot be estimated. */
  readonly context: number | null;
  readonly total: number;
  readonly sequences: number;
}

/**
 * Bytes a model takes with these settings: the weights, and the context told for 4,096 tokens scaled to tokens and
 * calls side by side. With `auto` the calibrated number of calls is taken, 1 before it is known.
 */
export function estimateMemory(
  facts: Pick<Facts, 'bytes' | 'contextBytes'>,
  settings: Pick<ModelSettings, 'contextSize' | 'sequences'>,
  calibration: Model['calibration'],
): MemoryEstimate {
  const sequences = settings.sequences === 'auto' ? (calibration?.shape.sequences ?? 1) : settings.sequences;
  const context =
    facts.contextBytes === null
      ? null
      : facts.contextBytes * (settings.contextSize / toldContextSize) * sequences;
  return { weights: facts.bytes, context, total: facts.bytes + (context ?? 0), sequences };
}

export type Fit =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'fits'; readonly free: number }
  | { readonly kind: 'refused'; readonly need: number; readonly free: number }
  | { readonly kind: 'refused-gpu'; readonly need: number; readonly free: number; readonly layers: number };

/**
 * Whether an estimate fits into what the device has free. Models in memory count as free, for the core takes idle ones
 * out to make room. A fixed number of layers has to fit on the graphics card by itself.
 */
export function judgeFit(
  { total }: MemoryEstimate,
  { device, models }: Pick<EngineView, 'device' | 'models'>,
  { gpuLayers, layers }: { readonly gpuLayers: ModelSettings['gpuLayers']; readonly layers: number | null },
): Fit {
  if (!device) return { kind: 'unknown' };
  const ram = freeRam(device) + models.reduce((sum, model) => sum + model.ram, 0);
  const vram = device.vramFree + models.reduce((sum, model) => sum + model.vram, 0);
  const hasGpu = device.kind !== 'cpu';
  const onGpu = hasGpu && typeof gpuLayers === 'number' ? gpuLayers : 0;
  const share = onGpu > 0 && layers !== null ? Math.min(1, onGpu / (layers + 1)) : 0;
  if (total * share > vram) return { kind: 'refused-gpu', need: total * share, free: vram, layers: onGpu };
  const isShared = hasGpu && gpuLayers === 'auto';
  const free = isShared ? ram + vram : ram;
  const need = total * (1 - share);
  return need > free ? { kind: 'refused', need, free } : { kind: 'fits', free };
}

/** Memory a model may take, in bytes: what is free less what is left to the system. */
export function freeRam({ ramFree }: Pick<Device, 'ramFree'>): number {
  return Math.max(0, ramFree - reserve);
}

export interface AddedModel {
  readonly modelId: string;
  readonly name: string;
  readonly path: string;
}
export interface AddSummary {
  readonly added: readonly AddedModel[];
  readonly known: readonly AddedModel[];
  readonly refused: readonly { readonly path: string; readonly code: string; readonly message: string }[];
}

/** What a job that adds models says it did; undefined where that cannot be read. */
export function readAddSummary(result: unknown): AddSummary | undefined {
  const added = readRows(result, 'added', ['modelId', 'name', 'path']);
  const known = readRows(result, 'known', ['modelId', 'name', 'path']);
  const refused = readRows(result, 'refused', ['path', 'code', 'message']);
  return added && known && refused && { added, known, refused };
}

function readRows<K extends string>(
  result: unknown,
  key: string,
  members: readonly K[],
): Record<K, string>[] | undefined {
  const rows: unknown = isObject(result) ? result[key] : undefined;
  if (!Array.isArray(rows)) return undefined;
  const isWhole = rows.every(
    (row) => isObject(row) && members.every((member) => typeof row[member] === 'string'),
  );
  return isWhole ? (rows as Record<K, string>[]) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export type Place = 'loopback' | 'private' | 'public' | 'name';

/** Where an address leads by how it is written; a name may lead anywhere. Undefined: no http address. */
export function placeOf(address: string): Place | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host.startsWith('127.') || host === '::1') return 'loopback';
  if (host.includes(':')) return /^(f[cd]|fe[89ab])/i.test(host) ? 'private' : 'public';
  const [a, b, ...rest] = host.split('.').map(Number);
  const isV4 = rest.length === 2 && [a, b, ...rest].every((part) => Number.isInteger(part));
  if (!isV4 || a === undefined || b === undefined) return 'name';
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128);
  return isPrivate ? 'private' : 'public';
}
