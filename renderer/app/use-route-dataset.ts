import { computed, type ComputedRef } from 'vue';
import { useRoute } from 'vue-router';
import type { Dataset } from '../../electron/contract/corpus.contract.ts';
import { useDatasetList } from './dataset-list.ts';

/** The dataset that a page's address names. */
export interface RouteDataset {
  readonly datasetId: ComputedRef<number>;
  /** Undefined while the list of datasets is on its way, and where it has no such dataset. */
  readonly dataset: ComputedRef<Dataset | undefined>;
  /** The list is there and has no such dataset. */
  readonly isMissing: ComputedRef<boolean>;
}

export function useRouteDataset(): RouteDataset {
  const route = useRoute();
  const list = useDatasetList();
  const datasetId = computed(() => Number(route.params['dataset']));
  const dataset = computed(() => list.find(datasetId.value));
  const isMissing = computed(() => list.datasets.value !== null && dataset.value === undefined);
  return { datasetId, dataset, isMissing };
}
