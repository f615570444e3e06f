import type { Logger } from 'pino';
import { createForeignExtractor } from '../../native/duckdb/foreign.ts';
import { AuditService } from './audit/audit.service.ts';
import { AuditJob } from './audit/audit.job.ts';
import { makeAuditHandlers } from './audit/audit.handlers.ts';
import { makeConstitutionHandlers } from './constitution/constitution.handlers.ts';
import { ConstitutionService } from './constitution/constitution.service.ts';
import { SurfaceConstitutionJob } from './constitution/surface-constitution.job.ts';
import { removeTraits } from './constitution/trait-columns.ts';
import { makeCorpusHandlers } from './corpus/corpus.handlers.ts';
import { DatasetRepository } from './corpus/dataset.repository.ts';
import { makeImportHandlers } from './corpus/import/import.handlers.ts';
import { ImportJob } from './corpus/import/import.job.ts';
import { RejectedRowRepository } from './corpus/rejected-row.repository.ts';
import { RemoveDatasetJob } from './corpus/remove-dataset.job.ts';
import { RowService } from './corpus/row.service.ts';
import { SavedViewRepository } from './corpus/saved-view.repository.ts';
import { removeSearchIndex, SearchIndexJob } from './corpus/search/search-index.job.ts';
import { SearchService } from './corpus/search/search.service.ts';
import { FacetService } from './corpus/views/facet.service.ts';
import { ViewService } from './corpus/views/view.service.ts';
import { makeExportHandlers } from './export/export.handlers.ts';
import { ExportJob } from './export/export.job.ts';
import { makeJobHandlers } from './jobs/job.handlers.ts';
import { JobService } from './jobs/job.service.ts';
import { makeReportHandlers } from './reports/report.handlers.ts';
import { ReportService } from './reports/report.service.ts';
import { createImplementation } from './rpc/implementation.ts';
import { makeSqlHandlers } from './sql-console/sql-console.handlers.ts';
import { SqlConsoleService } from './sql-console/sql-console.service.ts';
import { PROTOCOL_VERSION } from '../contract/system.contract.ts';
import { type OpenWorkspaceOptions, openWorkspace, type Workspace } from './workspace/workspace.ts';

export interface CoreOptions extends OpenWorkspaceOptions {
  /** The workspace folder, `NAME.assay`; created where there is none. */
  readonly workspace: string;
  /** Version and build of the product, shown in reports and checked when a page connects. */
  readonly version: string;
  readonly log: Logger;
  /** The built script that reads foreign DuckDB files in a process of its own. */
  readonly extractEntry: string;
  /** False for a command that came for one thing: waiting work is left for the next window or server. */
  readonly runsQueue?: boolean;
}

/** Every service over one workspace, each given what it needs. */
function makeServices(workspace: Workspace, { log, version, extractEntry }: CoreOptions) {
  const { database } = workspace;
  const jobs = new JobService(database, log);
  const datasets = new DatasetRepository(database);
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  const invalidate = () => views.invalidate();
  const constitutions = new ConstitutionService(database);
  const audits = new AuditService(database);
  return {
    jobs,
    datasets,
    rejectedRows: new RejectedRowRepository(database),
    search,
    views,
    facets: new FacetService(database, search),
    savedViews: new SavedViewRepository(database),
    rows: new RowService(database, invalidate),
    console: new SqlConsoleService(database, invalidate),
    constitutions,
    audits,
    reports: new ReportService({
      database,
      datasets,
      constitutions,
      audits,
      reportsDirectory: workspace.reports,
      version,
    }),
    extractForeign: createForeignExtractor(extractEntry),
  };
}

type Services = ReturnType<typeof makeServices>;

/** Tells the queue about every kind of long work. */
function registerJobs(workspace: Workspace, { jobs, datasets, views, extractForeign }: Services): void {
  const { database } = workspace;
  const onImported = async (datasetId: number) => {
    await views.invalidate();
    await jobs.start('search-index', { datasetId });
  };
  const onRemoved = async (datasetId: number) => {
    await views.invalidate();
    await database.write(async (session) => {
      await removeSearchIndex(session, datasetId);
      await removeTraits(session, datasetId);
    });
  };
  jobs.register(new ImportJob({ workspace, datasets, extractForeign, onImported }));
  jobs.register(new RemoveDatasetJob(datasets, onRemoved));
  jobs.register(new ExportJob(workspace, datasets));
  jobs.register(new SearchIndexJob(database));
  jobs.register(new SurfaceConstitutionJob(database));
  jobs.register(new AuditJob(database));
}

/** The contract's methods over the services; does not compile while one is missing. */
function makeRouter(
  workspace: Workspace,
  services: Services,
  { log, version }: CoreOptions,
  notices: string[],
) {
  const core = createImplementation({ log });
  return core.router({
    system: {
      hello: core.system.hello.handler(() => ({
        protocol: PROTOCOL_VERSION,
        version,
        workspace: { path: workspace.path, name: workspace.name, bytes: workspace.bytes() },
        endpoints: [],
        notices,
      })),
    },
    ...makeCorpusHandlers(core, services),
    ...makeImportHandlers(core, { workspace, ...services }),
    ...makeExportHandlers(core, services.jobs),
    ...makeJobHandlers(core, services.jobs),
    ...makeSqlHandlers(core, services.console),
    ...makeConstitutionHandlers(core, services),
    ...makeAuditHandlers(core, services),
    ...makeReportHandlers(core, services.reports),
  });
}

/** The application over one open workspace. Wires every service; nothing else does. */
export async function openCore(options: CoreOptions) {
  const workspace = await openWorkspace(options.workspace, options);
  const services = makeServices(workspace, options);
  registerJobs(workspace, services);
  const notices = await services.jobs.recover();
  if (options.runsQueue ?? true) services.jobs.run();
  return {
    path: workspace.path,
    notices,
    router: makeRouter(workspace, services, options, notices),
    services,
    /** Stops the running job in order (the next opening goes on with it), then closes the file and releases the folder. */
    close: async () => {
      await services.jobs.close();
      await workspace.close();
    },
  };
}

export type Core = Awaited<ReturnType<typeof openCore>>;
