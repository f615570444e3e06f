import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ConstitutionDocument,
  constitutionDocumentSchema,
  explanationSchema,
} from '../../../electron/contract/constitution.contract.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { ConstitutionService } from '../../../electron/core/constitution/constitution.service.ts';
import { SurfaceConstitutionJob } from '../../../electron/core/constitution/surface-constitution.job.ts';
import { traitOfPrincipleId } from '../../../electron/core/constitution/surface-principles.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openTestWorkspace, type PairRow, storeAlpacaEval, storePairs } from './pair-workspace.ts';

const data = path.resolve('../shared/data');
const synthetic = path.join(data, 'rdnfn__icai/data/processed/synthetic');
const alpaca = path.join(data, 'tatsu-lab__alpaca_eval/alpaca_eval_judged_pairs_108665.parquet');

async function makeConstitution(
  workspace: Workspace,
  spec: { datasetId: number; top?: number; seed?: number },
): Promise<{ constitutionId: number; document: ConstitutionDocument; service: ConstitutionService }> {
  const job = new SurfaceConstitutionJob(workspace.database);
  const context = {
    jobId: `job-${Math.random()}`,
    spec: job.spec.parse(spec),
    attempt: 1,
    progress: () => undefined,
  };
  const { constitutionId } = await job.run(context, new AbortController().signal);
  const service = new ConstitutionService(workspace.database);
  const { document } = await service.get(constitutionId);
  constitutionDocumentSchema.parse(document);
  return { constitutionId, document, service };
}

/** Pairs whose label follows bullet points (9 of 10), one of eight words of filler deciding the length at random. */
function makeBulletPairs(count: number): PairRow[] {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const text = (bullets: boolean) => {
      const words = Array.from(
        { length: 5 + random.nextBelow(30) },
        () => `word${random.nextBelow(50)}`,
      ).join(' ');
      return bullets ? `${words}\n\n- one\n- two` : words;
    };
    const isA = random.next() < 0.5;
    const isKept = random.next() < 0.9;
    return {
      prompt: `question ${Math.floor(index / 2)}`,
      a: text(isA),
      b: text(!isA),
      label: isA === isKept ? 'a' : 'b',
    };
  });
}

