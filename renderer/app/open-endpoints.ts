import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { Model } from '../../electron/contract/model.contract.ts';
import { teamAddressPrefix } from '../../electron/contract/team-address.ts';
import type { TeamStatus } from '../../electron/contract/team.contract.ts';

/** Addresses that are switched on, in words: what the bar tells about what may leave this machine. */
export const useOpenEndpoints = defineStore('open-endpoints', () => {
  const models = shallowRef<readonly string[]>([]);
  const team = shallowRef<readonly string[]>([]);
  const addresses = computed(() => [...models.value, ...team.value]);

  /** Takes over what the core says when the page connects. */
  function begin(all: readonly string[]): void {
    team.value = all.filter((address) => address.startsWith(teamAddressPrefix));
    models.value = all.filter((address) => !address.startsWith(teamAddressPrefix));
  }

  /** Takes over what a fresh list of models says. */
  function take(list: readonly Model[]): void {
    models.value = list.flatMap(({ name, endpoint }) =>
      endpoint?.isEnabled ? [`${name} (${endpoint.url})`] : [],
    );
  }

  function takeTeam({ state, address }: Pick<TeamStatus, 'state' | 'address'>): void {
    const isOn = state !== 'none' && state !== 'off' && address !== null;
    team.value = isOn ? [`${teamAddressPrefix}${address}`] : [];
  }
  return { addresses, team, begin, take, takeTeam };
});
