import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { modelFactsSchema } from '../../contract/model.contract.ts';
import type { ModelRepository } from './model.repository.ts';
import { makeSettings } from './model.service.ts';

const listSchema = z.object({
  models: z.array(
    z.object({
      file: z.string(),
      name: z.string(),
      hash: z.string(),
      facts: modelFactsSchema.omit({ files: true }),
    }),
  ),
});

/** The folder of the models that Assay ships, seen from its built scripts; `ASSAY_STARTER=off` leaves them out. */
export function findStarterFolder(scripts: string, environment: NodeJS.ProcessEnv): string | null {
  if (environment['ASSAY_STARTER'] === 'off') return null;
  // Beside the scripts of a checkout; beside the archive of a packaged program.
  const folders = ['../../resources/models', '../../../resources/models'].map((place) =>
    path.resolve(scripts, place),
  );
  return folders.find((folder) => existsSync(path.join(folder, 'starter.json'))) ?? null;
}

/**
 * Puts the shipped models into the list under their names, `starter` and `starter-embedder`, where they are not yet, and
 * follows them where the installation has moved. A model of another version or of the user’s own that has the name keeps
 * its record under the name with its hash.
 */
export async function shelveStarters(repository: ModelRepository, folder: string): Promise<void> {
  const list = listSchema.parse(JSON.parse(readFileSync(path.join(folder, 'starter.json'), 'utf8')));
  for (const { file, name, hash, facts } of list.models) {
    const place = path.join(folder, file);
    if (!existsSync(place)) continue;
    const own = { ...facts, files: [place] };
    const known = await repository.findByHash(hash);
    if (known?.path === place) continue;
    if (known) {
      await repository.setFile(known.modelId, place, own);
      continue;
    }
    const former = (await repository.list()).find((record) => record.name === name);
    if (former) await repository.update(former.modelId, { name: `${name} ${former.hash.slice(0, 8)}` });
    await repository.insert({
      name,
      kind: 'gguf',
      hash,
      path: place,
      capabilities: [...facts.capabilities],
      facts: own,
      settings: makeSettings(facts),
    });
  }
}
