import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Project, ProjectSettings } from '../../contract/annotation.contract.ts';
import { checkQuestions } from './check-project.ts';
import { freezeQueue } from './queue.ts';

export interface StoredProject {
  readonly projectId: number;
  readonly datasetId: number;
  readonly settings: ProjectSettings;
}

const listSql = `SELECT p.project_id AS "projectId", p.dataset_id AS "datasetId", p.created_at AS "createdAt", p.document::VARCHAR AS document,
  (SELECT count(*) FROM annotation_item i WHERE i.project_id = p.project_id) AS items,
  (SELECT count(gold_label) FROM annotation_item i WHERE i.project_id = p.project_id) AS "goldItems",
  (SELECT count(*) FROM (SELECT comparison_id FROM annotation_answer w WHERE w.project_id = p.project_id AND is_current AND status = 'submitted'
     GROUP BY comparison_id HAVING count(*) >= (p.document ->> '$.overlap')::INTEGER)) AS complete,
  (SELECT count(*) FROM annotation_answer w WHERE w.project_id = p.project_id AND is_current) AS answers,
  (SELECT count(DISTINCT rater_id) FROM annotation_answer w WHERE w.project_id = p.project_id) AS raters
  FROM annotation_project p`;

type ProjectRow = Omit<Project, 'settings'> & { document: string };

// Written by `create` and `revise`, and read back unchanged.
const parseSettings = (document: string) => JSON.parse(document) as ProjectSettings;

function toProject({ document, ...row }: ProjectRow): Project {
  return { ...row, settings: parseSettings(document) };
}

/** Annotation projects: what is asked, and the frozen queue it is asked about. */
export class ProjectRepository {
  constructor(private readonly database: Database) {}

  /** Throws DATASET_MISSING, ANNOTATION_PROJECT_INVALID, ANNOTATION_EMPTY. */
  async create(
    datasetId: number,
    settings: ProjectSettings,
    rows: { readonly sql: string; readonly parameters: readonly Parameter[] },
  ): Promise<{ projectId: number; items: number; goldItems: number }> {
    checkQuestions(settings.questions);
    return this.database.write(async (session) => {
      const { projectId } = await session.one<{ projectId: number }>(
        'SELECT coalesce(max(project_id), 0) + 1 AS "projectId" FROM annotation_project',
      );
      const counts = await freezeQueue(session, { projectId, datasetId, settings, rows });
      await session.run(
        'INSERT INTO annotation_project (project_id, dataset_id, name, document) VALUES (?, ?, ?, ?::JSON)',
        [projectId, datasetId, settings.name, JSON.stringify(settings)],
      );
      return { projectId, ...counts };
    });
  }

  /** Newest first. */
  async list(datasetId: number): Promise<Project[]> {
    const rows = await this.database.all<ProjectRow>(
      `${listSql} WHERE p.dataset_id = ? ORDER BY p.project_id DESC`,
      [datasetId],
    );
    return rows.map(toProject);
  }

  /** Throws ANNOTATION_PROJECT_MISSING. */
  async get(projectId: number): Promise<Project> {
    const row = await this.database.find<ProjectRow>(`${listSql} WHERE p.project_id = ?`, [projectId]);
    return row ? toProject(row) : missing(projectId);
  }

  /** Throws ANNOTATION_PROJECT_MISSING. */
  async revise(projectId: number, change: Pick<ProjectSettings, 'name' | 'guidelines'>): Promise<Project> {
    await this.database.write(async (session) => {
      const { settings } = await getProject(session, projectId);
      await session.run('UPDATE annotation_project SET name = ?, document = ?::JSON WHERE project_id = ?', [
        change.name,
        JSON.stringify({ ...settings, ...change }),
        projectId,
      ]);
    });
    return this.get(projectId);
  }

  /** Removes a project with its queue, drafts and history; votes already given stay. False where it is gone. */
  async remove(projectId: number): Promise<boolean> {
    return this.database.write(async (session) => {
      for (const table of handOffTables)
        await session.run(
          `DELETE FROM ${table} WHERE hand_off_id IN (SELECT hand_off_id FROM annotation_hand_off WHERE project_id = ?)`,
          [projectId],
        );
      for (const table of partTables)
        await session.run(`DELETE FROM ${table} WHERE project_id = ?`, [projectId]);
      return (await session.run('DELETE FROM annotation_project WHERE project_id = ?', [projectId])) > 0;
    });
  }
}

const partTables = [
  'annotation_item',
  'annotation_assignment',
  'annotation_answer',
  'annotation_draft',
  'annotation_decision',
  'annotation_project_key',
  'annotation_item_key',
  'annotation_hand_off',
  'annotation_merge',
  'annotation_merged_answer',
];

const handOffTables = ['annotation_hand_off_item', 'annotation_hand_off_rater'];

function missing(projectId: number): never {
  throw new AppError(
    'ANNOTATION_PROJECT_MISSING',
    `There is no annotation project ${projectId} in this workspace.`,
    {
      projectId,
    },
  );
}

/** Throws ANNOTATION_PROJECT_MISSING. */
export async function getProject(session: Session, projectId: number): Promise<StoredProject> {
  const row = await session.find<{ projectId: number; datasetId: number; document: string }>(
    'SELECT project_id AS "projectId", dataset_id AS "datasetId", document::VARCHAR AS document FROM annotation_project WHERE project_id = ?',
    [projectId],
  );
  if (!row) return missing(projectId);
  return { projectId, datasetId: row.datasetId, settings: parseSettings(row.document) };
}

/** Removes every project of a dataset; votes and annotators go with the dataset's own. */
export async function removeAnnotation(session: Session, datasetId: number): Promise<void> {
  for (const table of handOffTables)
    await session.run(
      `DELETE FROM ${table} WHERE hand_off_id IN (SELECT hand_off_id FROM annotation_hand_off JOIN annotation_project USING (project_id)
         WHERE dataset_id = ?)`,
      [datasetId],
    );
  for (const table of partTables)
    await session.run(
      `DELETE FROM ${table} WHERE project_id IN (SELECT project_id FROM annotation_project WHERE dataset_id = ?)`,
      [datasetId],
    );
  for (const table of ['annotation_rater_annotator', 'annotation_project'])
    await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}
