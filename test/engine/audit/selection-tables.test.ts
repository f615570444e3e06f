import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SelectionService } from '../../../electron/core/audit/selection.service.ts';
import { nameNode } from '../../../electron/core/audit/selection/filter-pipeline.ts';
import type { Workspace } from '../../../electron/core/workspace/workspace.ts';
import { openTestWorkspace, storePairs } from '../constitution/pair-workspace.ts';
import { openImportBench } from '../../support/import-corpus.ts';

const into = 'scratch.selected';

async function openSelection(workspace: Workspace, datasetId: number) {
  return {
    service: new SelectionService(workspace.database),
    request: { datasetId, into, seed: 1 },
    kept: async (columns = 'comparison_id') =>
      workspace.database.all(
        `SELECT ${columns} FROM ${into} WHERE keep ORDER BY place NULLS LAST, comparison_id, response_id`,
      ),
  };
}

/** A thousand pairs, five a prompt; strength is the row number over a thousand. */
async function storeThousand() {
  const workspace = await openTestWorkspace();
  const rows = Array.from({ length: 1000 }, (_, i) => ({
    prompt: `prompt number ${Math.floor(i / 5)} of the test`,
    a: `${'long answer '.repeat(1 + (i % 7))}${i}`,
    b: `short ${i}`,
    label: 'a' as const,
  }));
  const datasetId = await storePairs(workspace, rows);
  await workspace.database.write(async (session) => {
    await session.run(
      `UPDATE comparison SET strength = source_row / 1000, language = CASE WHEN source_row % 4 = 0 THEN 'de' ELSE 'en' END,
         subset = CASE WHEN source_row <= 600 THEN 'one' ELSE 'two' END WHERE dataset_id = ?`,
      [datasetId],
    );
  });
  return { workspace, ...(await openSelection(workspace, datasetId)) };
}

/** Ratings of one annotator for the responses of each prompt; a prompt with fewer than two responses has no pair. */
async function storeRated(prompts: readonly (readonly number[])[]) {
  const workspace = await openTestWorkspace();
  const rows = prompts.flatMap((scores, prompt) =>
    scores.slice(1).map((_, other) => ({
      prompt: `p${prompt}`,
      a: `r${prompt}.0`,
      b: `r${prompt}.${other + 1}`,
      label: 'a' as const,
    })),
  );
  const datasetId = await storePairs(workspace, rows);
  await workspace.database.write(async (session) => {
    await session.run(`DELETE FROM response WHERE dataset_id = ?`, [datasetId]);
    let id = 1;
    for (const [prompt, scores] of prompts.entries()) {
      for (const [place, score] of scores.entries()) {
        await session.run(
          `INSERT INTO response (response_id, dataset_id, prompt_id, text, position, chars, import_id, source_file, source_row)
           SELECT ?, ?, prompt_id, ?, ?, 4, 1, 'test', 1 FROM prompt WHERE dataset_id = ? AND text = ?`,
          [id, datasetId, `r${prompt}.${place}`, place, datasetId, `p${prompt}`],
        );
        await session.run(`INSERT INTO rating VALUES (?, ?, 1, 'quality', ?, NULL, 0, 10, 1)`, [
          id,
          datasetId,
          score,
        ]);
        id += 1;
      }
    }
  });
  return { workspace, ...(await openSelection(workspace, datasetId)) };
}

