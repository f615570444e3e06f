import path from 'node:path';
import type { Logger } from 'pino';
import { createForeignExtractor } from '../../native/duckdb/foreign.ts';
import { AnnotationService } from './annotation/annotation.service.ts';
import { makeAnnotationHandlers } from './annotation/annotation.handlers.ts';
import { makePackHandlers } from './annotation/packs/pack.handlers.ts';
import { PackService } from './annotation/packs/pack.service.ts';
import { removeAnnotation } from './annotation/project.repository.ts';
import { makeTeamHandlers } from './annotation/team/team.handlers.ts';
import { TeamService } from './annotation/team/team.service.ts';
import { AuditService } from './audit/audit.service.ts';
import { SelectionService } from './audit/selection.service.ts';
import { AuditJob } from './audit/audit.job.ts';
import { removeModelAnswers } from './audit/model-answers/answer.repository.ts';
import { ModelAuditJob } from './audit/model-answers/model-audit.job.ts';
import { makeAuditHandlers } from './audit/audit.handlers.ts';
import { makeConstitutionHandlers } from './constitution/constitution.handlers.ts';
import { CeilingJob } from './constitution/ceiling/ceiling.job.ts';
import { ConstitutionService } from './constitution/constitution.service.ts';
import { removeConstitutionDepth } from './constitution/depth.repository.ts';
import { DraftVotesJob } from './constitution/exchange/draft-votes.job.ts';
import { ExchangeService } from './constitution/exchange/exchange.service.ts';
import { DepthService } from './constitution/depth.service.ts';
import { AnnotateDatasetJob } from './constitution/principles/annotate-dataset.job.ts';
import { PrincipleConstitutionJob } from './constitution/principles/principle-constitution.job.ts';
import { removePrinciples } from './constitution/principles/principle-run.repository.ts';
import { PrincipleService } from './constitution/principles/principle.service.ts';
import { SliceConstitutionJob } from './constitution/slices/slice.job.ts';
import { SurfaceConstitutionJob } from './constitution/surface-constitution.job.ts';
import { removeTraits } from './constitution/trait-columns.ts';
import { CurateJob } from './curation/curate.job.ts';
import { makeCurationHandlers } from './curation/curation.handlers.ts';
import { CurationService } from './curation/curation.service.ts';
import { removeCuration } from './curation/derive-dataset.ts';
import { MineJob } from './curation/mining/mine.job.ts';
import { removeMining } from './curation/mining/mined-item.repository.ts';
import { makeMiningHandlers } from './curation/mining/mining.handlers.ts';
import { MiningService } from './curation/mining/mining.service.ts';
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
import { sweepMedia } from './corpus/media/media-store.ts';
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
import { RationaleLintJob } from './rationales/rationale-lint.job.ts';
import { RationaleRunJob } from './rationales/rationale-run.job.ts';
import { removeRationales } from './rationales/rationale-run.repository.ts';
import { makeRationaleHandlers } from './rationales/rationale.handlers.ts';
import { RationaleService } from './rationales/rationale.service.ts';
import { makeReportHandlers } from './reports/report.handlers.ts';
import { ReportService } from './reports/report.service.ts';
import { createImplementation } from './rpc/implementation.ts';
import { makeSqlHandlers } from './sql-console/sql-console.handlers.ts';
import { SqlConsoleService } from './sql-console/sql-console.service.ts';
import { findSampleFiles } from './tour/sample-files.ts';
import { makeTourHandlers } from './tour/tour.handlers.ts';
import { TourService } from './tour/tour.service.ts';
import type { Relation } from '../contract/corpus.contract.ts';
import type { Filter } from '../contract/filter.contract.ts';
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

