import { formatReaders } from '../formats/registry.ts';
import type { JobService } from '../../jobs/job.service.ts';
import type { Implementation } from '../../rpc/implementation.ts';
import { type PreviewDependencies, previewImport } from './preview.ts';

export function makeImportHandlers(
  core: Implementation,
  services: PreviewDependencies & { readonly jobs: JobService },
) {
  return {
    import: {
      formats: core.import.formats.handler(() =>
        formatReaders.map(({ id, title, description }) => ({ format: id, title, description })),
      ),
      preview: core.import.preview.handler(({ input, signal }) => previewImport(services, input, signal)),
      start: core.import.start.handler(async ({ input }) => ({
        jobId: await services.jobs.start('import', input),
      })),
    },
  };
}
