import type { TeamSession } from './team-server.ts';

/** A rater at one machine, in a project of the team. */
interface TeamSeatKeys {
  readonly projectKey: string;
  readonly raterKey: string;
  readonly machineKey: string;
}

export interface Claim {
  readonly itemKey: string;
  readonly shownFirst: 'a' | 'b';
}

interface ClaimRequest extends TeamSeatKeys {
  /** Items to hold in all. */
  readonly count: number;
  readonly leaseSeconds: number;
}

/** Raters who have answered item `i`, or hold it with a lease that runs, without rater `$2`. */
const others = `(SELECT count(*) FROM assay_team.claim c WHERE c.item_key = i.item_key AND c.rater_key <> $2::uuid
  AND (c.status = 'submitted' OR (c.status = 'held' AND c.lease_until > clock_timestamp())))`;

/** The rater may be given item `i`: gold items always, others while they lack raters; never again what they have. */
const isOpen = `(i.gold_label IS NOT NULL OR ${others} < p.overlap)
  AND NOT EXISTS (SELECT 1 FROM assay_team.claim m WHERE m.item_key = i.item_key AND m.rater_key = $2::uuid
    AND (m.status <> 'held' OR m.lease_until > clock_timestamp()))`;

const tries = 4;

/**
 * Gives the rater the next open items until they hold `count` at this machine, and answers all they hold there in the
 * order of the queue, those of an interrupted call among them. Sides are drawn from seed, rater and item, and stay.
 *
 * The items are locked first, those that another claim has locked being passed over, and looked at again in a second
 * statement: only that sees what was claimed between the start of the first and its lock.
 */
export async function claimItems(session: TeamSession, request: ClaimRequest): Promise<Claim[]> {
  for (let attempt = 0; ; attempt++) {
    const held = await listHeld(session, request);
    const wanted = request.count - held.length;
    if (wanted <= 0 || attempt === tries) return held;
    const locked = await session.all<{ itemKey: string }>(
      `SELECT i.item_key AS "itemKey" FROM assay_team.item i JOIN assay_team.project p USING (project_key)
       WHERE i.project_key = $1 AND ${isOpen} ORDER BY i.pos LIMIT $3 FOR NO KEY UPDATE OF i SKIP LOCKED`,
      [request.projectKey, request.raterKey, wanted],
    );
    if (locked.length === 0) return held;
    await session.run(
      `INSERT INTO assay_team.claim (item_key, rater_key, machine_key, shown_first, status, lease_until)
       SELECT i.item_key, $2::uuid, $3::uuid,
         CASE WHEN ascii(right(md5(p.seed || '/' || $2::uuid::text || '/' || i.item_key), 1)) % 2 = 0 THEN 'a' ELSE 'b' END,
         'held', clock_timestamp() + make_interval(secs => $4)
       FROM assay_team.item i JOIN assay_team.project p USING (project_key)
       WHERE i.project_key = $1 AND i.item_key = ANY($5::uuid[]) AND ${isOpen}
       ON CONFLICT (item_key, rater_key) DO UPDATE
         SET machine_key = excluded.machine_key, lease_until = excluded.lease_until WHERE claim.status = 'held'`,
      [
        request.projectKey,
        request.raterKey,
        request.machineKey,
        request.leaseSeconds,
        locked.map(({ itemKey }) => itemKey),
      ],
    );
  }
}

async function listHeld(
  session: TeamSession,
  { projectKey, raterKey, machineKey }: TeamSeatKeys,
): Promise<Claim[]> {
  return session.all<Claim>(
    `SELECT c.item_key AS "itemKey", c.shown_first AS "shownFirst"
     FROM assay_team.claim c JOIN assay_team.item i USING (item_key)
     WHERE i.project_key = $1 AND c.rater_key = $2 AND c.machine_key = $3 AND c.status = 'held'
       AND c.lease_until > clock_timestamp() ORDER BY i.pos`,
    [projectKey, raterKey, machineKey],
  );
}

/** Items that could still be claimed, locked by another claim or not. */
export async function countOpen(
  session: TeamSession,
  { projectKey, raterKey }: TeamSeatKeys,
): Promise<number> {
  const row = await session.find<{ n: number }>(
    `SELECT count(*)::integer AS n FROM assay_team.item i JOIN assay_team.project p USING (project_key)
     WHERE i.project_key = $1 AND ${isOpen}`,
    [projectKey, raterKey],
  );
  return row?.n ?? 0;
}

/** Lets the leases of a machine run on, those that have run out only where the item still lacks raters. Answers how many run. */
export async function renewLeases(
  session: TeamSession,
  { projectKey, machineKey, leaseSeconds }: Omit<ClaimRequest, 'raterKey' | 'count'>,
): Promise<number> {
  await session.run(
    `SELECT 1 FROM assay_team.item i WHERE i.project_key = $1 AND EXISTS (SELECT 1 FROM assay_team.claim c
       WHERE c.item_key = i.item_key AND c.machine_key = $2 AND c.status = 'held')
     ORDER BY i.item_key FOR NO KEY UPDATE OF i`,
    [projectKey, machineKey],
  );
  return session.run(
    `UPDATE assay_team.claim c SET lease_until = clock_timestamp() + make_interval(secs => $3)
     FROM assay_team.item i JOIN assay_team.project p USING (project_key)
     WHERE i.item_key = c.item_key AND i.project_key = $1 AND c.machine_key = $2 AND c.status = 'held'
       AND (c.lease_until > clock_timestamp() OR i.gold_label IS NOT NULL OR p.overlap > (
         SELECT count(*) FROM assay_team.claim o WHERE o.item_key = c.item_key AND o.rater_key <> c.rater_key
           AND (o.status = 'submitted' OR (o.status = 'held' AND o.lease_until > clock_timestamp()))))`,
    [projectKey, machineKey, leaseSeconds],
  );
}

/** Gives back what a machine holds and has not answered. */
export async function releaseClaims(session: TeamSession, machineKey: string): Promise<number> {
  return session.run(
    `UPDATE assay_team.claim SET lease_until = clock_timestamp() WHERE machine_key = $1 AND status = 'held'`,
    [machineKey],
  );
}

/** Counts items as held that somebody had open when the project was published. */
export async function holdItems(
  session: TeamSession,
  claims: readonly (Claim & { readonly raterKey: string })[],
  { machineKey, leaseSeconds }: Pick<ClaimRequest, 'machineKey' | 'leaseSeconds'>,
): Promise<void> {
  await session.run(
    `INSERT INTO assay_team.claim (item_key, rater_key, machine_key, shown_first, status, lease_until)
     SELECT item_key, rater_key, $4, shown_first, 'held', clock_timestamp() + make_interval(secs => $5)
     FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t(item_key, rater_key, shown_first) ON CONFLICT DO NOTHING`,
    [
      claims.map((one) => one.itemKey),
      claims.map((one) => one.raterKey),
      claims.map((one) => one.shownFirst),
      machineKey,
      leaseSeconds,
    ],
  );
}
