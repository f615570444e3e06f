import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AuditDocument } from '../../../electron/contract/audit.contract.ts';
import { auditDocumentSchema } from '../../../electron/contract/audit.contract.ts';
import { AuditJob } from '../../../electron/core/audit/audit.job.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import {
  openTestWorkspace,
  type PairRow,
  storeAlpacaEval,
  storePairs,
} from '../constitution/pair-workspace.ts';

const data = path.resolve('../shared/data');
const hh = path.join(data, 'anthropics__hh-rlhf/harmless-base/test.jsonl.gz');
const llmbar = path.join(data, 'princeton-nlp__LLMBar/Dataset/LLMBar');
const alpaca = path.join(data, 'tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');

/** Pairs of final turns: the prompt is the chosen transcript up to its last "Assistant:". */
function readFinalTurns(file: string): PairRow[] {
  const mark = '\n\nAssistant:';
  const finalTurn = (transcript: string) =>
    transcript.slice(transcript.lastIndexOf(mark) + mark.length).trim();
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { chosen, rejected } = JSON.parse(line) as { chosen: string; rejected: string };
      const prompt = chosen.slice(0, chosen.lastIndexOf(mark));
      return { prompt, a: finalTurn(chosen), b: finalTurn(rejected), label: 'a' };
    });
}

interface PositionCounts {
  n: number;
  unparsed: number;
  consistent: number;
  first_slot_bias: number;
  second_slot_bias: number;
}

function figureOf(document: AuditDocument | null, metric: string, slice: string | null = null) {
  const figures = document?.audits.flatMap((audit) => audit.figures) ?? [];
  return figures.find(
    (figure) => figure.metric === metric && (slice === null || figure.slice_value === slice),
  );
}

describe('audits on published data', () => {
  it.skipIf(!existsSync(hh))(
    'hh-rlhf harmless test (skipped without ../shared/data): final turn longer 1,023, equal 11, shorter 1,278',
    async () => {
      const workspace = await openTestWorkspace();
      const datasetId = await storePairs(workspace, readFinalTurns(hh), { hasSides: false });
      const job = new AuditJob(workspace.database, new AuditService(workspace.database));
      const spec = job.spec.parse({ datasetId });
      const context = { jobId: 'hh', spec, attempt: 1, progress: () => undefined };
      await job.run(context, new AbortController().signal);
      await job.run(context, new AbortController().signal);
      expect(await workspace.database.one('SELECT count(*) AS n FROM audit_run')).toEqual({ n: 1 });
      const document = await new AuditService(workspace.database).latest(datasetId);
      auditDocumentSchema.parse(document);
      expect(figureOf(document, 'longer_win_rate')).toMatchObject({ n_items: 1023 + 1278 });
      expect(figureOf(document, 'longer_win_rate')?.value).toBeCloseTo(1023 / 2301, 12);
      expect(figureOf(document, 'equal_length_share')?.value).toBeCloseTo(11 / 2312, 12);
      expect(figureOf(document, 'length_effect')?.ci_hi).toBeLessThan(0);
      const [length, position] = document?.audits ?? [];
      expect(length?.severity).toBe('notice');
      expect(length?.finding).toContain('2,301 pairs');
      expect(length?.series[0]?.points.reduce((sum, point) => sum + point.n, 0)).toBe(2301);
      expect(position).toMatchObject({ is_applicable: false, severity: 'none' });
      expect(position?.reason).toContain('shown_first');
    },
  );

  it.skipIf(!existsSync(llmbar))(
    'LLMBar judges (skipped without ../shared/data): consistent and biased counts of every judge as computed elsewhere',
    async () => {
      const golden = (
        JSON.parse(readFileSync(path.join(data, 'GOLDEN.json'), 'utf8')) as {
          llmbar_judge_position: Record<string, PositionCounts>;
        }
      ).llmbar_judge_position;
      const bench = await openImportBench();
      const service = new AuditService(bench.workspace.database);
      for (const [folder, counts] of Object.entries(golden)) {
        const { datasetId } = await bench.load({
          files: [path.join(llmbar, folder, 'result.json')],
          dataset: folder.replaceAll('/', '-'),
        });
        const document = await service.run({ datasetId, only: ['position'], seed: 1 });
        const n = counts.n - counts.unparsed;
        const counted = (metric: string) => {
          const figure = figureOf(document, metric);
          return Math.round((figure?.value ?? Number.NaN) * (figure?.n_items ?? Number.NaN));
        };
        expect([folder, figureOf(document, 'consistent_share')?.n_items]).toEqual([folder, n]);
        expect({
          n: figureOf(document, 'unparsed_share')?.n_items,
          unparsed: counted('unparsed_share'),
          consistent: counted('consistent_share'),
          first_slot_bias: counted('first_biased_share'),
          second_slot_bias: counted('second_biased_share'),
        }).toEqual({
          n: counts.n,
          unparsed: counts.unparsed,
          consistent: counts.consistent,
          first_slot_bias: counts.first_slot_bias,
          second_slot_bias: counts.second_slot_bias,
        });
        expect(figureOf(document, 'position_bias_index')?.value).toBeCloseTo(
          (counts.first_slot_bias - counts.second_slot_bias) / n,
          12,
        );
      }
    },
  );

  it.skipIf(!existsSync(alpaca))(
    'AlpacaEval sample (skipped without ../shared/data): longer wins, models are controlled, sides are not random',
    async () => {
      const workspace = await openTestWorkspace();
      const datasetId = await storeAlpacaEval(workspace, alpaca, "generator_2 IN ('claude', 'cohere')");
      const document = await new AuditService(workspace.database).run({ datasetId, seed: 1 });
      auditDocumentSchema.parse(document);
      expect(figureOf(document, 'longer_win_rate')?.ci_lo).toBeGreaterThan(0.5);
      const raw = figureOf(document, 'win_rate', 'cohere');
      const controlled = figureOf(document, 'length_controlled_win_rate', 'cohere');
      expect(raw?.n_items).toBe(controlled?.n_items);
      expect(controlled?.value).not.toBeCloseTo(raw?.value ?? 0, 2);
      expect(document.audits[1]?.finding).toContain('Sides are not random');
    },
  );
});

