import type { Ref } from 'vue';
import { onBeforeUnmount, shallowRef } from 'vue';
import { useRouter } from 'vue-router';
import type { FindingRows } from '../../../electron/contract/audit.contract.ts';
import { keepRowSet } from '../../app/row-sets.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { browseLink } from '../../app/view-query.ts';
import { toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

export interface FindingRowsRequest {
  readonly datasetId: number;
  readonly auditRunId: number | null;
  /** Title of the audit, shown with the rows. */
  readonly title: string;
  readonly rows: FindingRows;
}

/** Opens the rows behind a finding in the grid: by its filter, or by its stored set of ids. */
export function useFindingRows(): {
  isOpening: Readonly<Ref<boolean>>;
  open(request: FindingRowsRequest): Promise<void>;
} {
  const client = useClient();
  const router = useRouter();
  const shell = useShellStore();
  const { t, number } = useText();
  const isOpening = shallowRef(false);
  const abort = new AbortController();

  async function openSet({ datasetId, auditRunId, title, rows }: FindingRowsRequest): Promise<void> {
    if (rows.set === null || auditRunId === null) return;
    const { ids } = await client.audit.rows({ auditRunId, set: rows.set }, { signal: abort.signal });
    const total = rows.count ?? ids.length;
    if (ids.length < total)
      shell.notify(t('audits.rowsFirst', { shown: number(ids.length), total: number(total) }));
    const set = keepRowSet({ label: t('audits.rowsLabel', { title }), ids });
    await router.push(browseLink(datasetId, { set, clauses: rows.filter?.clauses ?? [] }));
  }

  async function open(request: FindingRowsRequest): Promise<void> {
    const { datasetId, rows } = request;
    if (isOpening.value) return;
    isOpening.value = true;
    try {
      if (rows.count === 0) shell.notify(t('audits.rowsEmpty'));
      else if (rows.set !== null) await openSet(request);
      else if (rows.filter !== null)
        await router.push(
          browseLink(datasetId, { clauses: rows.filter.clauses, words: rows.filter.words ?? '' }),
        );
    } catch (error) {
      if (!abort.signal.aborted) shell.notify([t('audits.rowsFailed'), toFailure(error).message].join(': '));
    }
    isOpening.value = false;
  }

  onBeforeUnmount(() => abort.abort());
  return { isOpening, open };
}
