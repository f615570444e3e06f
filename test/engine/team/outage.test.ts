import { describe, expect, it, onTestFinished } from 'vitest';
import { TeamService } from '../../../electron/core/annotation/team/team.service.ts';
import {
  hasPostgres,
  makeDatabase,
  postgresMissing,
  queryIn,
  startPostgres,
} from '../../support/postgres.ts';
import { says } from '../annotation/annotation-bench.ts';
import { answerAll, makeTeam, placeOf, readVotes, type TeamBench } from './team-bench.ts';

async function openServer() {
  const server = await startPostgres();
  onTestFinished(() => server.end());
  return { server, database: await makeDatabase(server) };
}

const patience = { timeout: 60_000, interval: 100 };
const quick = { pollMs: 150, connectMs: 2_000, deskWaitMs: 10_000, itemsAhead: 6 };

/** Rows of the server's record of answers, and how many different answers of raters to items they are. */
async function countStored(server: Parameters<typeof queryIn>[0], database: string) {
  const [row] = await queryIn<{ rows: number; places: number }>(
    server,
    database,
    `SELECT count(*)::integer AS rows, count(DISTINCT (rater_key, item_key))::integer AS places FROM assay_team.answer`,
  );
  return row;
}

async function waitingOf({ team }: TeamBench): Promise<number> {
  return (await team.getStatus()).waiting;
}

describe.skipIf(!hasPostgres)(
  `PostgreSQL goes away in the middle of annotation${hasPostgres ? '' : `: ${postgresMissing}`}`,
  () => {
    it.each(['immediate', 'kill'] as const)(
      'stopped (%s): annotation goes on offline, and afterwards every answer is there exactly once (would catch a lost or doubled answer)',
      async (way) => {
        const { server, database } = await openServer();
        const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 12, pace: quick });
        await home.team.start();
        await away.team.start();
        expect(await answerAll(home, ann, { label: 'a', most: 3 })).toHaveLength(3);
        expect(await answerAll(away, ben, { label: 'b', most: 3 })).toHaveLength(3);
        await expect.poll(() => waitingOf(home), patience).toBe(0);

        await server.stop(way);
        const before = Date.now();
        const offline = await answerAll(home, ann, { label: 'a', most: 3 });
        expect(offline).toHaveLength(3);
        const also = await answerAll(away, ben, { label: 'b', most: 3 });
        expect(also).toHaveLength(3);
        // Twelve pages and answers without a server; a desk that waited for it would take its time-out for each.
        expect(Date.now() - before).toBeLessThan(25_000);
        await expect.poll(async () => (await home.team.getStatus()).state, patience).toBe('offline');
        expect(await waitingOf(home)).toBe(3);
        const seat = await home.team.getSeat(ann);
        expect(seat).toMatchObject({ isShared: true, state: 'offline', waiting: 3 });
        expect(seat.failure?.code).toBe('TEAM_UNREACHABLE');
        const [kept] = await home.workspace.database.all<{ n: number }>(
          `SELECT count(*) AS n FROM vote v JOIN annotation_rater_annotator m USING (annotator_id) WHERE m.rater_id = ${ann.raterId}`,
        );
        expect(kept?.n).toBe(6);

        await server.start();
        await expect.poll(() => waitingOf(home), patience).toBe(0);
        await expect.poll(() => waitingOf(away), patience).toBe(0);
        expect(await countStored(server, database)).toEqual({ rows: 12, places: 12 });
        const finish = async (bench: TeamBench, person: typeof ann, label: 'a' | 'b') => {
          await expect
            .poll(
              async () => {
                await answerAll(bench, person, { label });
                return Object.keys(await readVotes(bench, person.projectId)).length;
              },
              { ...patience, interval: 300 },
            )
            .toBeGreaterThanOrEqual(12);
        };
        await finish(home, ann, 'a');
        await finish(away, ben, 'b');
        await expect
          .poll(async () => Object.keys(await readVotes(home, ann.projectId)).length, patience)
          .toBe(24);
        await expect
          .poll(async () => Object.keys(await readVotes(away, ben.projectId)).length, patience)
          .toBe(24);
        expect(await readVotes(away, ben.projectId)).toEqual(await readVotes(home, ann.projectId));
        expect(await countStored(server, database)).toEqual({ rows: 24, places: 24 });
      },
    );

    it('killed three times while answers are on their way: each arrives once (would catch sending without a key)', async () => {
      const { server, database } = await openServer();
      const pairs = 24;
      const { home, ann } = await makeTeam(server, database, {
        pairs,
        pace: { ...quick, itemsAhead: pairs },
      });
      await home.team.start();
      let isDone = false;
      const killing = (async () => {
        for (let round = 0; round < 3 && !isDone; round++) {
          await new Promise((resolve) => setTimeout(resolve, 400));
          await server.stop('kill');
          await server.start();
        }
      })();
      for (let answered = 0; answered < pairs;) {
        const { item } = await home.service.openDesk(ann, null);
        if (!item) await new Promise((resolve) => setTimeout(resolve, 200));
        else {
          await home.answer(ann, () => says('a'));
          answered += 1;
        }
      }
      isDone = true;
      await killing;
      await expect.poll(() => waitingOf(home), patience).toBe(0);
      expect(await countStored(server, database)).toEqual({ rows: pairs, places: pairs });
    });

    it('a program that ended while the server was away sends at its next start', async () => {
      const { server, database } = await openServer();
      const { home, ann } = await makeTeam(server, database, { pairs: 4, pace: quick });
      await home.team.connect(placeOf(server, database, { keepPassword: true }));
      await home.service.openDesk(ann, null);
      await server.stop('immediate');
      await answerAll(home, ann, { most: 2 });
      await home.team.close();
      const nothing = () => Promise.resolve();
      const again = new TeamService({
        workspace: home.workspace,
        onChanged: nothing,
        onOpened: nothing,
        pace: quick,
      });
      onTestFinished(() => again.close());
      await again.start();
      await expect.poll(async () => (await again.getStatus()).state, patience).toBe('offline');
      expect((await again.getStatus()).waiting).toBe(2);
      await expect(again.leave(false)).rejects.toMatchObject({ code: 'TEAM_ANSWERS_WAITING' });
      await server.start();
      await expect.poll(async () => (await again.getStatus()).waiting, patience).toBe(0);
      expect(await countStored(server, database)).toEqual({ rows: 2, places: 2 });
    });

    it('a server restored from an old backup gets the answers again that it lost', async () => {
      const { server, database } = await openServer();
      const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 4 });
      await answerAll(home, ann);
      await home.team.sync();
      await away.team.sync();
      await queryIn(server, database, 'DELETE FROM assay_team.answer; DELETE FROM assay_team.claim');
      await home.team.signIn(placeOf(server, database).password, false);
      expect(await countStored(server, database)).toEqual({ rows: 4, places: 4 });
      await away.team.sync();
      expect(Object.keys(await readVotes(away, ben.projectId))).toHaveLength(4);
    });

    it('an answer whose receipt was lost is not stored twice', async () => {
      const { server, database } = await openServer();
      const { home, ann } = await makeTeam(server, database, { pairs: 3 });
      await answerAll(home, ann);
      await home.team.sync();
      await home.workspace.database.write((session) => session.run('DELETE FROM team_sent'));
      expect(await waitingOf(home)).toBe(3);
      await home.team.sync();
      expect(await waitingOf(home)).toBe(0);
      expect(await countStored(server, database)).toEqual({ rows: 3, places: 3 });
    });
  },
);
