import path from 'node:path';
import { z } from 'zod';
import { AppError, isAppError } from '../../contract/app-error.ts';
import type { JobContext, JobHandler } from '../jobs/job-handler.ts';
import { findModelFiles, hashFile } from './model-files.ts';
import type { ModelRecord, ModelRepository } from './model.repository.ts';
import { makeSettings, type ModelService } from './model.service.ts';

const specSchema = z.object({ paths: z.array(z.string()).min(1), name: z.string().optional() });
type Spec = z.infer<typeof specSchema>;

export interface AddModelsResult {
  readonly added: { readonly modelId: string; readonly name: string; readonly path: string }[];
  /** Files whose content is in the list already, perhaps from another place. */
  readonly known: { readonly modelId: string; readonly name: string; readonly path: string }[];
  readonly refused: { readonly path: string; readonly code: string; readonly message: string }[];
}

/**
 * Takes model files into the list: each is read, tried out in a process of its own and hashed. A file that is refused
 * does not keep the others out; with nothing added the job fails with the first refusal.
 */
export class AddModelsJob implements JobHandler<Spec, AddModelsResult> {
  readonly type = 'add-models';
  readonly spec = specSchema;
  readonly recovery = 'resume';

  constructor(
    private readonly repository: ModelRepository,
    private readonly models: ModelService,
  ) {}

  title({ paths }: Spec): string {
    return `Add ${paths.length === 1 ? path.basename(paths[0] ?? '') : `${paths.length} models`}`;
  }

  async run({ spec, progress }: JobContext<Spec>, signal: AbortSignal): Promise<AddModelsResult> {
    progress('Looking for files', 0, null);
    const found = (await Promise.all(spec.paths.map((place) => findModelFiles(path.resolve(place))))).flat();
    if (found.length === 0) {
      throw new AppError(
        'MODEL_FILE_MISSING',
        `No model was added: there is no .gguf file in ${spec.paths[0]}.`,
      );
    }
    const result: AddModelsResult = { added: [], known: [], refused: [] };
    const total = found.reduce((sum, { bytes }) => sum + bytes, 0);
    let before = 0;
    for (const { path: file, bytes } of found) {
      signal.throwIfAborted();
      try {
        const name = found.length === 1 ? spec.name : undefined;
        const onBytes = (read: number) => progress(`Reading ${path.basename(file)}`, before + read, total);
        const { record, isNew } = await this.#add(file, { name, onBytes, signal });
        result[isNew ? 'added' : 'known'].push({ modelId: record.modelId, name: record.name, path: file });
      } catch (error) {
        if (!isAppError(error)) throw error;
        result.refused.push({ path: file, code: error.code, message: error.message });
        await this.models.refusals.keep({ modelId: null, name: path.basename(file), path: file }, error);
        if (found.length === 1) throw error;
      }
      before += bytes;
    }
    const [first] = result.refused;
    if (first && result.added.length + result.known.length === 0)
      throw new AppError('MODEL_FILE_INVALID', `None of ${found.length} files was added. ${first.message}`);
    return result;
  }

  async #add(
    file: string,
    options: {
      readonly name: string | undefined;
      readonly onBytes: (bytes: number) => void;
      readonly signal: AbortSignal;
    },
  ): Promise<{ record: ModelRecord; isNew: boolean }> {
    const { name, onBytes, signal } = options;
    const facts = await this.models.inspect(file, { signal });
    const hash = await hashFile(facts.files[0] ?? file, { onBytes, signal });
    const known = await this.repository.findByHash(hash);
    if (known) return { record: await this.repository.setFile(known.modelId, file, facts), isNew: false };
    await this.models.tryOut(file, { signal });
    const record = await this.repository.insert({
      name: await this.#chooseName(name ?? path.basename(file).replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, '')),
      kind: 'gguf',
      hash,
      path: file,
      capabilities: [...facts.capabilities],
      facts,
      settings: makeSettings(facts),
    });
    return { record, isNew: true };
  }

  async #chooseName(wanted: string): Promise<string> {
    const taken = new Set((await this.repository.list()).map(({ name }) => name));
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted} (${number})`;
    return name;
  }
}
