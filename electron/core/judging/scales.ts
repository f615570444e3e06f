import { z } from 'zod';
import { quantile } from '../statistics/descriptive.ts';

/** Whole numbers from `low` to `high` as a schema that a grammar can enforce number by number. */
export function wholeNumbers(low: number, high: number): z.ZodType<number> {
  return z.literal(Array.from({ length: high - low + 1 }, (_, index) => low + index));
}

/** A name as a key of an answer and an aspect of a rating: lower case, words joined by `_`. */
export function toAspect(name: string): string {
  const aspect = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return aspect === '' ? 'aspect' : aspect;
}

/** Mean of the numbers that are there; null without any. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length;
}

/** The middle of the sorted values, the mean of the two middle ones for an even number. */
export const medianOf = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The places of the `size` values that agree most: smallest max − min, then smallest sum of absolute differences, then
 * median closest to that of all (the last two tie-breaks are ours), then the first. Fewer values: all of them.
 */
export function findMostSimilar(values: readonly number[], size = 3): number[] {
  if (values.length <= size) return values.map((_, index) => index);
  const centre = medianOf(values);
  const ranked = listSubsets(values.length, size).map((subset) => {
    const chosen = subset.map((index) => values[index] ?? Number.NaN);
    const apart = chosen.flatMap((left, at) => chosen.slice(at + 1).map((right) => Math.abs(left - right)));
    return {
      subset,
      keys: [
        Math.max(...chosen) - Math.min(...chosen),
        apart.reduce((sum, value) => sum + value, 0),
        Math.abs(medianOf(chosen) - centre),
      ],
    };
  });
  ranked.sort((left, right) => {
    const at = left.keys.findIndex((key, index) => key !== right.keys[index]);
    return at < 0 ? 0 : (left.keys[at] ?? 0) - (right.keys[at] ?? 0);
  });
  return ranked[0]?.subset ?? [];
}

function listSubsets(length: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: length - from }, (_, step) => from + step).flatMap((first) =>
    listSubsets(length, size - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
