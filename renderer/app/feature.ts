import type { RouteRecordRaw } from 'vue-router';
import type { IconName } from '../ui/icons.ts';
import type { MessageKey } from './messages/en.ts';

/**
 * What a screen tells the shell about itself. Pages are imported lazily, so an entry costs the first paint nothing.
 * A route under `/d/:dataset` gets the dataset's id as the parameter `dataset`.
 */
export interface Feature {
  readonly id: string;
  readonly titleKey: MessageKey;
  readonly icon: IconName;
  /** Name of the route its command and the navigation lead to; absent = neither does. */
  readonly home?: string;
  /** True where only commands, keys and links of other screens lead to it, not the navigation. */
  readonly isBeside?: boolean;
  /** True where `home` needs a dataset; the entry is disabled until there is one. */
  readonly needsDataset: boolean;
  /** Key sequence that leads to `home`, in tinykeys syntax. */
  readonly keys?: string;
  readonly routes: readonly RouteRecordRaw[];
}
