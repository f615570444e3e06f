import { describe, expect, it } from 'vitest';
import { sayShare, writeRemarks } from '../../../electron/core/constitution/remarks.ts';

type Evidence = Parameters<typeof writeRemarks>[0];

const base: Evidence = {
  schema: 'assay.constitution/1',
  executor: 'surface',
  dataset: 'made',
  dataset_id: 1,
  created_at: '',
  seed: 1,
  top: 7,
  pairs: { total: 500, labelled: 500, ties: 0, unlabelled: 0, prompts: 500 },
  length_control: '',
  principles: [],
  constitution: ['one', 'two'],
  reconstruction: {
    train: 350,
    test: 150,
    train_prompts: 350,
    test_prompts: 150,
    baseline_longer: 0.55,
    baseline_longer_ci: [0.47, 0.63],
    majority: 0.6,
    majority_ci: [0.52, 0.68],
    weighted: 0.62,
    weighted_ci: [0.54, 0.7],
    gain_over_longer: 0.07,
    gain_over_longer_ci: [0.01, 0.13],
    train_majority: 0.6,
    train_weighted: 0.62,
    executor_agreement: { value: 0.95, ci: [0.91, 0.99], n: 150 },
    silent: { value: 0, ci: [0, 0.02], n: 150 },
  },
  isSupported: true,
  hasSides: true,
};

const withFigures = (figures: Partial<Evidence['reconstruction']>, rest: Partial<Evidence> = {}) =>
  writeRemarks({ ...base, ...rest, reconstruction: { ...base.reconstruction, ...figures } }).join('\n');

describe('remarks', () => {
  it('write shares as per cent with their interval', () => {
    expect(sayShare(0.534, [0.457, 0.6])).toBe('53 % [46, 60]');
    expect(sayShare(0.5, null)).toBe('50 %');
  });

  it('never call an accuracy better than chance whose interval reaches one half', () => {
    const text = withFigures({ weighted: 0.56, weighted_ci: [0.48, 0.64] });
    expect(text).toContain('56 % [48, 64] of 150 held-out labels; that is not distinguishable from chance');
    expect(withFigures({})).toContain('chance would give 50 %');
    expect(withFigures({})).not.toContain('distinguishable');
    expect(withFigures({ weighted: 0.4, weighted_ci: [0.3, 0.49] })).toContain('fewer than chance');
    expect(withFigures({ weighted: 0.6, weighted_ci: null })).toContain('not distinguishable');
  });

  it('say which of the constitution and length does better, by the interval of the difference', () => {
    expect(withFigures({})).toContain('gains +7.0 points [1.0, 13.0]');
    expect(withFigures({ gain_over_longer_ci: [-0.02, 0.13] })).toContain('does not do measurably better');
    expect(withFigures({ gain_over_longer: -0.07, gain_over_longer_ci: [-0.13, -0.01] })).toContain(
      'more than the constitution (-7.0 points',
    );
  });

  it('warn of few prompts, of an unsupported choice, of silence and of executors that differ', () => {
    const text = withFigures(
      {
        silent: { value: 0.3, ci: [0.2, 0.4], n: 150 },
        executor_agreement: { value: 0.7, ci: [0.6, 0.8], n: 150 },
      },
      {
        pairs: { ...base.pairs, labelled: 30, prompts: 30, ties: 2, total: 32 },
        isSupported: false,
        hasSides: false,
      },
    );
    expect(text).toContain('only 30 prompts');
    expect(text).toContain('only the best of those tried');
    expect(text).toContain('no selected principle speaks');
    expect(text).toContain('same side on only 70 % [60, 80]');
    expect(text).toContain('2 ties and 0 unlabelled pairs of 32');
    expect(text).toContain('no sides');
  });

  it('say so where nothing could be selected or held out', () => {
    expect(withFigures({}, { constitution: [] })).toContain('No principle could be selected');
    expect(withFigures({ test: 0, weighted: null, weighted_ci: null })).toContain(
      'too few prompts to hold any out',
    );
  });
});