describe('audits on made pairs', () => {
  const pair = (index: number, label: PairRow['label'], a: string, b: string): PairRow => ({
    prompt: `prompt ${index}`,
    a,
    b,
    label,
  });

  it('leave ties out and count equal lengths apart: 7 longer, 2 shorter, 1 equal, 3 ties', async () => {
    const workspace = await openTestWorkspace();
    const rows = [
      ...Array.from({ length: 7 }, (_, index) => pair(index, 'a', 'long answer', 'short')),
      ...Array.from({ length: 2 }, (_, index) => pair(10 + index, 'b', 'long answer', 'short')),
      pair(20, 'a', 'same', 'size'),
      ...Array.from({ length: 3 }, (_, index) => pair(30 + index, 'tie', 'long answer', 'short')),
    ];
    const datasetId = await storePairs(workspace, rows);
    const document = await new AuditService(workspace.database).run({ datasetId, seed: 1 });
    const rate = figureOf(document, 'longer_win_rate');
    expect(rate).toMatchObject({ n_items: 9, status: 'too_small' });
    expect(rate?.value).toBeCloseTo(0.7778, 4);
    expect(rate?.p).toBeCloseTo(0.1797, 4);
    expect(document.audits[0]?.finding).toContain('1 pair of equal length left out');
    expect(document.audits[0]?.severity).toBe('none');
  });

  it('say so where no two lengths differ', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 30 }, (_, index) => pair(index, 'a', 'same', 'size'));
    const datasetId = await storePairs(workspace, rows, { hasSides: false });
    const document = await new AuditService(workspace.database).run({ datasetId, seed: 1 });
    expect(figureOf(document, 'longer_win_rate')).toMatchObject({ value: null, status: 'undefined' });
    expect(figureOf(document, 'length_effect')).toMatchObject({ value: null, status: 'undefined' });
    expect(document.audits[0]?.finding).toContain('length cannot have decided');
  });

  it('name the missing column where nothing is labelled, and refuse unknown audits', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [pair(1, null, 'x', 'y'), pair(2, 'tie', 'x', 'y')]);
    const service = new AuditService(workspace.database);
    const document = await service.run({ datasetId, only: ['length', 'position'], seed: 1 });
    expect(document.audits.map((audit) => audit.is_applicable)).toEqual([false, false]);
    for (const audit of document.audits) expect(audit.reason).toContain('label');
    await expect(service.run({ datasetId, only: ['smell'], seed: 1 })).rejects.toMatchObject({
      code: 'AUDIT_UNKNOWN',
    });
    await expect(service.run({ datasetId: 99, seed: 1 })).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });

  it('count a tie in one order apart from the three shares (would catch ties taken for consistency)', async () => {
    const workspace = await openTestWorkspace();
    const rows = Array.from({ length: 5 }, (_, index) => pair(index, 'a', 'x', 'y'));
    const datasetId = await storePairs(workspace, rows);
    const labels: [string, string][] = [
      ['a', 'a'],
      ['a', 'b'],
      ['b', 'a'],
      ['tie', 'a'],
      ['skip', 'a'],
    ];
    await workspace.database.write(async (session) => {
      await session.run(`INSERT INTO annotator VALUES (1, ?, 'judge', 'model', NULL, 1)`, [datasetId]);
      for (const [index, [aFirst, bFirst]] of labels.entries()) {
        const { id } = await session.one<{ id: number }>(
          'SELECT comparison_id AS id FROM comparison WHERE dataset_id = ? ORDER BY comparison_id LIMIT 1 OFFSET ?',
          [datasetId, index],
        );
        for (const [shown, label] of Object.entries({ a: aFirst, b: bFirst })) {
          await session.run(`INSERT INTO vote VALUES (?, ?, 1, NULL, ?, NULL, ?, NULL, 1)`, [
            id,
            datasetId,
            label,
            shown,
          ]);
        }
      }
    });
    const document = await new AuditService(workspace.database).run({
      datasetId,
      only: ['position'],
      seed: 1,
    });
    for (const metric of ['consistent_share', 'first_biased_share', 'second_biased_share']) {
      expect(figureOf(document, metric)?.value).toBeCloseTo(1 / 3, 12);
      expect(figureOf(document, metric)?.n_items).toBe(3);
    }
    expect(figureOf(document, 'tie_once_share')?.value).toBeCloseTo(1 / 5, 12);
    expect(figureOf(document, 'unparsed_share')?.value).toBeCloseTo(1 / 5, 12);
    expect(figureOf(document, 'position_bias_index')?.value).toBeCloseTo(0, 12);
  });
});
