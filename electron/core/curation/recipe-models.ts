import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Database } from '../../../native/duckdb/database.ts';
import { AppError } from '../../contract/app-error.ts';
import { auditRoleSchema } from '../../contract/audit.contract.ts';
import { type PrincipleRequest, principleRequestSchema } from '../../contract/constitution.contract.ts';
import { type JudgeRequest, judgeRequestSchema } from '../../contract/judging.contract.ts';
import type { PrincipleService } from '../constitution/principles/principle.service.ts';
import type { JudgingService } from '../judging/judging.service.ts';
import { getProtocol } from '../judging/protocols/registry.ts';
import type { AddModelsResult } from '../models/add-models.job.ts';

const modelName = z.string().trim().min(1).max(200);

/** Model files by the names the recipe calls them; paths start at the folder of the recipe. Other names are models of the workspace. */
export const modelFilesPart = z.record(modelName, z.string().min(1));

/** Models that audits may ask, by role. */
export const auditModelsPart = z.partialRecord(auditRoleSchema, modelName);

const { protocol, params, order, tieEpsilon, filter, limit } = judgeRequestSchema.shape;

/** Judges the pairs or responses of the source, under an annotator of this name. */
export const judgePart = z.strictObject({
  name: z.string().trim().min(1).max(120),
  protocol,
  /** The model of the protocol's first role, or models by role; several for a role that takes many. */
  models: z.union([
    modelName.transform((one): string | Record<string, string[]> => one),
    z.record(z.string(), z.union([modelName.transform((one) => [one]), z.array(modelName).min(1)])),
  ]),
  params,
  order,
  tieEpsilon,
  filter,
  limit,
});
export type JudgePart = z.output<typeof judgePart>;

/** A constitution of principles in place of one of surface traits. */
export const principlesPart = z.strictObject({
  ...principleRequestSchema.omit({
    datasetId: true,
    modelId: true,
    embedModelId: true,
    fromUnexplained: true,
    top: true,
    seed: true,
  }).shape,
  model: modelName.optional(),
  embedder: modelName.optional(),
});
export type PrinciplesPart = z.output<typeof principlesPart>;

/** What the model parts of a recipe need of the application. */
export interface ModelTools {
  readonly database: Database;
  readonly version: string;
  readonly judging: Pick<JudgingService, 'create' | 'get' | 'runs'>;
  readonly principles: Pick<PrincipleService, 'create'>;
  /** Runs a job to its end; throws what it failed with. */
  runJob<Result>(type: string, spec: Record<string, unknown>): Promise<Result>;
  tell(message: string): void;
}

/** The id of a model by the name a recipe gives it; the name itself for a model of the workspace. */
export type ModelNames = (name: string) => string;

/** Adds the model files of a recipe to the workspace; one that is there already keeps its name. Throws what a file is refused for. */
export async function addModels(
  tools: ModelTools,
  { files, folder }: { files: Readonly<Record<string, string>> | undefined; folder: string },
): Promise<ModelNames> {
  const ids = new Map<string, string>();
  for (const [name, file] of Object.entries(files ?? {})) {
    tools.tell(`Reading the model ${name}.`);
    const { added, known } = await tools.runJob<AddModelsResult>('add-models', {
      paths: [path.resolve(folder, file)],
      name,
    });
    const [model, other] = [...added, ...known];
    if (!model || other)
      throw new AppError(
        'RECIPE_INVALID',
        `Nothing was run: “models.${name}” (${file}) is not one model file. Name a .gguf file.`,
        { key: `models.${name}` },
      );
    ids.set(name, model.modelId);
  }
  return (name) => ids.get(name) ?? name;
}

/** What a run record keeps of a judge. */
export interface JudgeFigures {
  readonly name: string;
  readonly protocol: string;
  readonly models: readonly { readonly role: string; readonly name: string; readonly hash: string }[];
  readonly planned: number;
  readonly done: number;
  readonly invalid: number;
  readonly accuracy: unknown;
  /** MD5 of every label and rating in the order of the examples: equal for equal verdicts in any workspace. */
  readonly verdicts: string;
}

