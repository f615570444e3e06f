import type { Implementation } from '../rpc/implementation.ts';
import type { AnnotationService } from './annotation.service.ts';
import { projectTemplates } from './templates.ts';

export function makeAnnotationHandlers(core: Implementation, annotation: AnnotationService) {
  const { projects, raters } = annotation;
  return {
    annotation: {
      projects: core.annotation.projects.handler(({ input }) => projects.list(input.datasetId)),
      project: core.annotation.project.handler(({ input }) => projects.get(input.projectId)),
      templates: core.annotation.templates.handler(() => [...projectTemplates]),
      create: core.annotation.create.handler(({ input }) =>
        annotation.create(input.datasetId, input.settings),
      ),
      revise: core.annotation.revise.handler(({ input: { projectId, ...change } }) =>
        projects.revise(projectId, change),
      ),
      remove: core.annotation.remove.handler(async ({ input }) => ({
        removed: await projects.remove(input.projectId),
      })),
      raters: core.annotation.raters.handler(() => raters.list()),
      addRater: core.annotation.addRater.handler(({ input }) => raters.add(input.name)),
      desk: core.annotation.desk.handler(({ input }) => annotation.openDesk(input, input.comparisonId)),
      saveDraft: core.annotation.saveDraft.handler(async ({ input }) => ({
        serial: await annotation.saveDraft(input, input.draft),
      })),
      submit: core.annotation.submit.handler(({ input }) => annotation.submit(input)),
      agreement: core.annotation.agreement.handler(({ input, signal }) =>
        annotation.measureAgreement(input.projectId, signal),
      ),
      conflicts: core.annotation.conflicts.handler(({ input }) =>
        annotation.listConflicts(input.projectId, input),
      ),
      decide: core.annotation.decide.handler(({ input }) => annotation.decide(input)),
    },
  };
}
