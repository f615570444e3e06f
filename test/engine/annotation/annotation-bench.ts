import pino from 'pino';
import { onTestFinished } from 'vitest';
import type { Answers, Desk, ProjectSettings } from '../../../electron/contract/annotation.contract.ts';
import { projectSettingsSchema } from '../../../electron/contract/annotation.contract.ts';
import { AnnotationService } from '../../../electron/core/annotation/annotation.service.ts';
import { DatasetRepository } from '../../../electron/core/corpus/dataset.repository.ts';
import { SearchService } from '../../../electron/core/corpus/search/search.service.ts';
import { ViewService } from '../../../electron/core/corpus/views/view.service.ts';
import { makeEditingServices } from '../../../electron/core/editing/editing-services.ts';
import { JobService } from '../../../electron/core/jobs/job.service.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';

export const overall = {
  id: 'overall',
  kind: 'pairwise' as const,
  title: 'Which is better?',
  points: 2 as const,
  hasTie: true,
  hasBothBad: true,
};

export interface AnnotationBench {
  readonly workspace: Workspace;
  readonly datasetId: number;
  readonly service: AnnotationService;
  create(settings: Partial<Record<keyof ProjectSettings, unknown>>): Promise<number>;
  addRater(name: string): Promise<number>;
  /** Answers what lies on the desk and opens it again; `answer` sees the desk. */
  answer(
    seat: { projectId: number; raterId: number },
    answer: (desk: Desk & { item: NonNullable<Desk['item']> }) => Answers,
  ): Promise<Desk>;
}

/** Annotation over pairs labelled a, b, a, b … */
export async function openAnnotationBench(pairs: number): Promise<AnnotationBench> {
  const workspace = await openTestWorkspace();
  const { database } = workspace;
  const datasetId = await storePairs(
    workspace,
    Array.from({ length: pairs }, (_, index) => ({
      prompt: `prompt ${index}`,
      a: `first ${index}`,
      b: `second ${index}`,
      label: index % 2 === 0 ? ('a' as const) : ('b' as const),
    })),
  );
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  const jobs = new JobService(database, pino({ level: 'silent' }));
  onTestFinished(() => jobs.close());
  const datasets = new DatasetRepository(database);
  const onChanged = () => views.invalidate();
  const { editing } = makeEditingServices({ database, search, jobs, datasets, onChanged });
  const service = new AnnotationService({
    database,
    editing,
    onChanged,
    selectRows: async (id, filter) => ({
      sql: await views.selectIds({ datasetId: id, relation: 'pairs', filter, sort: [] }),
      parameters: [],
    }),
  });
  return {
    workspace,
    datasetId,
    service,
    create: async (settings) => {
      const parsed = projectSettingsSchema.parse({ name: 'P', questions: [overall], ...settings });
      return (await service.create(datasetId, parsed)).projectId;
    },
    addRater: async (name) => (await service.raters.add(name)).raterId,
    answer: async (seat, answer) => {
      const desk = await service.openDesk(seat, null);
      if (!desk.item) throw new Error('nothing is left to answer');
      await service.submit({
        ...seat,
        comparisonId: desk.item.comparisonId,
        status: 'submitted',
        answers: answer({ ...desk, item: desk.item }),
        skipReason: null,
        ms: 1_000,
      });
      return service.openDesk(seat, null);
    },
  };
}

/** The answer to `overall` with this label. */
export const says = (label: 'a' | 'b' | 'tie' | 'both_bad'): Answers => ({
  overall: { kind: 'pairwise', label, strength: null },
});
