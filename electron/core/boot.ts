import path from 'node:path';
import type { Logger } from 'pino';
import { createForeignExtractor } from '../../native/duckdb/foreign.ts';
import { AnnotationService } from './annotation/annotation.service.ts';
import { makeAnnotationHandlers } from './annotation/annotation.handlers.ts';
import { removeAnnotation } from './annotation/project.repository.ts';
import { AuditService } from './audit/audit.service.ts';
import { SelectionService } from './audit/selection.service.ts';
import { AuditJob } from './audit/audit.job.ts';
import { makeAuditHandlers } from './audit/audit.handlers.ts';
import { makeConstitutionHandlers } from './constitution/constitution.handlers.ts';
import { ConstitutionService } from './constitution/constitution.service.ts';
import { AnnotateDatasetJob } from './constitution/principles/annotate-dataset.job.ts';
import { PrincipleConstitutionJob } from './constitution/principles/principle-constitution.job.ts';
import { removePrinciples } from './constitution/principles/principle-run.repository.ts';
import { PrincipleService } from './constitution/principles/principle.service.ts';
import { SurfaceConstitutionJob } from './constitution/surface-constitution.job.ts';
import { removeTraits } from './constitution/trait-columns.ts';
import { makeDatasheetHandlers } from './datasheet/datasheet.handlers.ts';
import { DatasheetService } from './datasheet/datasheet.service.ts';
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
import { makeEditingHandlers } from './editing/editing.handlers.ts';
import { makeEditingServices, registerEditingJobs } from './editing/editing-services.ts';
import { removeEditing } from './editing/operation.repository.ts';
import { makeExportHandlers } from './export/export.handlers.ts';
import { ExportJob } from './export/export.job.ts';
import { ExportService } from './export/export.service.ts';
import { makeJobHandlers } from './jobs/job.handlers.ts';
import { JobService } from './jobs/job.service.ts';
import { JudgeRunJob } from './judging/judge-run.job.ts';
import { removeJudging } from './judging/judge-run.repository.ts';
import { makeJudgingHandlers } from './judging/judging.handlers.ts';
import { JudgingService } from './judging/judging.service.ts';
import { makeModelHandlers } from './models/model.handlers.ts';
import { findModelPlaces, type ModelPlaces, openModels } from './models/open-models.ts';
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
  /** Where inference runs and keys are kept; absent: the scripts beside `extractEntry`, the user's own folder. */
  readonly models?: ModelPlaces;
}

/** Every service over one workspace, each given what it needs. */
function makeServices(workspace: Workspace, options: CoreOptions) {
  const { log, version, extractEntry } = options;
  const { database } = workspace;
  const jobs = new JobService(database, log);
  const datasets = new DatasetRepository(database);
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  const invalidate = () => views.invalidate();
  const editing = makeEditingServices({ database, search, jobs, datasets, onChanged: invalidate });
  const constitutions = new ConstitutionService(database);
  const audits = new AuditService(database, invalidate);
  const models = openModels(database, jobs, options.models ?? findModelPlaces(path.dirname(extractEntry)));
  return {
    jobs,
    datasets,
    rejectedRows: new RejectedRowRepository(database),
    search,
    views,
    facets: new FacetService(database, search),
    savedViews: new SavedViewRepository(database),
    rows: new RowService(database, invalidate),
    ...editing,
    annotation: new AnnotationService({
      database,
      editing: editing.editing,
      onChanged: invalidate,
      selectRows: async (datasetId, filter) => ({
        sql: await views.selectIds({ datasetId, relation: 'pairs', filter, sort: [] }),
        parameters: [],
      }),
    }),
    console: new SqlConsoleService(database, invalidate),
    constitutions,
    principles: new PrincipleService({ database, models, appVersion: version }),
    audits,
    selections: new SelectionService(database),
    datasheets: new DatasheetService(database),
    reports: new ReportService({
      database,
      datasets,
      constitutions,
      audits,
      reportsDirectory: workspace.reports,
      version,
    }),
    exports: new ExportService(workspace, datasets, search),
    models,
    judging: new JudgingService({
      database,
      models,
      appVersion: version,
      selectRows: async ({ datasetId, filter = { clauses: [] } }, relation) => ({
        sql: await views.selectIds({ datasetId, relation, filter, sort: [] }),
        parameters: [],
      }),
    }),
    extractForeign: createForeignExtractor(extractEntry),
  };
}

type Services = ReturnType<typeof makeServices>;

/** Tells the queue about every kind of long work. */
function registerJobs(workspace: Workspace, services: Services, version: string): void {
  const { jobs, datasets, views, extractForeign } = services;
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
      await removeEditing(session, datasetId);
      await removeJudging(session, datasetId);
      await removePrinciples(session, datasetId);
      await removeAnnotation(session, datasetId);
    });
  };
  jobs.register(new ImportJob({ workspace, datasets, extractForeign, onImported }));
  jobs.register(new RemoveDatasetJob(datasets, onRemoved));
  jobs.register(new ExportJob(workspace, services.exports, version));
  jobs.register(new SearchIndexJob(database));
  registerEditingJobs(jobs, services);
  jobs.register(new SurfaceConstitutionJob(database));
  jobs.register(new PrincipleConstitutionJob(database, services.models));
  jobs.register(new AnnotateDatasetJob(database, services.models, () => views.invalidate()));
  jobs.register(new AuditJob(database));
  jobs.register(new JudgeRunJob(database, services.judging, () => views.invalidate()));
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
      hello: core.system.hello.handler(async () => ({
        protocol: PROTOCOL_VERSION,
        version,
        workspace: { path: workspace.path, name: workspace.name, bytes: workspace.bytes() },
        endpoints: await services.models.listEndpoints(),
        notices,
      })),
    },
    ...makeCorpusHandlers(core, services),
    ...makeImportHandlers(core, { workspace, ...services }),
    ...makeExportHandlers(core, services.jobs, services.exports),
    ...makeJobHandlers(core, services.jobs),
    ...makeEditingHandlers(core, workspace.database, services),
    ...makeSqlHandlers(core, services.console),
    ...makeConstitutionHandlers(core, services),
    ...makeAuditHandlers(core, services),
    ...makeDatasheetHandlers(core, services.datasheets),
    ...makeReportHandlers(core, services.reports),
    ...makeModelHandlers(core, services),
    ...makeAnnotationHandlers(core, services.annotation),
    ...makeJudgingHandlers(core, {
      workspace,
      judging: services.judging,
      jobs: services.jobs,
      onChanged: () => services.views.invalidate(),
    }),
  });
}

/** The application over one open workspace. Wires every service; nothing else does. */
export async function openCore(options: CoreOptions) {
  const workspace = await openWorkspace(options.workspace, options);
  const services = makeServices(workspace, options);
  registerJobs(workspace, services, options.version);
  const notices = await services.jobs.recover();
  if (options.runsQueue ?? true) services.jobs.run();
  return {
    path: workspace.path,
    workspace,
    database: workspace.database,
    notices,
    router: makeRouter(workspace, services, options, notices),
    services,
    /** Stops the running job in order (the next opening goes on with it), then closes the file and releases the folder. */
    close: async () => {
      await services.jobs.close();
      await services.models.close();
      await workspace.close();
    },
  };
}

export type Core = Awaited<ReturnType<typeof openCore>>;
