import { randomUUID } from 'node:crypto';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import type { Message } from '../../../contract/corpus.contract.ts';
import { acceptItems } from '../packs/accept.ts';
import { ensureProjectKey, nextNumber } from '../packs/keys.ts';
import { hashOf, type ItemsPayload, textHashSql, textJoins } from '../packs/payload.ts';
import { stageRows } from '../packs/stage-rows.ts';
import { getProject, type StoredProject } from '../project.repository.ts';
import type { Claim } from './claims.ts';
import { holdItems } from './claims.ts';
import { signerOfTeam } from './received.ts';
import { addTeamRater } from './team-answers.ts';
import {
  getTeamProject,
  insertItems,
  insertProject,
  mostBytes,
  mostItems,
  type PlacedItem,
  readTeamItems,
  type TeamProject,
} from './team-projects.ts';
import { type Connection, findShare } from './team.repository.ts';
import type { TeamServer, TeamSession } from './team-server.ts';

interface ItemRow {
  readonly pos: number;
  readonly goldLabel: string | null;
  readonly itemKey: string;
  readonly textHash: string;
  readonly exampleId: string;
  readonly prompt: string;
  readonly promptMessages: Message[] | null;
  readonly promptB: string | null;
  readonly promptBMessages: Message[] | null;
  readonly a: string;
  readonly aMessages: Message[] | null;
  readonly b: string;
  readonly bMessages: Message[] | null;
}

const page = 200;

async function readItems(database: Database, projectId: number, offset: number): Promise<PlacedItem[]> {
  const rows = await database.all<ItemRow>(
    `SELECT i.pos, i.gold_label AS "goldLabel", k.item_key AS "itemKey", ${textHashSql} AS "textHash", c.example_id AS "exampleId",
       p.text AS prompt, p.messages AS "promptMessages", pb.text AS "promptB", pb.messages AS "promptBMessages", a.text AS a,
       a.messages AS "aMessages", b.text AS b, b.messages AS "bMessages"
     FROM annotation_item i JOIN annotation_item_key k ON k.project_id = i.project_id AND k.comparison_id = i.comparison_id
       JOIN comparison c ON c.comparison_id = i.comparison_id ${textJoins}
     WHERE i.project_id = ? AND i.pos >= ? AND i.pos < ? ORDER BY i.pos`,
    [projectId, offset, offset + page],
  );
  return rows.map((row) => ({
    pos: row.pos,
    goldLabel: row.goldLabel,
    item: {
      itemKey: row.itemKey,
      textHash: row.textHash,
      exampleId: row.exampleId,
      prompt: { text: row.prompt, messages: row.promptMessages },
      promptB: row.promptB === null ? null : { text: row.promptB, messages: row.promptBMessages },
      a: { text: row.a, messages: row.aMessages },
      b: { text: row.b, messages: row.bMessages },
    },
  }));
}

interface Prepared {
  readonly project: StoredProject;
  readonly team: TeamProject;
  readonly items: number;
  /** What raters have open, and their names. */
  readonly held: readonly (Claim & { readonly raterKey: string })[];
}

const tooLarge = (why: string) =>
  new AppError(
    'TEAM_TOO_LARGE',
    `The project was not published: ${why}. Make a smaller project, or hand it off as packs.`,
  );

async function prepare(session: Session, projectId: number): Promise<Prepared> {
  const project = await getProject(session, projectId);
  if (await findShare(session, projectId))
    throw new AppError('TEAM_PROJECT_SHARED', 'The project was not published: the team has it already.');
  const { projectKey, handOffKey } = await ensureProjectKey(session, projectId);
  if (handOffKey !== null)
    throw new AppError(
      'PACK_WRONG_PROJECT',
      'The project was not published: it came from elsewhere itself. Only the workspace it comes from can publish it.',
      { projectId },
    );
  const { items, last, media, dataset } = await session.one<{
    items: number;
    last: number;
    media: number;
    dataset: string;
  }>(
    `SELECT count(*) AS items, max(i.pos) + 1 AS last,
       count(*) FILTER (EXISTS (SELECT 1 FROM media m WHERE m.response_id IN (c.response_a_id, c.response_b_id))) AS media,
       (SELECT name FROM dataset WHERE dataset_id = ?) AS dataset
     FROM annotation_item i JOIN comparison c USING (comparison_id) WHERE i.project_id = ?`,
    [project.datasetId, projectId],
  );
  if (items > mostItems) throw tooLarge(`it has ${items} items, and a team shares at most ${mostItems}`);
  if (media > 0)
    throw new AppError(
      'PACK_TEXTS_ONLY',
      `The project was not published: a team shares texts only, and ${media} of its pairs have images.`,
      { media },
    );
  const { name, guidelines, questions, overlap, seed } = project.settings;
  const held = await session.all<Claim & { raterKey: string }>(
    `SELECT k.item_key AS "itemKey", s.shown_first AS "shownFirst", r.rater_key AS "raterKey"
     FROM annotation_assignment s JOIN team_rater r USING (rater_id)
       JOIN annotation_item_key k ON k.project_id = s.project_id AND k.comparison_id = s.comparison_id
     WHERE s.project_id = ? AND NOT EXISTS (SELECT 1 FROM annotation_answer w WHERE w.project_id = s.project_id
       AND w.rater_id = s.rater_id AND w.comparison_id = s.comparison_id AND w.is_current)`,
    [projectId],
  );
  return {
    project,
    items: last,
    held,
    team: {
      projectKey,
      handOffKey: randomUUID(),
      dataset: dataset.slice(0, 200),
      document: { name, guidelines, questions, overlap, seed },
    },
  };
}

