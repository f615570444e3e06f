import type { JobService } from '../jobs/job.service.ts';
import type { Implementation } from '../rpc/implementation.ts';
import type { CurationService } from './curation.service.ts';
import { jobTypeOf } from './mining/methods.ts';
import { readSteps, writeSteps } from './recipe-file.ts';

export function makeCurationHandlers(
  core: Implementation,
  { curation, jobs }: { readonly curation: CurationService; readonly jobs: JobService },
) {
  return {
    curation: {
      steps: core.curation.steps.handler(() => curation.listSteps()),
      preview: core.curation.preview.handler(({ input, signal }) => curation.preview(input, signal)),
      start: core.curation.start.handler(async ({ input }) => {
        await curation.check(input);
        return { jobId: await jobs.start(jobTypeOf(input.steps), input) };
      }),
      runs: core.curation.runs.handler(() => curation.listRuns()),
      recipes: core.curation.recipes.handler(() => curation.listRecipes()),
      saveRecipe: core.curation.saveRecipe.handler(async ({ input }) => ({
        recipeId: await curation.saveRecipe(input),
      })),
      removeRecipe: core.curation.removeRecipe.handler(async ({ input }) => ({
        removed: await curation.removeRecipe(input.recipeId),
      })),
      toYaml: core.curation.toYaml.handler(({ input }) => ({ text: writeSteps(input) })),
      fromYaml: core.curation.fromYaml.handler(({ input }) => readSteps(input.text)),
    },
  };
}
