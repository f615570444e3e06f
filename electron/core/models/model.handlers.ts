import type { EngineView } from '../../contract/model.contract.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { ModelService } from './model.service.ts';

const topicInterval = 100;

/** The state of the inference process now, then after each change, at most ten times a second. */
export async function* followEngine(models: ModelService, signal?: AbortSignal): AsyncGenerator<EngineView> {
  let hasChanged = true;
  let wake: () => void = () => undefined;
  const tell = () => {
    hasChanged = true;
    wake();
  };
  const stop = models.onEngineChange(tell);
  signal?.addEventListener('abort', tell);
  try {
    while (!signal?.aborted) {
      if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve));
      if (signal?.aborted) return;
      hasChanged = false;
      yield await models.status();
      await new Promise((resolve) => setTimeout(resolve, topicInterval));
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', tell);
  }
}

export function makeModelHandlers(
  core: Implementation,
  { models, jobs }: { readonly models: ModelService; readonly jobs: JobService },
) {
  return {
    model: {
      list: core.model.list.handler(() => models.list()),
      get: core.model.get.handler(({ input }) => models.get(input.modelId)),
      scanFolder: core.model.scanFolder.handler(({ input }) => models.scanFolder(input.folder)),
      inspect: core.model.inspect.handler(async ({ input, signal }) => {
        const facts = await models.inspect(input.path, { signal });
        return { ...facts, files: [...facts.files], capabilities: [...facts.capabilities] };
      }),
      add: core.model.add.handler(async ({ input }) => ({ jobId: await jobs.start('add-models', input) })),
      rename: core.model.rename.handler(({ input }) => models.rename(input.modelId, input.name)),
      remove: core.model.remove.handler(async ({ input }) => ({
        removed: await models.remove(input.modelId),
      })),
      settings: core.model.settings.handler(({ input }) => models.setSettings(input.modelId, input.settings)),
      benchmark: core.model.benchmark.handler(async ({ input }) => ({
        jobId: await jobs.start('benchmark-model', input),
      })),
      load: core.model.load.handler(async ({ input }) => ({ jobId: await jobs.start('load-model', input) })),
      refusals: core.model.refusals.handler(() => models.refusals.list()),
      clearRefusals: core.model.clearRefusals.handler(async () => ({
        removed: await models.refusals.clear(),
      })),
      unload: core.model.unload.handler(async ({ input }) => ({
        unloaded: await models.unload(input.modelId),
      })),
    },
    endpoint: {
      add: core.endpoint.add.handler(({ input }) => models.addEndpoint(input)),
      test: core.endpoint.test.handler(({ input, signal }) => models.testEndpoint(input.modelId, { signal })),
      enable: core.endpoint.enable.handler(({ input }) =>
        models.enableEndpoint(input.modelId, input.isEnabled),
      ),
      remove: core.endpoint.remove.handler(async ({ input }) => ({
        removed: await models.remove(input.modelId),
      })),
    },
    engine: {
      status: core.engine.status.handler(() => models.status()),
      changed: core.engine.changed.handler(({ signal }) => followEngine(models, signal)),
      reset: core.engine.reset.handler(() => {
        models.resetEngine();
        return models.status();
      }),
      stop: core.engine.stop.handler(async () => {
        await models.stopEngine();
        return models.status();
      }),
    },
  };
}