/** Raters who have an item of the project open. */
export async function listSeated(session: Session, projectId: number): Promise<number[]> {
  const rows = await session.all<{ raterId: number }>(
    'SELECT DISTINCT rater_id AS "raterId" FROM annotation_assignment WHERE project_id = ? ORDER BY ALL',
    [projectId],
  );
  return rows.map(({ raterId }) => raterId);
}

interface Place {
  readonly database: Database;
  readonly server: TeamServer;
  readonly connection: Connection;
  /** Folder for files on their way in. */
  readonly incoming: string;
}

/**
 * Puts a project with its items into the team, in one transaction there: all or nothing.
 * @throws AppError ANNOTATION_PROJECT_MISSING, TEAM_PROJECT_SHARED, TEAM_TOO_LARGE, PACK_TEXTS_ONLY, PACK_WRONG_PROJECT and
 *   those of the server.
 */
export async function publishProject(
  { database, server, connection }: Place,
  { projectId, leaseSeconds }: { readonly projectId: number; readonly leaseSeconds: number },
): Promise<{ projectKey: string; items: number }> {
  const { team, items, held, project } = await database.write((session) => prepare(session, projectId));
  const { machineKey } = connection;
  let count = 0;
  await server.transact(async (session) => {
    count = 0;
    await insertProject(session, team, machineKey);
    let bytes = 0;
    for (let offset = 0; offset < items; offset += page) {
      const rows = await readItems(database, projectId, offset);
      bytes += await insertItems(session, team.projectKey, rows);
      count += rows.length;
      if (bytes > mostBytes) throw tooLarge(`its texts have more than ${mostBytes / 2 ** 20} MiB`);
    }
    await holdItems(session, held, { machineKey, leaseSeconds });
  });
  await database.write((session) =>
    recordShare(session, { project, team, isOwn: true, where: server.where }),
  );
  return { projectKey: team.projectKey, items: count };
}

/** The project's row as a hand-off that is over, which the merge of answers goes by, and as one the team shares. */
async function recordShare(
  session: Session,
  share: {
    readonly project: StoredProject;
    readonly team: TeamProject;
    readonly isOwn: boolean;
    readonly where: string;
  },
): Promise<void> {
  const { project, team, isOwn, where } = share;
  const { handOffKey, projectKey } = team;
  const known = await session.find('SELECT 1 FROM annotation_hand_off WHERE hand_off_key = ?', [handOffKey]);
  if (!known)
    await session.run(
      `INSERT INTO annotation_hand_off (hand_off_id, hand_off_key, project_id, overlap, is_open, file, questions_hash, guidelines_hash)
       VALUES (?, ?, ?, ?, false, ?, ?, ?)`,
      [
        await nextNumber(session, 'annotation_hand_off', 'hand_off_id'),
        handOffKey,
        project.projectId,
        project.settings.overlap,
        `team ${where}`,
        hashOf(project.settings.questions),
        hashOf(project.settings.guidelines),
      ],
    );
  await session.run('DELETE FROM team_project WHERE project_key = ?', [projectKey]);
  await session.run('INSERT INTO team_project (project_key, hand_off_key, is_own) VALUES (?, ?, ?)', [
    projectKey,
    handOffKey,
    isOwn,
  ]);
}

export interface Joined {
  readonly projectId: number;
  readonly datasetId: number;
  readonly dataset: string;
  readonly items: number;
  /** False where the project was here already. */
  readonly isNew: boolean;
}

/** The project where it is here: made here, or joined before. */
async function findHere(
  session: Session,
  team: TeamProject,
): Promise<(Joined & { isOwn: boolean }) | undefined> {
  return session.find<Joined & { isOwn: boolean }>(
    `SELECT p.project_id AS "projectId", p.dataset_id AS "datasetId", d.name AS dataset, false AS "isNew",
       k.hand_off_key IS NULL AS "isOwn",
       (SELECT count(*) FROM annotation_item i WHERE i.project_id = p.project_id) AS items
     FROM annotation_project_key k JOIN annotation_project p USING (project_id) JOIN dataset d USING (dataset_id)
     WHERE k.project_key = ? AND (k.hand_off_key IS NULL OR k.hand_off_key = ?)`,
    [team.projectKey, team.handOffKey],
  );
}

/**
 * Makes a project of the team one of this workspace, with a dataset of its items; one that is here already is shared again.
 * @throws AppError TEAM_PROJECT_MISSING, TEAM_TOO_LARGE, TEAM_REFUSED, PACK_INVALID where texts are not those their hashes name
 */
