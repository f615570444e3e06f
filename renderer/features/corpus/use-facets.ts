import type { ComputedRef } from 'vue';
import { computed } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import type { Facet, Field, Relation } from '../../../electron/contract/corpus.contract.ts';
import type { Filter } from '../../../electron/contract/filter.contract.ts';
import type { AsyncValue } from '../../app/use-async.ts';
import { useAsync } from '../../app/use-async.ts';

/** Most facets one call takes. */
const maxFacets = 40;
/** Milliseconds in which quick changes of a brush become one call. */
const facetDelay = 60;

export interface FacetInput {
  readonly datasetId: number;
  readonly relation: Relation | undefined;
  readonly filter: Filter;
  readonly isShown: boolean;
  /** Raised when rows changed under an unchanged filter. */
  readonly revision: number;
}

export interface BrowseFacets {
  readonly facets: AsyncValue<readonly Facet[]>;
  readonly facetOf: ComputedRef<ReadonlyMap<string, Facet>>;
  /** Tags the rows of the dataset have. */
  readonly knownTags: ComputedRef<readonly string[]>;
}

/** Facets of every field that has one, kept up to date with the filter; none are asked for while hidden. */
export function useFacets(
  client: Client,
  fields: () => readonly Field[],
  input: () => FacetInput,
): BrowseFacets {
  const ids = computed(() =>
    fields()
      .filter((f) => f.isFacet)
      .map((f) => f.id)
      .slice(0, maxFacets)
      .join('\n'),
  );
  const facets = useAsync(
    () => ({ ...input(), ids: ids.value }),
    ({ datasetId, relation, filter, isShown, ids: names }, signal) =>
      relation && names !== '' && isShown
        ? client.view.facets({ datasetId, relation, filter, fields: names.split('\n') }, { signal })
        : null,
    facetDelay,
  );
  const facetOf = computed(() => new Map((facets.value.value ?? []).map((f) => [f.field, f])));
  const knownTags = computed(() => {
    const tagField = fields().find((f) => f.kind === 'tags');
    const facet = tagField ? facetOf.value.get(tagField.id) : undefined;
    if (facet?.kind !== 'categories') return [];
    return facet.values.flatMap((v) => (v.value === null ? [] : [String(v.value)]));
  });
  return { facets, facetOf, knownTags };
}
