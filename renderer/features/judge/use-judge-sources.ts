import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import { findRowSet } from '../../app/row-sets.ts';
import { useText } from '../../app/text.ts';
import { useAsync } from '../../app/use-async.ts';
import { decodeViewQuery } from '../../app/view-query.ts';
import { useClient } from '../../rpc/use-client.ts';
import type { JudgeDraft, JudgeSource } from './judge-draft.ts';

/** Rows that can be judged: those in the address, those of the run a draft came from, all, and the saved views. */
export function useJudgeSources(
  datasetId: () => number,
  draft: () => Pick<JudgeDraft, 'filter'>,
): ComputedRef<JudgeSource[]> {
  const client = useClient();
  const route = useRoute();
  const { t } = useText();
  const saved = useAsync(datasetId, (id, signal) => client.view.saved({ datasetId: id }, { signal }));
  return computed(() => {
    const { clauses, words, set } = decodeViewQuery(route.query);
    const rows = set === null ? undefined : findRowSet(set);
    const isView = clauses.length > 0 || words !== '' || rows !== undefined;
    const handed: JudgeSource = {
      id: 'address',
      title: rows ? t('judge.rows.handedOver', { label: rows.label }) : t('judge.rows.fromAddress'),
      filter: {
        clauses: rows ? [...clauses, { op: 'ids', ids: [...rows.ids] }] : [...clauses],
        ...(words !== '' && { words }),
      },
    };
    const { filter } = draft();
    return [
      ...(isView ? [handed] : []),
      ...(filter ? [{ id: 'earlier', title: t('judge.rows.earlier'), filter }] : []),
      { id: 'all', title: t('judge.rows.whole'), filter: { clauses: [] } },
      ...(saved.value.value ?? []).map(({ savedViewId, name, filter: own }) => ({
        id: `saved-${savedViewId}`,
        title: t('judge.rows.saved', { name }),
        filter: own,
      })),
    ];
  });
}
