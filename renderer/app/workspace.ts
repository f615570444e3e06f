import type { InjectionKey } from 'vue';
import { inject } from 'vue';
import type { Hello } from '../../electron/contract/system.contract.ts';

export const workspaceKey: InjectionKey<Hello> = Symbol('workspace');

/** The open workspace, and which endpoints the person configured, as the core told at the start. */
export function useWorkspace(): Hello {
  const workspace = inject(workspaceKey);
  if (!workspace) throw new Error('No workspace is provided to this component.');
  return workspace;
}
