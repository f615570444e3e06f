import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { recipeColumnSchema } from '../../../electron/contract/export.contract.ts';
import { listFormats } from '../../../electron/core/export/registry.ts';
import { type ExportBench, openExportBench, type SpecInput } from './export-bench.ts';

/** Four pairs of which a recipe decided: margins of two, a weight, soft labels, splits, and goal scores. */
async function openDecided() {
  const bench = await openExportBench();
  const datasetId = await bench.importRows(
    'made',
    [0, 1, 2, 3].map((no) => ({ prompt: `Question ${no}?`, chosen: `Good ${no}`, rejected: `Bad ${no}` })),
  );
  await bench.workspace.database.write((session) =>
    session.run(
      `INSERT INTO curation_row SELECT dataset_id, comparison_id, 'source', CASE pos WHEN 0 THEN 2.5 ELSE 0.5 END,
         0.6 + pos / 10.0, CASE WHEN pos < 2 THEN pos + 0.25 END, pos, pos % 2, ['train', 'train', 'validation', 'test'][pos + 1],
         NULL, pos * 1.5, false, NULL
       FROM (SELECT *, (row_number() OVER (ORDER BY comparison_id) - 1)::INTEGER AS pos FROM comparison WHERE dataset_id = ?)`,
      [datasetId],
    ),
  );
  return { bench, datasetId };
}

async function writeRows(bench: ExportBench, spec: SpecInput): Promise<Record<string, unknown>[]> {
  const name = `${spec.format}-${Math.random().toString(36).slice(2)}`;
  const { file, files } = await bench.write({
    container: 'jsonl',
    ...spec,
    destination: { folder: bench.folder, name },
  });
  return files.flatMap((one) =>
    readFileSync(path.join(file, one.path), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

describe('what a recipe decided', () => {
  it('stands in the columns that readers of each format take, without being asked for', async () => {
    const { bench, datasetId } = await openDecided();
    const column = async (format: string, name: string) =>
      (await writeRows(bench, { format, datasetId })).map((row) => row[name]);
    // TRL's collator takes no empty margin, OpenRLHF reads none as 0; the dpo format keeps it empty
    expect(await column('trl', 'margin')).toEqual([0.25, 1.25, 0, 0]);
    expect(await column('openrlhf', 'margin')).toEqual([0.25, 1.25, 0, 0]);
    expect(await column('dpo', 'margin')).toEqual([0.25, 1.25, null, null]);
    expect(await column('dpo', 'weight')).toEqual([2.5, 0.5, 0.5, 0.5]);
    // 1 − soft label of 0.6, 0.7, 0.8, 0.9
    const smoothing = (await column('dpo', 'label_smoothing')) as number[];
    expect(smoothing.map((value) => Math.round(value * 1e9) / 1e9)).toEqual([0.4, 0.3, 0.2, 0.1]);
    expect(await column('dpo', 'recipe_goal_score')).toEqual([0, 1.5, 3, 4.5]);
    expect(await column('table', 'recipe_split')).toEqual(['train', 'train', 'validation', 'test']);
    expect(await column('table', 'recipe_place')).toEqual([0, 1, 2, 3]);
    const [row = {}] = await writeRows(bench, { format: 'table', datasetId, container: 'jsonl' });
    expect(Object.keys(row)).not.toContain('recipe_route');
  });

  it('is chosen by column; what is left out is not written in another place', async () => {
    const { bench, datasetId } = await openDecided();
    const [trl = {}] = await writeRows(bench, { format: 'trl', datasetId, recipe: [] });
    expect(Object.keys(trl)).toEqual(['prompt', 'chosen', 'rejected']);
    const rows = await writeRows(bench, { format: 'dpo', datasetId, recipe: ['margin'] });
    expect(rows.map(({ margin, weight, label_smoothing }) => [margin, weight, label_smoothing])).toEqual([
      [0.25, 1, 0],
      [1.25, 1, 0],
      [null, 1, 0],
      [null, 1, 0],
    ]);
  });

  it('is told with its count where a format has no place for it, and refused where it was asked for', async () => {
    const { bench, datasetId } = await openDecided();
    const told = async (format: string) =>
      (await bench.plan({ format, datasetId })).warnings
        .filter(({ kind, text }) => kind === 'no-place' && text.includes('recipe'))
        .map(({ count, text }) => `${count} ${text}`);
    expect(await told('table')).toEqual([]);
    expect(await told('hh-rlhf')).toEqual([
      '2 no place for margins of the recipe',
      '4 no place for weights of the recipe',
      '4 no place for soft labels of the recipe',
      '4 no place for places of the recipe’s curriculum',
      '4 no place for stages of the recipe’s curriculum',
      '4 no place for goal scores of the recipe to condition on',
    ]);
    await expect(bench.plan({ format: 'trl', datasetId, recipe: ['weight'] })).rejects.toMatchObject({
      code: 'EXPORT_OPTION_INVALID',
      message: expect.stringMatching(
        /TRL preference has no place for weights of the recipe, only for margin/,
      ) as string,
    });
    await expect(bench.plan({ format: 'table', datasetId, recipe: ['route'] })).rejects.toMatchObject({
      message: expect.stringMatching(/no selected row has routes/) as string,
    });
  });

  it('makes files of its splits for any format; would catch splits that are dealt anew', async () => {
    const { bench, datasetId } = await openDecided();
    const { file, files } = await bench.write({
      format: 'trl',
      datasetId,
      splits: { train: 1, validation: 0, test: 0, seed: 1, from: 'recipe' },
      destination: { folder: bench.folder, name: 'splits' },
    });
    expect(files.map(({ split, rows }) => [split, rows])).toEqual([
      ['train', 2],
      ['validation', 1],
      ['test', 1],
    ]);
    const test = readFileSync(path.join(file, files[2]?.path ?? ''), 'utf8');
    expect(JSON.parse(test)).toMatchObject({ prompt: 'Question 3?' });
  });

  it('has a place that every format names in full; would catch a column that is neither written nor told', () => {
    const formats = Object.fromEntries(listFormats().map(({ format, recipe }) => [format, recipe.length]));
    expect(formats['table']).toBe(recipeColumnSchema.options.length);
    expect(formats['dpo']).toBe(recipeColumnSchema.options.length);
    expect([formats['trl'], formats['openrlhf'], formats['kto'], formats['sharegpt']]).toEqual([1, 1, 0, 0]);
  });
});
