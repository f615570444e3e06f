import type { Ref } from 'vue';
import { shallowRef } from 'vue';

const keyStep = 24;

export interface Resizable {
  readonly size: Readonly<Ref<number>>;
  onPointerDown(event: PointerEvent): void;
  onKey(event: KeyboardEvent): void;
}

/**
 * Width of a pane in CSS pixels, dragged at one edge, remembered under `key`. `sign` is 1 where dragging right
 * widens the pane and -1 where it narrows it.
 */
export function useResizable(
  key: string,
  limits: { readonly initial: number; readonly min: number; readonly max: number },
  sign: 1 | -1,
): Resizable {
  const clamp = (width: number) => Math.round(Math.min(limits.max, Math.max(limits.min, width)));
  const stored = Number(localStorage.getItem(key));
  const size = shallowRef(clamp(stored > 0 ? stored : limits.initial));

  function set(width: number): void {
    size.value = clamp(width);
    localStorage.setItem(key, String(size.value));
  }

  function onPointerDown(event: PointerEvent): void {
    const handle = event.currentTarget;
    if (!(handle instanceof HTMLElement)) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const from = event.clientX;
    const before = size.value;
    const onMove = (move: PointerEvent) => set(before + sign * (move.clientX - from));
    handle.addEventListener('pointermove', onMove);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', onMove), {
      once: true,
    });
  }

  function onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    set(size.value + sign * step * keyStep);
  }

  return { size, onPointerDown, onKey };
}
