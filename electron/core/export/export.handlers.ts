import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { checkSpec, type ExportService } from './export.service.ts';
import { listFormats } from './registry.ts';

export function makeExportHandlers(core: Implementation, jobs: JobService, exports: ExportService) {
  return {
    export: {
      formats: core.export.formats.handler(() => listFormats()),
      annotators: core.export.annotators.handler(({ input }) => exports.listAnnotators(input.datasetId)),
      recipe: core.export.recipe.handler(({ input }) => exports.listRecipeColumns(input.datasetId)),
      plan: core.export.plan.handler(({ input, signal }) => exports.plan(input, signal)),
      preview: core.export.preview.handler(({ input, signal }) => exports.preview(input, signal)),
      start: core.export.start.handler(async ({ input }) => {
        checkSpec(input);
        return { jobId: await jobs.start('export', input) };
      }),
    },
  };
}
