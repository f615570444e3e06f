import { shallowRef } from 'vue';
import type { Ref } from 'vue';
import { useRouter } from 'vue-router';
import { keepRowSet } from '../../app/row-sets.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { judgeLink, type ViewQuery } from '../../app/view-query.ts';
import { countPositions, type RangeSet } from '../../grid/ranges.ts';
import type { RowSource } from '../../grid/row-source.ts';
import { toFailure } from '../../rpc/failure.ts';
import { listSelectedIds, maxTaggedRows } from './selection-ids.ts';

/** Opens the judge page with exactly the selected rows, or without a selection those of the view. */
export function useJudgeLink(state: {
  readonly datasetId: () => number;
  readonly query: () => ViewQuery;
  readonly selection: Readonly<Ref<RangeSet>>;
  readonly source: Readonly<Ref<RowSource | null>>;
}): { judge(): Promise<void> } {
  const router = useRouter();
  const shell = useShellStore();
  const { t, number } = useText();
  const isOpening = shallowRef(false);

  async function judge(): Promise<void> {
    const { selection, source } = state;
    if (isOpening.value) return;
    if (selection.value.length === 0 || !source.value) {
      await router.push(judgeLink(state.datasetId(), state.query()));
      return;
    }
    isOpening.value = true;
    try {
      const ids = await listSelectedIds(source.value, selection.value, new AbortController().signal);
      if (!ids) shell.notify(t('browse.judgeTooMany', { max: number(maxTaggedRows) }));
      else {
        const count = countPositions(selection.value);
        const set = keepRowSet({ label: t('tags.selected', { n: number(count) }, count), ids });
        await router.push(judgeLink(state.datasetId(), { set }));
      }
    } catch (error) {
      shell.notify([t('browse.judgeFailed'), toFailure(error).message].join(': '));
    }
    isOpening.value = false;
  }
  return { judge };
}
