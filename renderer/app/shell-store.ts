import { useEventListener, usePreferredDark } from '@vueuse/core';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { Relation } from '../../electron/contract/corpus.contract.ts';
import type { ConnectionState } from '../rpc/client.ts';

export type Theme = 'system' | 'light' | 'dark';

const themeKey = 'assay.theme';
const datasetKey = 'assay.dataset';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** How many rows the current view shows, for the bar; null where no view is open. */
export interface ViewCount {
  readonly count: number;
  readonly total: number;
  readonly relation: Relation;
  /** False while more rows than `count` are still being found. */
  readonly isComplete: boolean;
}

/** View state of the shell: theme, overlays, current dataset, connection, and what the bar shows. */
export const useShellStore = defineStore('shell', () => {
  const stored = localStorage.getItem(themeKey);
  const theme = ref<Theme>(themes.find((t) => t === stored) ?? 'system');
  const isSystemDark = usePreferredDark();
  const isDark = computed(() => (theme.value === 'system' ? isSystemDark.value : theme.value === 'dark'));
  watch(
    isDark,
    (dark) => {
      document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    },
    { immediate: true },
  );
  watch(theme, (next) => localStorage.setItem(themeKey, next));

  const lastDataset = Number(localStorage.getItem(datasetKey));
  const datasetId = ref<number | null>(lastDataset > 0 ? lastDataset : null);
  watch(datasetId, (id) => {
    if (id === null) localStorage.removeItem(datasetKey);
    else localStorage.setItem(datasetKey, String(id));
  });

  const isPaletteOpen = ref(false);
  const isShortcutSheetOpen = ref(false);
  const isPrivacyOpen = ref(false);
  const connection = ref<ConnectionState>('connected');
  const viewCount = shallowRef<ViewCount | null>(null);
  const notices = ref<{ id: number; text: string }[]>([]);
  let noticeId = 0;

  /** Shows a line at the foot of the page until it is closed or, unless `isSticky`, for six seconds. */
  function notify(text: string, isSticky = false): void {
    noticeId += 1;
    const id = noticeId;
    notices.value.push({ id, text });
    if (!isSticky) setTimeout(() => dismiss(id), 6_000);
  }

  function dismiss(id: number): void {
    notices.value = notices.value.filter((n) => n.id !== id);
  }

  function cycleTheme(): void {
    theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
  }

  useEventListener(window, 'storage', (event: StorageEvent) => {
    if (event.key !== themeKey) return;
    theme.value = themes.find((t) => t === event.newValue) ?? 'system';
  });

  return {
    theme,
    isDark,
    datasetId,
    isPaletteOpen,
    isShortcutSheetOpen,
    isPrivacyOpen,
    connection,
    viewCount,
    notices,
    notify,
    dismiss,
    cycleTheme,
  };
});
