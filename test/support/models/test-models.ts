import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbedder } from './embedder-model.ts';
import { encodeGguf, writeWhole } from './gguf-writer.ts';
import type { GgufContent } from './gguf-writer.ts';
import { createJudge } from './judge-model.ts';
import { createRandomModel } from './random-model.ts';
import { createReranker } from './reranker-model.ts';

/** Every kind of test model under a name; see each maker for what it does. */
const MAKERS = {
  random: () => createRandomModel(),
  'random-f16': () => createRandomModel({ storage: 'F16' }),
  'random-q8': () => createRandomModel({ storage: 'Q8_0' }),
  'marker-judge': () => createJudge('marker judge'),
  'weak-judge': () => createJudge('weak judge', { gain: 1, positionBias: 0.5 }),
  'position-judge': () => createJudge('position judge', { gain: 0, positionBias: Math.log(4) }),
  'length-judge': () => createJudge('length judge', { gain: 0, lengthGain: 8 }),
  embedder: () => createEmbedder(),
  reranker: () => createReranker(),
} satisfies Record<string, () => GgufContent>;

export type TestModelKind = keyof typeof MAKERS;
export const TEST_MODEL_KINDS = Object.keys(MAKERS) as TestModelKind[];

/** Writes a test model to `path`: well under 2 MB, in milliseconds, the same bytes every time. */
export async function buildTestModel(kind: TestModelKind, path: string): Promise<void> {
  await writeWhole(path, encodeGguf(MAKERS[kind]()));
}

/** The path of a test model in the temporary folder, built where these very bytes are not there yet. */
export async function testModelFile(kind: TestModelKind): Promise<string> {
  return keepModel(kind, MAKERS[kind]());
}

/** Like testModelFile, for a model with other traits. The name is the front part of the file name. */
export async function keepModel(name: string, content: GgufContent): Promise<string> {
  const bytes = encodeGguf(content);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), 'assay-test-models');
  const path = join(folder, `${name}-${digest}.gguf`);
  const present = await stat(path).catch(() => undefined);
  if (present?.size !== bytes.length) {
    await mkdir(folder, { recursive: true });
    await writeWhole(path, bytes);
  }
  return path;
}
