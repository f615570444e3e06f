import { randomUUID } from 'node:crypto';
import type { Session } from '../../../../native/duckdb/session.ts';

export interface ProjectKey {
  readonly projectKey: string;
  /** The hand-off the project came in; null for one made here. */
  readonly handOffKey: string | null;
}

export async function findProjectKey(session: Session, projectId: number): Promise<ProjectKey | undefined> {
  return session.find<ProjectKey>(
    'SELECT project_key AS "projectKey", hand_off_key AS "handOffKey" FROM annotation_project_key WHERE project_id = ?',
    [projectId],
  );
}

/** What a project is known by in other workspaces; made at the first use, with a key for every item. */
export async function ensureProjectKey(session: Session, projectId: number): Promise<ProjectKey> {
  const known = await findProjectKey(session, projectId);
  const key = known ?? { projectKey: randomUUID(), handOffKey: null };
  if (!known)
    await session.run('INSERT INTO annotation_project_key VALUES (?, ?, NULL)', [projectId, key.projectKey]);
  await session.run(
    `INSERT INTO annotation_item_key SELECT project_id, comparison_id, uuid()::VARCHAR FROM annotation_item i
     WHERE project_id = ? AND NOT EXISTS (SELECT 1 FROM annotation_item_key k
       WHERE k.project_id = i.project_id AND k.comparison_id = i.comparison_id)`,
    [projectId],
  );
  return key;
}

/** What a rater is known by in other workspaces; made at the first use. */
export async function ensureRaterKey(session: Session, raterId: number): Promise<string> {
  const known = await session.find<{ key: string }>(
    `SELECT rater_key AS key FROM annotation_rater_key WHERE rater_id = ? AND role = 'own' LIMIT 1`,
    [raterId],
  );
  if (known) return known.key;
  const key = randomUUID();
  await session.run(`INSERT INTO annotation_rater_key VALUES (?, 'own', ?, NULL)`, [key, raterId]);
  return key;
}

/** A rater of that name, or of the name with a number where it is taken. */
export async function addRaterNamed(
  session: Session,
  name: string,
): Promise<{ raterId: number; name: string }> {
  const rows = await session.all<{ name: string }>('SELECT lower(name) AS name FROM annotation_rater');
  const taken = new Set(rows.map((row) => row.name));
  let free = name;
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${name} (${number})`;
  const { raterId } = await session.one<{ raterId: number }>(
    'SELECT coalesce(max(rater_id), 0) + 1 AS "raterId" FROM annotation_rater',
  );
  await session.run('INSERT INTO annotation_rater (rater_id, name) VALUES (?, ?)', [raterId, free]);
  return { raterId, name: free };
}

/** The next number of a table's own column. */
export async function nextNumber(session: Session, table: string, column: string): Promise<number> {
  const { next } = await session.one<{ next: number }>(
    `SELECT coalesce(max(${column}), 0) + 1 AS next FROM ${table}`,
  );
  return next;
}
