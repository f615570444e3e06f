import type { Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { AnnotationItem, Answers, Desk, Draft, Progress } from '../../contract/annotation.contract.ts';
import type { Message } from '../../contract/corpus.contract.ts';
import { isRemoteImage } from '../corpus/media/image-file.ts';
import type { StoredProject } from './project.repository.ts';
import { imagesSql, namedImageJoins, shownTextSql } from './shown-text.ts';
import { findShare } from './team/team.repository.ts';

/** Who works on what. */
export interface Seat {
  readonly project: StoredProject;
  readonly raterId: number;
}

/** An item a rater has been given and not answered counts towards the overlap for this long. */
const heldFor = "INTERVAL '12 hours'";

/** Raters an item still waits for on other machines it was handed off to: comparison_id, held. One parameter, the project. */
export const claimedElsewhere = `SELECT t.comparison_id, sum(greatest(o.overlap - coalesce(k.n, 0), 0)) AS held
  FROM annotation_hand_off o JOIN annotation_hand_off_item t USING (hand_off_id)
  LEFT JOIN (SELECT r.hand_off_id, w.project_id, w.comparison_id, count(*) AS n FROM annotation_answer w
    JOIN annotation_hand_off_rater r USING (rater_id) WHERE w.is_current AND w.status = 'submitted' GROUP BY ALL) k
    ON k.hand_off_id = o.hand_off_id AND k.project_id = o.project_id AND k.comparison_id = t.comparison_id
  WHERE o.project_id = ? AND o.is_open GROUP BY t.comparison_id`;

/**
 * Items open to a rater who has not been given them: gold items, and those that fewer raters than the overlap have
 * answered or hold, here or elsewhere. A skip does not count as an answer.
 */
const openItems = `SELECT i.comparison_id, i.pos FROM annotation_item i
  LEFT JOIN (
    SELECT s.comparison_id, count(*) FILTER (w.status = 'submitted' OR (w.status IS NULL AND s.assigned_at > now() - ${heldFor})) AS held,
      bool_or(s.rater_id = ?) AS is_mine
    FROM annotation_assignment s LEFT JOIN annotation_answer w
      ON w.project_id = s.project_id AND w.rater_id = s.rater_id AND w.comparison_id = s.comparison_id AND w.is_current
    WHERE s.project_id = ? GROUP BY s.comparison_id) h ON h.comparison_id = i.comparison_id
  LEFT JOIN (${claimedElsewhere}) e ON e.comparison_id = i.comparison_id
  WHERE i.project_id = ? AND NOT coalesce(h.is_mine, false)
    AND (i.gold_label IS NOT NULL OR coalesce(h.held, 0) + coalesce(e.held, 0) < ?)`;

const openParameters = ({ project, raterId }: Seat) => [
  raterId,
  project.projectId,
  project.projectId,
  project.projectId,
  project.settings.overlap,
];

/**
 * Gives the rater the next open item, with sides in an order drawn from seed, rater and pair. Undefined where none is left, and in
 * a project that a team shares: there the team gives items, beforehand.
 */
async function claimNext(session: Session, seat: Seat): Promise<number | undefined> {
  const { project, raterId } = seat;
  if (await findShare(session, project.projectId)) return undefined;
  const next = await session.find<{ comparisonId: number }>(
    `SELECT comparison_id AS "comparisonId" FROM (${openItems}) ORDER BY pos LIMIT 1`,
    openParameters(seat),
  );
  if (!next) return undefined;
  await session.run(
    `INSERT INTO annotation_assignment (project_id, rater_id, turn, comparison_id, shown_first)
     SELECT ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM annotation_assignment WHERE project_id = ? AND rater_id = ?), ?,
       CASE WHEN ascii(right(md5(? || '/' || ? || '/' || ?), 1)) % 2 = 0 THEN 'a' ELSE 'b' END`,
    [
      project.projectId,
      raterId,
      project.projectId,
      raterId,
      next.comparisonId,
      String(project.settings.seed),
      String(raterId),
      String(next.comparisonId),
    ],
  );
  return next.comparisonId;
}

async function findOpen(session: Session, { project, raterId }: Seat): Promise<number | undefined> {
  const row = await session.find<{ comparisonId: number }>(
    `SELECT s.comparison_id AS "comparisonId" FROM annotation_assignment s
     WHERE s.project_id = ? AND s.rater_id = ? AND NOT EXISTS (SELECT 1 FROM annotation_answer w
       WHERE w.project_id = s.project_id AND w.rater_id = s.rater_id AND w.comparison_id = s.comparison_id AND w.is_current)
     ORDER BY s.turn LIMIT 1`,
    [project.projectId, raterId],
  );
  return row?.comparisonId;
}

/** The item a rater has at a turn, or at no turn yet. */
async function findTurn(
  session: Session,
  { project, raterId }: Seat,
  turn: number,
): Promise<number | undefined> {
  const row = await session.find<{ comparisonId: number }>(
    'SELECT comparison_id AS "comparisonId" FROM annotation_assignment WHERE project_id = ? AND rater_id = ? AND turn = ?',
    [project.projectId, raterId, turn],
  );
  return row?.comparisonId;
}

export interface Assignment {
  readonly turn: number;
  readonly shownFirst: 'a' | 'b';
}

/** Throws ANNOTATION_ITEM_MISSING where the rater has not been given the pair. */
export async function getAssignment(session: Session, seat: Seat, comparisonId: number): Promise<Assignment> {
  const { project, raterId } = seat;
  const found = await session.find<Assignment>(
    `SELECT turn, shown_first AS "shownFirst" FROM annotation_assignment WHERE project_id = ? AND rater_id = ? AND comparison_id = ?`,
    [project.projectId, raterId, comparisonId],
  );
  if (found) return found;
  throw new AppError(
    'ANNOTATION_ITEM_MISSING',
    'This item was not opened: it is not among those of this rater. Go back to the project.',
    { comparisonId },
  );
}

export interface ImageRow {
  readonly mediaId: number;
  readonly path: string;
}

interface ItemRow {
  prompt: string;
  promptMessages: Message[] | null;
  textA: string;
  messagesA: Message[] | null;
  textB: string;
  messagesB: Message[] | null;
  imagesA: ImageRow[] | null;
  imagesB: ImageRow[] | null;
  serial: number | null;
  draft: string | null;
  draftMs: number | null;
  revision: number | null;
  status: 'submitted' | 'skipped' | null;
  answers: string | null;
  skipReason: string | null;
  ms: number | null;
}

// Answers are stored by `submit` and `saveDraft`, and read back unchanged.
const parseAnswers = (text: string) => JSON.parse(text) as Answers;

/** Images without their paths, which can tell who made them. */
export const listImages = (images: readonly ImageRow[] | null) =>
  (images ?? []).map(({ mediaId, path }) => ({ mediaId, isLocal: !isRemoteImage(path) }));

async function readItem(session: Session, seat: Seat, comparisonId: number): Promise<AnnotationItem> {
  const assignment = await getAssignment(session, seat, comparisonId);
  const { project, raterId } = seat;
  const row = await session.find<ItemRow>(
    `SELECT p.text AS prompt, p.messages AS "promptMessages", ${shownTextSql('a')} AS "textA", a.messages AS "messagesA",
       ${shownTextSql('b')} AS "textB", b.messages AS "messagesB", ${imagesSql('a')} AS "imagesA", ${imagesSql('b')} AS "imagesB", t.serial, t.answers::VARCHAR AS draft, t.ms AS "draftMs", w.revision, w.status,
       w.answers::VARCHAR AS answers, w.skip_reason AS "skipReason", w.ms
     FROM comparison c JOIN prompt p ON p.prompt_id = c.prompt_id
       JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id ${namedImageJoins}
       LEFT JOIN annotation_draft t ON t.comparison_id = c.comparison_id AND t.project_id = ? AND t.rater_id = ?
       LEFT JOIN annotation_answer w ON w.comparison_id = c.comparison_id AND w.project_id = ? AND w.rater_id = ? AND w.is_current
     WHERE c.comparison_id = ?`,
    [project.projectId, raterId, project.projectId, raterId, comparisonId],
  );
  if (!row)
    throw new AppError(
      'ROW_MISSING',
      `The item was not opened: pair ${comparisonId} has been removed from the dataset.`,
      {
        comparisonId,
      },
    );
  return { comparisonId, ...assignment, ...toItem(row) };
}

function toItem(row: ItemRow): Omit<AnnotationItem, 'comparisonId' | 'turn' | 'shownFirst'> {
  const draft: Draft | null =
    row.draft === null
      ? null
      : { serial: row.serial ?? 0, answers: parseAnswers(row.draft), ms: row.draftMs ?? 0 };
  return {
    prompt: {
      text: row.prompt,
      messages: row.promptMessages ?? [{ role: 'user', content: row.prompt }],
    },
    responses: [
      { text: row.textA, messages: row.messagesA, images: listImages(row.imagesA) },
      { text: row.textB, messages: row.messagesB, images: listImages(row.imagesB) },
    ],
    draft,
    answer:
      row.revision === null || row.status === null
        ? null
        : {
            revision: row.revision,
            status: row.status,
            answers: parseAnswers(row.answers ?? '{}'),
            skipReason: row.skipReason,
            ms: row.ms ?? 0,
          },
  };
}

/** What a rater has done and has left, and their pace. */
export async function readProgress(session: Session, seat: Seat): Promise<Progress> {
  const { project, raterId } = seat;
  return session.one<Progress>(
    `WITH mine AS (SELECT * FROM annotation_answer WHERE project_id = ? AND rater_id = ? AND is_current)
     SELECT (SELECT count(*) FROM mine WHERE status = 'submitted') AS submitted,
       (SELECT count(*) FROM mine WHERE status = 'skipped') AS skipped,
       (SELECT count(*) FROM (${openItems})) + (SELECT count(*) FROM annotation_assignment WHERE project_id = ? AND rater_id = ?)
         - (SELECT count(*) FROM mine) AS remaining,
       (SELECT 3.6e6 / nullif(avg(ms), 0) FROM (SELECT ms FROM mine ORDER BY answered_at DESC LIMIT 20)) AS "itemsPerHour"`,
    [project.projectId, raterId, ...openParameters(seat), project.projectId, raterId],
  );
}

/**
 * What the rater has before them: a pair given by id, else the first one open, and the one that follows, both frozen
 * for this rater by being read. Throws ANNOTATION_ITEM_MISSING.
 */
export async function openDesk(session: Session, seat: Seat, wanted: number | null): Promise<Desk> {
  const { project } = seat;
  const comparisonId = wanted ?? (await findOpen(session, seat)) ?? (await claimNext(session, seat));
  const item = comparisonId === undefined ? null : await readItem(session, seat, comparisonId);
  const upcomingId = item
    ? ((await findTurn(session, seat, item.turn + 1)) ?? (await claimNext(session, seat)))
    : undefined;
  const lastTurn = item ? item.turn : Number.MAX_SAFE_INTEGER;
  const previous = await session.find<{ comparisonId: number }>(
    `SELECT comparison_id AS "comparisonId" FROM annotation_assignment WHERE project_id = ? AND rater_id = ? AND turn < ?
     ORDER BY turn DESC LIMIT 1`,
    [project.projectId, seat.raterId, lastTurn],
  );
  return {
    project,
    item,
    upcoming: upcomingId === undefined ? null : await readItem(session, seat, upcomingId),
    previousId: previous?.comparisonId ?? null,
    progress: await readProgress(session, seat),
  };
}
