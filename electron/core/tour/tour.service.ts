import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Model } from '../../contract/model.contract.ts';
import { isShippedModel } from '../../contract/starter.ts';
import type { SampleName, Tour, TourJobStep } from '../../contract/tour.contract.ts';
import type { ConstitutionService } from '../constitution/constitution.service.ts';
import type { PrincipleService } from '../constitution/principles/principle.service.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import type { JobService } from '../jobs/job.service.ts';
import type { JudgingService } from '../judging/judging.service.ts';
import type { ModelService } from '../models/model.service.ts';
import { isStarter } from '../models/starter-model.ts';
import type { RationaleService } from '../rationales/rationale.service.ts';
import type { SampleFiles } from './sample-files.ts';
import { askForPrinciples, askForRationale, askForVerdicts, plantedPrinciples } from './starter-requests.ts';
import {
  findConstitutionBy,
  findRationaleBy,
  findSurfaceConstitution,
  listSampleImports,
  listStepJobs,
} from './tour.repository.ts';

interface TourParts {
  readonly database: Database;
  readonly jobs: JobService;
  readonly datasets: DatasetRepository;
  readonly models: ModelService;
  readonly constitutions: ConstitutionService;
  readonly principles: PrincipleService;
  readonly judging: JudgingService;
  readonly rationales: RationaleService;
  readonly files: SampleFiles;
}

const names: readonly SampleName[] = ['pandalm', 'planted'];
const corpusOf: Readonly<Record<TourJobStep, SampleName>> = {
  reward: 'pandalm',
  principles: 'planted',
  judge: 'planted',
  rationale: 'pandalm',
};