export async function joinProject(place: Place, projectKey: string): Promise<Joined> {
  const { database, server, incoming } = place;
  const { team, from, items } = await server.transact((session) => readWhole(session, database, projectKey));
  return database.write(async (session) => {
    const here = await findHere(session, team);
    const joined = here ?? (await makeHere(session, { team, from, items, incoming, where: server.where }));
    const project = await getProject(session, joined.projectId);
    await recordShare(session, { project, team, isOwn: here?.isOwn ?? false, where: server.where });
    const { projectId, datasetId, dataset, items: count, isNew } = joined;
    return { projectId, datasetId, dataset, items: count, isNew };
  });
}

async function readWhole(session: TeamSession, database: Database, projectKey: string) {
  const { from, ...team } = await getTeamProject(session, projectKey);
  const here = await database.withReader((local) => findHere(local, team));
  return { team, from, items: here ? [] : await readTeamItems(session, projectKey) };
}

async function makeHere(
  session: Session,
  arriving: {
    readonly team: TeamProject;
    readonly from: string;
    readonly items: readonly PlacedItem[];
    readonly incoming: string;
    readonly where: string;
  },
): Promise<Joined> {
  const { team, from, items, incoming, where } = arriving;
  for (const table of ['team_sent', 'team_inbox'])
    await session.run(`DELETE FROM ${table} WHERE project_key = ?`, [team.projectKey]);
  const payload: ItemsPayload = {
    kind: 'items',
    handOffKey: team.handOffKey,
    projectKey: team.projectKey,
    createdAt: new Date().toISOString(),
    from,
    questionsHash: hashOf(team.document.questions),
    guidelinesHash: hashOf(team.document.guidelines),
    raters: [],
    dataset: team.dataset,
    project: team.document,
    items: items.map(({ item }) => item),
  };
  const accepted = await acceptItems(session, {
    payload,
    signer: signerOfTeam(where),
    file: `team ${from}`,
    bytes: 0,
    incoming,
    mediaFolder: null,
  });
  const gold = items.flatMap(({ item, goldLabel }) =>
    goldLabel === null ? [] : [{ item_key: item.itemKey, label: goldLabel }],
  );
  await stageRows(session, gold, {
    table: 'team_gold',
    columns: { item_key: 'VARCHAR', label: 'VARCHAR' },
    incoming,
  });
  await session.run(
    `UPDATE annotation_item SET gold_label = g.label FROM team_gold g JOIN annotation_item_key k USING (item_key)
     WHERE annotation_item.project_id = ? AND k.project_id = annotation_item.project_id
       AND k.comparison_id = annotation_item.comparison_id`,
    [accepted.projectId],
  );
  const { projectId, datasetId, dataset } = accepted;
  return { projectId, datasetId, dataset, items: accepted.items, isNew: true };
}

/** The raters of this workspace whose names the team takes; a name that somebody else has is left to a person. */
export async function registerRaters(
  { database, server }: Pick<Place, 'database' | 'server'>,
  raterIds: readonly number[],
): Promise<void> {
  for (const raterId of raterIds) {
    const rater = await database.write((session) => readRater(session, raterId));
    if (!rater) continue;
    const raterKey = await server.transact(async (session) => {
      const known = await session.find<{ raterKey: string }>(
        'SELECT rater_key AS "raterKey" FROM assay_team.rater WHERE rater_key = ANY($1::uuid[]) LIMIT 1',
        [rater.keys],
      );
      if (known) return known.raterKey;
      const [raterKey = randomUUID()] = rater.keys;
      return (await addTeamRater(session, { raterKey, name: rater.name })) ? raterKey : null;
    });
    if (raterKey !== null) await database.write((session) => storeTeamRater(session, raterId, raterKey));
  }
}

/** Name and keys of a rater that is not known to be in the team yet. */
async function readRater(
  session: Session,
  raterId: number,
): Promise<{ name: string; keys: string[] } | undefined> {
  const known = await session.find('SELECT 1 FROM team_rater WHERE rater_id = ?', [raterId]);
  const rater = await session.find<{ name: string }>('SELECT name FROM annotation_rater WHERE rater_id = ?', [
    raterId,
  ]);
  if (known || !rater) return undefined;
  const keys = await session.all<{ key: string }>(
    `SELECT rater_key AS key FROM annotation_rater_key WHERE rater_id = ? AND role = 'own' ORDER BY rater_key`,
    [raterId],
  );
  return { name: rater.name, keys: keys.map(({ key }) => key) };
}

export async function storeTeamRater(session: Session, raterId: number, raterKey: string): Promise<void> {
  await session.run('DELETE FROM team_rater WHERE rater_id = ?', [raterId]);
  await session.run('INSERT INTO team_rater (rater_id, rater_key) VALUES (?, ?)', [raterId, raterKey]);
  const known = await session.find(
    `SELECT 1 FROM annotation_rater_key WHERE rater_key = ? AND role = 'own'`,
    [raterKey],
  );
  if (!known)
    await session.run(`INSERT INTO annotation_rater_key VALUES (?, 'own', ?, NULL)`, [raterKey, raterId]);
}
