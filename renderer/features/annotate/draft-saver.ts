import { shallowRef } from 'vue';
import type { Draft } from '../../../electron/contract/annotation.contract.ts';
import { draftSchema } from '../../../electron/contract/annotation.contract.ts';

/** Whose draft of what. */
export interface DraftPlace {
  readonly projectId: number;
  readonly raterId: number;
  readonly comparisonId: number;
}

const keyOf = ({ projectId, raterId, comparisonId }: DraftPlace) =>
  `assay.annotation-draft.${projectId}.${raterId}.${comparisonId}`;

/** The newer of the stored draft and the one this page kept, in case it was reloaded before the core had it. */
export function newestDraft(place: DraftPlace, stored: Draft | null): Draft | null {
  const text = localStorage.getItem(keyOf(place));
  if (text === null) return stored;
  const own = draftSchema.safeParse(parse(text));
  if (!own.success) return stored;
  return stored && stored.serial >= own.data.serial ? stored : own.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function forgetDraft(place: DraftPlace): void {
  localStorage.removeItem(keyOf(place));
}

/**
 * Sends every change at once, the newest after the one on its way; keeps it in the page's storage until the core has
 * it. A failed one is tried again each second.
 */
export function createDraftSaver(send: (place: DraftPlace, draft: Draft) => Promise<unknown>) {
  const state = shallowRef<'saved' | 'saving' | 'failed'>('saved');
  let waiting: { place: DraftPlace; draft: Draft } | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;

  async function run(): Promise<void> {
    while (waiting && !isStopped) {
      const next = waiting;
      waiting = undefined;
      state.value = 'saving';
      try {
        await send(next.place, next.draft);
        state.value = 'saved';
      } catch {
        state.value = 'failed';
        waiting ??= next;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    running = undefined;
  }

  return {
    state,
    save(place: DraftPlace, draft: Draft): void {
      localStorage.setItem(keyOf(place), JSON.stringify(draft));
      waiting = { place, draft };
      running ??= run();
    },
    /** Drops what waits and resolves when nothing is on its way, before the answer itself is handed in. */
    async settle(): Promise<void> {
      waiting = undefined;
      await running;
    },
    stop(): void {
      isStopped = true;
    },
  };
}
