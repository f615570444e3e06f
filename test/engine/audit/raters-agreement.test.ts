import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, resultOf, storeRecords, type VoteRecord } from './rater-records.ts';

const data = path.resolve('../shared/data');
const pandalm = path.join(data, 'WeOpenML__PandaLM/data/testset-v1.json');

const pairs = (count: number): PairRow[] =>
  Array.from({ length: count }, (_, index) => ({ prompt: `prompt ${index}`, a: 'x', b: 'y', label: 'a' }));

interface PandaGolden {
  pandalm_testset: { cohen_kappa: Record<string, number>; fleiss: number; rows: number };
}

describe('agreement of published annotators', () => {
  it.skipIf(!existsSync(pandalm))(
    'PandaLM (skipped without ../shared/data): Cohen’s kappas and Fleiss’ kappa as computed elsewhere, to four digits',
    async () => {
      const golden = (JSON.parse(readFileSync(path.join(data, 'GOLDEN.json'), 'utf8')) as PandaGolden)
        .pandalm_testset;
      const bench = await openImportBench();
      const { datasetId } = await bench.load({ files: [pandalm], dataset: 'pandalm' });
      const service = new AuditService(bench.workspace.database);
      const document = await service.run({
        datasetId,
        only: ['rater-agreement', 'rater-quality', 'rater-drift'],
        seed: 1,
      });
      const result = resultOf(document, 'rater-agreement');
      const kappas = result.figures
        .filter((figure) => figure.metric === 'cohen_kappa')
        .map((figure) => Number(figure.value?.toFixed(4)));
      expect(kappas.sort()).toEqual(Object.values(golden.cohen_kappa).sort());
      const fleiss = figureIn(result, 'fleiss_kappa');
      expect(fleiss.value).toBeCloseTo(golden.fleiss, 4);
      expect(fleiss.n_items).toBe(golden.rows);
      const alpha = figureIn(result, 'alpha');
      expect(alpha.value).toBeCloseTo(golden.fleiss, 3);
      expect(alpha.ci_lo).toBeLessThan(alpha.value ?? 0);
      expect(alpha.ci_hi).toBeGreaterThan(alpha.value ?? 1);
      const quality = resultOf(document, 'rater-quality');
      expect(quality.tables[0]?.rows).toHaveLength(3);
      expect(figureIn(quality, 'others_agreement').value).toBeGreaterThan(0.85);
      expect(resultOf(document, 'rater-drift').is_applicable).toBe(true);
    },
  );
});

