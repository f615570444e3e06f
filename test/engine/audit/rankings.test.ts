import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import {
  openTestWorkspace,
  type PairRow,
  storeAlpacaEval,
  storePairs,
} from '../constitution/pair-workspace.ts';
import { figureIn, resultOf, storeRecords, type VoteRecord } from './rater-records.ts';

const alpaca = path.resolve('../shared/data/tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');

function game(index: number, winner: string, loser: string, options: Partial<PairRow> = {}): PairRow {
  const swap = index % 2 === 1;
  return {
    prompt: `prompt ${index}`,
    a: `${swap ? loser : winner} says ${index}`,
    b: `${swap ? winner : loser} says ${index}`,
    label: swap ? 'b' : 'a',
    modelA: swap ? loser : winner,
    modelB: swap ? winner : loser,
    ...options,
  };
}

describe('model ratings', () => {
  it('3–1 is a gap of 190.85 points, marked too small, in no ranking (audit specification D2; would catch sides taken for models)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [
      game(0, 'm', 'n'),
      game(1, 'm', 'n'),
      game(2, 'm', 'n'),
      game(3, 'n', 'm'),
    ]);
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['model-ranking'], seed: 1 }),
      'model-ranking',
    );
    const gap = (figureIn(result, 'rating', 'm').value ?? 0) - (figureIn(result, 'rating', 'n').value ?? 0);
    expect(gap).toBeCloseTo(190.85, 2);
    expect(figureIn(result, 'rating', 'm')).toMatchObject({ status: 'too_small', n_items: 4, n_clusters: 4 });
    expect(result.tables[0]?.rows[0]?.[4]).toBeNull();
    expect(result.findings[0]?.severity).toBe('none');
  });

  it('counts ties as half a win each and ranks clear winners with intervals and rank ranges', async () => {
    const workspace = await openTestWorkspace();
    const rows: PairRow[] = [];
    for (let index = 0; index < 60; index++) {
      rows.push(index % 6 === 0 ? game(index, 'weak', 'strong') : game(index, 'strong', 'weak'));
      rows.push(game(index, 'middle', 'weak', index % 2 === 0 ? { label: 'tie' } : {}));
    }
    const datasetId = await storePairs(workspace, rows);
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['model-ranking'], seed: 1 }),
      'model-ranking',
    );
    const logit = (name: string) => ((figureIn(result, 'rating', name).value ?? 0) * Math.LN10) / 400;
    // 50 of 60 is odds of 5; 30 ties and 30 wins of 60 is 45 : 15, odds of 3.
    expect(logit('strong') - logit('weak')).toBeCloseTo(Math.log(5), 6);
    expect(logit('middle') - logit('weak')).toBeCloseTo(Math.log(3), 6);
    const strong = figureIn(result, 'rating', 'strong');
    expect(strong.ci_lo).toBeLessThan(strong.value ?? 0);
    expect(strong).toMatchObject({ n_items: 60, n_clusters: 60, status: 'ok' });
    expect(result.tables[0]?.rows.map((row) => row[0])).toEqual(['strong', 'middle', 'weak']);
    expect(result.tables[0]?.rows[2]?.[4]).toBe('3–3');
    expect(result.series[0]?.points.at(-1)?.n).toBe(120);
  });

  it.skipIf(!existsSync(alpaca))(
    'AlpacaEval (skipped without ../shared/data): against one baseline the ratings order as the win rates do',
    async () => {
      const workspace = await openTestWorkspace();
      const datasetId = await storeAlpacaEval(workspace, alpaca, "generator_1 = 'text_davinci_003'");
      const started = performance.now();
      const result = resultOf(
        await new AuditService(workspace.database).run({ datasetId, only: ['model-ranking'], seed: 1 }),
        'model-ranking',
      );
      expect(performance.now() - started).toBeLessThan(60_000);
      const rows = result.tables[0]?.rows ?? [];
      expect(rows.length).toBeGreaterThan(50);
      const rates = rows.filter((row) => row[0] !== 'text_davinci_003').map((row) => Number(row[7]));
      expect(rates).toEqual([...rates].sort((left, right) => right - left));
      for (const row of rows) expect(Number(row[2])).toBeLessThan(Number(row[3]));
    },
  );
});

