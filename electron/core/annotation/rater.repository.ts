import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Rater } from '../../contract/annotation.contract.ts';

const columns = 'rater_id AS "raterId", name, created_at AS "createdAt"';

/** The people who annotate on this machine. */
export class RaterRepository {
  constructor(private readonly database: Database) {}

  async list(): Promise<Rater[]> {
    return this.database.all<Rater>(`SELECT ${columns} FROM annotation_rater ORDER BY lower(name), rater_id`);
  }

  /** Throws RATER_NAME_TAKEN, also where only the case differs. */
  async add(name: string): Promise<Rater> {
    return this.database.write(async (session) => {
      const taken = await session.find('SELECT 1 FROM annotation_rater WHERE lower(name) = lower(?)', [name]);
      if (taken)
        throw new AppError(
          'RATER_NAME_TAKEN',
          `${name} was not added: there is a rater of that name. Choose another name.`,
        );
      await session.run(
        'INSERT INTO annotation_rater (rater_id, name) SELECT coalesce(max(rater_id), 0) + 1, ? FROM annotation_rater',
        [name],
      );
      return session.one<Rater>(`SELECT ${columns} FROM annotation_rater ORDER BY rater_id DESC LIMIT 1`);
    });
  }
}

/** Throws RATER_MISSING. */
export async function getRater(session: Session, raterId: number): Promise<Rater> {
  const rater = await session.find<Rater>(`SELECT ${columns} FROM annotation_rater WHERE rater_id = ?`, [
    raterId,
  ]);
  if (rater) return rater;
  throw new AppError('RATER_MISSING', `There is no rater ${raterId} in this workspace. Choose or add one.`, {
    raterId,
  });
}

/**
 * The annotator a rater is in a dataset, made at the first use; as adjudicator another one than as rater, so that a
 * decision stands beside the person's own answer. A name the source uses already gets an addition.
 */
export async function ensureAnnotator(
  session: Session,
  { raterId, datasetId, role }: { raterId: number; datasetId: number; role: 'rater' | 'adjudicator' },
): Promise<number> {
  const known = await session.find<{ annotatorId: number }>(
    'SELECT annotator_id AS "annotatorId" FROM annotation_rater_annotator WHERE rater_id = ? AND dataset_id = ? AND role = ?',
    [raterId, datasetId, role],
  );
  if (known) return known.annotatorId;
  const { name } = await getRater(session, raterId);
  const wanted = role === 'rater' ? name : `${name} (adjudicator)`;
  const { annotatorId, taken } = await session.one<{ annotatorId: number; taken: number }>(
    `SELECT coalesce(max(annotator_id), 0) + 1 AS "annotatorId", count(*) FILTER (dataset_id = ? AND name = ?) AS taken FROM annotator`,
    [datasetId, wanted],
  );
  await session.run(
    `INSERT INTO annotator (annotator_id, dataset_id, name, kind, attributes, import_id) VALUES (?, ?, ?, 'human', MAP {'role': ?}, 0)`,
    [annotatorId, datasetId, taken > 0 ? `${wanted} (here, ${raterId})` : wanted, role],
  );
  await session.run('INSERT INTO annotation_rater_annotator VALUES (?, ?, ?, ?)', [
    raterId,
    datasetId,
    role,
    annotatorId,
  ]);
  return annotatorId;
}