describe('surface constitution on made pairs', () => {
  it('finds the rule behind the labels, and its rows add up and agree with its explanations', async () => {
    const workspace = await openTestWorkspace();
    const rows = makeBulletPairs(400);
    const extra: PairRow[] = [
      { prompt: 'tied', a: 'x', b: 'y', label: 'tie' },
      { prompt: 'open', a: 'x', b: 'y', label: null },
    ];
    const datasetId = await storePairs(workspace, [...rows, ...extra]);
    const { constitutionId, document, service } = await makeConstitution(workspace, { datasetId });

    expect(document.pairs).toEqual({ total: 402, labelled: 400, ties: 1, unlabelled: 1, prompts: 200 });
    const bullets = document.principles.find((principle) => principle.id === 'bullet_item_count');
    const kept = rows.filter((row) => (row.label === 'a' ? row.a : row.b).includes('\n- one')).length;
    expect(bullets).toMatchObject({ for: kept, against: 400 - kept, not_applicable: 0, status: 'ok' });
    expect(bullets?.strength_length_controlled_ci?.[0]).toBeGreaterThan(0.5);
    expect(document.reconstruction.train + document.reconstruction.test).toBe(400);
    expect(document.reconstruction.test_prompts).toBe(60);
    expect(document.reconstruction.weighted).toBeGreaterThan(0.8);
    expect(document.reconstruction.gain_over_longer_ci?.[0]).toBeGreaterThan(0);

    for (const which of ['for', 'against', 'not_applicable'] as const) {
      const found = await service.rows({
        constitutionId,
        principleId: 'bullet_item_count',
        which,
        limit: 10,
      });
      expect(found.total).toBe(bullets?.[which]);
      expect(found.ids.length).toBe(Math.min(10, found.total));
    }
    const unexplained = await service.rows({ constitutionId, which: 'unexplained', limit: 100_000 });
    const silent = await service.rows({ constitutionId, which: 'silent', limit: 100_000 });
    let wrong = 0;
    const pairs = await workspace.database.all<{ id: number }>(
      `SELECT comparison_id AS id FROM comparison WHERE dataset_id = ? AND label IN ('a', 'b') ORDER BY id LIMIT 60`,
      [datasetId],
    );
    for (const { id } of pairs) {
      const explanation = explanationSchema.parse(await service.explain(constitutionId, id));
      if (explanation.isExplained === false) wrong += 1;
      expect(unexplained.ids.includes(id)).toBe(explanation.isExplained === false);
      const speaks = explanation.votes.some((vote) => vote.isSelected && vote.side !== null);
      expect(silent.ids.includes(id)).toBe(!speaks);
      const vote = explanation.votes.find((candidate) => candidate.principleId === 'bullet_item_count');
      expect([vote?.valueA, vote?.valueB]).toEqual(expect.arrayContaining([0, 2]));
      expect(vote?.side).toBe((vote?.valueA ?? 0) > (vote?.valueB ?? 0) ? 'a' : 'b');
    }
    expect(wrong).toBeGreaterThan(0);
  });

  it('gives the same document for the same seed, another split for another', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makeBulletPairs(200));
    const plain = async (seed: number) => {
      const { document } = await makeConstitution(workspace, { datasetId, seed });
      return { ...document, created_at: '' };
    };
    const first = await plain(1);
    expect(await plain(1)).toEqual(first);
    const other = await plain(2);
    const strengths = (document: Pick<ConstitutionDocument, 'principles'>) =>
      document.principles.map((principle) => [principle.id, principle.strength_test]);
    expect(strengths(other)).not.toEqual(strengths(first));
  });

  it('has no kappa of sides where the source has none, and says so', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makeBulletPairs(80), { hasSides: false });
    const { document } = await makeConstitution(workspace, { datasetId });
    expect(document.principles.every((principle) => principle.kappa_cohen === null)).toBe(true);
    expect(document.remarks.join(' ')).toContain('no sides');
    expect(document.remarks.join(' ')).toContain('only 40 prompts');
  });

  it('refuses a dataset without labels, an unknown constitution, an unknown pair and outdated rows', async () => {
    const workspace = await openTestWorkspace();
    const unlabelled = await storePairs(workspace, [{ prompt: 'p', a: 'x', b: 'y', label: 'tie' }]);
    await expect(makeConstitution(workspace, { datasetId: unlabelled })).rejects.toMatchObject({
      code: 'CONSTITUTION_NOT_APPLICABLE',
    });
    const datasetId = await storePairs(workspace, makeBulletPairs(40), { name: 'other' });
    const { constitutionId, service } = await makeConstitution(workspace, { datasetId });
    await expect(service.get(99)).rejects.toMatchObject({ code: 'CONSTITUTION_MISSING' });
    await expect(service.explain(constitutionId, 5)).rejects.toMatchObject({ code: 'ROW_MISSING' });
    await expect(service.rows({ constitutionId, which: 'for', limit: 1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await workspace.database.write((session) =>
      session.run(
        `INSERT INTO response SELECT 1, dataset_id, prompt_id, 'new', NULL, NULL, 0, 3, NULL, NULL, NULL, NULL, NULL, 1, 'test', 1
         FROM response WHERE dataset_id = ? LIMIT 1`,
        [datasetId],
      ),
    );
    await expect(service.rows({ constitutionId, which: 'silent', limit: 1 })).rejects.toMatchObject({
      code: 'CONSTITUTION_NOT_APPLICABLE',
    });
  });

  it('stores one constitution per job, also when the job runs again after a crash', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, makeBulletPairs(40));
    const job = new SurfaceConstitutionJob(workspace.database);
    const context = {
      jobId: 'same',
      spec: job.spec.parse({ datasetId }),
      attempt: 1,
      progress: () => undefined,
    };
    const first = await job.run(context, new AbortController().signal);
    expect(await job.run({ ...context, attempt: 2 }, new AbortController().signal)).toEqual(first);
    expect(await new ConstitutionService(workspace.database).list(datasetId)).toHaveLength(1);
  });
});