describe('intransitivity', () => {
  /** Responses x, y, z to one prompt, each compared with each other. */
  function circle(
    prompt: string,
    labels: ['a' | 'b' | 'tie', 'a' | 'b' | 'tie', 'a' | 'b' | 'tie'],
  ): PairRow[] {
    const names = ['x', 'y', 'z'];
    return labels.map((label, k) => ({
      prompt,
      a: `${prompt} ${names[k] ?? ''}`,
      b: `${prompt} ${names[(k + 1) % 3] ?? ''}`,
      label,
      modelA: names[k] ?? '',
      modelB: names[(k + 1) % 3] ?? '',
    }));
  }

  it('finds one circle, one order and one tied triad of three prompts (audit specification D3, recipe 2)', async () => {
    const workspace = await openTestWorkspace();
    const rows = [
      ...circle('round', ['a', 'a', 'a']),
      ...circle('order', ['a', 'a', 'b']),
      ...circle('tied', ['a', 'tie', 'a']),
    ];
    const datasetId = await storePairs(workspace, rows);
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['intransitivity'], seed: 1 }),
      'intransitivity',
    );
    expect(figureIn(result, 'cyclic_share')).toMatchObject({ value: 0.5, n_items: 2, status: 'too_small' });
    expect(figureIn(result, 'skipped_triads').value).toBeCloseTo(1 / 3, 12);
    expect(result.findings[0]?.rows?.count).toBe(3);
    // Ratios 1, 0 with x>y, y>z, x>z of logit(.99): residual 1/3·(1/3)… = 1/9, and two equal edges round a tie: 4/6.
    const ratio = figureIn(result, 'cyclic_ratio');
    expect(ratio.n_items).toBe(3);
    expect(ratio.value).toBeCloseTo((1 + 1 / 9 + 2 / 3) / 3, 9);
  });

  it('does not call a circle made by two annotators a circle of either (mixing annotators makes cycles)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, circle('p', ['a', 'a', 'a']));
    const votes: VoteRecord[] = [0, 1, 2].flatMap((pair) => [
      { pair, annotator: 'one', label: pair === 2 ? 'b' : 'a' },
      { pair, annotator: 'two', label: pair === 0 ? 'b' : 'a' },
    ]);
    await storeRecords(workspace, datasetId, { annotators: [{ name: 'one' }, { name: 'two' }], votes });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['intransitivity'], seed: 1 }),
      'intransitivity',
    );
    expect(figureIn(result, 'cyclic_share').value).toBe(1);
    expect(figureIn(result, 'rater_cyclic_share')).toMatchObject({ value: 0, n_items: 2 });
  });

  it('finds rock, paper, scissors among models: ζ 0, ratio 1, the circle named; a ladder has ζ 1 (audit specification D3)', async () => {
    const workspace = await openTestWorkspace();
    const beats = (winner: string, loser: string, offset: number) =>
      Array.from({ length: 40 }, (_, index) =>
        index % 5 === 0 ? game(offset + index, loser, winner) : game(offset + index, winner, loser),
      );
    const service = new AuditService(workspace.database);
    const circleId = await storePairs(
      workspace,
      [...beats('rock', 'scissors', 0), ...beats('scissors', 'paper', 100), ...beats('paper', 'rock', 200)],
      { name: 'circle' },
    );
    const round = resultOf(
      await service.run({ datasetId: circleId, only: ['intransitivity'], seed: 1 }),
      'intransitivity',
    );
    expect(figureIn(round, 'model_cyclic_share').value).toBe(1);
    expect(figureIn(round, 'model_consistence').value).toBe(0);
    expect(figureIn(round, 'model_cyclic_ratio').value).toBeCloseTo(1, 9);
    expect(figureIn(round, 'model_cyclic_share').n_clusters).toBe(120);
    expect(round.tables[0]?.rows).toHaveLength(1);
    const cycle = (round.tables[0]?.rows[0] ?? []).join(' ');
    expect(['rock scissors paper', 'scissors paper rock', 'paper rock scissors']).toContain(cycle);
    const ladderId = await storePairs(
      workspace,
      [...beats('x', 'y', 0), ...beats('y', 'z', 100), ...beats('x', 'z', 200)],
      { name: 'ladder' },
    );
    const ladder = resultOf(
      await service.run({ datasetId: ladderId, only: ['intransitivity'], seed: 1 }),
      'intransitivity',
    );
    expect(figureIn(ladder, 'model_consistence').value).toBe(1);
    expect(ladder.findings.every((finding) => finding.severity === 'none')).toBe(true);
  });

  it('says which columns are missing without three responses or models', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, [{ prompt: 'p', a: 'x', b: 'y', label: 'a' }]);
    const document = await new AuditService(workspace.database).run({
      datasetId,
      only: ['intransitivity', 'model-ranking', 'item-difficulty'],
      seed: 1,
    });
    const reasons = document.audits.map((audit) => audit.reason ?? '');
    expect(reasons[0]).toContain('model_a');
    expect(reasons[1]).toContain('response');
    expect(reasons[2]).toContain('annotator');
  });
});

describe('item difficulty', () => {
  it('puts a pair that one of four gets right above those that all get right, and keeps pairs of two annotators out', async () => {
    const workspace = await openTestWorkspace();
    const count = 40;
    const rows = Array.from({ length: count + 1 }, (_, index): PairRow => ({
      prompt: `p${index}`,
      a: 'x',
      b: 'y',
      label: 'a',
    }));
    const datasetId = await storePairs(workspace, rows);
    const names = ['r0', 'r1', 'r2', 'r3'];
    const votes = Array.from({ length: count }, (_, pair) =>
      names.map((annotator, rater): VoteRecord => ({
        pair,
        annotator,
        label: pair % 4 === 0 ? (rater === 0 ? 'a' : rater === 1 ? 'b' : 'tie') : 'a',
      })),
    ).flat();
    await storeRecords(workspace, datasetId, {
      annotators: names.map((name) => ({ name })),
      votes: [
        ...votes,
        { pair: count, annotator: 'r0', label: 'a' },
        { pair: count, annotator: 'r1', label: 'a' },
      ],
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['item-difficulty'], seed: 1 }),
      'item-difficulty',
    );
    expect(figureIn(result, 'hard_share')).toMatchObject({ n_items: count, value: 0.25 });
    expect(figureIn(result, 'too_few_respondents').value).toBeCloseTo(1 / 41, 12);
    expect(result.findings[0]?.rows?.count).toBe(10);
    expect(result.params.is_connected).toBe(true);
    const [hardest] = result.tables[0]?.rows ?? [];
    expect(Number(hardest?.[1])).toBeGreaterThan(0);
    expect(Number(hardest?.[6])).toBeGreaterThan(1500);
  });
});
