import { useDocumentVisibility } from '@vueuse/core';
import { onBeforeUnmount, shallowRef, watch } from 'vue';

/** Milliseconds spent on an item while the window can be seen. */
export function useWorkTimer() {
  const visibility = useDocumentVisibility();
  const shownSeconds = shallowRef(0);
  let before = 0;
  let since: number | null = null;

  const read = () => before + (since === null ? 0 : performance.now() - since);

  function start(ms: number): void {
    before = ms;
    since = visibility.value === 'visible' ? performance.now() : null;
    shownSeconds.value = Math.floor(ms / 1_000);
  }

  function stop(): void {
    before = read();
    since = null;
  }

  watch(visibility, (now) => {
    if (now === 'visible') since ??= performance.now();
    else stop();
  });
  const tick = setInterval(() => (shownSeconds.value = Math.floor(read() / 1_000)), 1_000);
  onBeforeUnmount(() => clearInterval(tick));
  return { read, start, stop, shownSeconds };
}
