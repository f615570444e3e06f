import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  LintSummary,
  RationaleRun,
  SufficiencyReport,
} from '../../../electron/contract/rationale.contract.ts';
import { makeFolder, readAssay, runAssay, startAssay } from '../../support/e2e/command.ts';
import { testModelFile } from '../../support/models/test-models.ts';

const pairs = 300;
const { folder, remove } = makeFolder('assay-rationale-kill');
const workspace = path.join(folder, 'w.assay');
const place = ['--workspace', workspace];

/** The response with ★ is the chosen one, but on every tenth row; the marker judge prefers it and writes “Because it helps.”. */
beforeAll(async () => {
  const rows = Array.from({ length: pairs }, (_, index) => {
    const [chosen, rejected] = [`Because ★ of ${index}.`, `Never mind ${index}.`];
    const isMarked = index % 10 !== 0;
    return JSON.stringify({
      prompt: `Question ${index}?`,
      chosen: isMarked ? chosen : rejected,
      rejected: isMarked ? rejected : chosen,
    });
  });
  const file = path.join(folder, 'pairs.jsonl');
  writeFileSync(file, rows.join('\n'));
  await readAssay('import', file, ...place, '--dataset', 'pairs');
  await readAssay('models', 'add', await testModelFile('marker-judge'), '--name', 'marker', ...place);
});
afterAll(remove);

const words = ['rationales', ...place, '--dataset', 'pairs', '--model', 'marker', '--json'];

const readResults = async () =>
  (
    await readAssay<{ n: number; distinct: number; texts: number; lints: number }[]>(
      'sql',
      `SELECT count(*)::INTEGER AS n, count(DISTINCT comparison_id)::INTEGER AS "distinct", count(rationale)::INTEGER AS texts,
         count(findings)::INTEGER AS lints FROM rationales`,
      ...place,
    )
  )[0];

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

async function waitForBytes(file: string, bytes: number): Promise<void> {
  for (let tries = 0; tries < 1_000 && sizeOf(file) <= bytes; tries++)
    await new Promise((resolve) => setTimeout(resolve, 30));
  expect(sizeOf(file)).toBeGreaterThan(bytes);
}

describe('rationales by a model of llama.cpp', () => {
  it('go on after SIGKILL of the whole program, with one rationale for every pair', async () => {
    const first = startAssay([...words, '--max-tokens', '40']);
    await waitForBytes(path.join(workspace, 'assay.duckdb.wal'), 90_000);
    first.child.kill('SIGKILL');
    await first.finished;
    const afterKill = await readResults();
    expect(afterKill?.n).toBeGreaterThan(0);
    expect(afterKill?.n).toBeLessThan(pairs);
    const run = await readAssay<RationaleRun>('rationales', ...place, '--resume', '1', '--json');
    expect(run).toMatchObject({ planned: pairs, done: pairs, invalid: 0, isFinished: true });
    expect(run.record.model.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(run.chosenFirst?.value).toBeGreaterThan(0.4);
    expect(run.chosenFirst?.value).toBeLessThan(0.6);
    expect(await readResults()).toEqual({ n: pairs, distinct: pairs, texts: pairs, lints: pairs });
  });

  it('are linted and checked: a judge that goes by the responses shows no difference to shuffled ones', async () => {
    const report = await readAssay<SufficiencyReport>(...words, '--check', '--limit', '60', '--seed', '4');
    expect(report.own.accuracy.n).toBe(60);
    expect(report.own.accuracy.value).toBeGreaterThan(0.75);
    expect(report.difference.value).toBeCloseTo(0, 6);
    const whole = await readAssay<{ lint: LintSummary; sufficiency: SufficiencyReport[] }>(
      'rationales-report',
      ...place,
      '--dataset',
      'pairs',
      '--json',
    );
    const [source] = whole.lint.sources;
    expect(source).toMatchObject({ kind: 'general', rationales: pairs, linted: pairs });
    // It says nothing but “Because it helps.”: neither the winner nor eight words.
    expect(source?.clean).toMatchObject({ value: 0, n: pairs });
    expect(source?.findings.filter((one) => one.share.value === 1).map((one) => one.finding)).toEqual([
      'no_winner',
      'too_short',
    ]);
    expect(whole.sufficiency.map((one) => one.run.rationaleRunId)).toEqual([report.run.rationaleRunId]);
  });

  it('refuse wrong words before anything is asked', async () => {
    const { code } = await runAssay([...words, '--kind', 'poetic']);
    expect(code).toBe(2);
  });
});
