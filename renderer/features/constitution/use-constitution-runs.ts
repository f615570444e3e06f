import type { ComputedRef } from 'vue';
import { computed } from 'vue';
import { useRoute } from 'vue-router';
import type {
  ConstitutionDocument,
  ConstitutionRun,
} from '../../../electron/contract/constitution.contract.ts';
import { useAsync } from '../../app/use-async.ts';
import type { Failure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

export interface ConstitutionRuns {
  /** Newest first; null until they are known for this dataset. */
  readonly runs: ComputedRef<readonly ConstitutionRun[] | null>;
  /** The run the address asks for, or else the newest. */
  readonly chosen: ComputedRef<ConstitutionRun | undefined>;
  /** What the chosen run found; null while it is read. */
  readonly document: ComputedRef<ConstitutionDocument | null>;
  readonly failure: ComputedRef<Failure | null>;
  /** Lists the runs anew. */
  readonly reload: () => void;
  /** Lists the runs and reads the chosen one anew. */
  readonly reloadAll: () => void;
}

/** The constitutions of a dataset and the one that is shown. */
export function useConstitutionRuns(datasetId: () => number): ConstitutionRuns {
  const client = useClient();
  const route = useRoute();
  const listed = useAsync(datasetId, async (id, signal) => {
    const found = await client.constitution.list({ datasetId: id }, { signal });
    return { datasetId: id, runs: [...found].sort((a, b) => b.createdAt.localeCompare(a.createdAt)) };
  });
  const runs = computed(() => {
    const found = listed.value.value;
    return found?.datasetId === datasetId() ? found.runs : null;
  });
  const chosen = computed(() => {
    const asked = Number(route.query['run']);
    return runs.value?.find((run) => run.constitutionId === asked) ?? runs.value?.[0];
  });
  const loaded = useAsync(
    () => chosen.value?.constitutionId,
    (constitutionId, signal) =>
      constitutionId === undefined ? null : client.constitution.get({ constitutionId }, { signal }),
  );
  const document = computed(() => {
    const answer = loaded.value.value;
    return answer && answer.constitutionId === chosen.value?.constitutionId ? answer.document : null;
  });
  return {
    runs,
    chosen,
    document,
    failure: computed(() => listed.failure.value ?? loaded.failure.value),
    reload: () => listed.reload(),
    reloadAll: () => {
      listed.reload();
      loaded.reload();
    },
  };
}