/** What most services stand on: the queue, the datasets, their views and the models. */
function makeFoundation(workspace: Workspace, { log, extractEntry, models }: CoreOptions) {
  const { database } = workspace;
  const jobs = new JobService(database, log);
  const search = new SearchService(database);
  const views = new ViewService(database, search);
  return {
    database,
    jobs,
    datasets: new DatasetRepository(database),
    search,
    views,
    models: openModels(database, jobs, models ?? findModelPlaces(path.dirname(extractEntry)), log),
    /** Rows or what is known of them have changed. */
    onChanged: () => views.invalidate(),
    /** A dataset has new rows. */
    onLoaded: async (datasetId: number) => {
      await views.invalidate();
      await jobs.start('search-index', { datasetId });
    },
    /** The ids a filter finds, as a statement. */
    selectRows: async (datasetId: number, filter: Filter, relation: Relation = 'pairs') => ({
      sql: await views.selectIds({ datasetId, relation, filter, sort: [] }),
      parameters: [],
    }),
  };
}

type Foundation = ReturnType<typeof makeFoundation>;

/** People at work on rows: editing, annotation on this machine, by packs and in a team. */
function makeDeskServices(workspace: Workspace, foundation: Foundation) {
  const { database, onChanged, onLoaded, selectRows } = foundation;
  const editing = makeEditingServices(foundation);
  const team = new TeamService({ workspace, onChanged, onOpened: onLoaded });
  return {
    ...editing,
    rows: new RowService(database, onChanged, workspace.media),
    team,
    annotation: new AnnotationService({ database, editing: editing.editing, onChanged, team, selectRows }),
    packs: new PackService({ workspace, onChanged, onOpened: onLoaded }),
  };
}

/** What is computed from rows, with a model or without. */
function makeAnalysisServices(workspace: Workspace, foundation: Foundation, appVersion: string) {
  const { database, datasets, jobs, models, onChanged, search, selectRows } = foundation;
  const constitutions = new ConstitutionService(database);
  const audits = new AuditService(database, { onChanged, models, mediaFolder: workspace.media });
  return {
    constitutions,
    principles: new PrincipleService({ database, models, appVersion }),
    constitutionDepth: new DepthService({ database, constitutions, models, jobs }),
    constitutionExchange: new ExchangeService({
      database,
      constitutions,
      models,
      jobs,
      workspace,
      appVersion,
    }),
    audits,
    judging: new JudgingService({
      database,
      models,
      appVersion,
      selectRows: ({ datasetId, filter = { clauses: [] } }, relation) =>
        selectRows(datasetId, filter, relation),
    }),
    rationales: new RationaleService({ database, models, appVersion, selectRows }),
    curation: new CurationService(database, datasets),
    mining: new MiningService(database),
    selections: new SelectionService(database),
    datasheets: new DatasheetService(database),
    reports: new ReportService({
      database,
      datasets,
      constitutions,
      audits,
      reportsDirectory: workspace.reports,
      version: appVersion,
    }),
    exports: new ExportService(workspace, datasets, search),
  };
}

/** Every service over one workspace, each given what it needs. */
function makeServices(workspace: Workspace, options: CoreOptions) {
  const foundation = makeFoundation(workspace, options);
  const { database, search, onChanged } = foundation;
  const analysis = makeAnalysisServices(workspace, foundation, options.version);
  const files = findSampleFiles(path.dirname(options.extractEntry));
  return {
    ...foundation,
    ...analysis,
    tour: new TourService({ ...foundation, ...analysis, files }),
    rejectedRows: new RejectedRowRepository(database),
    facets: new FacetService(database, search),
    savedViews: new SavedViewRepository(database),
    console: new SqlConsoleService(database, onChanged),
    extractForeign: createForeignExtractor(options.extractEntry),
    ...makeDeskServices(workspace, foundation),
  };
}

type Services = ReturnType<typeof makeServices>;

