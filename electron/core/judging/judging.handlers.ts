import type { Workspace } from '../workspace/workspace.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import { fitRunWeights } from './feature-weights.ts';
import { importVerdicts } from './import-verdicts.ts';
import { planRun } from './judge-plan.ts';
import { previewItem } from './judge-preview.ts';
import { buildJudgeReport } from './judge-report.ts';
import type { JudgingService } from './judging.service.ts';
import { measureJuries } from './jury.ts';
import { listRaters } from './raters.ts';

interface JudgingParts {
  readonly workspace: Workspace;
  readonly judging: JudgingService;
  readonly jobs: JobService;
  /** Called when labels of a judge appeared or went. */
  readonly onChanged: () => Promise<void>;
}

export function makeJudgingHandlers(
  core: Implementation,
  { workspace, judging, jobs, onChanged }: JudgingParts,
) {
  const { database } = workspace;
  const startJob = async (judgeRunId: number) => jobs.start('judge', { judgeRunId });
  return {
    judge: {
      protocols: core.judge.protocols.handler(() => judging.listProtocols()),
      plan: core.judge.plan.handler(({ input, signal }) => planRun(judging, database, input, signal)),
      start: core.judge.start.handler(async ({ input, signal }) => {
        const judgeRunId = await judging.create(input, signal);
        return { judgeRunId, jobId: await startJob(judgeRunId) };
      }),
      resume: core.judge.resume.handler(async ({ input }) => {
        await judging.get(input.judgeRunId);
        return { jobId: await startJob(input.judgeRunId) };
      }),
      remove: core.judge.remove.handler(async ({ input }) => {
        await judging.runs.remove(await judging.runs.get(input.judgeRunId));
        await onChanged();
        return { removed: true };
      }),
      runs: core.judge.runs.handler(({ input }) => judging.list(input.datasetId)),
      run: core.judge.run.handler(({ input }) => judging.get(input.judgeRunId)),
      featureWeights: core.judge.featureWeights.handler(async ({ input, signal }) =>
        fitRunWeights(database, await judging.runs.get(input.judgeRunId), { ...input, signal }),
      ),
      preview: core.judge.preview.handler(({ input, signal }) =>
        previewItem(judging, database, input, signal),
      ),
      templates: core.judge.templates.handler(({ input }) => judging.templates.list(input.protocol)),
      saveTemplate: core.judge.saveTemplate.handler(({ input }) => judging.templates.save(input)),
      raters: core.judge.raters.handler(({ input }) => listRaters(database, input.datasetId)),
      importVerdicts: core.judge.importVerdicts.handler(async ({ input, signal }) => {
        const summary = await importVerdicts(workspace, input, signal);
        await onChanged();
        return summary;
      }),
      report: core.judge.report.handler(({ input, signal }) =>
        buildJudgeReport(database, { ...input, signal }),
      ),
      juries: core.judge.juries.handler(({ input, signal }) => measureJuries(database, { ...input, signal })),
    },
  };
}
