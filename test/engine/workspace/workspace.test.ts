import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProcessStart } from '../../../electron/core/workspace/lock.ts';
import { openWorkspace } from '../../../electron/core/workspace/workspace.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';

const makeFolder = async () => path.join(await makeTemporaryDirectory(), 'w.assay');

describe('workspace', () => {
  it('keeps data between openings and releases its lock', async () => {
    const folder = await makeFolder();
    const first = await openWorkspace(folder);
    await first.database.write((session) => session.run("INSERT INTO tag VALUES (1, 'pairs', 1, 'kept')"));
    await first.close();
    const second = await openWorkspace(folder);
    expect(await second.database.one('SELECT tag FROM tag')).toEqual({ tag: 'kept' });
    await second.close();
  });

  it('takes over the lock of a process that is gone', async () => {
    const folder = await makeFolder();
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 + 12_345, since: 'long ago' }));
    const workspace = await openWorkspace(folder);
    expect(JSON.parse(readFileSync(path.join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await workspace.close();
  });

  it('refuses a folder that a living process holds, naming that process', async () => {
    const folder = await makeFolder();
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'lock'), JSON.stringify({ pid: 1, since: 'today' }));
    await expect(openWorkspace(folder)).rejects.toMatchObject({
      code: 'WORKSPACE_IN_USE',
      message: expect.stringContaining('process 1') as string,
    });
  });

  it.skipIf(process.platform === 'win32')(
    'takes over the lock of a former process whose id another one has been given since',
    async () => {
      const folder = await makeFolder();
      mkdirSync(folder);
      const started = findProcessStart(process.ppid);
      expect(started).toMatch(/\d/);
      const holder = { pid: process.ppid, since: 'before the restart' };
      writeFileSync(path.join(folder, 'lock'), JSON.stringify({ ...holder, started: `${started}1` }));
      const workspace = await openWorkspace(folder);
      expect(JSON.parse(readFileSync(path.join(folder, 'lock'), 'utf8'))).toMatchObject({
        pid: process.pid,
        started: findProcessStart(process.pid),
      });
      await workspace.close();
      writeFileSync(path.join(folder, 'lock'), JSON.stringify({ ...holder, started }));
      await expect(openWorkspace(folder)).rejects.toMatchObject({ code: 'WORKSPACE_IN_USE' });
    },
  );

  it('the start of a process stays the same and tells two processes apart', () => {
    const child = spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 20)']);
    expect(findProcessStart(child.pid)).toBeUndefined();
    expect(findProcessStart(process.pid)).toBe(findProcessStart(process.pid));
    if (process.platform !== 'win32') expect(findProcessStart(process.pid)).not.toBe(findProcessStart(1));
  });

  it('says so when the database file is not one', async () => {
    const folder = await makeFolder();
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'assay.duckdb'), 'this is not a database, it only has the name of one');
    await expect(openWorkspace(folder)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID' });
  });

  it('refuses a workspace of a newer release instead of damaging it', async () => {
    const folder = await makeFolder();
    const first = await openWorkspace(folder);
    await first.database.write((session) =>
      session.run("INSERT INTO schema_version (version, name) VALUES (999, 'future')"),
    );
    await first.close();
    await expect(openWorkspace(folder)).rejects.toMatchObject({ code: 'WORKSPACE_NEWER' });
  });

  it('says so when the folder cannot be made', async () => {
    const file = path.join(await makeTemporaryDirectory(), 'a-file');
    writeFileSync(file, '');
    await expect(openWorkspace(path.join(file, 'w.assay'))).rejects.toMatchObject({
      code: 'WORKSPACE_UNWRITABLE',
    });
  });
});
