import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder, readAssay, runAssay, sampleFile } from '../../support/e2e/command.ts';
import {
  hasPostgres,
  makeDatabase,
  owner,
  ownerPassword,
  postgresMissing,
  startPostgres,
} from '../../support/postgres.ts';

const { folder, remove } = makeFolder('assay-team-cli');
const home = path.join(folder, 'home.assay');
const away = path.join(folder, 'away.assay');
const passwordFile = path.join(folder, 'password');
let server: Awaited<ReturnType<typeof startPostgres>>;

describe.skipIf(!hasPostgres)(`assay team${hasPostgres ? '' : `: ${postgresMissing}`}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
    writeFileSync(passwordFile, `${ownerPassword}\n`);
    await readAssay('import', sampleFile, '-w', home, '-d', 'pandalm');
    await readAssay('annotate-project', 'create', '-w', home, '-d', 'pandalm', '-n', '3', '--name', 'Study');
  });
  afterAll(async () => {
    await server?.end();
    remove();
  });

  it('init, publish, join, status and leave, from two workspaces', async () => {
    const database = await makeDatabase(server);
    const place = [
      '--host',
      '127.0.0.1',
      '--port',
      String(server.port),
      '--database',
      database,
      '--user',
      owner,
    ];
    const withPassword = [...place, '--password-file', passwordFile];
    const refused = await runAssay(['team', 'init', '-w', home, ...place]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('TEAM_LOGIN_FAILED');
    await readAssay('team', 'init', '-w', home, ...withPassword);
    const { projectKey } = await readAssay<{ projectKey: string }>('team', 'publish', '1', '-w', home);
    const listed = await readAssay<{ name: string; items: number }[]>(
      'team',
      'join',
      '-w',
      away,
      ...withPassword,
    );
    expect(listed).toMatchObject([{ name: 'Study', items: 3 }]);
    expect(await readAssay('team', 'join', projectKey, '-w', away)).toMatchObject({ items: 3 });
    const status = await readAssay('team', 'status', '-w', away);
    expect(status).toMatchObject({ state: 'online', waiting: 0, leavesMachine: false });
    expect(JSON.stringify(status)).not.toContain(ownerPassword);
    expect(await readAssay('team', 'sync', '-w', away)).toEqual({
      sent: 0,
      received: 0,
      taken: 0,
      unreadable: 0,
    });
    await server.stop('fast');
    const offline = await readAssay<{ state: string }>('team', 'status', '-w', away);
    expect(offline.state).toBe('offline');
    await server.start();
    expect(await readAssay('team', 'leave', '-w', away)).toMatchObject({ state: 'none' });
  });
});
