import type { z } from 'zod';
import { AppError } from '../../../contract/app-error.ts';
import type { SharedProject } from '../../../contract/team.contract.ts';
import { itemsPayloadSchema } from '../packs/payload.ts';
import type { TeamSession } from './team-server.ts';

/** Most items and most text a project of a team may have. */
export const mostItems = 50_000;
export const mostBytes = 256 * 2 ** 20;
/** Most text one item may have, in bytes as JSON. */
const mostItemBytes = 2 ** 20;

type TeamItem = z.infer<typeof itemsPayloadSchema>['items'][number];
type TeamDocument = z.infer<typeof itemsPayloadSchema>['project'];

/** A project as it stands in the team, without its items. */
export interface TeamProject {
  readonly projectKey: string;
  readonly handOffKey: string;
  readonly dataset: string;
  readonly document: TeamDocument;
}

const documentSchema = itemsPayloadSchema.shape.project;
const itemSchema = itemsPayloadSchema.shape.items.element;

/** Throws TEAM_PROJECT_SHARED where it is in the team already. */
export async function insertProject(
  session: TeamSession,
  { projectKey, handOffKey, dataset, document }: TeamProject,
  machineKey: string,
): Promise<void> {
  const added = await session.run(
    `INSERT INTO assay_team.project (project_key, hand_off_key, name, dataset, document, overlap, seed, machine_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      ...[projectKey, handOffKey, document.name, dataset, JSON.stringify(document)],
      ...[document.overlap, document.seed, machineKey],
    ],
  );
  if (added === 0)
    throw new AppError(
      'TEAM_PROJECT_SHARED',
      'The project was not published: the team has it already. Join it to share it from here.',
    );
}

export interface PlacedItem {
  readonly pos: number;
  readonly item: TeamItem;
  readonly goldLabel: string | null;
}

/** Throws TEAM_TOO_LARGE for an item whose texts are too long; answers the bytes that were sent. */
export async function insertItems(
  session: TeamSession,
  projectKey: string,
  items: readonly PlacedItem[],
): Promise<number> {
  const contents = items.map(({ item }) => JSON.stringify(item));
  const sizes = contents.map((content) => Buffer.byteLength(content));
  const long = sizes.findIndex((size) => size > mostItemBytes);
  if (long >= 0)
    throw new AppError(
      'TEAM_TOO_LARGE',
      `The project was not published: the texts of example ${items[long]?.item.exampleId ?? ''} have more than ${mostItemBytes / 2 ** 20} MiB. Hand it off as a pack, or leave that pair out by the filter.`,
      { exampleId: items[long]?.item.exampleId ?? null },
    );
  await session.run(
    `INSERT INTO assay_team.item (project_key, item_key, pos, text_hash, content, gold_label)
     SELECT $6, t.* FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[]) AS t`,
    [
      items.map(({ item }) => item.itemKey),
      items.map(({ pos }) => pos),
      items.map(({ item }) => item.textHash),
      contents,
      items.map(({ goldLabel }) => goldLabel),
      projectKey,
    ],
  );
  return sizes.reduce((total, size) => total + size, 0);
}

/** Throws TEAM_PROJECT_MISSING; TEAM_REFUSED where it is not in a form that is understood. */
export async function getTeamProject(
  session: TeamSession,
  projectKey: string,
): Promise<TeamProject & { readonly from: string }> {
  const row = await session.find<{ handOffKey: string; dataset: string; document: string; from: string }>(
    `SELECT p.hand_off_key AS "handOffKey", p.dataset, p.document, m.name AS "from"
     FROM assay_team.project p JOIN assay_team.machine m USING (machine_key) WHERE p.project_key = $1`,
    [projectKey],
  );
  if (!row)
    throw new AppError('TEAM_PROJECT_MISSING', 'Nothing was joined: the team has no such project.', {
      projectKey,
    });
  return { projectKey, ...row, document: readForm(documentSchema, row.document) };
}

function readForm<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new AppError(
      'TEAM_REFUSED',
      'Nothing was joined: the project in the team is not in a form that Assay writes.',
    );
  }
}

const page = 500;

/** Every item of a project in the order of the queue. Throws TEAM_TOO_LARGE, TEAM_REFUSED. */
export async function readTeamItems(session: TeamSession, projectKey: string): Promise<PlacedItem[]> {
  const items: PlacedItem[] = [];
  let bytes = 0;
  for (let after = -1; ;) {
    const rows = await session.all<{ pos: number; content: string; goldLabel: string | null }>(
      `SELECT pos, content, gold_label AS "goldLabel" FROM assay_team.item
       WHERE project_key = $1 AND pos > $2 ORDER BY pos LIMIT $3`,
      [projectKey, after, page],
    );
    for (const { pos, content, goldLabel } of rows) {
      bytes += content.length;
      items.push({ pos, item: readForm(itemSchema, content), goldLabel });
      after = pos;
    }
    if (items.length > mostItems || bytes > mostBytes)
      throw new AppError(
        'TEAM_TOO_LARGE',
        'Nothing was joined: the project is larger than a team can share.',
      );
    if (rows.length < page) return items;
  }
}

/** Newest first. */
export async function listTeamProjects(session: TeamSession): Promise<Omit<SharedProject, 'projectId'>[]> {
  return session.all(
    `SELECT p.project_key AS "projectKey", p.name, p.dataset, m.name AS "from", p.overlap,
       to_char(p.published_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "publishedAt",
       (SELECT count(*) FROM assay_team.item i WHERE i.project_key = p.project_key)::integer AS items,
       (SELECT count(*) FROM (SELECT c.item_key FROM assay_team.claim c JOIN assay_team.item i USING (item_key)
          WHERE i.project_key = p.project_key AND c.status = 'submitted'
          GROUP BY c.item_key HAVING count(*) >= p.overlap) AS d)::integer AS complete,
       (SELECT count(*) FROM assay_team.claim c JOIN assay_team.item i USING (item_key)
          WHERE i.project_key = p.project_key AND c.status <> 'held')::integer AS answers,
       (SELECT count(DISTINCT a.rater_key) FROM assay_team.answer a WHERE a.project_key = p.project_key)::integer AS raters
     FROM assay_team.project p JOIN assay_team.machine m USING (machine_key) ORDER BY p.published_at DESC, p.project_key`,
  );
}
