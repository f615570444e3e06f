import { useStorage } from '@vueuse/core';
import { computed } from 'vue';
import type { Rater } from '../../../electron/contract/annotation.contract.ts';
import { useAsync } from '../../app/use-async.ts';
import { useClient } from '../../rpc/use-client.ts';

/** The raters of this machine, and the one who sits here. */
export function useCurrentRater() {
  const client = useClient();
  const chosen = useStorage('assay.rater', 0);
  const raters = useAsync(
    () => 0,
    (_, signal) => client.annotation.raters(undefined, { signal }),
  );
  const rater = computed<Rater | null>(
    () => raters.value.value?.find((one) => one.raterId === chosen.value) ?? null,
  );
  return {
    raters,
    rater,
    choose: (raterId: number) => {
      chosen.value = raterId;
    },
    add: async (name: string) => {
      const added = await client.annotation.addRater({ name });
      chosen.value = added.raterId;
      raters.reload();
    },
  };
}
