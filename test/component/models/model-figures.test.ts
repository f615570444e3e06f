import { describe, expect, it } from 'vitest';
import type { EngineView } from '../../../electron/contract/model.contract.ts';
import {
  estimateMemory,
  formatParameters,
  judgeFit,
  placeOf,
  readAddSummary,
} from '../../../renderer/features/models/model-figures.ts';

const gibibyte = 2 ** 30;
const facts = { bytes: 4 * gibibyte, contextBytes: gibibyte / 2 };
const shape = { sequences: 4, batchSize: 512, flashAttention: true, threads: 4 };
const calibration = { shape, trials: [], machine: 'cpu/4' };

function engine(part: Partial<NonNullable<EngineView['device']>>): Pick<EngineView, 'device' | 'models'> {
  const none = {
    kind: 'cpu',
    names: [],
    vramTotal: 0,
    vramFree: 0,
    ramTotal: 0,
    ramFree: 0,
    cores: 4,
    scoring: { path: 'fast' as const, why: null },
  };
  return { device: { ...none, ...part }, models: [] };
}

describe('memory of a model', () => {
  it('grows with tokens and with calls side by side, the calibrated number where that is auto', () => {
    // by hand: 0.5 GiB × 8192/4096 × 4 = 4 GiB beside 4 GiB of weights
    expect(estimateMemory(facts, { contextSize: 8_192, sequences: 'auto' }, calibration)).toEqual({
      weights: 4 * gibibyte,
      context: 4 * gibibyte,
      total: 8 * gibibyte,
      sequences: 4,
    });
    // 0.5 GiB × 0.5 × 2
    expect(estimateMemory(facts, { contextSize: 2_048, sequences: 2 }, null).context).toBe(gibibyte / 2);
    expect(estimateMemory(facts, { contextSize: 4_096, sequences: 'auto' }, null).sequences).toBe(1);
  });

  it('is the weights alone where the architecture cannot be estimated, not nothing', () => {
    const estimate = estimateMemory(
      { ...facts, contextBytes: null },
      { contextSize: 64, sequences: 1 },
      null,
    );
    expect(estimate).toMatchObject({ context: null, total: 4 * gibibyte });
  });

  it('keeps 768 MiB for the system, and counts models in memory as free', () => {
    const estimate = estimateMemory(facts, { contextSize: 4_096, sequences: 1 }, null); // 4.5 GiB
    const settings = { gpuLayers: 'auto', layers: 32 } as const;
    expect(judgeFit(estimate, engine({ ramFree: 5.25 * gibibyte }), settings)).toEqual({
      kind: 'fits',
      free: 4.5 * gibibyte,
    });
    const tight = engine({ ramFree: 5 * gibibyte });
    expect(judgeFit(estimate, tight, settings).kind).toBe('refused');
    const other = {
      modelId: 'b',
      name: 'b',
      contextSize: 64,
      sequences: 1,
      gpuLayers: 0,
      ram: gibibyte,
      vram: 0,
    };
    expect(judgeFit(estimate, { ...tight, models: [other] }, settings).kind).toBe('fits');
  });

  it('asks the graphics card for its share alone, and refuses layers that do not fit on it', () => {
    const estimate = estimateMemory(facts, { contextSize: 4_096, sequences: 1 }, null); // 4.5 GiB
    const card = engine({
      kind: 'cuda',
      ramFree: 8 * gibibyte,
      vramTotal: 4 * gibibyte,
      vramFree: 3 * gibibyte,
    });
    // 24 of 31 + 1 layers: 3.375 GiB; 16: 2.25 GiB
    expect(judgeFit(estimate, card, { gpuLayers: 24, layers: 31 })).toEqual({
      kind: 'refused-gpu',
      need: 3.375 * gibibyte,
      free: 3 * gibibyte,
      layers: 24,
    });
    expect(judgeFit(estimate, card, { gpuLayers: 16, layers: 31 }).kind).toBe('fits');
  });

  it('is not judged while the device is not known', () => {
    const estimate = estimateMemory(facts, { contextSize: 64, sequences: 1 }, null);
    expect(judgeFit(estimate, { device: null, models: [] }, { gpuLayers: 'auto', layers: 1 }).kind).toBe(
      'unknown',
    );
  });
});

describe('where an address leads', () => {
  it.each([
    ['http://localhost:8080/v1', 'loopback'],
    ['http://127.0.0.1/v1', 'loopback'],
    ['http://[::1]:8000/v1', 'loopback'],
    ['http://10.1.2.3/v1', 'private'],
    ['http://172.31.0.1/v1', 'private'],
    ['http://172.32.0.1/v1', 'public'],
    ['http://192.168.1.4/v1', 'private'],
    ['http://100.64.0.1/v1', 'private'],
    ['http://100.128.0.1/v1', 'public'],
    ['http://[fd00::1]/v1', 'private'],
    ['http://[2001:db8::1]/v1', 'public'],
    ['https://8.8.8.8/v1', 'public'],
    ['http://2130706433/v1', 'loopback'],
    ['https://api.example.org/v1', 'name'],
    ['http://gpu1:8000/v1', 'name'],
    ['ftp://10.0.0.1', undefined],
    ['gpu1:8000', undefined],
    ['', undefined],
  ])('%s: %s', (address, place) => {
    expect(placeOf(address)).toBe(place);
  });
});

describe('small things', () => {
  it('parameters are told in three digits', () => {
    expect([7_615_616_512, 494_032_768, 140_000].map(formatParameters)).toEqual(['7.62B', '494M', '140K']);
  });

  it('a result that another version wrote is not taken for an empty one', () => {
    expect(readAddSummary(null)).toBeUndefined();
    expect(readAddSummary({ added: [{ name: 1 }], known: [], refused: [] })).toBeUndefined();
    expect(readAddSummary({ added: [], known: [], refused: [] })).toEqual({
      added: [],
      known: [],
      refused: [],
    });
  });
});
