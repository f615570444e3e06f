import type { Router } from 'vue-router';
import { onBeforeUnmount, shallowRef } from 'vue';
import { parseKeybinding } from 'tinykeys';
import { features } from './feature-table.ts';
import type { Feature } from './feature.ts';
import type { MessageKey } from './messages/en.ts';
import type { useShellStore } from './shell-store.ts';

export interface CommandContext {
  readonly router: Router;
  readonly shell: ReturnType<typeof useShellStore>;
  readonly datasetId: number | null;
}

/** Something a person can do by key or from the palette. `keys` are tinykeys bindings. */
export interface Command {
  readonly id: string;
  readonly titleKey: MessageKey;
  readonly keys?: readonly string[];
  /** False hides the command and frees its keys. */
  readonly when?: (context: CommandContext) => boolean;
  readonly run: (context: CommandContext) => void;
}

/** Commands that exist on every page. */
export const globalCommands: readonly Command[] = [
  {
    id: 'palette.open',
    titleKey: 'commands.palette',
    keys: ['$mod+k', '$mod+p'],
    run: ({ shell }) => {
      shell.isPaletteOpen = true;
    },
  },
  {
    id: 'shortcuts.open',
    titleKey: 'commands.shortcuts',
    keys: ['Shift+?'],
    run: ({ shell }) => {
      shell.isShortcutSheetOpen = true;
    },
  },
  ...features.filter((feature) => feature.home !== undefined).map(commandOfFeature),
  {
    id: 'import.start',
    titleKey: 'commands.import',
    keys: ['$mod+o'],
    run: ({ router }) => void router.push({ name: 'import' }),
  },
  { id: 'theme.cycle', titleKey: 'commands.theme', run: ({ shell }) => shell.cycleTheme() },
  {
    id: 'privacy.show',
    titleKey: 'commands.privacy',
    run: ({ shell }) => {
      shell.isPrivacyOpen = true;
    },
  },
];

/** Where the navigation entry of a feature leads; undefined while it needs a dataset and there is none. */
export function homeOf(feature: Feature, datasetId: number | null) {
  if (!feature.home) return undefined;
  if (!feature.needsDataset) return { name: feature.home };
  return datasetId === null ? undefined : { name: feature.home, params: { dataset: datasetId } };
}

function commandOfFeature(feature: Feature): Command {
  return {
    id: `go.${feature.id}`,
    titleKey: feature.titleKey,
    ...(feature.keys !== undefined && { keys: [feature.keys] }),
    when: ({ datasetId }) => homeOf(feature, datasetId) !== undefined,
    run: ({ router, datasetId }) => {
      const home = homeOf(feature, datasetId);
      if (home) void router.push(home);
    },
  };
}

const pageCommands = shallowRef<readonly Command[]>([]);

/** Adds commands for as long as the calling component lives. */
export function usePageCommands(commands: readonly Command[]): void {
  pageCommands.value = [...pageCommands.value, ...commands];
  onBeforeUnmount(() => {
    pageCommands.value = pageCommands.value.filter((c) => !commands.includes(c));
  });
}

/** Every command of the moment; page commands first, as they are the nearest. Reactive. */
export function listCommands(context: CommandContext): Command[] {
  return [...pageCommands.value, ...globalCommands].filter((c) => c.when?.(context) ?? true);
}

/** True where a key press would be typed into a text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('[role="code"]') !== null ||
      ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

/** True for bindings that cannot be meant as text, e.g. `$mod+k`. */
export function hasModifier(keys: string): boolean {
  return parseKeybinding(keys).some(([mods]) => mods.some((mod) => mod !== 'Shift'));
}

const names: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  Control: 'Ctrl',
  Meta: '⌘',
};

/** The keys of a binding as they are printed on a keyboard: one list per press. */
export function keyCaps(keys: string): string[][] {
  return parseKeybinding(keys).map(([mods, key]) => {
    const shown = typeof key === 'string' ? key : key.source;
    const visibleMods = shown === '?' ? mods.filter((m) => m !== 'Shift') : mods;
    const cap = shown.length === 1 ? shown.toUpperCase() : shown;
    return [...visibleMods, cap].map((part) => names[part] ?? part);
  });
}
