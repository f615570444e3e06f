import { describe, expect, it } from 'vitest';
import { findMostSimilar, medianOf, meanOf, toAspect } from '../../../electron/core/judging/scales.ts';

describe('scales', () => {
  it('find the three values that agree most, and break ties by the median of all', () => {
    const pick = (values: number[]) => findMostSimilar(values).map((index) => values[index]);
    expect(pick([0, 3, 4, 4, 2])).toEqual([3, 4, 4]);
    // Two subsets have spread 1: {1, 1, 2} and {1, 2, 2}… of [1, 2, -3, 2, 1]; the median of all is 1.
    expect(pick([1, 2, -3, 2, 1]).sort()).toEqual([1, 1, 2]);
    expect(pick([5, 1])).toEqual([5, 1]);
  });

  it('take medians and means of what is there', () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(meanOf([1, null, 3])).toBe(2);
    expect(meanOf([null])).toBeNull();
  });

  it('make keys of names in any script', () => {
    expect(toAspect('Sensitivity to the stage of change')).toBe('sensitivity_to_the_stage_of_change');
    expect(toAspect('Ehrlichkeit – ганц')).toBe('ehrlichkeit_ганц');
    expect(toAspect('!!')).toBe('aspect');
  });
});
