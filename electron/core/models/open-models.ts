import path from 'node:path';
import type { Logger } from 'pino';
import type { Database } from '../../../native/duckdb/database.ts';
import { createNodeAdapter } from '../../../native/host/adapters/node.ts';
import { selectEngineEnvironment } from '../../../native/host/engine-environment.ts';
import type { ProcessAdapter } from '../../../native/host/process-adapter.ts';
import type { JobService } from '../jobs/job.service.ts';
import { AddModelsJob } from './add-models.job.ts';
import { BenchmarkModelJob } from './benchmark-model.job.ts';
import type { EndpointHttpOptions } from './endpoint-http.ts';
import { EndpointKeys, findUserDirectory } from './endpoint-keys.ts';
import { EndpointService } from './endpoint.service.ts';
import { InferenceEngine } from './inference-engine.ts';
import { ModelRepository } from './model.repository.ts';
import { ModelService } from './model.service.ts';
import { LoadModelJob } from './load-model.job.ts';
import { RefusalLog } from './refusal-log.ts';
import { findStarterFolder, shelveStarters } from './starter-shelf.ts';

export interface ModelPlaces {
  /** Starts inference processes. */
  readonly engine: ProcessAdapter;
  /** Starts processes that only read files; they get no graphics card. */
  readonly inspector: ProcessAdapter;
  /** Folder of the user's own, for keys of endpoints. */
  readonly userDirectory: string;
  /** Folder of the models that Assay ships; absent or null: none. */
  readonly starterFolder?: string | null;
  readonly http?: EndpointHttpOptions;
}

/** The built inference process beside the other scripts of an installation. */
export function findModelPlaces(scripts: string): ModelPlaces {
  const entry = path.join(scripts, 'llama-process.js');
  const environment = selectEngineEnvironment(process.env);
  return {
    engine: createNodeAdapter({ entry, environment }),
    inspector: createNodeAdapter({ entry, environment: { ...environment, ASSAY_ENGINE_GPU: 'off' } }),
    userDirectory: findUserDirectory(),
    starterFolder: findStarterFolder(scripts, process.env),
  };
}

const inspectorIdleMs = 15_000;

/** Tells the log how log-probabilities are read, once for each answer. */
function logScoring(engine: InferenceEngine, log: Logger): void {
  let told: string | undefined;
  engine.onChange(() => {
    const scoring = engine.state?.device?.scoring;
    const answer = scoring && `${scoring.path} ${scoring.why ?? ''}`;
    if (!scoring || answer === told) return;
    told = answer;
    if (scoring.path === 'fast') log.info('log-probabilities are read by the native scorer');
    else log.warn({ why: scoring.why }, 'log-probabilities are read position by position, slowly');
  });
}

/** The models domain over one workspace; its jobs are registered with the queue. */
export function openModels(
  database: Database,
  jobs: JobService,
  places: ModelPlaces,
  log: Logger,
): ModelService {
  const repository = new ModelRepository(database);
  const engine = new InferenceEngine({ adapter: places.engine });
  logScoring(engine, log);
  const { starterFolder = null } = places;
  const models = new ModelService({
    repository,
    refusals: new RefusalLog(database),
    ...(starterFolder === null ? {} : { shelve: () => shelveStarters(repository, starterFolder) }),
    engine,
    inspector: new InferenceEngine({
      adapter: places.inspector,
      name: 'the process that reads model files',
      idleStopMs: inspectorIdleMs,
    }),
    endpoints: new EndpointService(repository, new EndpointKeys(places.userDirectory), places.http),
  });
  jobs.register(new AddModelsJob(repository, models));
  jobs.register(new BenchmarkModelJob(models));
  jobs.register(new LoadModelJob(models));
  return models;
}
