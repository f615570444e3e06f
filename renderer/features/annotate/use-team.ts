import { onBeforeUnmount, shallowRef } from 'vue';
import type { TeamStatus } from '../../../electron/contract/team.contract.ts';
import { useOpenEndpoints } from '../../app/open-endpoints.ts';
import { useShellStore } from '../../app/shell-store.ts';
import { useText } from '../../app/text.ts';
import { type Failure, toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

const pollMs = 3_000;

/** True for this machine's own names and addresses, and for the folder of a local socket. */
export function isLocalHost(host: string): boolean {
  return host.startsWith('/') || /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host);
}

/** Whole seconds from now until then, not below zero. */
export function secondsUntil(iso: string): number {
  return Math.max(0, Math.round((Date.parse(iso) - Date.now()) / 1_000));
}

/** Calls `work` again and again until the component goes; a call that takes long is waited for. */
export function usePolling(work: () => Promise<boolean>): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  const turn = async () => {
    const goesOn = await work();
    if (goesOn && !isGone) timer = setTimeout(() => void turn(), pollMs);
  };
  void turn();
  onBeforeUnmount(() => {
    isGone = true;
    clearTimeout(timer);
  });
}

/** The state of the team, kept up to date, and a way to act on it. */
export function useTeam() {
  const client = useClient();
  const endpoints = useOpenEndpoints();
  const shell = useShellStore();
  const { t } = useText();
  const status = shallowRef<TeamStatus | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const isBusy = shallowRef(false);

  /** Grows with every state that is shown; one that was asked for before it is older and dropped. */
  let taken = 0;
  function take(next: TeamStatus): void {
    taken += 1;
    status.value = next;
    endpoints.takeTeam(next);
  }
  async function refresh(): Promise<boolean> {
    const before = taken;
    try {
      const next = await client.team.status();
      if (taken === before) take(next);
      failure.value = null;
    } catch (error) {
      failure.value = toFailure(error);
    }
    return true;
  }
  /** Does something, tells of its failure, and reads the state again; undefined where it failed. */
  async function act<T>(work: () => Promise<T>): Promise<T | undefined> {
    isBusy.value = true;
    try {
      return await work();
    } catch (error) {
      shell.notify([t('team.actionFailed'), toFailure(error).message].join(': '));
      return undefined;
    } finally {
      isBusy.value = false;
      await refresh();
    }
  }
  usePolling(refresh);
  return { status, failure, isBusy, take, refresh, act };
}

export type Team = ReturnType<typeof useTeam>;
