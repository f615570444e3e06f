import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hasPostgres,
  makeDatabase,
  ownerPassword,
  postgresMissing,
  queryIn,
  startPostgres,
} from '../../support/postgres.ts';
import { says } from '../annotation/annotation-bench.ts';
import { answerAll, makeTeam, openTeamBench, placeOf, readVotes } from './team-bench.ts';

let server: Awaited<ReturnType<typeof startPostgres>>;

describe.skipIf(!hasPostgres)(`a team on PostgreSQL${hasPostgres ? '' : `: ${postgresMissing}`}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.end());

  it('a published project arrives whole in another workspace: texts, questions, guidelines, overlap, gold (would catch a lost part)', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, joined } = await makeTeam(server, database, {
      settings: { gold: { count: 2, source: 'labels' } },
    });
    const read = async (bench: typeof home, projectId: number) => {
      const rows = await bench.workspace.database.all(
        `SELECT i.pos, i.gold_label, p.text AS prompt, a.text AS a, b.text AS b, k.item_key FROM annotation_item i
         JOIN annotation_item_key k USING (project_id, comparison_id) JOIN comparison c USING (comparison_id)
         JOIN prompt p ON p.prompt_id = c.prompt_id JOIN response a ON a.response_id = c.response_a_id
         JOIN response b ON b.response_id = c.response_b_id WHERE i.project_id = ? ORDER BY i.pos`,
        [projectId],
      );
      const { settings } = await bench.service.projects.get(projectId);
      const { name, guidelines, questions, overlap } = settings;
      return { rows, name, guidelines, questions, overlap };
    };
    const here = await read(home, ann.projectId);
    expect(here.rows).toHaveLength(6);
    expect(here.rows.filter((row) => row['gold_label'] !== null)).toHaveLength(2);
    expect(await read(away, joined.projectId)).toEqual(here);
    expect(joined.items).toBe(6);
  });

  it('two workspaces answer one queue; each sees the other’s answers and the agreement over both (would catch votes that stay apart)', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database);
    expect(await answerAll(home, ann, { label: 'a' })).toHaveLength(6);
    expect(await answerAll(away, ben, { label: 'b' })).toHaveLength(6);
    await away.team.sync();
    expect(await home.team.sync()).toMatchObject({ received: 6, taken: 6, unreadable: 0 });
    await away.team.sync();
    const votes = await readVotes(home, ann.projectId);
    expect(await readVotes(away, ben.projectId)).toEqual(votes);
    expect(Object.keys(votes)).toHaveLength(12);
    const [question] = (await away.service.measureAgreement(ben.projectId)).questions;
    // They never agree: observed agreement 0 over 6 items.
    expect(question?.pairs[0]).toMatchObject({ observed: 0 });
    expect((await home.team.getStatus()).waiting).toBe(0);
    await home.team.sync();
    const merges = await home.workspace.database.all('SELECT report FROM annotation_merge');
    expect(merges).toHaveLength(1);
  });

  it('sides are drawn when an item is claimed, and stored with the vote on both machines', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, {
      pairs: 12,
      pace: { itemsAhead: 12 },
    });
    await answerAll(home, ann);
    await home.team.sync();
    await away.team.sync();
    const drawn = await queryIn<{ key: string; side: string }>(
      server,
      database,
      'SELECT item_key AS key, shown_first AS side FROM assay_team.claim ORDER BY 1',
    );
    expect(new Set(drawn.map(({ side }) => side))).toEqual(new Set(['a', 'b']));
    for (const [bench, { projectId }] of [
      [home, ann],
      [away, ben],
    ] as const)
      expect(
        await bench.workspace.database.all(
          `SELECT k.item_key AS key, v.shown_first AS side FROM vote v JOIN annotation_item_key k USING (comparison_id)
           WHERE k.project_id = ? ORDER BY 1`,
          [projectId],
        ),
      ).toEqual(drawn);
  });

  it('with an overlap of one nobody gets what another has answered or holds (would catch a queue that is not shared)', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 8, settings: { overlap: 1 } });
    const first = await answerAll(home, ann, { most: 2 });
    const second = await answerAll(away, ben);
    const rest = await answerAll(home, ann);
    const all = [...first, ...second, ...rest];
    expect(new Set(all).size).toBe(8);
    expect(all).toHaveLength(8);
  });

  it('a changed answer follows the first on both sides, and no third record appears', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 1 });
    const { item } = await home.service.openDesk(ann, null);
    const submission = {
      ...ann,
      comparisonId: item?.comparisonId ?? 0,
      status: 'submitted' as const,
      skipReason: null,
    };
    await home.service.submit({ ...submission, answers: says('a'), ms: 1 });
    await home.team.sync();
    await away.team.sync();
    await home.service.submit({ ...submission, answers: says('tie'), ms: 2 });
    await home.team.sync();
    await away.team.sync();
    expect(await readVotes(away, ben.projectId)).toEqual({ 'Ann: prompt 0': 'tie' });
    const rows = await queryIn(server, database, 'SELECT 1 FROM assay_team.answer');
    expect(rows).toHaveLength(2);
  });

  it('a name two people have holds answers back until somebody says who is who, then nothing is missing', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 4 });
    const otherAnn = { ...ben, raterId: await away.addRater('ann') };
    await answerAll(home, ann, { label: 'a' });
    await home.team.sync();
    expect((await away.service.openDesk(otherAnn, null)).item).toBeNull();
    await away.team.sync();
    const status = await away.team.getStatus();
    expect(status.namesakes).toEqual([{ raterId: otherAnn.raterId, name: 'ann' }]);
    expect(status.projects[0]?.heldBack).toBe(4);
    expect((await away.team.listConflicts(ben.projectId)).counts.rater).toBe(1);
    await away.team.settleRater(otherAnn.raterId, false);
    expect((await away.team.getStatus()).projects[0]?.heldBack).toBe(0);
    await answerAll(away, otherAnn, { label: 'b' });
    await away.team.sync();
    await home.team.sync();
    const votes = Object.keys(await readVotes(home, ann.projectId));
    expect(votes).toHaveLength(8);
    expect(votes.filter((key) => key.startsWith('ann (test)'))).toHaveLength(4);
  });

  it('the same person at two machines is never given an item twice', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 6 });
    const here = await answerAll(home, ann, { most: 3 });
    await home.team.sync();
    const again = { ...ben, raterId: await away.addRater('Ann') };
    await away.service.openDesk(again, null);
    await away.team.sync();
    await away.team.settleRater(again.raterId, true);
    const there = await answerAll(away, again);
    expect(there.filter((prompt) => here.includes(prompt))).toEqual([]);
    const held = await answerAll(home, ann);
    expect([...here, ...there, ...held].sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `prompt ${n}`));
  });

  it('two answers of one person to one item are a conflict, as in packs: held back until one is chosen', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 1, settings: { overlap: 1 } });
    await home.service.openDesk(ann, null);
    const again = { ...ben, raterId: await away.addRater('Ann') };
    await away.team.sync();
    await away.team.settleRater(again.raterId, true);
    await queryIn(server, database, `UPDATE assay_team.claim SET lease_until = now() - interval '1 second'`);
    expect(await answerAll(away, again, { label: 'b' })).toEqual(['prompt 0']);
    expect(await answerAll(home, ann, { label: 'a' })).toEqual(['prompt 0']);
    await away.team.sync();
    await home.team.sync();
    expect(await readVotes(home, ann.projectId)).toEqual({ 'Ann: prompt 0': 'a' });
    expect((await home.team.getStatus()).projects[0]?.heldBack).toBe(1);
    const { conflicts } = await home.team.listConflicts(ann.projectId);
    expect(conflicts).toMatchObject([{ kind: 'answer', rater: 'Ann', resolution: 'ours', isChosen: false }]);
    const choices = { defaults: {}, choices: { [conflicts[0]?.conflictId ?? '']: 'theirs' as const } };
    expect(await home.team.resolve(ann.projectId, choices)).toMatchObject({ taken: 1 });
    expect(await readVotes(home, ann.projectId)).toEqual({ 'Ann: prompt 0': 'b' });
    expect((await home.team.getStatus()).projects[0]?.heldBack).toBe(0);
    const [row] = await queryIn(server, database, 'SELECT count(*)::integer AS n FROM assay_team.answer');
    expect(row).toEqual({ n: 2 });
  });

  it('names that are SQL stay names (would catch a spliced value)', async () => {
    const database = await makeDatabase(server);
    const evil = `x'); DROP SCHEMA assay_team CASCADE; --`;
    const { home, ann, away, ben } = await makeTeam(server, database, { pairs: 2, settings: { name: evil } });
    const bad = { ...ann, raterId: await home.addRater(`Robert'); DELETE FROM assay_team.answer; --`) };
    await answerAll(home, bad);
    await home.team.sync();
    await away.team.sync();
    expect((await away.team.listProjects())[0]).toMatchObject({ name: evil, answers: 2, items: 2 });
    expect(Object.keys(await readVotes(away, ben.projectId))).toHaveLength(2);
    const refused = openTeamBench(1).then(({ team }) =>
      team.connect(placeOf(server, `${database}"; DROP SCHEMA assay_team CASCADE; --`)),
    );
    await expect(refused).rejects.toMatchObject({ code: 'TEAM_DATABASE_MISSING' });
    const [row] = await queryIn(server, database, 'SELECT count(*)::integer AS n FROM assay_team.answer');
    expect(row).toEqual({ n: 2 });
  });

  it('texts that PostgreSQL cannot hold as text arrive unchanged; ones that are too long are refused', async () => {
    const database = await makeDatabase(server);
    const home = await openTeamBench(2);
    const set = (text: string) =>
      home.workspace.database.write((session) =>
        session.run(
          `UPDATE response SET text = ? WHERE text = 'first 0' OR length(text) > 100 OR text LIKE 'zero%'`,
          [text],
        ),
      );
    await set('zero \u0000 and \ud83d\ude00');
    const projectId = await home.create({ name: 'Study' });
    await home.team.connect(placeOf(server, database, { setUp: true }));
    const { projectKey } = await home.team.publish(projectId);
    const away = await openTeamBench(1);
    await away.team.connect(placeOf(server, database));
    await away.team.join(projectKey);
    expect(await away.workspace.database.all(`SELECT text FROM response WHERE text LIKE 'zero%'`)).toEqual([
      { text: 'zero \u0000 and \ud83d\ude00' },
    ]);
    await set('long '.repeat(300_000));
    const second = await home.create({ name: 'Long' });
    await expect(home.team.publish(second)).rejects.toMatchObject({ code: 'TEAM_TOO_LARGE' });
    expect(await home.team.listProjects()).toHaveLength(1);
  });

  it('the password is in no table, no log of the contract, and its file is for its owner alone', async () => {
    const database = await makeDatabase(server);
    const { team, workspace } = await openTeamBench(1);
    const status = await team.connect(placeOf(server, database, { setUp: true, keepPassword: true }));
    expect(JSON.stringify(status)).not.toContain(ownerPassword);
    const file = path.join(workspace.path, 'team-password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await workspace.database.enterWriteLane((session) => session.run('CHECKPOINT'));
    expect(readFileSync(path.join(workspace.path, 'assay.duckdb')).includes(ownerPassword)).toBe(false);
    await team.leave(false);
    expect(() => statSync(file)).toThrow();
  });

  it('switched off, nothing is connected, and answers wait here', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann } = await makeTeam(server, database, { pairs: 4 });
    await answerAll(home, ann, { most: 1 });
    await away.team.switch(false);
    expect((await home.team.switch(false)).state).toBe('off');
    await home.team.start();
    expect(await home.team.listAddresses()).toEqual([]);
    await expect(home.team.listProjects()).rejects.toMatchObject({ code: 'TEAM_OFF' });
    expect(await answerAll(home, ann)).toHaveLength(3);
    const connected = await queryIn(
      server,
      database,
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assay'`,
    );
    expect(connected).toEqual([]);
    expect((await home.team.getStatus()).waiting).toBeGreaterThanOrEqual(3);
    await home.team.switch(true);
    await home.team.sync();
    expect((await home.team.getStatus()).waiting).toBe(0);
  });

  it('leaving gives back what is held, and a project goes on here alone', async () => {
    const database = await makeDatabase(server);
    const { home, away, ann, ben } = await makeTeam(server, database, { pairs: 4, settings: { overlap: 1 } });
    await home.service.openDesk(ann, null);
    expect((await away.service.openDesk(ben, null)).item).toBeNull();
    await home.team.leave(false);
    expect((await home.team.getStatus()).state).toBe('none');
    expect(await answerAll(away, ben)).toHaveLength(4);
    expect(await answerAll(home, ann)).toHaveLength(4);
  });
});
