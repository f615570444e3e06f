import { shallowRef } from 'vue';
import type { Ref } from 'vue';
import { useRouter } from 'vue-router';
import { keepRowSet } from '../../app/row-sets.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { judgeLink } from '../../app/view-query.ts';
import { countPositions, type RangeSet } from '../../grid/ranges.ts';
import type { RowSource } from '../../grid/row-source.ts';
import { toFailure } from '../../rpc/failure.ts';
import type { BrowseQuery } from './use-browse-query.ts';
import { listSelectedIds, maxTaggedRows } from './selection-ids.ts';

/** Opens the judge page with exactly the selected rows, or without a selection those of the view. */
export function useJudgeLink(
  { datasetId, query }: Pick<BrowseQuery, 'datasetId' | 'query'>,
  selection: Readonly<Ref<RangeSet>>,
  source: Readonly<Ref<RowSource | null>>,
): () => Promise<void> {
  const router = useRouter();
  const shell = useShellStore();
  const { t, number } = useText();
  const isOpening = shallowRef(false);

  return async () => {
    if (isOpening.value) return;
    if (selection.value.length === 0 || !source.value) {
      await router.push(judgeLink(datasetId.value, query.value));
      return;
    }
    isOpening.value = true;
    try {
      const ids = await listSelectedIds(source.value, selection.value, new AbortController().signal);
      if (!ids) shell.notify(t('browse.judgeTooMany', { max: number(maxTaggedRows) }));
      else {
        const count = countPositions(selection.value);
        const set = keepRowSet({ label: t('tags.selected', { n: number(count) }, count), ids });
        await router.push(judgeLink(datasetId.value, { set }));
      }
    } catch (error) {
      shell.notify([t('browse.judgeFailed'), toFailure(error).message].join(': '));
    }
    isOpening.value = false;
  };
}
