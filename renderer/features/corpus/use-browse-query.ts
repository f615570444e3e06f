import type { ComputedRef } from 'vue';
import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { Clause, Filter } from '../../../electron/contract/filter.contract.ts';
import type { RowSet } from '../../app/row-sets.ts';
import { findRowSet } from '../../app/row-sets.ts';
import type { ViewQuery } from '../../app/view-query.ts';
import { decodeViewQuery, encodeViewQuery } from '../../app/view-query.ts';

export interface BrowseQuery {
  readonly datasetId: ComputedRef<number>;
  readonly query: ComputedRef<ViewQuery>;
  readonly filter: ComputedRef<Filter>;
  /** The handed-over rows the view is limited to; null where there are none or the session lost them. */
  readonly rowSet: ComputedRef<RowSet | null>;
  /** Changes the address; opening and closing rows and brushing replace, the rest can be stepped back. */
  change(part: Partial<ViewQuery>): void;
}

/** The browse page's state lives in the address, so that it can be stepped back, copied and reloaded. */
export function useBrowseQuery(): BrowseQuery {
  const route = useRoute();
  const router = useRouter();
  const text = computed(() => JSON.stringify(route.query));
  const query = computed(() => decodeViewQuery(JSON.parse(text.value) as typeof route.query));
  const datasetId = computed(() => Number(route.params['dataset']));
  const rowSet = computed(() => (query.value.set ? (findRowSet(query.value.set) ?? null) : null));
  const filterText = computed(() => JSON.stringify([query.value.clauses, query.value.words]));
  const filter = computed<Filter>(() => {
    const [clauses, words] = JSON.parse(filterText.value) as [Clause[], string];
    const own: Clause[] = rowSet.value ? [{ op: 'ids', ids: [...rowSet.value.ids] }] : [];
    return { clauses: [...own, ...clauses], ...(words !== '' && { words }) };
  });

  function change(part: Partial<ViewQuery>): void {
    const next = { query: encodeViewQuery({ ...query.value, ...part }) };
    const isRowOnly = Object.keys(part).every((key) => key === 'row') && query.value.row !== null;
    void (isRowOnly ? router.replace(next) : router.push(next));
  }

  return { datasetId, query, filter, rowSet, change };
}
