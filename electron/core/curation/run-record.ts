import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../../contract/app-error.ts';
import { curationOutcomeSchema } from '../../contract/curation.contract.ts';
import { recipeSchema } from './recipe-file.ts';

const inputSchema = z.object({ file: z.string(), bytes: z.number(), sha256: z.string() });
export type RecipeInput = z.infer<typeof inputSchema>;

const figures = z.record(z.string(), z.unknown());

/** What `assay run` did, enough to do it again and to see whether the same comes out. Holds no path from outside the recipe. */
export const runRecordSchema = z.object({
  kind: z.literal('assay-recipe-run'),
  version: z.literal(1),
  app: z.object({ name: z.string(), version: z.string() }),
  createdAt: z.string(),
  /** The recipe's folder, seen from the folder of this record. */
  recipeFolder: z.string(),
  recipeName: z.string(),
  /** SHA-256 of the recipe as it was understood, with every default. */
  recipeHash: z.string(),
  recipe: recipeSchema,
  seed: z.number().int(),
  inputs: z.array(inputSchema),
  /** Datasets of the workspace that were read and made. */
  datasets: z.object({ source: z.string(), curated: z.string().nullable() }),
  figures: z.object({
    source: figures,
    judges: z.array(figures).nullable().default(null),
    audits: figures.nullable(),
    constitution: figures.nullable(),
    curate: curationOutcomeSchema.nullable(),
    export: z.array(
      z.object({
        to: z.string(),
        rows: z.number().int(),
        skipped: z.number().int(),
        files: z.array(z.object({ path: z.string(), rows: z.number().int(), sha256: z.string() })),
      }),
    ),
  }),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Throws RECIPE_INVALID for a file that is no record of a run. */
export function readRecord(text: string, file: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = runRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'RECIPE_INVALID',
    `${file} is no record of a run${issue ? ` (${issue.path.join('.') || 'whole'}: ${issue.message})` : ''}. Give the run-record.json that “assay run” wrote, or a recipe.`,
    { file },
  );
}

/** SHA-256 of a file, read as a stream. */
export async function hashFile(
  file: string,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { signal })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Names of values that are of one run alone: ids, times, places of stored rows. */
const ownToRun =
  /^(audit_run_id|constitution_id|dataset_id|datasetId|dataset|dataset_version|created_at|createdAt|job_id|ms|milliseconds|seconds|rows_set|id_rows)$/;

/** A document without what belongs to one run alone and without references to stored rows, so that two runs can be compared. */
export function figuresOf(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(figuresOf);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).flatMap(([key, value]) => {
      const isRowSet = key === 'rows' && typeof value === 'object' && !Array.isArray(value);
      const isRunNumber = key === 'run' && typeof value === 'number';
      return ownToRun.test(key) || isRowSet || isRunNumber ? [] : [[key, figuresOf(value)]];
    }),
  );
}

export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Equal to nine digits: sums may be taken in another order. */
const isSame = (before: unknown, after: unknown) =>
  before === after ||
  (typeof before === 'number' &&
    typeof after === 'number' &&
    Math.abs(before - after) <= 1e-9 * Math.max(1, Math.abs(before), Math.abs(after)));

function compare(before: unknown, after: unknown, path: string): Difference[] {
  const isPlain = (value: unknown) => typeof value !== 'object' || value === null;
  if (isPlain(before) || isPlain(after))
    return isSame(before, after) ? [] : [{ path, before: before ?? null, after: after ?? null }];
  const [left, right] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    compare(left[key], right[key], path === '' ? key : `${path}.${key}`),
  );
}

/** Every value in which two runs of one recipe differ: recipe, inputs and figures; times, versions and ids left out. */
export function compareRecords(before: RunRecord, after: RunRecord): Difference[] {
  const part = ({ recipeHash, seed, inputs, figures: found }: RunRecord) =>
    figuresOf({ recipeHash, seed, inputs, figures: found });
  return compare(part(before), part(after), '');
}
