import type { Ref } from 'vue';
import { usePageCommands } from '../../app/commands.ts';

export interface BrowseActions {
  hasRow(): boolean;
  focusSearch(): void;
  clear(): void;
  save(): void;
  judge(): void;
  step(by: 1 | -1): void;
  close(): void;
  readonly toggles: Readonly<Record<'overview' | 'facets' | 'diff', Ref<boolean>>>;
}

/** Keys and palette entries of the browse page. */
export function useBrowseCommands(actions: BrowseActions): void {
  const flip = (state: Ref<boolean>) => () => {
    state.value = !state.value;
  };
  const { overview, facets, diff } = actions.toggles;
  const when = () => actions.hasRow();
  usePageCommands([
    {
      id: 'browse.search',
      titleKey: 'commands.focusSearch',
      keys: ['/', '$mod+f'],
      run: () => actions.focusSearch(),
    },
    { id: 'browse.clear', titleKey: 'commands.clearFilter', keys: ['Shift+X'], run: () => actions.clear() },
    { id: 'browse.overview', titleKey: 'commands.toggleOverview', keys: ['o'], run: flip(overview) },
    { id: 'browse.facets', titleKey: 'commands.toggleFacets', run: flip(facets) },
    { id: 'browse.save', titleKey: 'commands.saveView', keys: ['$mod+s'], run: () => actions.save() },
    { id: 'browse.judge', titleKey: 'commands.judgeRows', keys: ['Shift+J'], run: () => actions.judge() },
    {
      id: 'row.next',
      titleKey: 'commands.nextRow',
      keys: ['j', 'ArrowRight'],
      when,
      run: () => actions.step(1),
    },
    {
      id: 'row.previous',
      titleKey: 'commands.previousRow',
      keys: ['k', 'ArrowLeft'],
      when,
      run: () => actions.step(-1),
    },
    { id: 'row.diff', titleKey: 'commands.toggleDiff', keys: ['d'], when, run: flip(diff) },
    { id: 'row.close', titleKey: 'commands.closeRow', keys: ['Escape'], when, run: () => actions.close() },
  ]);
}