/** The bundled corpora and what the starter model makes of them; for the first run and the command line’s demo alike. */
export class TourService {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: TourParts) {}

  /** What there is and what the steps have led to, read from the workspace. */
  async get(): Promise<Tour> {
    const { database, models } = this.parts;
    const [pandalm, planted, known] = await Promise.all([
      this.findCorpus('pandalm'),
      this.findCorpus('planted'),
      models.list(),
    ]);
    const starter = chooseStarter(known);
    return {
      hasFiles: this.parts.files !== null,
      pandalm,
      planted,
      starter: starter ? { modelId: starter.modelId, name: starter.name } : null,
      imports: await listSampleImports(database),
      jobs: await listStepJobs(database, { pandalm, planted }),
      reward: pandalm === null ? null : await this.findReward(pandalm),
      principles: starter && planted !== null ? await this.findPrinciples(planted, starter.hash) : null,
      judged: starter && planted !== null ? await this.findVerdicts(planted, starter.hash) : null,
      rationale: starter && pandalm !== null ? await this.findRationale(pandalm, starter.hash) : null,
      hasRealModel: known.some(({ facts }) => !isShippedModel(facts)),
    };
  }

  /**
   * Imports those of the corpora that are neither in the workspace nor on their way; answers the jobs at work, new or
   * not. Throws IMPORT_FILE_MISSING.
   */
  async open(wanted: readonly SampleName[] = names): Promise<{ name: SampleName; jobId: string }[]> {
    return this.inTurn(async () => {
      const { database, files, jobs } = this.parts;
      if (!files)
        throw new AppError(
          'IMPORT_FILE_MISSING',
          'The sample was not imported: its files are not part of this installation. Import files of your own instead.',
        );
      const running = await listSampleImports(database);
      for (const name of wanted) {
        if (running.some((job) => job.name === name) || (await this.findCorpus(name)) !== null) continue;
        running.push({
          name,
          jobId: await jobs.start('import', { files: [files[name]], dataset: name }),
        });
      }
      return running.filter(({ name }) => wanted.includes(name));
    });
  }

  /**
   * Starts a step on its corpus, or on the one named; answers the step’s own job where that has not ended. Throws
   * DATASET_MISSING, MODEL_MISSING.
   */
  async start(step: TourJobStep, name: SampleName = corpusOf[step], signal?: AbortSignal): Promise<string> {
    return this.inTurn(async () => {
      const corpora = {
        pandalm: await this.findCorpus('pandalm'),
        planted: await this.findCorpus('planted'),
      };
      const datasetId = corpora[name];
      if (datasetId === null)
        throw new AppError(
          'DATASET_MISSING',
          `Nothing was started: the bundled dataset ${name} is not in this workspace. Import the sample first.`,
          { name },
        );
      const running = await listStepJobs(this.parts.database, corpora);
      const own = running.find((job) => job.step === step && name === corpusOf[step]);
      return own?.jobId ?? this.startOn(step, datasetId, signal);
    });
  }

  /** All that the starter model has made of one corpus. */
  async findMade(
    name: SampleName,
  ): Promise<{ datasetId: number | null } & Pick<Tour, 'principles' | 'judged' | 'rationale'>> {
    const datasetId = await this.findCorpus(name);
    const starter = await this.findStarter();
    if (datasetId === null || !starter) return { datasetId, principles: null, judged: null, rationale: null };
    return {
      datasetId,
      principles: await this.findPrinciples(datasetId, starter.hash),
      judged: await this.findVerdicts(datasetId, starter.hash),
      rationale: await this.findRationale(datasetId, starter.hash),
    };
  }

  /** By its file or its name; null where it is not in the workspace. */
  private async findCorpus(name: SampleName): Promise<number | null> {
    const known = await this.parts.datasets.list();
    const file = this.parts.files?.[name];
    const found =
      known.find(({ sources }) => file !== undefined && sources.includes(file)) ??
      known.find((dataset) => dataset.name === name);
    return found?.datasetId ?? null;
  }

  /** The starter model; undefined where it is switched off or not installed. */
  async findStarter(): Promise<Model | undefined> {
    return chooseStarter(await this.parts.models.list());
  }

  private async startOn(step: TourJobStep, datasetId: number, signal?: AbortSignal): Promise<string> {
    const { jobs, judging, principles, rationales } = this.parts;
    if (step === 'reward') return jobs.start('surface-constitution', { datasetId, top: 7, seed: 1 });
    const { modelId, hash } = await this.requireStarter();
    const choice = { datasetId, modelId };
    if (step === 'principles') {
      const principleRunId = await principles.create(askForPrinciples(choice), signal);
      return jobs.start('principle-constitution', { principleRunId });
    }
    if (step === 'judge') {
      const found = await this.findPrinciples(datasetId, hash);
      const judgeRunId = await judging.create(askForVerdicts(choice, found?.found[0]?.text), signal);
      return jobs.start('judge', { judgeRunId });
    }
    const rationaleRunId = await rationales.create(askForRationale(choice), signal);
    return jobs.start('rationales', { rationaleRunId });
  }

  private async requireStarter(): Promise<Model> {
    const starter = await this.findStarter();
    if (starter) return starter;
    throw new AppError(
      'MODEL_MISSING',
      'Nothing was started: the starter model is switched off or not part of this installation. Add a model of your own under Models.',
    );
  }

  private async findReward(datasetId: number): Promise<Tour['reward']> {
    const constitutionId = await findSurfaceConstitution(this.parts.database, datasetId);
    if (constitutionId === undefined) return null;
    const { document } = await this.parts.constitutions.get(constitutionId);
    return { constitutionId, texts: document.constitution };
  }

  private async findPrinciples(datasetId: number, hash: string): Promise<Tour['principles']> {
    const constitutionId = await findConstitutionBy(this.parts.database, datasetId, hash);
    if (constitutionId === undefined) return null;
    const { document } = await this.parts.constitutions.get(constitutionId);
    const found = document.principles
      .filter((principle) => principle.is_selected)
      .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity))
      .map(({ text, strength, strength_ci, n }) => ({
        text,
        strength: { value: strength, ci: strength_ci, n },
      }));
    const missed = plantedPrinciples.filter((text) => !found.some((one) => one.text === text));
    return { constitutionId, candidates: document.principles.length, found, missed };
  }

  private async findVerdicts(datasetId: number, hash: string): Promise<Tour['judged']> {
    const runs = await this.parts.judging.list(datasetId);
    const [newest] = runs
      .filter((run) => run.isFinished && run.record.models.some((model) => model.hash === hash))
      .sort((a, b) => b.judgeRunId - a.judgeRunId);
    if (!newest) return null;
    const { value, low, high, n } = newest.accuracy;
    return {
      judgeRunId: newest.judgeRunId,
      agreement: { value, ci: low === null || high === null ? null : [low, high], n },
    };
  }

  private async findRationale(datasetId: number, hash: string): Promise<Tour['rationale']> {
    return (await findRationaleBy(this.parts.database, datasetId, hash)) ?? null;
  }

  /** One after another, so that two calls at once do not import or start the same thing twice. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = this.last.then(work);
    this.last = own.catch(() => undefined);
    return own;
  }
}

/** Of several versions the one that has the name now. */
function chooseStarter(known: readonly Model[]): Model | undefined {
  const starters = known.filter((model) => model.isPresent && isStarter(model.facts));
  return starters.find(({ name }) => name === 'starter') ?? starters.at(-1);
}
