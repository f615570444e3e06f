import type { ComputedRef, Ref } from 'vue';
import { computed, nextTick, onBeforeUnmount, onMounted, shallowRef, watch } from 'vue';
import type { Geometry } from './window.ts';
import { clampTop, isScaled, scrollOfTop, topOfScroll, topToReveal } from './window.ts';

/** Lines a wheel notch stands for where the browser reports lines. */
const linesPerNotch = 3;

export interface GridScrollOptions {
  readonly scroller: Readonly<Ref<HTMLElement | null>>;
  readonly count: () => number;
  readonly rowHeight: number;
  /** Height of the sticky head, in CSS pixels. */
  readonly headHeight: () => number;
}

export interface GridScroll {
  readonly top: Readonly<Ref<number>>;
  readonly geometry: ComputedRef<Geometry>;
  /** Sign of the last move. */
  readonly direction: Readonly<Ref<number>>;
  setTop(next: number): void;
  reveal(row: number): void;
  onScroll(): void;
}

/**
 * Binds a scrolled element to an exact position in the list. Where the list is taller than an element may be,
 * the wheel moves by exact pixels here and only a dragged scrollbar maps positions.
 */
export function useGridScroll(options: GridScrollOptions): GridScroll {
  const top = shallowRef(0);
  const direction = shallowRef(1);
  const height = shallowRef(0);
  let ownScroll = 0;

  const geometry = computed<Geometry>(() => ({
    count: options.count(),
    rowHeight: options.rowHeight,
    viewport: Math.max(0, height.value - options.headHeight()),
  }));

  function moveTo(next: number): void {
    if (next !== top.value) direction.value = Math.sign(next - top.value);
    top.value = next;
  }

  function syncScrollbar(): void {
    const element = options.scroller.value;
    if (!element) return;
    element.scrollTop = scrollOfTop(geometry.value, top.value);
    ownScroll = element.scrollTop;
  }

  function setTop(next: number): void {
    moveTo(clampTop(geometry.value, next));
    syncScrollbar();
  }

  function onScroll(): void {
    const element = options.scroller.value;
    if (!element) return;
    const isEcho = isScaled(geometry.value) && Math.abs(element.scrollTop - ownScroll) < 1;
    if (isEcho) return;
    ownScroll = element.scrollTop;
    moveTo(topOfScroll(geometry.value, element.scrollTop));
  }

  function onWheel(event: WheelEvent): void {
    const isVertical = Math.abs(event.deltaY) >= Math.abs(event.deltaX) && !event.shiftKey;
    if (!isVertical || event.ctrlKey || !isScaled(geometry.value)) return;
    event.preventDefault();
    setTop(top.value + wheelPixels(event, geometry.value));
  }

  useElementHeight(options.scroller, height, onWheel);
  watch(geometry, (g) => {
    const clamped = clampTop(g, top.value);
    if (clamped !== top.value) moveTo(clamped);
    void nextTick(syncScrollbar);
  });

  const reveal = (row: number) => setTop(topToReveal(geometry.value, top.value, row));
  return { top, geometry, direction, setTop, reveal, onScroll };
}

function wheelPixels(event: WheelEvent, geometry: Geometry): number {
  if (event.deltaMode === WheelEvent.DOM_DELTA_LINE) {
    return Math.sign(event.deltaY) * linesPerNotch * geometry.rowHeight;
  }
  if (event.deltaMode === WheelEvent.DOM_DELTA_PAGE) return Math.sign(event.deltaY) * geometry.viewport;
  return event.deltaY;
}

function useElementHeight(
  scroller: Readonly<Ref<HTMLElement | null>>,
  height: Ref<number>,
  onWheel: (event: WheelEvent) => void,
): void {
  let observer: ResizeObserver | undefined;
  onMounted(() => {
    const element = scroller.value;
    if (!element) return;
    height.value = element.clientHeight;
    observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    element.addEventListener('wheel', onWheel, { passive: false });
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    scroller.value?.removeEventListener('wheel', onWheel);
  });
}
