import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { AppError } from '../../contract/app-error.ts';
import { auditSpecSchema } from '../../contract/audit.contract.ts';
import { type RecipeStep, recipeStepSchema } from '../../contract/curation.contract.ts';
import { exportSpecSchema } from '../../contract/export.contract.ts';
import { mappingSchema } from '../../contract/import.contract.ts';
import { auditModelsPart, judgePart, modelFilesPart, principlesPart } from './recipe-models.ts';
import { curationSteps } from './registry.ts';

const dataset = z.string().trim().min(1).max(200);

const importPart = z.strictObject({
  /** Relative paths start at the folder of the recipe. */
  files: z.array(z.string().min(1)).min(1).max(10_000),
  dataset,
  format: z.string().optional(),
  mapping: mappingSchema.optional(),
  keepDuplicates: z.boolean().default(false),
});

/** What a run of principles takes at most. */
const mostPrinciples = 30;

const analysed = z.enum(['source', 'curated', 'both']);

const auditPart = z.strictObject({
  of: analysed.optional(),
  only: auditSpecSchema.shape.only,
  params: auditSpecSchema.shape.params,
  slice: auditSpecSchema.shape.slice,
  /** An annotator whose votes stand for the label. */
  judge: auditSpecSchema.shape.judge,
  models: auditModelsPart.optional(),
});

const constitutionPart = z.strictObject({
  of: analysed.optional(),
  top: z.number().int().min(1).max(100).default(10),
  principles: principlesPart.optional(),
});

const curatePart = z.strictObject({
  /** Name of the new dataset. */
  dataset,
  steps: z.array(recipeStepSchema).min(1).max(60),
});

const exportPart = z.strictObject({
  of: z.enum(['source', 'curated']).optional(),
  format: z.string(),
  /** Name of the file or folder inside the output folder. */
  to: z
    .string()
    .min(1)
    .max(200)
    .regex(/^(?!\.\.?$)[^/\\:\0]+$/, 'is a plain name inside the output folder, without slashes'),
  options: exportSpecSchema.shape.options,
  container: exportSpecSchema.shape.container,
  compression: exportSpecSchema.shape.compression,
  shards: exportSpecSchema.shape.shards,
  rowsPerShard: exportSpecSchema.shape.rowsPerShard,
  filter: exportSpecSchema.shape.filter,
  sort: exportSpecSchema.shape.sort,
  ties: exportSpecSchema.shape.ties,
  bothBad: exportSpecSchema.shape.bothBad,
  minStrength: exportSpecSchema.shape.minStrength,
  splits: exportSpecSchema.shape.splits,
  /** A file, unless there are splits or shards. */
  layout: exportSpecSchema.shape.layout.unwrap().optional(),
  licence: exportSpecSchema.shape.licence,
});

/** A recipe file. Either `import` or `dataset` says what it works on. */
export const recipeSchema = z
  .strictObject({
    version: z.literal(1),
    seed: z.number().int().min(0).max(4_294_967_295).default(1),
    /** Folder of the outputs and the run record, from the recipe's folder. */
    output: z.string().min(1).default('out'),
    import: importPart.optional(),
    /** A dataset that is in the workspace already. */
    dataset: dataset.optional(),
    models: modelFilesPart.optional(),
    /** Judge runs over the source, before anything is curated. */
    judges: z.array(judgePart).max(20).optional(),
    audits: auditPart.optional(),
    constitution: constitutionPart.optional(),
    curate: curatePart.optional(),
    export: z.array(exportPart).max(50).default([]),
  })
  .check(({ value, issues }) => {
    const fault = (message: string, path: string[]) =>
      issues.push({ code: 'custom', message, input: value, path });
    if (value.import === undefined && value.dataset === undefined)
      fault('says nothing to work on: give import, or dataset for one in the workspace', []);
    if (value.import !== undefined && value.dataset !== undefined)
      fault('stands beside import, which names a dataset itself: leave one of them out', ['dataset']);
    if (value.constitution?.principles !== undefined && value.constitution.top > mostPrinciples)
      fault(`is at most ${mostPrinciples} for a constitution of principles`, ['constitution', 'top']);
    const wantsCurated = [value.audits?.of, value.constitution?.of, ...value.export.map((one) => one.of)];
    if (value.curate === undefined && wantsCurated.some((of) => of === 'curated' || of === 'both'))
      fault('is about the curated dataset (of: curated), and the recipe has no curate', []);
  });
