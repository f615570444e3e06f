import { shallowRef } from 'vue';
import { useJobRun } from '../../app/job-runs.ts';
import { useClient } from '../../rpc/use-client.ts';
import { firstModelRun, toRequest } from './model-run.ts';

/** What a run is about, and what to do when one has ended. */
export interface ConstitutionJobPlace {
  readonly datasetId: () => number;
  /** The constitution that is shown. */
  readonly constitutionId: () => number | undefined;
  readonly onDone: () => void;
}

/** Starts the runs that make a constitution; `again` repeats the last kind that was started. */
export function useConstitutionJob({ datasetId, constitutionId, onDone }: ConstitutionJobPlace) {
  const client = useClient();
  const input = shallowRef({ top: 7, seed: 1 });
  const modelRun = shallowRef(firstModelRun);
  const job = useJobRun(() => `constitution:${datasetId()}`, onDone);
  let last = startSurface;

  function startSurface(): Promise<void> {
    last = startSurface;
    return job.start(() => client.constitution.start({ datasetId: datasetId(), ...input.value }));
  }

  function startModel(): Promise<void> {
    last = startModel;
    const request = toRequest(modelRun.value, { datasetId: datasetId(), top: input.value.top });
    return job.start(() => client.constitution.startRun(request));
  }

  /** Looks for what the constitution shown does not explain; its principles and pairs are kept. */
  function startUnexplained(): Promise<void> {
    last = startUnexplained;
    const place = { datasetId: datasetId(), top: input.value.top };
    const propose = modelRun.value.propose === 'directions' ? ('directions' as const) : ('model' as const);
    const request = {
      ...toRequest({ ...modelRun.value, propose }, place),
      fromUnexplained: constitutionId() ?? null,
    };
    return job.start(() => client.constitution.startRun(request));
  }

  return { input, modelRun, job, startSurface, startModel, startUnexplained, again: () => last() };
}
