import type { InjectionKey, Ref } from 'vue';
import { inject, shallowRef } from 'vue';
import type { Client } from '../../electron/contract/contract.ts';
import type { Dataset } from '../../electron/contract/corpus.contract.ts';
import type { Failure } from '../rpc/failure.ts';
import { toFailure } from '../rpc/failure.ts';

/** The datasets of the workspace; `datasets` is null until the first answer. */
export interface DatasetList {
  readonly datasets: Readonly<Ref<readonly Dataset[] | null>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  refresh(): Promise<void>;
  find(datasetId: number | null): Dataset | undefined;
}

export const datasetListKey: InjectionKey<DatasetList> = Symbol('dataset list');

export function useDatasetList(): DatasetList {
  const list = inject(datasetListKey);
  if (!list) throw new Error('No dataset list is provided to this component.');
  return list;
}

export function createDatasetList(client: Client): DatasetList {
  const datasets = shallowRef<readonly Dataset[] | null>(null);
  const failure = shallowRef<Failure | null>(null);

  async function refresh(): Promise<void> {
    try {
      datasets.value = await client.dataset.list();
      failure.value = null;
    } catch (error) {
      failure.value = toFailure(error);
    }
  }

  return {
    datasets,
    failure,
    refresh,
    find: (datasetId) => datasets.value?.find((d) => d.datasetId === datasetId),
  };
}
