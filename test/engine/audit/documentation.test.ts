import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditResult } from '../../../electron/contract/audit.contract.ts';
import { auditDocumentSchema } from '../../../electron/contract/audit.contract.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { documentationAudits } from '../../../electron/core/audit/audits/documentation/documentation-audits.ts';
import { findCopies } from '../../../electron/core/corpus/media/image-copies.ts';
import { parseImageSize } from '../../../electron/core/corpus/media/image-size.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { makeTemporaryDirectory } from '../../support/database.ts';
import { gif, image, png as dot, rows, writeParquet } from '../../support/image-parquet.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';

type Params = Record<string, Record<string, string | number | boolean>>;

async function runAudit(
  workspace: Workspace,
  datasetId: number,
  audit: string,
  params?: Params,
): Promise<AuditResult> {
  const document = await new AuditService(workspace.database, { mediaFolder: workspace.media }).run({
    datasetId,
    only: [audit],
    seed: 1,
    ...(params ? { params } : {}),
  });
  auditDocumentSchema.parse(document);
  const [result] = document.audits;
  if (!result) throw new Error('no result');
  if (result.failure !== null) throw new Error(result.failure);
  return result;
}

const figure = (result: AuditResult, metric: string, slice: string | null = null) =>
  result.figures.find((one) => one.metric === metric && one.slice_value === slice);

const png = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32BE(0x89504e47, 0);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};

async function storeTexts(rows: number, extra?: (i: number) => Record<string, unknown>) {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(
    workspace,
    Array.from({ length: rows }, (_, i) => ({
      prompt: `trip ${i}`,
      a: `the car drove ${i} kilometres to town`,
      b: `a train went ${i} miles over land`,
      label: 'a' as const,
      modelA: 'human',
      modelB: i % 2 === 0 ? 'm1' : 'm2',
    })),
  );
  for (let i = 0; i < (extra ? rows : 0); i++)
    await workspace.database.write((session) =>
      session.run('UPDATE comparison SET extra = ? WHERE source_row = ?', [
        JSON.stringify(extra?.(i)),
        i + 1,
      ]),
    );
  return { workspace, datasetId };
}

describe('documentation audits', () => {
  it('have ids of their own and say why they cannot run where a column is missing', async () => {
    const { workspace, datasetId } = await storeTexts(1);
    expect(new Set(documentationAudits.map((audit) => audit.id)).size).toBe(documentationAudits.length);
    for (const audit of documentationAudits) {
      const result = await runAudit(workspace, datasetId, audit.id);
      expect([audit.id, result.is_applicable || (result.reason ?? '').length > 10]).toEqual([audit.id, true]);
    }
  });
});

describe('synthetic quality (H2)', () => {
  it('two of four responses by one model, one each by two others: entropy over ln 3 by hand', async () => {
    const { workspace, datasetId } = await storeTexts(20);
    const result = await runAudit(workspace, datasetId, 'synthetic_quality');
    const byHand = -(0.5 * Math.log(0.5) + 2 * 0.25 * Math.log(0.25)) / Math.log(3);
    expect(figure(result, 'normalised_entropy', 'model')?.value).toBeCloseTo(byHand, 9);
    expect(figure(result, 'mean_cosine_distance')).toMatchObject({ n_items: 40, status: 'ok' });
    expect(figure(result, 'brief_cosine')).toBeUndefined();
  });

  it('rules: ranges, enums and |distance − speed·time| ≤ 5 % fail where they were broken, and only there', async () => {
    const { workspace, datasetId } = await storeTexts(30, (i) => ({
      speed: i === 3 ? 900 : 50,
      time: 2,
      distance: i === 4 ? 150 : i === 3 ? 1800 : 104,
      road: i < 5 ? 'river' : 'motorway',
      at: i === 20 ? 0 : i,
      trip: 't1',
    }));
    const rules = JSON.stringify([
      { rule: 'range', column: 'speed', min: 0, max: 200 },
      { rule: 'enum', column: 'road', values: ['motorway', 'street'] },
      { rule: 'product', equals: 'distance', factors: ['speed', 'time'] },
      { rule: 'order', smaller: 'time', larger: 'speed' },
      { rule: 'range', column: 'absent', min: 0 },
    ]);
    const result = await runAudit(workspace, datasetId, 'synthetic_quality', {
      synthetic_quality: { rules, brief: 'car and train trips to town' },
    });
    const failures = result.figures
      .filter((one) => one.slice_dim === 'rule')
      .map((one) => [one.n_items, Math.round((one.value ?? 0) * one.n_items)]);
    // Each pair has two responses; 104 against 100 is within 5 % of 104, 150 is not.
    expect(failures).toEqual([[60, 2], [60, 10], [60, 2], [60, 0], [0, 0]]); // prettier-ignore
    expect(result.findings.map((finding) => finding.id)).toEqual(['diversity', 'rule_1', 'rule_2', 'rule_3']);
    expect(figure(result, 'brief_cosine')?.value).toBeGreaterThan(0);
    const wrong = new AuditService(workspace.database, { mediaFolder: workspace.media }).run({
      datasetId,
      only: ['synthetic_quality'],
      seed: 1,
      params: { synthetic_quality: { rules: '[{"rule":"x"}]' } },
    });
    expect((await wrong).audits[0]?.failure).toContain('rules are not valid');
  });

  it('a dataset does not differ from itself: Jensen-Shannon 0 for every column', async () => {
    const { workspace, datasetId } = await storeTexts(20);
    const result = await runAudit(workspace, datasetId, 'synthetic_quality', {
      synthetic_quality: { real: 'test' },
    });
    const distances = result.figures.filter((one) => one.metric === 'js_divergence');
    expect(distances.length).toBe(2);
    for (const one of distances) expect(one.value).toBeCloseTo(0, 12);
  });
});

