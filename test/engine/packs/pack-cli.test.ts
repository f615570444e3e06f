import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MergeReport, PackSummary } from '../../../electron/contract/pack.contract.ts';
import { openCore } from '../../../electron/core/boot.ts';
import { makeFolder, readAssay, runAssay, sampleFile, startAssay } from '../../support/e2e/command.ts';
import { seeded } from '../../support/seeded.ts';
import pino from 'pino';

const { folder, remove } = makeFolder('assay-packs');
afterAll(remove);
const home = path.join(folder, 'home.assay');
const away = path.join(folder, 'away.assay');
const secret = path.join(folder, 'secret');
const items = path.join(folder, 'items.assaypack');
const answers = path.join(folder, 'answers.assaypack');

/** Answers every item of project 1, as the page would. */
async function answerAll(workspace: string, name: string): Promise<void> {
  const core = await openCore({
    workspace,
    version: 'test',
    log: pino({ level: 'silent' }),
    extractEntry: '',
    runsQueue: false,
  });
  const { annotation } = core.services;
  const { raterId } = (await annotation.raters.list()).find((one) => one.name === name) ?? { raterId: 0 };
  const seat = { projectId: 1, raterId };
  for (;;) {
    const { item } = await annotation.openDesk(seat, null);
    if (!item) break;
    await annotation.submit({
      ...seat,
      comparisonId: item.comparisonId,
      status: 'submitted',
      answers: { overall: { kind: 'pairwise', label: 'a', strength: null } },
      skipReason: null,
      ms: 1_000,
    });
  }
  await core.close();
}

beforeAll(async () => {
  writeFileSync(secret, 'correct horse\n');
  await readAssay('import', sampleFile, '-w', home, '-d', 'pandalm');
  await readAssay('annotate-project', 'create', '-w', home, '-d', 'pandalm', '-n', '150');
});

describe('assay pack', () => {
  it('hands 150 items to another workspace under a passphrase and refuses a wrong one and a changed file', async () => {
    const made = await readAssay<{ items: number; signer: { words: string } }>(
      ...['pack', 'create', '1', '-w', home, '-r', 'Ann', '-o', items, '--passphrase-file', secret],
    );
    expect(made.items).toBe(150);
    expect(await readAssay('pack', 'identity', '-w', home)).toEqual(made.signer);
    const outside = await readAssay<PackSummary>('pack', 'inspect', items, '-w', away);
    expect(outside).toMatchObject({ isEncrypted: true, isOwn: false, content: null, signer: made.signer });
    const wrong = path.join(folder, 'wrong');
    writeFileSync(wrong, 'wrong horse\n');
    const refused = await runAssay(['pack', 'open', items, '-w', away, '--passphrase-file', wrong]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('[PACK_PASSPHRASE_WRONG]');
    const spoilt = path.join(folder, 'spoilt.assaypack');
    const bytes = readFileSync(items);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(spoilt, bytes);
    const tampered = await runAssay(['pack', 'open', spoilt, '-w', away, '--passphrase-file', secret]);
    expect(tampered.stderr).toContain('[PACK_TAMPERED]');
    expect(await readAssay('datasets', '-w', away)).toEqual([]);
    const short = path.join(folder, 'short');
    writeFileSync(short, 'abc\n');
    expect(
      (await runAssay(['pack', 'create', '1', '-w', home, '-r', 'Ann', '--passphrase-file', short])).code,
    ).toBe(2);
    const opened = await readAssay('pack', 'open', items, '-w', away, '--passphrase-file', secret);
    expect(opened).toMatchObject({ projectId: 1, items: 150, dataset: 'pandalm' });
  });

  it('a merge killed at any moment leaves all of the answers or none; would catch a half merge', async () => {
    await answerAll(away, 'Ann');
    await readAssay('pack', 'create', '1', '-w', away, '-o', answers);
    const count = async () => {
      const [row] = await readAssay<{ n: number; votes: number; merges: number }[]>(
        'sql',
        `SELECT (SELECT count(*) FROM annotations) AS n, (SELECT count(*) FROM votes WHERE annotator = 'Ann') AS votes`,
        ...['-w', home],
      );
      return row ?? { n: -1, votes: -1 };
    };
    const startedAt = performance.now();
    const look = await readAssay<MergeReport>('pack', 'merge', answers, '-w', home, '--dry-run');
    const duration = performance.now() - startedAt;
    expect(look).toMatchObject({ received: 150, taken: 150, mergeId: null });
    expect(await count()).toEqual({ n: 0, votes: 0 });
    const random = seeded(5);
    for (let time = 0; time < 3; time++) {
      const { child, finished } = startAssay(['pack', 'merge', answers, '-w', home, '--json']);
      await new Promise((resolve) => setTimeout(resolve, duration * (0.5 + 0.7 * random())));
      child.kill('SIGKILL');
      await finished;
      const { n, votes } = await count();
      expect([0, 150]).toContain(n);
      expect(votes).toBe(n);
    }
    const report = path.join(folder, 'report.json');
    await readAssay('pack', 'merge', answers, '-w', home, '--report', report);
    expect(await count()).toEqual({ n: 150, votes: 150 });
    expect(existsSync(report)).toBe(true);
    const listed = await readAssay<{ handOffs: unknown[]; merges: { mergeId: number }[] }>(
      'pack',
      'list',
      '1',
      '-w',
      home,
    );
    expect(listed.merges).toHaveLength(1);
    expect(listed.handOffs).toMatchObject([{ items: 150, answers: 150, isOpen: true, raters: ['Ann'] }]);
    expect(await readAssay('pack', 'undo', '1', '-w', home)).toEqual({ removed: 150, kept: 0 });
    expect(await count()).toEqual({ n: 0, votes: 0 });
  }, 120_000);

  it('says what is wrong with the words: an unknown way to resolve ends with 2', async () => {
    const { code, stderr } = await runAssay(['pack', 'merge', answers, '-w', home, '--on', 'item=theirs']);
    expect(code).toBe(2);
    expect(stderr).toContain('--on takes');
    expect((await runAssay(['pack', 'create', '1', '-w', home])).stderr).toContain('--rater is missing');
  });
});