describe('surface constitution on published data', () => {
  it.skipIf(!existsSync(synthetic))(
    'ICAI synthetic sets (skipped without ../shared/data): meaning is not seen by surface traits, and the report says so',
    async () => {
      const bench = await openImportBench();
      const make = async (file: string) => {
        const { datasetId } = await bench.load({ files: [path.join(synthetic, file)], dataset: file });
        return (await makeConstitution(bench.workspace, { datasetId })).document;
      };
      const orthogonal = await make('synthetic_data_orthogonal_adcbg.csv');
      expect(orthogonal.pairs).toMatchObject({ labelled: 30, prompts: 30 });
      expect(orthogonal.reconstruction).toMatchObject({ train: 21, test: 9 });
      expect(orthogonal.reconstruction.weighted_ci?.[0]).toBeLessThanOrEqual(0.5);
      expect(orthogonal.remarks.join(' ')).toContain('not distinguishable from chance');
      expect(orthogonal.principles.every((principle) => (principle.p_adjusted ?? 1) > 0.05)).toBe(true);
      for (const file of ['synthetic_data_aligned_vqvtb.csv', 'synthetic_data_mixed_vqvtb_adcbg.csv']) {
        const document = await make(file);
        expect(document.remarks[0]).toMatch(/only (30|60) prompts/);
        expect(document.constitution.length).toBeGreaterThan(0);
        expect(document.constitution.length).toBeLessThanOrEqual(7);
      }
    },
  );

  it.skipIf(!existsSync(alpaca))(
    'AlpacaEval sample (skipped without ../shared/data): length leads, and shuffled labels give nothing',
    async () => {
      const workspace = await openTestWorkspace();
      const where = "generator_2 IN ('claude', 'cohere', 'alpaca-7b') AND generator_1 = 'text_davinci_003'";
      const datasetId = await storeAlpacaEval(workspace, alpaca, where);
      const real = await makeConstitution(workspace, { datasetId });
      expect(real.document.pairs.labelled).toBeGreaterThan(1500);
      const length = real.document.principles.find((principle) => principle.id === 'char_count');
      expect(length?.strength_ci?.[0]).toBeGreaterThan(0.2);
      expect(length?.strength_length_controlled).toBeNull();
      expect(real.document.reconstruction.weighted_ci?.[0]).toBeGreaterThan(0.5);

      await workspace.database.write((session) =>
        session.run(
          `UPDATE comparison SET label = CASE WHEN md5(concat(comparison_id, ':shuffle')) < '8' THEN 'a' ELSE 'b' END
           WHERE dataset_id = ? AND label IN ('a', 'b')`,
          [datasetId],
        ),
      );
      const { document } = await makeConstitution(workspace, { datasetId });
      const traits = document.principles.filter(
        (principle) => principle.id === traitOfPrincipleId(principle.id),
      );
      const flagged = traits.filter((principle) => (principle.p_adjusted ?? 1) <= 0.05);
      expect(flagged.length).toBeLessThanOrEqual(0.05 * traits.length);
      const { weighted_ci: interval, weighted } = document.reconstruction;
      expect(weighted).not.toBeNull();
      expect(interval?.[0]).toBeLessThanOrEqual(0.5);
      expect(interval?.[1]).toBeGreaterThanOrEqual(0.5);
      expect(document.remarks.join(' ')).toContain('not distinguishable from chance');
    },
  );
});
