import type { Implementation } from '../rpc/implementation.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { DatasetRepository } from './dataset.repository.ts';
import type { RejectedRowRepository } from './rejected-row.repository.ts';
import type { RowService } from './row.service.ts';
import type { SavedViewRepository } from './saved-view.repository.ts';
import type { SearchService } from './search/search.service.ts';
import type { FacetService } from './views/facet.service.ts';
import type { ViewService } from './views/view.service.ts';

export interface CorpusServices {
  readonly datasets: DatasetRepository;
  readonly rejectedRows: RejectedRowRepository;
  readonly views: ViewService;
  readonly facets: FacetService;
  readonly savedViews: SavedViewRepository;
  readonly rows: RowService;
  readonly search: SearchService;
  readonly jobs: JobService;
}

export function makeCorpusHandlers(core: Implementation, services: CorpusServices) {
  const { datasets, rejectedRows, views, facets, savedViews, rows, search, jobs } = services;
  return {
    dataset: {
      list: core.dataset.list.handler(() => datasets.list()),
      get: core.dataset.get.handler(({ input }) => datasets.get(input.datasetId)),
      rename: core.dataset.rename.handler(async ({ input }) => {
        await datasets.rename(input.datasetId, input.name);
        return datasets.get(input.datasetId);
      }),
      remove: core.dataset.remove.handler(async ({ input }) => ({
        jobId: await jobs.start('remove-dataset', input),
      })),
      rejected: core.dataset.rejected.handler(({ input }) =>
        rejectedRows.page(input.datasetId, input.offset, input.limit),
      ),
    },
    view: {
      fields: core.view.fields.handler(({ input }) => views.listFields(input.relation, input.datasetId)),
      open: core.view.open.handler(({ input, signal }) => views.open(input, signal)),
      page: core.view.page.handler(({ input, signal }) => views.page(input, signal)),
      locate: core.view.locate.handler(async ({ input, signal }) => ({
        position: await views.locate(input.viewId, input.id, signal),
      })),
      facets: core.view.facets.handler(({ input, signal }) => facets.count(input, signal)),
      saved: core.view.saved.handler(({ input }) => savedViews.list(input.datasetId)),
      save: core.view.save.handler(({ input }) => savedViews.save(input)),
      removeSaved: core.view.removeSaved.handler(async ({ input }) => ({
        removed: await savedViews.remove(input.savedViewId),
      })),
    },
    row: {
      get: core.row.get.handler(({ input }) => rows.get(input.relation, input.id)),
      tag: core.row.tag.handler(async ({ input }) => ({
        changed: await rows.tag(input.relation, input.ids, input.tag, input.isOn),
      })),
      media: core.row.media.handler(({ input }) => rows.readMedia(input.mediaId)),
    },
    search: {
      query: core.search.query.handler(({ input, signal }) => search.query(input, { signal })),
      build: core.search.build.handler(async ({ input }) => ({
        jobId: await jobs.start('search-index', input),
      })),
    },
  };
}