export type Recipe = z.infer<typeof recipeSchema>;

type Path = readonly PropertyKey[];

const sayPath = (path: Path) =>
  path.reduce<string>(
    (said, part) =>
      typeof part === 'number' ? `${said}[${part}]` : said === '' ? String(part) : `${said}.${String(part)}`,
    '',
  );

/** The line of the innermost part of a path that the file has, from 1. */
function findLine(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
      : undefined;
    const node = pair ? pair.key : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function refuse(file: string, line: number, path: Path, message: string): never {
  const key = sayPath(path);
  throw new AppError(
    'RECIPE_INVALID',
    `${file}:${line}: ${key === '' ? 'the recipe' : `“${key}”`} ${message}. Nothing was run; mend the line and run it again.`,
    { file, line, key },
  );
}

/** What is wrong, in words that follow the key. */
function sayIssue(issue: z.core.$ZodIssue, value: unknown): { path: Path; message: string } {
  if (issue.code === 'unrecognized_keys')
    return { path: [...issue.path, issue.keys[0] ?? ''], message: 'is not known here' };
  const given = issue.path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  if (issue.code === 'invalid_type' && given === undefined)
    return { path: issue.path, message: `is missing (${issue.expected})` };
  if (issue.code === 'invalid_value')
    return { path: issue.path, message: `takes ${issue.values.map(String).join(', ')}` };
  if (issue.code === 'custom') return { path: issue.path, message: issue.message };
  return { path: issue.path, message: `is not valid: ${issue.message}` };
}

/**
 * Reads a recipe file. `file` is the name that errors give.
 * @throws AppError RECIPE_INVALID with file, line, key and what to do
 */
export function readRecipe(text: string, file: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken)
    refuse(file, broken.linePos?.[0].line ?? 1, [], `is no YAML: ${broken.message.split('\n')[0] ?? ''}`);
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const parsed = recipeSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (!issue) throw parsed.error;
    const { path, message } = sayIssue(issue, value);
    refuse(file, findLine(document, lines, path), path, message);
  }
  for (const [index, { step, params }] of (parsed.data.curate?.steps ?? []).entries()) {
    const path = ['curate', 'steps', index];
    const known = curationSteps.find((one) => one.id === step);
    if (!known)
      refuse(
        file,
        findLine(document, lines, [...path, 'step']),
        [...path, 'step'],
        `names no step: ${step}. Steps: ${curationSteps.map((one) => one.id).join(', ')}`,
      );
    const own = known.params.safeParse(params);
    if (own.success) continue;
    const [issue] = own.error.issues;
    if (!issue) throw own.error;
    const { path: inner, message } = sayIssue(issue, params);
    const whole = [...path, 'params', ...inner];
    refuse(file, findLine(document, lines, whole), whole, message);
  }
  return parsed.data;
}

/** The steps of a recipe file, for the screen. A file that has none is refused. */
export function readSteps(text: string): { name: string | null; seed: number; steps: RecipeStep[] } {
  const { curate, seed } = readRecipe(text, 'recipe');
  if (!curate)
    throw new AppError('RECIPE_INVALID', 'The recipe was not opened: it has no steps (key curate).', {
      key: 'curate',
    });
  return { name: curate.dataset, seed, steps: curate.steps };
}

/** Steps as a recipe file over a dataset of the workspace; `assay run` takes it. */
export function writeSteps(given: {
  dataset: string;
  name: string;
  seed: number;
  steps: readonly RecipeStep[];
}): string {
  const { dataset: source, name, seed, steps } = given;
  return stringify(
    {
      version: 1,
      seed,
      dataset: source,
      curate: {
        dataset: name,
        steps: steps.map(({ step, enabled, params }) => ({
          step,
          ...(enabled ? {} : { enabled }),
          ...(Object.keys(params).length > 0 ? { params } : {}),
        })),
      },
    },
    { lineWidth: 120 },
  );
}
