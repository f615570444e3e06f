import type { ComputedRef } from 'vue';
import { computed } from 'vue';
import type { Client } from '../../../electron/contract/contract.ts';
import type { Filter } from '../../../electron/contract/filter.contract.ts';
import { useAsync } from '../../app/use-async.ts';
import type { Mark } from './marks.ts';

/** What the filter looked for, to be marked in the texts of a row: matched words and searched parts. */
export function useMarks(
  client: Client,
  input: () => { readonly datasetId: number; readonly filter: Filter },
): ComputedRef<readonly Mark[]> {
  const terms = useAsync(
    () => ({ datasetId: input().datasetId, words: input().filter.words ?? '' }),
    ({ datasetId, words }, signal) =>
      words === '' ? null : client.search.query({ datasetId, words, limit: 1 }, { signal }),
  );
  return computed(() => {
    const words = (terms.value.value?.terms ?? []).map((text) => ({ text, isWord: true }));
    const parts = input().filter.clauses.flatMap((clause) =>
      clause.op === 'contains' ? [{ text: clause.text, isWord: false }] : [],
    );
    return [...words, ...parts];
  });
}
