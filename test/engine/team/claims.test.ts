import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimItems, renewLeases } from '../../../electron/core/annotation/team/claims.ts';
import { setUpTeam } from '../../../electron/core/annotation/team/schema.ts';
import { TeamServer, usualLimits } from '../../../electron/core/annotation/team/team-server.ts';
import {
  hasPostgres,
  makeDatabase,
  postgresMissing,
  queryIn,
  startPostgres,
} from '../../support/postgres.ts';
import { seeded } from '../../support/seeded.ts';
import { placeOf } from './team-bench.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;

async function openQueue({
  items,
  overlap,
  gold = 0,
  done = 0,
}: {
  items: number;
  overlap: number;
  gold?: number;
  done?: number;
}) {
  const database = await makeDatabase(postgres);
  const place = placeOf(postgres, database);
  const server = new TeamServer(place, place.password, { ...usualLimits, connections: 12 });
  const projectKey = randomUUID();
  const machineKey = randomUUID();
  await server.transact(async (session) => {
    await setUpTeam(session);
    await session.run(`INSERT INTO assay_team.machine (machine_key, name) VALUES ($1, 'm')`, [machineKey]);
    await session.run(
      `INSERT INTO assay_team.project (project_key, hand_off_key, name, dataset, document, overlap, seed, machine_key)
       VALUES ($1, gen_random_uuid(), 'p', 'd', '{}', $2, 1, $3)`,
      [projectKey, overlap, machineKey],
    );
    await session.run(
      `INSERT INTO assay_team.item (item_key, project_key, pos, text_hash, content, gold_label)
       SELECT gen_random_uuid(), $1, n, repeat('0', 64), '{}', CASE WHEN n < $3 THEN 'a' END FROM generate_series(0, $2 - 1) AS n`,
      [projectKey, items + done, gold],
    );
    await session.run(`INSERT INTO assay_team.rater (rater_key, name) VALUES (gen_random_uuid(), 'former')`);
    await session.run(
      `INSERT INTO assay_team.claim (item_key, rater_key, machine_key, shown_first, status, lease_until)
       SELECT i.item_key, f.rater_key, $1, 'a', 'submitted', now() FROM assay_team.item i, assay_team.rater f WHERE i.pos < $2`,
      [machineKey, done],
    );
  });
  const addRater = async (name: string) => {
    const raterKey = randomUUID();
    await server.transact((session) =>
      session.run('INSERT INTO assay_team.rater (rater_key, name) VALUES ($1, $2)', [raterKey, name]),
    );
    return raterKey;
  };
  return { database, server, projectKey, machineKey, addRater };
}

describe.skipIf(!hasPostgres)(`claims${hasPostgres ? '' : `: ${postgresMissing}`}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.end());

  it.each([
    { seed: 1, items: 40, overlap: 1, raters: 8, gold: 0, done: 0 },
    // The search passes many items that are done, so that others claim between its start and its locks.
    { seed: 4, items: 60, overlap: 1, raters: 10, gold: 0, done: 3_000 },
    { seed: 2, items: 30, overlap: 2, raters: 10, gold: 3, done: 0 },
    { seed: 3, items: 17, overlap: 3, raters: 5, gold: 0, done: 0 },
  ])(
    'many raters at once never get an item beyond its overlap, and none twice: %o (would catch a check before the lock)',
    async ({ seed, items, overlap, raters, gold, done }) => {
      const { database, server, projectKey, machineKey, addRater } = await openQueue({
        items,
        overlap,
        gold,
        done,
      });
      const random = seeded(seed);
      const keys = await Promise.all(Array.from({ length: raters }, (_, index) => addRater(`r${index}`)));
      const given: { raterKey: string; itemKey: string }[] = [];
      await Promise.all(
        keys.flatMap((raterKey) =>
          // Two windows of the same person ask at the same time.
          [0, 1].map(async () => {
            for (let count = 1; count <= items; count += 1 + Math.floor(random() * 5)) {
              const request = { projectKey, raterKey, machineKey, count, leaseSeconds: 600 };
              const claims = await server.transact((session) => claimItems(session, request));
              for (const { itemKey } of claims) given.push({ raterKey, itemKey });
            }
          }),
        ),
      );
      const perItem = new Map<string, Set<string>>();
      for (const { raterKey, itemKey } of given)
        perItem.set(itemKey, (perItem.get(itemKey) ?? new Set()).add(raterKey));
      const rows = await queryIn<{ itemKey: string; isGold: boolean; n: number }>(
        postgres,
        database,
        `SELECT i.item_key AS "itemKey", i.gold_label IS NOT NULL AS "isGold", count(c.*)::integer AS n
         FROM assay_team.item i LEFT JOIN assay_team.claim c USING (item_key) WHERE i.pos >= $1 GROUP BY 1, 2`,
        [done],
      );
      for (const { itemKey, isGold, n } of rows) {
        expect(perItem.get(itemKey)?.size ?? 0).toBe(n);
        expect(n).toBeLessThanOrEqual(isGold ? raters : overlap);
      }
      // Everything that could be given was: the last request of each rater asks for all items.
      expect(rows.reduce((sum, { n, isGold }) => sum + (isGold ? 0 : n), 0)).toBe((items - gold) * overlap);
      await server.close();
    },
  );

  it('a lease that ran out gives the item to others, and cannot be renewed once they have it', async () => {
    const { server, projectKey, machineKey, addRater, database } = await openQueue({ items: 1, overlap: 1 });
    const [ann, ben] = [await addRater('Ann'), await addRater('Ben')];
    const claim = (raterKey: string, leaseSeconds: number) =>
      server.transact((session) =>
        claimItems(session, { projectKey, raterKey, machineKey, count: 1, leaseSeconds }),
      );
    expect(await claim(ann, 600)).toHaveLength(1);
    expect(await claim(ben, 600)).toHaveLength(0);
    await queryIn(
      postgres,
      database,
      `UPDATE assay_team.claim SET lease_until = now() - interval '1 second'`,
    );
    expect(await claim(ben, 600)).toHaveLength(1);
    const renewed = await server.transact((session) =>
      renewLeases(session, { projectKey, machineKey, leaseSeconds: 600 }),
    );
    expect(renewed).toBe(1);
    expect(await claim(ann, 600)).toHaveLength(0);
    await server.close();
  });

  it('an item that is claimed again is shown with the same side first', async () => {
    const { server, projectKey, machineKey, addRater, database } = await openQueue({ items: 20, overlap: 1 });
    const request = { projectKey, machineKey, raterKey: await addRater('Ann'), count: 20, leaseSeconds: 600 };
    const first = await server.transact((session) => claimItems(session, request));
    await queryIn(
      postgres,
      database,
      `UPDATE assay_team.claim SET lease_until = now() - interval '1 second'`,
    );
    expect(await server.transact((session) => claimItems(session, request))).toEqual(first);
    expect(new Set(first.map(({ shownFirst }) => shownFirst)).size).toBe(2);
    await server.close();
  });
});
