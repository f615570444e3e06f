import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import {
  exportColumnSchema,
  exportFileSchema,
  type ExportFile,
  type ExportSpec,
  exportWarningSchema,
} from '../../contract/export.contract.ts';
import { flush } from './destination.ts';

/** What an export is and what its files hold. */
export const manifestSchema = z.object({
  kind: z.literal('assay-export'),
  /** Version of this document. */
  version: z.literal(1),
  isComplete: z.boolean(),
  createdAt: z.string(),
  app: z.object({ name: z.string(), version: z.string() }),
  dataset: z.object({
    name: z.string(),
    relation: z.string(),
    /** Changes with every import and every change of a label or a row. */
    version: z.string(),
    hasSides: z.boolean(),
    licence: z.string().nullable(),
  }),
  /** The spec that makes the same export again. */
  recipe: z.record(z.string(), z.unknown()),
  /** Hash of the recipe without the place it goes to. */
  recipeKey: z.string(),
  fingerprint: z.string(),
  columns: z.array(exportColumnSchema),
  selected: z.number().int(),
  written: z.number().int(),
  warnings: z.array(exportWarningSchema),
  files: z.array(exportFileSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Hash of all that decides what is written, the same for the same spec whatever its place. */
export function recipeKeyOf(spec: ExportSpec): string {
  const { destination: _destination, licence: _licence, ...recipe } = spec;
  const sorted = JSON.stringify(recipe, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('hex').slice(0, 24);
}

/** The manifest at a place; undefined where there is none that can be read. */
export function findManifest(file: string): Manifest | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes the manifest whole or not at all. */
export function writeManifest(file: string, manifest: Manifest): void {
  const half = `${file}.part`;
  writeFileSync(half, `${JSON.stringify(manifest, null, 2)}\n`);
  flush(half);
  renameSync(half, file);
}

/** SHA-256 of a file, read in pieces. */
export async function sha256Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { ...(signal ? { signal } : {}) });
  return hash.digest('hex');
}

/** True when the file is there with the size and checksum that the manifest says. */
export async function isSound(folder: string, file: ExportFile, signal?: AbortSignal): Promise<boolean> {
  const place = path.join(folder, file.path);
  if (!existsSync(place) || statSync(place).size !== file.bytes) return false;
  return (await sha256Of(place, signal)) === file.sha256;
}
