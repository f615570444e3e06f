import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import { findRowSet } from '../../app/row-sets.ts';
import { useText } from '../../app/text.ts';
import { useAsync } from '../../app/use-async.ts';
import { decodeViewQuery } from '../../app/view-query.ts';
import { useClient } from '../../rpc/use-client.ts';
import { type ExportSource, withIds } from './export-draft.ts';

/** What can be written: the view in the address if there is one, the whole dataset, and its saved views. */
export function useExportSources(datasetId: () => number): ComputedRef<ExportSource[]> {
  const client = useClient();
  const route = useRoute();
  const { t } = useText();
  const saved = useAsync(datasetId, (id, signal) => client.view.saved({ datasetId: id }, { signal }));
  return computed(() => {
    const { clauses, words, sort, set } = decodeViewQuery(route.query);
    const rows = set === null ? undefined : findRowSet(set);
    const isView = clauses.length > 0 || words !== '' || sort.length > 0 || rows !== undefined;
    const handed: ExportSource = {
      id: 'address',
      title: rows ? `${t('exports.handedOver')}: ${rows.label}` : t('exports.fromAddress'),
      filter: { clauses: withIds(clauses, rows?.ids), ...(words === '' ? {} : { words }) },
      sort,
    };
    return [
      ...(isView ? [handed] : []),
      { id: 'all', title: t('exports.whole'), filter: { clauses: [] }, sort: [] },
      ...(saved.value.value ?? []).map(({ savedViewId, name, filter, sort: order }) => ({
        id: `saved-${savedViewId}`,
        title: t('exports.savedView', { name }),
        filter,
        sort: order,
      })),
    ];
  });
}