describe('curation feedback (H3)', () => {
  it('alarms when entropy falls by more than a tenth and people write less than a fifth; next round by hand', async () => {
    const { workspace, datasetId } = await storeTexts(40, (i) => ({ generation_depth: i < 20 ? 1 : 2 }));
    await workspace.database.write(async (session) => {
      await session.run(
        `UPDATE comparison SET topic = CASE WHEN source_row <= 20 THEN (source_row % 2)::VARCHAR ELSE (source_row % 10 = 0)::VARCHAR END`,
      );
      await session.run(`UPDATE response SET model = 'm1' WHERE source_row > 20`);
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'reward', 0, NULL, 0, 5, 1 FROM response`,
      );
    });
    const result = await runAudit(workspace, datasetId, 'curation_feedback', {
      curation_feedback: { aspect: 'reward' },
    });
    expect(figure(result, 'entropy', '1')?.value).toBeCloseTo(Math.LN2, 9);
    expect(figure(result, 'entropy', '2')?.value).toBeCloseTo(
      -(0.1 * Math.log(0.1) + 0.9 * Math.log(0.9)),
      9,
    );
    expect(result.finding).toContain('entropy fell by more than 10 % in round 2');
    expect(result.finding).toContain('text by people is under 20 % in round 2');
    expect(figure(result, 'reward_next')?.value).toBeCloseTo(1, 9);
  });

  it('with equal kinds of rewards 0 and ln 3 the outlook is (.375,.625), in the limit (.25,.75) (6.5)', async () => {
    const { workspace, datasetId } = await storeTexts(20);
    await workspace.database.write(async (session) => {
      await session.run(`UPDATE comparison SET topic = (source_row % 2)::VARCHAR`);
      await session.run(
        `INSERT INTO rating SELECT response_id, dataset_id, 1, 'reward', CASE WHEN source_row % 2 = 0 THEN 0 ELSE ln(3) END, NULL, NULL, NULL, 1 FROM response`,
      );
    });
    const result = await runAudit(workspace, datasetId, 'curation_feedback', {
      curation_feedback: { aspect: 'reward' },
    });
    const outlook = result.tables.find((table) => table.id === 'outlook')?.rows;
    expect(outlook?.map((row) => row.slice(2).map((cell) => Number(cell).toFixed(3)))).toEqual([
      ['0.500', '0.375', '0.250'],
      ['0.500', '0.625', '0.750'],
    ]);
  });
});

describe('image pairs (H4)', () => {
  it('reads sizes of PNG, GIF and JPEG headers and nothing from other bytes', () => {
    expect(parseImageSize(png(640, 480))).toEqual({ width: 640, height: 480 });
    const gif = Buffer.from('GIF89a\x20\x03\x58\x02', 'latin1');
    expect(parseImageSize(gif)).toEqual({ width: 800, height: 600 });
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0, 120, 0, 200, 3]);
    expect(parseImageSize(jpeg)).toEqual({ width: 200, height: 120 });
    expect(parseImageSize(Buffer.from('<svg/>'))).toBeUndefined();
  });

  it('counts missing files and pairs won by the larger image; a missing file keeps its row', async () => {
    const folder = await makeTemporaryDirectory();
    mkdirSync(path.join(folder, 'i'));
    const rows = Array.from({ length: 24 }, (_, i) => {
      writeFileSync(path.join(folder, 'i', `${i}a.png`), png(100, 100));
      if (i > 0) writeFileSync(path.join(folder, 'i', `${i}b.png`), png(200, 100));
      return {
        prompt: `scene ${i}`,
        file_path: [`i/${i}a.png`, `i/${i}b.png`],
        human_preference: [0, 1],
        user_hash: 'u',
      };
    });
    writeFileSync(path.join(folder, 'pairs.json'), JSON.stringify(rows));
    const bench = await openImportBench();
    const { datasetId } = await bench.load({ files: [path.join(folder, 'pairs.json')], dataset: 'images' });
    const result = await runAudit(bench.workspace, datasetId, 'image_pairs');
    expect(figure(result, 'missing_share')).toMatchObject({ value: 1 / 48, n_items: 48 });
    expect(result.findings[0]?.rows?.count).toBe(1);
    expect(figure(result, 'larger_wins')).toMatchObject({ value: 1, n_items: 23 });
    // Bytes 0 to 23 are the size alone, so that all 24 small and all 23 large images are copies of each other; no pair has one of a kind.
    expect(figure(result, 'copied_share')).toMatchObject({ value: 47 / 48, n_items: 48 });
    expect(figure(result, 'identical_sides')).toMatchObject({ value: 0, n_items: 23 });
    expect(figure(result, 'single_agreement')).toMatchObject({ value: 1, n_items: 24 });
  });
});

describe('image pairs whose images came as bytes (H4)', () => {
  it('are read where the workspace keeps them; one whose file is gone is missing', async () => {
    const bench = await openImportBench();
    const file = await writeParquet(bench, 'pictures.parquet', rows([image(dot, 'a.png'), image(gif, null)]));
    const { datasetId } = await bench.load({ files: [file], dataset: 'pictures' });
    const before = await runAudit(bench.workspace, datasetId, 'image_pairs');
    expect(figure(before, 'missing_share')).toMatchObject({ value: 0, n_items: 4 });
    expect(figure(before, 'identical_sides')).toMatchObject({ value: 1, n_items: 2 });
    expect(before.params).toMatchObject({ remote_images: 0, not_looked_at: 0 });
    rmSync(bench.workspace.media, { recursive: true });
    const after = await runAudit(bench.workspace, datasetId, 'image_pairs');
    expect(figure(after, 'missing_share')).toMatchObject({ value: 1, n_items: 4 });
  });
});

describe('copies of images (H4, exact as in G10)', () => {
  it('are files with equal bytes under different names, not equal sizes, and a file named twice is no copy of itself', async () => {
    const folder = await makeTemporaryDirectory();
    const write = (name: string, text: string) => {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    };
    const [first, second, other, alone] = [
      write('1', 'same'),
      write('2', 'same'),
      write('3', 'diff'),
      write('4', 'longer'),
    ];
    const copies = await findCopies([first, second, other, alone, alone, path.join(folder, 'absent')]);
    expect([...copies.keys()]).toEqual([first, second]);
    expect(new Set(copies.values()).size).toBe(1);
  });
});

describe('screen episodes (H5)', () => {
  it('finds a gap, a wrong length and leakage, and no fault in whole episodes', async () => {
    const bench = await openImportBench();
    const fixture = path.resolve('test/fixtures/formats/android-in-the-wild.jsonl');
    const { datasetId } = await bench.load({ files: [fixture], dataset: 'screens' });
    const before = await runAudit(bench.workspace, datasetId, 'screen_episodes');
    expect(figure(before, 'broken_share')).toMatchObject({ value: 0, n_items: 2 });
    expect(figure(before, 'no_end_share')?.value).toBe(0.5);
    expect(figure(before, 'leaked_episodes')?.value).toBe(0);
    await bench.workspace.database.write(async (session) => {
      await session.run('UPDATE step SET step_id = 5 WHERE step_id = 1');
      await session.run(`UPDATE trajectory SET episode_id = 'x', declared_steps = 9`);
    });
    const after = await runAudit(bench.workspace, datasetId, 'screen_episodes');
    expect(figure(after, 'gap_share')?.value).toBe(0.5);
    expect(figure(after, 'length_share')?.value).toBe(1);
    expect(figure(after, 'leaked_episodes')).toMatchObject({ value: 1, n_items: 1 });
    expect(after.findings.find((finding) => finding.id === 'leakage')).toMatchObject({ severity: 'warning' });
  });
});
