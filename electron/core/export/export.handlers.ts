import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { exportFormats } from './export.job.ts';

export function makeExportHandlers(core: Implementation, jobs: JobService) {
  return {
    export: {
      formats: core.export.formats.handler(() =>
        exportFormats.map(({ format, title, description }) => ({ format, title, description })),
      ),
      start: core.export.start.handler(async ({ input }) => ({ jobId: await jobs.start('export', input) })),
    },
  };
}
