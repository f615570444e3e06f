import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import type { DatasetRepository } from '../corpus/dataset.repository.ts';
import type { Recipe } from './recipe-file.ts';
import { findJob, type JobSpec, type JobTools, runJob } from './recipe-jobs.ts';
import { hashFile, type RecipeInput } from './run-record.ts';

/** What finding the source of a recipe needs of the application. */
export interface SourceTools extends JobTools {
  readonly datasets: DatasetRepository;
  tell(line: string): void;
}

/** A recipe and the folder its relative paths start at. */
interface PlacedRecipe {
  readonly recipe: Recipe;
  readonly folder: string;
}

/** SHA-256 of a value as JSON, in hexadecimal. */
export const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/**
 * The files a recipe names, data and models, each with its hash.
 * @throws AppError IMPORT_FILE_MISSING
 */
export async function readInputs({ recipe, folder }: PlacedRecipe): Promise<RecipeInput[]> {
  const inputs: RecipeInput[] = [];
  for (const file of [...(recipe.import?.files ?? []), ...Object.values(recipe.models ?? {})]) {
    const place = path.resolve(folder, file);
    if (!existsSync(place))
      throw new AppError(
        'IMPORT_FILE_MISSING',
        `Nothing was run: ${file} is not there. Paths in a recipe start at its folder (${folder}).`,
        { file },
      );
    inputs.push({ file, ...(await hashFile(place)) });
  }
  return inputs;
}

/** Stands for the dataset of an import that has not ended yet. */
const planned = 0;

async function hasImported(database: Database, datasetId: number, fingerprint: string): Promise<boolean> {
  const row = await database.find(
    'SELECT 1 AS one FROM recipe_import WHERE dataset_id = ? AND fingerprint = ?',
    [datasetId, fingerprint],
  );
  return row !== undefined;
}

/** Notes what a dataset is imported from: as planned before the import, under its own id after it. */
async function keepFingerprint(database: Database, datasetId: number, fingerprint: string): Promise<void> {
  await database.write(async (session) => {
    await session.run('DELETE FROM recipe_import WHERE dataset_id = ? AND fingerprint = ?', [
      planned,
      fingerprint,
    ]);
    await session.run('INSERT INTO recipe_import (dataset_id, fingerprint) VALUES (?, ?)', [
      datasetId,
      fingerprint,
    ]);
  });
}

/**
 * True for a dataset that a run killed before its import was noted has made of the very same files: the import was
 * planned, and its job, ended by now, made this dataset.
 */
async function adoptImport(
  tools: SourceTools,
  { datasetId, fingerprint, spec }: { datasetId: number; fingerprint: string; spec: JobSpec },
): Promise<boolean> {
  if (!(await hasImported(tools.database, planned, fingerprint))) return false;
  const jobId = await findJob(tools, 'import', spec, ['queued', 'succeeded']);
  if (jobId === undefined) return false;
  const made = await tools.waitForJob<{ datasetId: number }>(jobId);
  if (made.datasetId !== datasetId) return false;
  await keepFingerprint(tools.database, datasetId, fingerprint);
  return true;
}

/**
 * The dataset a recipe works on: imported, or taken as it is where a former run has imported the very same files under that name.
 * @throws AppError DATASET_NAME_TAKEN for a dataset of that name made of anything else
 */
export async function prepareSource(
  tools: SourceTools,
  { recipe, folder }: PlacedRecipe,
  inputs: readonly RecipeInput[],
): Promise<Dataset> {
  const { datasets, database } = tools;
  if (!recipe.import) return datasets.getByName(recipe.dataset ?? '');
  const { files, dataset: name, ...rest } = recipe.import;
  const fingerprint = hashOf({ ...rest, files: inputs.map(({ sha256 }) => sha256) });
  const spec = { files: files.map((file) => path.resolve(folder, file)), dataset: name, ...rest };
  const there = (await datasets.list()).find((one) => one.name === name);
  if (there) {
    const isKnown =
      (await hasImported(database, there.datasetId, fingerprint)) ||
      (await adoptImport(tools, { datasetId: there.datasetId, fingerprint, spec }));
    if (isKnown) {
      tools.tell(`${name} is in the workspace already, from the same files.`);
      return there;
    }
    throw new AppError(
      'DATASET_NAME_TAKEN',
      `Nothing was run: the workspace has a dataset named ${name} that this recipe has not made of these files. Rename it, or use another workspace.`,
      { name },
    );
  }
  tools.tell(`Importing ${files.length} ${files.length === 1 ? 'file' : 'files'} as ${name}.`);
  await keepFingerprint(database, planned, fingerprint);
  const { datasetId } = await runJob<{ datasetId: number }>(tools, 'import', spec);
  await keepFingerprint(database, datasetId, fingerprint);
  return datasets.get(datasetId);
}
