import type { ComputedRef, Ref } from 'vue';
import { onBeforeUnmount, shallowRef, watch } from 'vue';
import { PageCache } from './page-cache.ts';
import type { GridRow, RowSource } from './row-source.ts';
import { planPages } from './window.ts';

export interface GridPages {
  readonly error: Readonly<Ref<unknown>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  /** The row at a position, undefined while its page is on the way. Reactive. */
  row(position: number): GridRow | undefined;
  retry(): void;
}

/** Keeps the pages of the rows that are drawn, and the next one, of the current source; a new source starts empty. */
export function usePages(
  source: () => RowSource | null,
  drawn: ComputedRef<{ first: number; end: number }>,
  direction: Readonly<Ref<number>>,
): GridPages {
  const error = shallowRef<unknown>(null);
  const isLoading = shallowRef(false);
  const version = shallowRef(0);
  let cache: PageCache | undefined;

  function want(): void {
    const current = source();
    if (!current || !cache) return;
    cache.want(planPages(drawn.value, current.count, direction.value));
    isLoading.value = cache.isLoading;
  }

  function open(): void {
    cache?.close();
    error.value = null;
    const current = source();
    cache = current
      ? new PageCache(current, {
          onPage: () => {
            version.value += 1;
            error.value = null;
            isLoading.value = cache?.isLoading ?? false;
          },
          onError: (reason) => {
            error.value = reason;
            isLoading.value = false;
          },
        })
      : undefined;
    version.value += 1;
    want();
  }

  watch(source, open, { immediate: true });
  watch(drawn, want);
  onBeforeUnmount(() => cache?.close());

  return {
    error,
    isLoading,
    row: (position) => (version.value >= 0 ? cache?.row(position) : undefined),
    retry: () => {
      error.value = null;
      want();
    },
  };
}
