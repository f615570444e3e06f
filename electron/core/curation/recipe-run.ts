import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Dataset } from '../../contract/corpus.contract.ts';
import { exportSpecSchema, type ExportSummary } from '../../contract/export.contract.ts';
import type { CurateResult } from './curate.job.ts';
import { jobTypeOf } from './mining/methods.ts';
import { readRecipe, type Recipe } from './recipe-file.ts';
import { runJob } from './recipe-jobs.ts';
import {
  addModels,
  type JudgeFigures,
  judgeSource,
  makeFromPrinciples,
  type ModelNames,
  type ModelTools,
} from './recipe-models.ts';
import { hashOf, prepareSource, readInputs, type SourceTools } from './recipe-source.ts';
import { compareRecords, type Difference, figuresOf, readRecord, type RunRecord } from './run-record.ts';

/** What a run needs of the application. */
export interface RecipeTools extends SourceTools, Omit<ModelTools, 'runJob'> {
  readAudit(auditRunId: number): Promise<unknown>;
  readConstitution(constitutionId: number): Promise<unknown>;
}

/** A recipe ready to run: from a recipe file, or from the record of a run. */
export interface OpenRecipe {
  readonly recipe: Recipe;
  readonly name: string;
  /** Relative paths start here. */
  readonly folder: string;
  /** Folder of the outputs. */
  readonly output: string;
  /** The run that is done again. */
  readonly former: RunRecord | null;
}

export const recordName = 'run-record.json';

/**
 * Reads a recipe, or the record of a run, from a file. `output` of a recipe is a folder inside the recipe's own; `out` (given by the person
 * who runs it) may be anywhere. A run that is done again writes to the folder `again` beside its record.
 * @throws AppError RECIPE_INVALID, IMPORT_FILE_MISSING
 */
export function openRecipe(file: string, out?: string): OpenRecipe {
  const place = path.resolve(file);
  if (!existsSync(place))
    throw new AppError('IMPORT_FILE_MISSING', `Nothing was run: there is no file ${file}.`, { file });
  const text = readFileSync(place, 'utf8');
  const folder = path.dirname(place);
  if (/\.json$/i.test(place)) {
    const former = readRecord(text, path.basename(place));
    return {
      recipe: former.recipe,
      name: former.recipeName,
      folder: path.resolve(folder, former.recipeFolder),
      output: out === undefined ? path.join(folder, 'again') : path.resolve(out),
      former,
    };
  }
  const recipe = readRecipe(text, path.basename(place));
  const output = out === undefined ? insideFolder(folder, recipe.output) : path.resolve(out);
  return { recipe, name: path.basename(place), folder, output, former: null };
}

/** A folder below the recipe's own, links followed as far as they exist. Throws RECIPE_INVALID for one outside. */
function insideFolder(folder: string, wanted: string): string {
  const refuse = () => {
    throw new AppError(
      'RECIPE_INVALID',
      `“output” (${wanted}) is not inside the folder of the recipe. Name a folder inside it, or choose another place with --out.`,
      { key: 'output' },
    );
  };
  const isBelow = (place: string, root: string) => {
    const way = path.relative(root, place);
    return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
  };
  const place = path.resolve(folder, wanted);
  if (!isBelow(place, folder)) refuse();
  let there = place;
  while (!existsSync(there)) there = path.dirname(there);
  const [real, root] = [realpathSync(there), realpathSync(folder)];
  if (real !== root && !isBelow(real, root)) refuse();
  return place;
}

type Part = 'source' | 'curated';

/** Which datasets a part of the recipe is about: the curated one where there is one, unless it says otherwise. */
function listParts(of: Part | 'both' | undefined, hasCurated: boolean): readonly Part[] {
  if (of === 'both') return ['source', 'curated'];
  return [of ?? (hasCurated ? 'curated' : 'source')];
}

const modelToolsOf = (tools: RecipeTools): ModelTools => ({
  ...tools,
  runJob: (type, spec) => runJob(tools, type, spec),
});

/** Models of the recipe by name, and what its judges said of the source. */
async function judgeAll(
  tools: RecipeTools,
  { recipe, folder }: OpenRecipe,
  datasetId: number,
): Promise<{ modelOf: ModelNames; judges: JudgeFigures[] | null }> {
  const own = modelToolsOf(tools);
  const modelOf = await addModels(own, { files: recipe.models, folder });
  const judges: JudgeFigures[] = [];
  for (const part of recipe.judges ?? [])
    judges.push(await judgeSource(own, part, { datasetId, seed: recipe.seed, modelOf }));
  return { modelOf, judges: recipe.judges ? judges : null };
}