describe('filter pipeline', () => {
  it('1,000 rows, S=1,000, top .3: kept 300, repeats 3.333 (audit specification C1); a cut by quantile would lose ties', async () => {
    const { service, request } = await storeThousand();
    const report = await service.filter(request, {
      nodes: [{ node: 'top', score: 'strength', fraction: 0.3, keepNull: false }],
      samplesSeen: 1000,
    });
    expect(report).toMatchObject({ rows: 1000, kept: 300 });
    expect(report.repeats).toBeCloseTo(3.3333, 4);
    expect(report.steps).toMatchObject([{ in: 1000, kept: 300, kept_if_alone: 300, unique_removals: 700, cumulative_share: 0.3, ties_at_cut: 0 }]); // prettier-ignore
  });

  it('a node after another counts its top share of what comes in, and alone of all; both agree with hand counts', async () => {
    const { service, request, kept } = await storeThousand();
    const report = await service.filter(request, {
      nodes: [
        { node: 'match', column: 'language', values: ['en'] },
        { node: 'threshold', score: 'strength', least: 0.5, most: null, keepNull: false },
        { node: 'top', score: 'strength', fraction: 0.1, keepNull: false },
      ],
    });
    // 750 English rows; of rows 500 to 1,000 (501) 126 divide by 4, which leaves 375; a tenth of 375 rounds to 38.
    expect(report.steps.map((step) => [step.in, step.kept, step.kept_if_alone])).toEqual([
      [1000, 750, 750],
      [750, 375, 501],
      [375, 38, 100],
    ]);
    // Alone the top node keeps rows 901 to 1,000, of which 25 are German: only the first node removes those.
    expect(report.steps.map((step) => step.unique_removals)).toEqual([25, 0, 300]);
    expect((await kept()).length).toBe(38);
    const german = report.survival.find((one) => one.dimension === 'language' && one.slice === 'de');
    expect(german).toMatchObject({ in: 250, kept: 0, ratio: 0, is_flagged: true });
    expect(report.survival.filter((one) => one.dimension === 'subset').map((one) => one.is_flagged)).toEqual([
      true,
      false,
    ]);
  });

  it('the manifest is the same for the same rows and differs for others; equal scores go by id and are reported', async () => {
    const { service, request, workspace } = await storeThousand();
    const top = { nodes: [{ node: 'top' as const, score: 'strength', fraction: 0.25, keepNull: false }] };
    const first = await service.filter(request, top);
    expect((await service.filter(request, top)).manifest).toBe(first.manifest);
    await workspace.database.write((session) => session.run('UPDATE comparison SET strength = 1'));
    const tied = await service.filter(request, top);
    expect(tied.manifest).not.toBe(first.manifest);
    expect(tied.steps[0]).toMatchObject({ kept: 250, ties_at_cut: 750 });
    await workspace.database.write((session) => session.run('UPDATE comparison SET strength = NULL'));
    expect((await service.filter(request, top)).kept).toBe(0);
    const keepNull = { nodes: [{ node: 'top' as const, score: 'strength', fraction: 0.25, keepNull: true }] };
    expect((await service.filter(request, keepNull)).kept).toBe(1000);
  });

  it('an intersection keeps what all branches keep, given rows limit the pool, and a name is told for a reason', async () => {
    const { service, request, workspace } = await storeThousand();
    const both = {
      node: 'intersection' as const,
      branches: [
        { node: 'match' as const, column: 'language' as const, values: ['de'] },
        { node: 'text' as const, moreWordsThan: 2, moreCharactersThan: 5 },
      ],
    };
    const rows = { sql: 'SELECT comparison_id FROM comparison WHERE source_row <= ?', parameters: [100] };
    const report = await service.filter({ ...request, rows }, { nodes: [both] });
    expect(report).toMatchObject({ rows: 100, kept: 25 });
    expect(
      await workspace.database.one(`SELECT any_value(reason) AS reason FROM ${into} WHERE NOT keep`),
    ).toEqual({ reason: nameNode(both) });
  });

  it('refuses a score nobody knows instead of putting it into SQL', async () => {
    const { service, request } = await storeThousand();
    const nodes = [
      { node: 'top' as const, score: 'strength; DROP TABLE comparison', fraction: 0.5, keepNull: false },
    ];
    await expect(service.filter(request, { nodes })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('curriculum', () => {
  it('ratings 9,7,4,2: rejected 2 (gap 7), 4 (5), 7 (2), one a stage (audit specification C4)', async () => {
    const { service, request, workspace } = await storeRated([[9, 7, 4, 2]]);
    const report = await service.curriculum(request, { aspect: 'quality' });
    const rows = await workspace.database.all(
      `SELECT curriculum_stage AS stage, gap, chosen_response_id AS chosen, rejected_response_id AS rejected, place FROM ${into} ORDER BY place`,
    );
    expect(rows).toEqual([
      { stage: 1, gap: 7, chosen: 1, rejected: 4, place: 1 },
      { stage: 2, gap: 5, chosen: 1, rejected: 3, place: 2 },
      { stage: 3, gap: 2, chosen: 1, rejected: 2, place: 3 },
    ]);
    expect(report).toMatchObject({ kept: 3, prompts: 1 });
  });

  it('equal scores make no pair, stage 1 of all prompts comes before stage 2, and the seed decides the order inside', async () => {
    const { service, request, workspace } = await storeRated([
      [5, 5],
      [9, 1],
      [8, 2, 1],
      [7, 6, 5, 1],
      [3, 1],
    ]);
    await service.curriculum(request, { aspect: 'quality', stages: 2 });
    const order = async () =>
      workspace.database.all<{ stage: number; prompt_id: number }>(
        `SELECT curriculum_stage AS stage, prompt_id FROM ${into} ORDER BY place`,
      );
    const first = await order();
    expect(first.map((row) => row.stage)).toEqual([1, 1, 1, 1, 2, 2, 2]);
    await service.curriculum({ ...request, seed: 2 }, { aspect: 'quality', stages: 2 });
    expect((await order()).map((row) => row.stage)).toEqual(first.map((row) => row.stage));
  });

  it('orders existing pairs by a score, the clearest first, and keeps no pair without one', async () => {
    const { service, request, workspace } = await storeThousand();
    await workspace.database.write((session) =>
      session.run('UPDATE comparison SET strength = NULL WHERE source_row <= 100'),
    );
    const summary = await service.order(request, { score: 'strength', stages: 3 });
    expect(summary).toMatchObject({ rows: 1000, kept: 900 });
    expect(
      await workspace.database.all(
        `SELECT curriculum_stage AS stage, count(*) AS n, min(score) AS low FROM ${into} WHERE keep GROUP BY ALL ORDER BY 1`,
      ),
    ).toEqual([
      { stage: 1, n: 300, low: 0.701 },
      { stage: 2, n: 300, low: 0.401 },
      { stage: 3, n: 300, low: 0.101 },
    ]);
  });
});

describe('matched comparison', () => {
  it('groups of 600 and 400: 400 each, the same ids under one seed, others under another (audit specification C6)', async () => {
    const { service, request } = await storeThousand();
    const first = await service.matched(request, { by: 'subset' });
    expect(first.groups).toEqual([
      { group: 'one', in: 600, kept: 400 },
      { group: 'two', in: 400, kept: 400 },
    ]);
    expect((await service.matched(request, { by: 'subset' })).manifest).toBe(first.manifest);
    expect((await service.matched({ ...request, seed: 2 }, { by: 'subset' })).manifest).not.toBe(
      first.manifest,
    );
  });

  it('matched by length every group has the same number in every tenth, and by prompt only shared prompts stay', async () => {
    const { service, request, workspace } = await storeThousand();
    await service.matched(request, { by: 'subset', match: 'length' });
    const tenths = await workspace.database.all<{ one: number; two: number }>(
      `SELECT count(*) FILTER (slice = 'one') AS one, count(*) FILTER (slice = 'two') AS two FROM ${into} s
       JOIN (SELECT comparison_id, ntile(10) OVER (ORDER BY chars_a - chars_b, comparison_id) AS tenth FROM comparison) t USING (comparison_id)
       WHERE keep GROUP BY tenth`,
    );
    expect(tenths.every((tenth) => tenth.one === tenth.two)).toBe(true);
    const prompts = await service.matched(request, { by: 'subset', match: 'prompts' });
    expect(prompts.kept).toBe(0);
  });

  it('draws the number asked for of each group and none of a group without a budget', async () => {
    const { service, request } = await storeThousand();
    await service.byGroup(request, { by: 'language', sizes: { de: 10 } });
    const summary = await service.byGroup(request, {
      by: 'subset',
      sizes: { one: 100, two: 5000, 'x"; --': 3 },
    });
    expect(summary.kept).toBe(500);
  });
});

describe('subsets and weights', () => {
  it('one of each of three kinds of pairs is chosen before any second, and it covers more than a random choice', async () => {
    const workspace = await openTestWorkspace();
    const kinds = ['bread flour oven', 'planet orbit star', 'tax court law'];
    const rows = Array.from({ length: 60 }, (_, i) => ({
      prompt: kinds[i % 3] ?? '',
      a: `${kinds[i % 3]} yes`,
      b: `${kinds[i % 3]} no`,
      label: 'a' as const,
    }));
    const datasetId = await storePairs(workspace, rows);
    const { service, request, kept } = await openSelection(workspace, datasetId);
    const report = await service.subset(request, { size: 3 });
    const ids = (await kept()) as { comparison_id: number }[];
    expect(new Set(ids.map((row) => row.comparison_id % 3)).size).toBe(3);
    expect(report.coverage).toBeGreaterThan(0.99);
    expect(report.randomCoverage).toBeLessThanOrEqual(report.coverage + 1e-9);
  });

  it('best-random of four responses weighs .5 and three times .1667; one response alone weighs 1', async () => {
    const { service, request, workspace } = await storeRated([
      [9, 7, 4, 2],
      [3, 1],
    ]);
    await service.filterResponses(request, { aspect: 'quality', strategy: 'best_random' });
    const rows = await workspace.database.all<{ weight: number }>(
      `SELECT weight FROM ${into} ORDER BY response_id`,
    );
    expect(rows.map((row) => row.weight)).toEqual([
      0.5,
      ...Array<number>(3).fill(expect.closeTo(1 / 6, 9) as number),
      0.5,
      0.5,
    ]);
  });

  it('rejection sampling keeps at most k of each prompt, and the best with β near 0', async () => {
    const { service, request, kept } = await storeRated([
      [9, 7, 4, 2],
      [3, 1],
      [1, 2, 3],
    ]);
    const all = await service.sampleResponses(request, { aspect: 'quality', size: 2 });
    expect(all.kept).toBe(6);
    await service.sampleResponses(request, { aspect: 'quality', size: 1, beta: 0 });
    expect((await kept('response_id')).map((row) => row['response_id']).sort()).toEqual([1, 5, 9]);
  });
});

describe('episodes', () => {
  async function openEpisodes(name: string) {
    const bench = await openImportBench();
    const { datasetId } = await bench.load({
      files: [path.resolve('test/fixtures/formats', name)],
      dataset: 'e',
    });
    return { workspace: bench.workspace, ...(await openSelection(bench.workspace, datasetId)) };
  }

  it('weights by return sum to 1 and prefer the better episode; the best half is one of two', async () => {
    const { service, request, workspace } = await openEpisodes('episodes.jsonl');
    await service.weighEpisodes(request, { method: 'return', temperature: 0.5, per: 'step' });
    // Returns 1 and 10 of lengths 3 and 2: masses 3·e^0 and 2·e^2.
    const mass = [3, 2 * Math.exp(2)];
    const total = 3 + 2 * Math.exp(2);
    const rows = await workspace.database.all<{ weight: number }>(
      `SELECT weight FROM ${into} ORDER BY response_id`,
    );
    expect(rows.map((row) => row.weight)).toEqual(
      mass.map((one) => expect.closeTo(one / total, 9) as number),
    );
    expect((await service.weighEpisodes(request, { method: 'top', fraction: 0.5 })).kept).toBe(1);
    expect((await service.weighEpisodes(request, { method: 'advantage' })).rows).toBe(2);
  });

  it('compares screen episodes of one goal step by step', async () => {
    const { service, request, workspace } = await openEpisodes('android-in-the-wild.jsonl');
    expect(await service.compareEpisodes(request)).toEqual([]);
    await workspace.database.write(async (session) => {
      await session.run('UPDATE response SET prompt_id = (SELECT min(prompt_id) FROM response)');
      await session.run(`UPDATE trajectory SET is_success = false WHERE episode_id = '7'`);
    });
    const [match] = await service.compareEpisodes(request);
    expect(match).toMatchObject({ partsAt: 1, partial: 0, isComplete: false, length: 2 });
    expect((await service.episodePairs(request)).kept).toBe(1);
  });
});