/** Tells the queue about every kind of long work. */
function registerJobs(workspace: Workspace, services: Services, version: string): void {
  const { database, jobs, datasets, models, onChanged, onLoaded } = services;
  const onRemoved = async (datasetId: number) => {
    await onChanged();
    await database.write(async (session) => {
      await removeSearchIndex(session, datasetId);
      await removeTraits(session, datasetId);
      await removeEditing(session, datasetId);
      await removeJudging(session, datasetId);
      await removeRationales(session, datasetId);
      await removeModelAnswers(session, datasetId);
      await removePrinciples(session, datasetId);
      await removeConstitutionDepth(session, datasetId);
      await removeAnnotation(session, datasetId);
      await removeCuration(session, datasetId);
      await removeMining(session, datasetId);
    });
    await sweepMedia(database, workspace.media);
  };
  jobs.register(new ImportJob({ workspace, ...services, onImported: onLoaded }));
  jobs.register(new RemoveDatasetJob(datasets, onRemoved));
  jobs.register(new ExportJob(workspace, services.exports, version));
  jobs.register(new SearchIndexJob(database));
  registerEditingJobs(jobs, services);
  jobs.register(new SurfaceConstitutionJob(database));
  jobs.register(new PrincipleConstitutionJob(database, models));
  jobs.register(new SliceConstitutionJob(database, services.constitutions));
  jobs.register(new DraftVotesJob(database, models));
  jobs.register(new CeilingJob(database, services.constitutions, models));
  jobs.register(new AnnotateDatasetJob(database, models, onChanged));
  jobs.register(new AuditJob(database, services.audits));
  const curate = new CurateJob(database, onLoaded);
  jobs.register(curate);
  jobs.register(new MineJob(database, models, curate));
  jobs.register(new ModelAuditJob(database, services.audits, models));
  jobs.register(new JudgeRunJob(database, services.judging, onChanged));
  jobs.register(new RationaleRunJob(services.rationales, onChanged));
  jobs.register(new RationaleLintJob(database, onChanged));
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
        endpoints: [...(await services.models.listEndpoints()), ...(await services.team.listAddresses())],
        notices,
      })),
    },
    ...makeCorpusHandlers(core, services),
    ...makeImportHandlers(core, { workspace, ...services }),
    ...makeExportHandlers(core, services.jobs, services.exports),
    ...makeJobHandlers(core, services.jobs),
    ...makeEditingHandlers(core, services.database, services),
    ...makeSqlHandlers(core, services.console),
    ...makeConstitutionHandlers(core, services),
    ...makeAuditHandlers(core, services),
    ...makeDatasheetHandlers(core, services.datasheets),
    ...makeReportHandlers(core, services.reports),
    ...makeCurationHandlers(core, services),
    ...makeMiningHandlers(core, services),
    ...makeModelHandlers(core, services),
    ...makeAnnotationHandlers(core, services.annotation),
    ...makePackHandlers(core, services.packs),
    ...makeTeamHandlers(core, services.team),
    ...makeTourHandlers(core, services.tour),
    ...makeRationaleHandlers(core, services),
    ...makeJudgingHandlers(core, {
      workspace,
      judging: services.judging,
      jobs: services.jobs,
      onChanged: services.onChanged,
    }),
  });
}

/** The application over one open workspace. Wires every service; nothing else does. */
export async function openCore(options: CoreOptions) {
  const workspace = await openWorkspace(options.workspace, options);
  const services = makeServices(workspace, options);
  registerJobs(workspace, services, options.version);
  const notices = await services.jobs.recover();
  if (options.runsQueue ?? true) {
    services.jobs.run();
    await services.team.start();
  }
  return {
    path: workspace.path,
    workspace,
    database: workspace.database,
    notices,
    router: makeRouter(workspace, services, options, notices),
    services,
    /** Stops the running job in order (the next opening goes on with it), then closes the file and releases the folder. */
    close: async () => {
      await services.team.close();
      await services.jobs.close();
      await services.models.close();
      await workspace.close();
    },
  };
}

export type Core = Awaited<ReturnType<typeof openCore>>;
