import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { summariseLint } from './lint-dataset.ts';
import { planRationales, previewRationale } from './plan-rationales.ts';
import type { RationaleService } from './rationale.service.ts';
import { listRowRationales } from './row-rationales.ts';
import { keepRationale, streamRationale } from './stream-rationale.ts';
import { reportSufficiency } from './sufficiency.ts';

interface RationaleParts {
  readonly rationales: RationaleService;
  readonly jobs: JobService;
  /** Called when rationales appeared or went. */
  readonly onChanged: () => Promise<void>;
}

export function makeRationaleHandlers(core: Implementation, { rationales, jobs, onChanged }: RationaleParts) {
  const { database } = rationales;
  return {
    rationale: {
      plan: core.rationale.plan.handler(({ input, signal }) => planRationales(rationales, input, signal)),
      start: core.rationale.start.handler(async ({ input, signal }) => {
        const rationaleRunId = await rationales.create(input, signal);
        return { rationaleRunId, jobId: await jobs.start('rationales', { rationaleRunId }) };
      }),
      resume: core.rationale.resume.handler(async ({ input }) => {
        await rationales.runs.get(input.rationaleRunId);
        return { jobId: await jobs.start('rationales', input) };
      }),
      remove: core.rationale.remove.handler(async ({ input }) => {
        await rationales.runs.remove(await rationales.runs.get(input.rationaleRunId));
        await onChanged();
        return { removed: true };
      }),
      runs: core.rationale.runs.handler(({ input }) => rationales.list(input.datasetId)),
      preview: core.rationale.preview.handler(({ input }) => previewRationale(rationales, input)),
      templates: core.rationale.templates.handler(() => rationales.listTemplates()),
      saveTemplate: core.rationale.saveTemplate.handler(({ input }) => rationales.saveTemplate(input)),
      lint: core.rationale.lint.handler(({ input }) => summariseLint(database, input.datasetId)),
      startLint: core.rationale.startLint.handler(async ({ input }) => ({
        jobId: await jobs.start('rationale-lint', input),
      })),
      report: core.rationale.report.handler(({ input, signal }) =>
        reportSufficiency(rationales, input.rationaleRunId, signal),
      ),
      ofRow: core.rationale.ofRow.handler(({ input }) => listRowRationales(database, input.comparisonId)),
      write: core.rationale.write.handler(({ input, signal }) => streamRationale(rationales, input, signal)),
      keep: core.rationale.keep.handler(async ({ input, signal }) => {
        const kept = await keepRationale(rationales, input, signal);
        await onChanged();
        return kept;
      }),
    },
  };
}
