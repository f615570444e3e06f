import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConstitutionDocument } from '../../../electron/contract/constitution.contract.ts';
import { writeBigFiles } from '../../support/e2e/big-files.ts';
import {
  canRun,
  cliEntry,
  makeFolder,
  readAssay,
  runAssay,
  sampleFile,
  startAssay,
  startProgram,
} from '../../support/e2e/command.ts';
import { openPageLink } from '../../support/e2e/page-link.ts';
import { serve } from '../../support/e2e/served.ts';
import { seeded } from '../../support/seeded.ts';

const { folder, remove } = makeFolder('assay-survival');
const workspace = path.join(folder, 'w.assay');

const lock = path.join(workspace, 'lock');

/** A server that has printed its address, with the process that holds the workspace. */
async function startServer() {
  const supervisor = startAssay(['serve', '-w', workspace]);
  await expect.poll(() => supervisor.printed().stdout, { timeout: 20_000 }).toContain('http:');
  return { supervisor, pid: (JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid };
}

beforeAll(async () => {
  await readAssay('import', sampleFile, '-w', workspace, '-d', 'pandalm');
});
afterAll(remove);

describe('SIGKILL during assay constitution', () => {
  it('loses no row, tells of the broken run, and the same seed gives the same figures afterwards', async () => {
    const words = ['constitution', '-w', workspace, '-d', 'pandalm', '--seed', '3', '-o'];
    const content = () =>
      readAssay(
        'sql',
        `SELECT (SELECT count(*) FROM pairs) AS pairs, (SELECT count(*) FROM votes) AS votes,
           (SELECT bit_xor(hash(prompt, response_a, response_b, label)) FROM pairs)::VARCHAR AS content`,
        '-w',
        workspace,
      );
    const before = await content();
    const startedAt = performance.now();
    const whole = await readAssay<ConstitutionDocument>(...words, path.join(folder, 'whole'));
    const duration = performance.now() - startedAt;
    const random = seeded(7);
    for (let time = 0; time < 3; time++) {
      const { child, finished } = startAssay([...words, path.join(folder, `killed-${time}`), '--json']);
      await new Promise((resolve) => setTimeout(resolve, duration * (0.3 + 0.4 * random())));
      child.kill('SIGKILL');
      expect((await finished).signal).toBe('SIGKILL');
      expect(await content()).toEqual(before);
    }
    const after = await readAssay<ConstitutionDocument>(...words, path.join(folder, 'after'));
    expect(after.principles).toEqual(whole.principles);
    expect(after.reconstruction).toEqual(whole.reconstruction);
    const jobs = await readAssay<{ status: string }[]>(
      'sql',
      `SELECT DISTINCT status FROM job WHERE type = 'surface-constitution'`,
      '-w',
      workspace,
    );
    expect(jobs.map((job) => job.status)).not.toContain('running');
  });
});

describe('two processes on one workspace', () => {
  it('the second is refused by name, and the first goes on', async () => {
    const server = await serve(workspace);
    try {
      const { code, stdout, stderr } = await runAssay(['datasets', '-w', workspace, '--json']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('[WORKSPACE_IN_USE]');
      expect(stderr).toContain(`process ${server.pid()} `);
      expect((await runAssay(['serve', '-w', workspace])).code).toBe(1);
      const link = await openPageLink(await server.address());
      expect(await link.call('dataset.list')).toMatchObject([{ name: 'pandalm', pairs: 999 }]);
      link.close();
    } finally {
      expect((await server.stop()).code).toBe(0);
    }
    expect((await runAssay(['datasets', '-w', workspace])).code).toBe(0);
  });

  it('a lock left by a process that was killed locks nobody out', async () => {
    const { pid, supervisor } = await startServer();
    supervisor.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await supervisor.finished;
    expect(existsSync(lock)).toBe(true);
    const codeOfNext = async () => (await runAssay(['datasets', '-w', workspace])).code;
    await expect.poll(codeOfNext, { timeout: 20_000 }).toBe(0);
  });

  it('a server whose supervisor was killed gives the workspace back by itself', async () => {
    const { supervisor } = await startServer();
    supervisor.child.kill('SIGKILL');
    await expect.poll(() => existsSync(lock), { timeout: 20_000 }).toBe(false);
    expect((await runAssay(['datasets', '-w', workspace])).code).toBe(0);
  });
});

describe('what was answered is on disk', () => {
  it.each([1, 2, 3])('a tag is there after SIGKILL right after its answer (%i of 3)', async (time) => {
    const server = await serve(workspace);
    const tag = `kept-${time}`;
    const link = await openPageLink(await server.address());
    await link.call('row.tag', { relation: 'pairs', ids: [1, 2, 3], tag, isOn: true });
    process.kill(server.pid(), 'SIGKILL');
    link.close();
    await expect.poll(() => server.told()).toContain('It is started again');
    await server.stop();
    const tagged = await readAssay<{ n: number }[]>(
      'sql',
      `SELECT count(*) AS n FROM pairs WHERE list_contains(tags, '${tag}')`,
      '-w',
      workspace,
    );
    expect(tagged).toEqual([{ n: 3 }]);
  });
});

const canMount = await canRun('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt']);
const missing = 'SKIPPED, this machine does not permit mounting a small disk (unshare -rm, mount -t tmpfs)';

describe(`a full disk${canMount ? '' : `: ${missing}`}`, () => {
  it.skipIf(!canMount)('ends an import with DISK_FULL, keeps what was there, and opens again', async () => {
    const small = path.join(folder, 'small.jsonl');
    const lines = Array.from({ length: 20 }, (_, i) =>
      JSON.stringify({ prompt: `p${i}`, chosen: `c${i}`, rejected: `r${i}` }),
    );
    writeFileSync(small, lines.join('\n'));
    const { files } = await writeBigFiles(folder, 2, 60_000);
    const disk = path.join(folder, 'disk');
    const assay = `"${process.execPath}" "${cliEntry}"`;
    const script = `set -u
      mkdir -p "${disk}" && mount -t tmpfs -o size=24m none "${disk}" || exit 9
      ${assay} import "${small}" -w "${disk}/w.assay" -d small --json > "${folder}/small.out" 2>&1 || exit 8
      ${assay} import ${files.map((file) => `"${file}"`).join(' ')} -w "${disk}/w.assay" -d big --json > "${folder}/big.out" 2> "${folder}/big.err"
      echo "code $?"
      ${assay} datasets -w "${disk}/w.assay" --json 2> "${folder}/datasets.err"
      ${assay} sql "SELECT count(*) AS n, count(DISTINCT prompt) AS prompts FROM pairs" -w "${disk}/w.assay" --json 2>&1
      ${assay} sql "SELECT status, json_extract_string(error, '$.code') AS error FROM job WHERE type = 'import' ORDER BY created_at" -w "${disk}/w.assay" --json 2>&1`;
    const { code, stdout } = await startProgram('unshare', ['-rm', 'sh', '-c', script]).finished;
    expect(code, stdout).toBe(0);
    const [ended, datasets = '', rows = '', jobs = ''] = stdout.trim().split('\n');
    const told = readFileSync(path.join(folder, 'big.err'), 'utf8');
    expect({ ended, told }).toEqual({
      ended: 'code 1',
      told: expect.stringContaining('[DISK_FULL]') as string,
    });
    expect(readFileSync(path.join(folder, 'big.out'), 'utf8')).toBe('');
    expect(JSON.parse(datasets)).toMatchObject([{ name: 'small', pairs: 20 }]);
    expect(JSON.parse(rows)).toEqual([{ n: 20, prompts: 20 }]);
    expect(JSON.parse(jobs)).toEqual([
      { status: 'succeeded', error: null },
      { status: 'failed', error: 'DISK_FULL' },
    ]);
  });
});
