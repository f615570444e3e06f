import { type Ref, onBeforeUnmount, shallowRef } from 'vue';
import type { RationaleDraft, RationaleKind } from '../../../electron/contract/rationale.contract.ts';
import { type Failure, isAbort, toFailure } from '../../rpc/failure.ts';
import { useClient } from '../../rpc/use-client.ts';

export interface Writing {
  /** What the model has written so far. */
  readonly text: Readonly<Ref<string>>;
  readonly isWriting: Readonly<Ref<boolean>>;
  readonly isStopped: Readonly<Ref<boolean>>;
  /** Why the text was begun anew. */
  readonly again: Readonly<Ref<string>>;
  readonly draft: Readonly<Ref<RationaleDraft | null>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  start(choice: { modelId: string; kind: RationaleKind }): Promise<void>;
  stop(): void;
  clear(): void;
}

/** A rationale that is written token by token for one pair; stopping, or leaving the page, stops the model. */
export function useWriting(comparisonId: () => number): Writing {
  const client = useClient();
  const text = shallowRef('');
  const again = shallowRef('');
  const isWriting = shallowRef(false);
  const isStopped = shallowRef(false);
  const draft = shallowRef<RationaleDraft | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let abort: AbortController | undefined;
  let seed = 0;

  function clear(): void {
    text.value = '';
    again.value = '';
    isStopped.value = false;
    draft.value = null;
    failure.value = null;
  }

  function stop(): void {
    if (!isWriting.value) return;
    abort?.abort();
    isWriting.value = false;
    isStopped.value = true;
    text.value = '';
  }

  async function start(choice: { modelId: string; kind: RationaleKind }): Promise<void> {
    abort?.abort();
    clear();
    const own = new AbortController();
    abort = own;
    isWriting.value = true;
    seed++;
    const request = { ...choice, comparisonId: comparisonId(), seed, maxTokens: 200, temperature: 0 };
    try {
      for await (const event of await client.rationale.write(request, { signal: own.signal })) {
        if (own.signal.aborted) return;
        if (event.type === 'text') text.value += event.delta;
        if (event.type === 'again') {
          again.value = event.reason;
          text.value = '';
        }
        if (event.type === 'done') {
          draft.value = event.draft;
          text.value = event.draft.text ?? '';
        }
      }
    } catch (error) {
      if (own.signal.aborted || isAbort(error)) return;
      failure.value = toFailure(error);
    }
    if (abort === own) isWriting.value = false;
  }

  onBeforeUnmount(() => abort?.abort());
  return { text, isWriting, isStopped, again, draft, failure, start, stop, clear };
}