async function analyse(
  tools: RecipeTools,
  { recipe }: OpenRecipe,
  { ids, modelOf }: { ids: Readonly<Record<Part, number>>; modelOf: ModelNames },
): Promise<Pick<RunRecord['figures'], 'audits' | 'constitution'>> {
  const hasCurated = recipe.curate !== undefined;
  const { seed } = recipe;
  const audits: Record<string, unknown> = {};
  const constitutions: Record<string, unknown> = {};
  if (recipe.audits) {
    const { of, models, ...spec } = recipe.audits;
    const asked = Object.entries(models ?? {}).map(([role, name]) => [role, modelOf(name)] as const);
    for (const part of listParts(of, hasCurated)) {
      tools.tell(`Auditing the ${part} dataset.`);
      const { auditRunId } = await runJob<{ auditRunId: number }>(
        tools,
        asked.length > 0 ? 'model-audit' : 'audit',
        {
          datasetId: ids[part],
          seed,
          ...spec,
          ...(asked.length > 0 && { models: Object.fromEntries(asked) }),
        },
      );
      audits[part] = figuresOf(await tools.readAudit(auditRunId));
    }
  }
  if (recipe.constitution) {
    for (const part of listParts(recipe.constitution.of, hasCurated)) {
      tools.tell(`Making the constitution of the ${part} dataset.`);
      const { top, principles } = recipe.constitution;
      const settings = { datasetId: ids[part], top, seed };
      const constitutionId = principles
        ? await makeFromPrinciples(modelToolsOf(tools), principles, { ...settings, modelOf })
        : (await runJob<{ constitutionId: number }>(tools, 'surface-constitution', settings)).constitutionId;
      constitutions[part] = figuresOf(await tools.readConstitution(constitutionId));
    }
  }
  return {
    audits: recipe.audits ? audits : null,
    constitution: recipe.constitution ? constitutions : null,
  };
}

/** Replaces former exports of recipes only: a file without its manifest beside it is somebody else's. */
function requireOwn(target: string, isFile: boolean): void {
  if (isFile && existsSync(target) && !existsSync(`${target}.manifest.json`))
    throw new AppError(
      'EXPORT_EXISTS',
      `Not exported: ${target} is there already and is no export of Assay, so it is not replaced. Move it away, or name another file (key to).`,
      { target },
    );
}

async function exportAll(
  tools: RecipeTools,
  { recipe, output }: OpenRecipe,
  ids: Readonly<Record<Part, number>>,
): Promise<RunRecord['figures']['export']> {
  const done: RunRecord['figures']['export'] = [];
  for (const { of, to, ...rest } of recipe.export) {
    const layout = rest.layout ?? (rest.splits || rest.shards || rest.rowsPerShard ? 'folder' : 'file');
    requireOwn(path.join(output, to), layout === 'file');
    tools.tell(`Exporting ${to}.`);
    const [part = 'source'] = listParts(of, recipe.curate !== undefined);
    const spec = exportSpecSchema.parse({
      ...rest,
      layout,
      datasetId: ids[part],
      destination: { folder: output, name: to, overwrite: true },
    });
    const summary = await runJob<ExportSummary>(tools, 'export', spec);
    done.push({
      to,
      rows: summary.rows,
      skipped: summary.skipped,
      files: summary.files.map((file) => ({ path: file.path, rows: file.rows, sha256: file.sha256 })),
    });
  }
  return done;
}

/** What the source holds, in any order of its rows. */
async function describeSource(
  database: Database,
  { datasetId, ...dataset }: Dataset,
): Promise<Record<string, unknown>> {
  const { content } = await database.one<{ content: string }>(
    `SELECT md5(coalesce(string_agg(key, ',' ORDER BY key), '')) AS content FROM (
       SELECT md5(concat_ws(chr(31), p.text, a.text, b.text, coalesce(c.label, ''))) AS key FROM comparison c JOIN prompt p USING (prompt_id)
       JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id WHERE c.dataset_id = ?)`,
    [datasetId],
  );
  const { format, pairs, responses, prompts, rejected, duplicates } = dataset;
  return { format, pairs, responses, prompts, rejected, duplicates, content };
}

/**
 * Runs a recipe from end to end and writes its record beside the outputs: import, judges, steps, audits, constitution, export. Each part is a job
 * that leaves nothing half done, so a run that was stopped is simply run again. With a former run, tells in what the two differ.
 */
export async function runRecipe(
  tools: RecipeTools,
  open: OpenRecipe,
): Promise<{ record: RunRecord; file: string; differences: Difference[] | null }> {
  const { recipe, output, former } = open;
  const inputs = await readInputs(open);
  const source = await prepareSource(tools, open, inputs);
  const described = await describeSource(tools.database, source);
  const { modelOf, judges } = await judgeAll(tools, open, source.datasetId);
  let curated: CurateResult | undefined;
  if (recipe.curate) {
    tools.tell(`Curating ${recipe.curate.dataset}: ${recipe.curate.steps.length} steps.`);
    curated = await runJob<CurateResult>(tools, jobTypeOf(recipe.curate.steps), {
      datasetId: source.datasetId,
      name: recipe.curate.dataset,
      seed: recipe.seed,
      steps: recipe.curate.steps,
    });
  }
  const ids = { source: source.datasetId, curated: curated?.datasetId ?? source.datasetId };
  const analysed = await analyse(tools, open, { ids, modelOf });
  mkdirSync(output, { recursive: true });
  const exported = await exportAll(tools, open, ids);
  const record: RunRecord = {
    kind: 'assay-recipe-run',
    version: 1,
    app: { name: 'Assay', version: tools.version },
    createdAt: new Date().toISOString(),
    recipeFolder: path.relative(output, open.folder) || '.',
    recipeName: open.name,
    recipeHash: hashOf(recipe),
    recipe,
    seed: recipe.seed,
    inputs,
    datasets: { source: source.name, curated: curated?.dataset ?? null },
    figures: {
      source: described,
      judges: judges?.map((one) => ({ ...one })) ?? null,
      ...analysed,
      curate: curated?.outcome ?? null,
      export: exported,
    },
  };
  const file = path.join(output, recordName);
  writeFileSync(`${file}.part`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.part`, file);
  return { record, file, differences: former ? compareRecords(former, record) : null };
}
