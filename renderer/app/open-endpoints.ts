import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Model } from '../../electron/contract/model.contract.ts';

/** Addresses that are switched on, in words: what the bar tells about what may leave this machine. */
export const useOpenEndpoints = defineStore('open-endpoints', () => {
  const addresses = shallowRef<readonly string[]>([]);

  /** Takes over what a fresh list of models says. */
  function take(models: readonly Model[]): void {
    addresses.value = models.flatMap(({ name, endpoint }) =>
      endpoint?.isEnabled ? [`${name} (${endpoint.url})`] : [],
    );
  }
  return { addresses, take };
});