/** Runs one judge over the source, or takes its run that is there already: a run that was stopped goes on. */
export async function judgeSource(
  tools: ModelTools,
  part: JudgePart,
  source: { datasetId: number; seed: number; modelOf: ModelNames },
): Promise<JudgeFigures> {
  const request = makeJudgeRequest(part, source);
  const judgeRunId = (await findJudgeRun(tools, request)) ?? (await tools.judging.create(request));
  const { isFinished } = await tools.judging.runs.get(judgeRunId);
  if (!isFinished) {
    tools.tell(`Judging as ${part.name}.`);
    await tools.runJob('judge', { judgeRunId });
  }
  const run = await tools.judging.get(judgeRunId);
  return {
    name: run.name,
    protocol: run.protocol,
    models: run.record.models.map(({ role, name, hash }) => ({ role, name, hash })),
    planned: run.planned,
    done: run.done,
    invalid: run.invalid,
    accuracy: run.accuracy,
    verdicts: await hashVerdicts(tools.database, run.annotatorId),
  };
}

function makeJudgeRequest(
  { name, models, ...rest }: JudgePart,
  { datasetId, seed, modelOf }: { datasetId: number; seed: number; modelOf: ModelNames },
): JudgeRequest {
  const [first] = getProtocol(rest.protocol).roles;
  const byRole = typeof models === 'string' ? (first ? { [first.id]: [models] } : {}) : models;
  return judgeRequestSchema.parse({
    ...rest,
    datasetId,
    seed,
    name,
    models: Object.fromEntries(Object.entries(byRole).map(([role, names]) => [role, names.map(modelOf)])),
  });
}

/** As it is stored: without the parts that are undefined. */
const asStored = (request: unknown): unknown => JSON.parse(JSON.stringify(request));

/** The run of the very same request by this version. Throws DATASET_NAME_TAKEN for another annotator of that name. */
async function findJudgeRun(
  { database, judging, version }: ModelTools,
  request: JudgeRequest,
): Promise<number | undefined> {
  const known = (await judging.runs.list(request.datasetId)).find(
    ({ record }) =>
      record.appVersion === version && isDeepStrictEqual(asStored(record.request), asStored(request)),
  );
  if (known) return known.judgeRunId;
  const taken = await database.find('SELECT 1 AS one FROM annotator WHERE dataset_id = ? AND name = ?', [
    request.datasetId,
    request.name ?? '',
  ]);
  if (!taken) return undefined;
  throw new AppError(
    'DATASET_NAME_TAKEN',
    `Nothing was judged: the dataset has an annotator named ${request.name} that this recipe has not made. Choose another name for the judge.`,
    { name: request.name },
  );
}

async function hashVerdicts(database: Database, annotatorId: number): Promise<string> {
  const { verdicts } = await database.one<{ verdicts: string }>(
    `SELECT md5(coalesce(string_agg(said, ',' ORDER BY said), '')) AS verdicts FROM (
       SELECT concat_ws(':', parse_filename(c.source_file), c.source_row, v.label) AS said FROM vote v JOIN comparison c USING (comparison_id)
       WHERE v.annotator_id = $1
       UNION ALL SELECT concat_ws(':', parse_filename(r.source_file), r.source_row, r.position, g.aspect, round(g."value", 6), g.value_text)
       FROM rating g JOIN response r USING (response_id) WHERE g.annotator_id = $1)`,
    [annotatorId],
  );
  return verdicts;
}

/** Makes a constitution of principles, or takes the run that is there already: a run that was stopped goes on. Answers its id. */
export async function makeFromPrinciples(
  tools: ModelTools,
  { model, embedder, ...rest }: PrinciplesPart,
  source: { datasetId: number; top: number; seed: number; modelOf: ModelNames },
): Promise<number> {
  const { datasetId, top, seed, modelOf } = source;
  const request = principleRequestSchema.parse({
    ...rest,
    datasetId,
    top,
    // Seeds of principle runs are 31 bits long.
    seed: seed % 2 ** 31,
    modelId: model === undefined ? null : modelOf(model),
    embedModelId: embedder === undefined ? null : modelOf(embedder),
  });
  const principleRunId = (await findPrincipleRun(tools, request)) ?? (await tools.principles.create(request));
  const { constitutionId } = await tools.runJob<{ constitutionId: number }>('principle-constitution', {
    principleRunId,
  });
  return constitutionId;
}

/** What people have kept and dropped since may differ, so a run over kept principles is always made anew. */
async function findPrincipleRun(
  { database, version }: ModelTools,
  request: PrincipleRequest,
): Promise<number | undefined> {
  if (request.propose === 'kept') return undefined;
  const runs = await database.all<{ id: number; record: string }>(
    'SELECT principle_run_id AS id, record::VARCHAR AS record FROM principle_run WHERE dataset_id = ? ORDER BY principle_run_id DESC',
    [request.datasetId],
  );
  return runs.find(({ record }) => {
    const stored = JSON.parse(record) as { request: unknown; appVersion: string };
    return stored.appVersion === version && isDeepStrictEqual(stored.request, asStored(request));
  })?.id;
}
