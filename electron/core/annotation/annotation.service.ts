import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter } from '../../../native/duckdb/session.ts';
import type {
  AgreementReport,
  Conflict,
  Desk,
  Draft,
  ProjectSettings,
  Receipt,
  Submission,
} from '../../contract/annotation.contract.ts';
import type { Filter } from '../../contract/filter.contract.ts';
import type { EditingService } from '../editing/editing.service.ts';
import { type Decision, decideConflict, listConflicts } from './adjudication.ts';
import { measureAgreement } from './agreement.ts';
import { getAssignment, openDesk } from './desk.ts';
import { getProject, ProjectRepository } from './project.repository.ts';
import { getRater, RaterRepository } from './rater.repository.ts';
import { storeAnswer } from './submit.ts';

export interface AnnotationOptions {
  readonly database: Database;
  readonly editing: Pick<EditingService, 'applyLabels'>;
  /** The pairs of a filter as SQL yielding `id`. */
  readonly selectRows: (
    datasetId: number,
    filter: Filter,
  ) => Promise<{ readonly sql: string; readonly parameters: readonly Parameter[] }>;
  /** Called when votes have changed. */
  readonly onChanged: () => Promise<void>;
  /** Fetches items of shared projects before their desk is opened, and hears of answers; absent: nothing is shared. */
  readonly team?: {
    fetchItems(seat: { readonly projectId: number; readonly raterId: number }): Promise<void>;
    wake(): void;
  };
}

interface SeatIds {
  readonly projectId: number;
  readonly raterId: number;
}

/** Annotation by people on this machine: projects, who sits at them, and what they answer. */
export class AnnotationService {
  readonly projects: ProjectRepository;
  readonly raters: RaterRepository;

  constructor(private readonly options: AnnotationOptions) {
    this.projects = new ProjectRepository(options.database);
    this.raters = new RaterRepository(options.database);
  }

  /** Throws what {@link ProjectRepository.create} throws. */
  async create(datasetId: number, settings: ProjectSettings) {
    const rows = await this.options.selectRows(datasetId, settings.filter);
    return this.projects.create(datasetId, settings, rows);
  }

  /** Throws ANNOTATION_PROJECT_MISSING, RATER_MISSING, ANNOTATION_ITEM_MISSING. */
  async openDesk({ projectId, raterId }: SeatIds, comparisonId: number | null): Promise<Desk> {
    await this.options.team?.fetchItems({ projectId, raterId });
    return this.options.database.write(async (session) => {
      const project = await getProject(session, projectId);
      await getRater(session, raterId);
      return openDesk(session, { project, raterId }, comparisonId);
    });
  }

  /** Keeps what is not handed in yet; a draft older than the stored one is dropped. Answers the serial that is stored. */
  async saveDraft(place: SeatIds & { comparisonId: number }, draft: Draft): Promise<number> {
    const { projectId, raterId, comparisonId } = place;
    return this.options.database.write(async (session) => {
      const project = await getProject(session, projectId);
      await getAssignment(session, { project, raterId }, comparisonId);
      const key = [projectId, raterId, comparisonId];
      const stored = await session.find<{ serial: number }>(
        'SELECT serial FROM annotation_draft WHERE project_id = ? AND rater_id = ? AND comparison_id = ?',
        key,
      );
      if (stored && stored.serial >= draft.serial) return stored.serial;
      await session.run(
        'DELETE FROM annotation_draft WHERE project_id = ? AND rater_id = ? AND comparison_id = ?',
        key,
      );
      await session.run(
        'INSERT INTO annotation_draft (project_id, rater_id, comparison_id, serial, answers, ms) VALUES (?, ?, ?, ?, ?::JSON, ?)',
        [...key, draft.serial, JSON.stringify(draft.answers), draft.ms],
      );
      return draft.serial;
    });
  }

  /** The answer with its votes is on disk when this resolves. Throws what `storeAnswer` throws. */
  async submit(submission: Submission): Promise<Receipt> {
    const { projectId, raterId } = submission;
    const receipt = await this.options.database.write(async (session) => {
      const project = await getProject(session, projectId);
      return storeAnswer(session, { project, raterId }, submission);
    });
    this.options.team?.wake();
    await this.options.onChanged();
    return receipt;
  }

  async measureAgreement(projectId: number, signal?: AbortSignal): Promise<AgreementReport> {
    return this.options.database.withReader(async (session) =>
      measureAgreement(session, await getProject(session, projectId), signal),
    );
  }

  async listConflicts(
    projectId: number,
    page: { readonly question: string; readonly offset: number; readonly limit: number },
  ): Promise<{ count: number; rows: Conflict[] }> {
    return this.options.database.withReader(async (session) =>
      listConflicts(session, await getProject(session, projectId), page),
    );
  }

  /** Stores an adjudicator's decision as a vote of its own and, where asked, as the pair's label. */
  async decide(decision: Decision): Promise<{ revision: number; operationId: string | null }> {
    const decided = await decideConflict(this.options, decision);
    await this.options.onChanged();
    return decided;
  }
}
