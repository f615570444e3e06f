import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TeamConnect } from '../../../electron/contract/team.contract.ts';
import { TeamServer } from '../../../electron/core/annotation/team/team-server.ts';
import {
  hasOpenssl,
  hasPostgres,
  makeCertificate,
  makeDatabase,
  postgresMissing,
  queryIn,
  startPostgres,
} from '../../support/postgres.ts';
import { openTeamBench, placeOf } from './team-bench.ts';

let server: Awaited<ReturnType<typeof startPostgres>>;

async function tryConnect(place: TeamConnect) {
  const { team, workspace } = await openTeamBench(1);
  const result = await team.connect(place).then(
    () => 'connected',
    (error: unknown) => error as { code: string; message: string },
  );
  const kept = await workspace.database.all('SELECT 1 FROM team_connection');
  return { result, kept: kept.length };
}

describe.skipIf(!hasPostgres)(
  `connections that are refused${hasPostgres ? '' : `: ${postgresMissing}`}`,
  () => {
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.end());

    it('a wrong password, and none, are refused without being kept or told', async () => {
      const database = await makeDatabase(server);
      for (const password of ['wrong word', null]) {
        const { result, kept } = await tryConnect(
          placeOf(server, database, { password, keepPassword: true }),
        );
        expect(result).toMatchObject({ code: 'TEAM_LOGIN_FAILED' });
        expect(JSON.stringify(result)).not.toContain('wrong word');
        expect(kept).toBe(0);
      }
    });

    it('PGPASSWORD and the like are not taken from the environment', async () => {
      const database = await makeDatabase(server);
      process.env['PGPASSWORD'] = placeOf(server, database).password ?? '';
      onTestFinished(() => {
        delete process.env['PGPASSWORD'];
      });
      const { result } = await tryConnect(placeOf(server, database, { password: null, setUp: true }));
      expect(result).toMatchObject({ code: 'TEAM_LOGIN_FAILED' });
    });

    it('a database without the team’s tables asks to be set up, and setting up twice changes nothing', async () => {
      const database = await makeDatabase(server);
      expect(await tryConnect(placeOf(server, database))).toMatchObject({
        result: { code: 'TEAM_SCHEMA_MISSING' },
        kept: 0,
      });
      for (let turn = 0; turn < 2; turn++)
        expect((await tryConnect(placeOf(server, database, { setUp: true }))).result).toBe('connected');
      expect(await queryIn(server, database, 'SELECT 1 FROM assay_team.team')).toHaveLength(1);
      expect((await tryConnect(placeOf(server, database))).result).toBe('connected');
    });

    it('tables of a newer program are left alone, also by setting up', async () => {
      const database = await makeDatabase(server);
      await tryConnect(placeOf(server, database, { setUp: true }));
      await queryIn(
        server,
        database,
        `INSERT INTO assay_team.schema_version (version, name) VALUES (99, 'later')`,
      );
      for (const setUp of [false, true])
        expect((await tryConnect(placeOf(server, database, { setUp }))).result).toMatchObject({
          code: 'TEAM_SCHEMA_NEWER',
        });
    });

    it('another team behind the same address gets nothing (would catch answers sent to a database made anew)', async () => {
      const database = await makeDatabase(server);
      const { team } = await openTeamBench(1);
      await team.connect(placeOf(server, database, { setUp: true }));
      await queryIn(server, database, 'UPDATE assay_team.team SET team_key = gen_random_uuid()');
      await team.signIn(placeOf(server, database).password, false).then(
        () => expect.unreachable(),
        (error: unknown) => expect(error).toMatchObject({ code: 'TEAM_OTHER' }),
      );
      expect((await team.getStatus()).state).toBe('refused');
    });

    it('a role without rights, a database that is not there, and nobody listening have words of their own', async () => {
      const database = await makeDatabase(server);
      await server.query(`CREATE ROLE guest_${database} LOGIN PASSWORD 'guest'`);
      const guest = { user: `guest_${database}`, password: 'guest' };
      expect((await tryConnect(placeOf(server, database, { ...guest, setUp: true }))).result).toMatchObject({
        code: 'TEAM_ACCESS_DENIED',
      });
      expect((await tryConnect(placeOf(server, 'nowhere'))).result).toMatchObject({
        code: 'TEAM_DATABASE_MISSING',
      });
      expect((await tryConnect({ ...placeOf(server, database), port: 1 })).result).toMatchObject({
        code: 'TEAM_UNREACHABLE',
      });
      await tryConnect(placeOf(server, database, { setUp: true }));
      expect((await tryConnect(placeOf(server, database, guest))).result).toMatchObject({
        code: 'TEAM_ACCESS_DENIED',
      });
    });

    it('TLS that was asked for is never given up: a server without it is refused', async () => {
      const database = await makeDatabase(server);
      expect((await tryConnect(placeOf(server, database, { tls: 'verify' }))).result).toMatchObject({
        code: 'TEAM_TLS_FAILED',
      });
    });

    it('a local socket works without TLS', async () => {
      const database = await makeDatabase(server);
      const place = placeOf(server, database, { host: server.folder, setUp: true });
      expect((await tryConnect(place)).result).toBe('connected');
    });

    it('a server that says nothing is given up after the time-out', async () => {
      const silent = createServer(() => undefined);
      onTestFinished(() => void silent.close());
      const port = await new Promise<number>((resolve) => {
        silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
      });
      const place = { ...placeOf(server, 'postgres'), port };
      expect((await tryConnect(place)).result).toMatchObject({ code: 'TEAM_UNREACHABLE' });
    });
  },
);

describe.skipIf(!hasPostgres || !hasOpenssl)(
  `TLS${hasPostgres ? (hasOpenssl ? '' : ': SKIPPED, the program openssl is not installed') : `: ${postgresMissing}`}`,
  () => {
    it('a certificate nobody vouches for is refused; with its CA file the connection is made and encrypted', async () => {
      const { folder, certificate, settings } = makeCertificate();
      const secure = await startPostgres(settings);
      onTestFinished(async () => {
        await secure.end();
        rmSync(folder, { recursive: true, force: true });
      });
      const place = placeOf(secure, 'postgres', { tls: 'verify', setUp: true });
      expect((await tryConnect(place)).result).toMatchObject({ code: 'TEAM_TLS_FAILED' });
      expect((await tryConnect({ ...place, caFile: certificate })).result).toBe('connected');
      const server = new TeamServer({ ...place, caFile: certificate }, place.password);
      const row = await server.transact((session) =>
        session.find('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
      );
      await server.close();
      expect(row).toEqual({ ssl: true });
      expect((await tryConnect({ ...place, host: 'localhost', caFile: certificate })).result).toMatchObject({
        code: 'TEAM_TLS_FAILED',
      });
    });
  },
);

describe('addresses', () => {
  const remote = { ...placeOf({ port: 5_432 } as Parameters<typeof placeOf>[0], 'd'), host: '192.0.2.1' };

  it('a plain connection to another machine is refused before anything is sent, unless it was confirmed', async () => {
    const { result } = await tryConnect({ ...remote, tls: 'off' });
    expect(result).toMatchObject({
      code: 'TEAM_ADDRESS_REFUSED',
      message: expect.stringContaining('unencrypted') as string,
    });
  });

  it('a public address is refused before anything is sent, unless it was confirmed', async () => {
    const { result } = await tryConnect({ ...remote, tls: 'off', confirmPlain: true });
    expect(result).toMatchObject({
      code: 'TEAM_ADDRESS_REFUSED',
      message: expect.stringContaining('not on a private network') as string,
    });
  });
});