describe('agreement of made votes', () => {
  it('counts items (3,0),(2,1),(0,3) as Fleiss .55 and alpha .60, with and without ties (audit specification E1)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(3));
    const answers = ['aaa', 'aab', 'bbb'];
    const votes = answers.flatMap((labels, pair) =>
      Array.from(labels, (label, rater): VoteRecord => ({ pair, annotator: `r${rater}`, label })),
    );
    await storeRecords(workspace, datasetId, {
      annotators: ['r0', 'r1', 'r2'].map((name) => ({ name })),
      votes,
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['rater-agreement'], seed: 1 }),
      'rater-agreement',
    );
    expect(figureIn(result, 'fleiss_kappa').value).toBeCloseTo(0.55, 9);
    expect(figureIn(result, 'alpha')).toMatchObject({ n_items: 3, status: 'too_small' });
    expect(figureIn(result, 'alpha').value).toBeCloseTo(0.6, 9);
    expect(figureIn(result, 'alpha_without_ties').value).toBeCloseTo(0.6, 9);
    expect(figureIn(result, 'percent_agreement').value).toBeCloseTo(7 / 9, 9);
  });

  it('gives two annotators with the table 20,5;10,15 κ .4 (audit specification E1), skips and double votes apart', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(52));
    const cells = [
      ...Array<string>(20).fill('aa'),
      ...Array<string>(5).fill('ab'),
      ...Array<string>(10).fill('ba'),
      ...Array<string>(15).fill('bb'),
    ];
    const votes = cells.flatMap((labels, pair) =>
      Array.from(labels, (label, rater): VoteRecord => ({ pair, annotator: `r${rater}`, label })),
    );
    const odd: VoteRecord[] = [
      { pair: 50, annotator: 'r0', label: 'skip' },
      { pair: 50, annotator: 'r1', label: 'a' },
      { pair: 51, annotator: 'r0', label: 'a' },
      { pair: 51, annotator: 'r0', label: 'b' },
      { pair: 51, annotator: 'r1', label: 'both_bad' },
    ];
    await storeRecords(workspace, datasetId, {
      annotators: [{ name: 'r0' }, { name: 'r1' }],
      votes: [...votes, ...odd],
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['rater-agreement'], seed: 1 }),
      'rater-agreement',
    );
    const plain = figureIn(result, 'cohen_kappa_without_ties', 'r0 – r1');
    expect(plain.value).toBeCloseTo(0.4, 9);
    expect(((plain.ci_hi ?? 0) - (plain.ci_lo ?? 0)) / (2 * 1.959964)).toBeCloseTo(0.127, 3);
    expect(figureIn(result, 'cohen_kappa', 'r0 – r1').n_items).toBe(51);
  });

  it('gives ratings {1,1},{2,3},{4,4} interval alpha .9123 and ordinal .9495 (audit specification E1)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(3));
    const values = [
      [1, 1],
      [2, 3],
      [4, 4],
    ];
    await storeRecords(workspace, datasetId, {
      annotators: [{ name: 'r0' }, { name: 'r1' }],
      ratings: values.flatMap((given, pair) =>
        given.map((value, rater) => ({
          pair,
          side: 'a' as const,
          annotator: `r${rater}`,
          aspect: 'helpful',
          value,
        })),
      ),
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['rater-agreement'], seed: 1 }),
      'rater-agreement',
    );
    expect(figureIn(result, 'rating_alpha_interval', 'helpful').value).toBeCloseTo(0.9123, 4);
    expect(figureIn(result, 'rating_alpha_ordinal', 'helpful').value).toBeCloseTo(0.9495, 4);
  });

  it('finds the rater who answers against the others, the longest run and slower agreement (would catch leaving one’s own vote in the majority)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(60));
    const votes = Array.from({ length: 60 }, (_, pair) => {
      const truth = pair % 2 === 0 ? 'a' : 'b';
      const wrong = truth === 'a' ? 'b' : 'a';
      return [
        { pair, annotator: 'good1', label: truth, ms: 5000 },
        { pair, annotator: 'good2', label: truth, ms: 5000 },
        {
          pair,
          annotator: 'lazy',
          label: pair < 30 ? truth : wrong,
          ms: pair < 30 ? 9000 + pair : 1000 + pair,
        },
        { pair, annotator: 'fixed', label: 'a', ms: 5000 },
      ];
    }).flat();
    await storeRecords(workspace, datasetId, {
      annotators: ['good1', 'good2', 'lazy', 'fixed'].map((name) => ({ name })),
      votes,
    });
    const document = await new AuditService(workspace.database).run({
      datasetId,
      only: ['rater-quality', 'rater-drift'],
      seed: 1,
    });
    const quality = resultOf(document, 'rater-quality');
    // Against truth, truth, a: on even pairs 30 of 30 first halves agree, on odd ones truth keeps the 2–1 majority.
    expect(figureIn(quality, 'others_agreement', 'lazy').value).toBeCloseTo(0.5, 9);
    // The others of `fixed` are truth, truth and lazy: truth has the majority on all 60, which is a on 30.
    expect(figureIn(quality, 'others_agreement', 'fixed').value).toBeCloseTo(0.5, 9);
    expect(figureIn(quality, 'longest_run', 'fixed').value).toBe(60);
    expect(figureIn(quality, 'longest_run', 'good1').value).toBe(1);
    expect(quality.tables[0]?.rows.find((row) => row[0] === 'fixed')?.at(-1)).toBe('60 × a');
    expect(quality.findings[0]?.rows?.count).toBe(30);
    const drift = resultOf(document, 'rater-drift');
    expect(figureIn(drift, 'late_minus_early').value).toBeLessThan(-0.1);
    expect(figureIn(drift, 'fast_minus_slow').value).toBeLessThan(0);
    expect(drift.series.map((one) => one.id)).toEqual(['agreement_by_progress', 'agreement_by_speed']);
  });

  it('says which columns are missing where nobody voted', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(3));
    const document = await new AuditService(workspace.database).run({
      datasetId,
      only: ['rater-agreement', 'rater-quality', 'rater-drift', 'rater-diversity', 'aggregation-lab'],
      seed: 1,
    });
    for (const audit of document.audits) {
      expect(audit.is_applicable).toBe(false);
      expect(audit.failure).toBeNull();
      expect(audit.reason).toMatch(/annotator/);
    }
  });
});
