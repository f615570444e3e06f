import type { Facet, Field } from '../../../electron/contract/corpus.contract.ts';

export interface LengthSeries {
  readonly title: string;
  /** Middle of a bin in characters, and the rows in it. */
  readonly points: readonly (readonly [number, number])[];
}

/** Length distributions that can share one axis: histograms whose field counts characters of one text. */
export function lengthSeries(facets: readonly Facet[], fields: readonly Field[]): LengthSeries[] {
  const titles = new Map(fields.map((f) => [f.id, f.title]));
  return facets.flatMap((facet) => {
    if (
      facet.kind !== 'histogram' ||
      !/length|chars/.test(facet.field) ||
      /diff|delta|gap/.test(facet.field)
    ) {
      return [];
    }
    const points = facet.bins.map((bin) => [(bin.min + bin.max) / 2, bin.total] as const);
    return [{ title: titles.get(facet.field) ?? facet.field, points }];
  });
}
