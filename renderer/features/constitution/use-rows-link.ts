import type { Ref } from 'vue';
import { useText } from '../../app/text.ts';
import { useClient } from '../../rpc/use-client.ts';
import { useIdsLink } from './use-ids-link.ts';

export interface RowsRequest {
  readonly datasetId: number;
  readonly constitutionId: number;
  readonly which: 'for' | 'against' | 'not_applicable' | 'unexplained' | 'silent';
  readonly principle?: { readonly id: string; readonly name: string };
}

/** Opens the pairs behind a figure in the grid. */
export function useRowsLink(): {
  isOpening: Readonly<Ref<boolean>>;
  open(request: RowsRequest): Promise<void>;
} {
  const client = useClient();
  const link = useIdsLink();
  const { t } = useText();
  return {
    isOpening: link.isOpening,
    open: ({ datasetId, constitutionId, which, principle }) =>
      link.open(datasetId, t(`constitution.rows.${which}`, { name: principle?.name ?? '' }), (signal) =>
        client.constitution.rows(
          { constitutionId, which, ...(principle && { principleId: principle.id }) },
          { signal },
        ),
      ),
  };
}
