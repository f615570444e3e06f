import { stat } from 'node:fs/promises';
import path from 'node:path';
import { GgufFileType, GgufInsights, type GgufFileInfo, type Llama, readGgufFileInfo } from 'node-llama-cpp';
import { AppError } from '../../electron/contract/app-error.ts';
import type { Capability } from '../host/inference.ts';
import type { ModelFacts } from '../host/inference-calls.ts';

const splitName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** All parts of a split file, from any of them; the file itself where it is not split. */
export function listParts(file: string): string[] {
  const match = splitName.exec(path.basename(file));
  if (!match) return [file];
  const [, stem = '', , total = '1'] = match;
  return Array.from({ length: Number(total) }, (_, index) =>
    path.join(path.dirname(file), `${stem}-${String(index + 1).padStart(5, '0')}-of-${total}.gguf`),
  );
}

function invalid(file: string, why: string, details: Record<string, unknown> = {}): AppError {
  return new AppError(
    'MODEL_FILE_INVALID',
    `${path.basename(file)} cannot be used as a model: ${why}. Get the file again, or choose another.`,
    { file, ...details },
  );
}

async function measureParts(files: readonly string[]): Promise<number[]> {
  const sizes: number[] = [];
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      throw new AppError(
        'MODEL_FILE_MISSING',
        `The model was not read: there is no file ${file}.${files.length > 1 ? ` It is one of ${files.length} parts, which have to lie together.` : ''}`,
        { file },
      );
    }
    sizes.push(found.size);
  }
  return sizes;
}

/** A header that promises more data than the file has: a download that was cut off. */
async function requireWhole(files: readonly string[], sizes: readonly number[]): Promise<void> {
  for (const [index, file] of files.entries()) {
    const { tensorInfo = [], infoEndOffset } = await readHeader(file, false);
    const start = infoEndOffset ?? 0;
    for (const tensor of tensorInfo) {
      const end = start + Number(tensor.offset);
      const bytes = sizes[index] ?? 0;
      if (end >= bytes)
        throw invalid(file, `it ends after ${bytes} bytes, before its tensor ${tensor.name}`, { bytes });
    }
  }
}

async function readHeader(file: string, spliceSplitFiles: boolean): Promise<GgufFileInfo> {
  try {
    return await readGgufFileInfo(file, { sourceType: 'filesystem', logWarnings: false, spliceSplitFiles });
  } catch (error) {
    throw invalid(
      file,
      `its header cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

/** What a model of this build can do. An encoder embeds, a reranker ranks; what decodes scores, decides and writes. */
export function listCapabilities(info: GgufFileInfo, insights: GgufInsights): Capability[] {
  if (insights.supportsRanking) return ['rank'];
  const pooling = info.architectureMetadata.pooling_type;
  const isPooled = pooling !== undefined && Number(pooling) > 0;
  const isEncoderOnly = /bert|^t5encoder$|eurobert|neo-bert/i.test(info.metadata.general.architecture);
  if (isEncoderOnly || isPooled) return ['embed'];
  return ['score', 'decide', 'generate'];
}

function countContextBytes(insights: GgufInsights): number | null {
  try {
    const { cpuRam, gpuVram } = insights.estimateContextResourceRequirements({
      contextSize: 4_096,
      modelGpuLayers: 0,
      batchSize: 512,
      sequences: 1,
    });
    return cpuRam + gpuVram;
  } catch {
    return null; // an architecture the library cannot estimate; the file's size remains
  }
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * What a GGUF file says of itself, without loading it. Throws MODEL_FILE_MISSING, MODEL_FILE_INVALID (no GGUF, cut off)
 * and MODEL_UNSUPPORTED (an architecture this build does not know).
 */
export async function inspectModel(llama: Llama, file: string): Promise<ModelFacts> {
  const files = listParts(file);
  const sizes = await measureParts(files);
  const [first = file] = files;
  const info = await readHeader(first, true);
  await requireWhole(files, sizes);
  const insights = await GgufInsights.from(info, llama);
  const { general } = info.metadata;
  if (!insights.isSupportedByLlamaCpp) {
    throw new AppError(
      'MODEL_UNSUPPORTED',
      `${path.basename(first)} was not added: this build of llama.cpp does not know the architecture “${general.architecture}”. A newer Assay may.`,
      { file: first, architecture: general.architecture },
    );
  }
  const numbers = info.architectureMetadata;
  return {
    files,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    name: readText(general.name),
    architecture: readText(general.architecture),
    quantisation: readQuantisation(info),
    parameters: insights.totalParameters,
    trainContextSize: insights.trainContextSize ?? null,
    embeddingSize: insights.embeddingVectorSize ?? null,
    layers: typeof numbers.block_count === 'number' ? numbers.block_count : null,
    vocabularySize: info.metadata.tokenizer?.ggml?.tokens.length ?? null,
    license: readText(general.license),
    chatTemplate: readText(info.metadata.tokenizer?.chat_template),
    capabilities: listCapabilities(info, insights),
    contextBytes: countContextBytes(insights),
  };
}

function readQuantisation(info: GgufFileInfo): string | null {
  const type = info.metadata.general.file_type;
  const name = type === undefined ? undefined : GgufFileType[type];
  return name ? name.replace(/^MOSTLY_|^ALL_/, '') : null;
}
