import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Llama, LlamaModel } from 'node-llama-cpp';
import type { Scoring } from '../host/inference-calls.ts';

/** A context of the addon; opaque here. */
export type NativeHandle = { readonly brand: 'native context' };

/** What `native/scorer` exports. */
export interface ScorerAddon {
  /** The llama.cpp release it was built for, e.g. `v0.5.0`. */
  readonly release: string;
  /** Takes the libllama of that path, which is in the process already. Throws where it is of another release. */
  attach(library: string): void;
  open(
    model: object,
    options: {
      readonly sequences: number;
      readonly contextSize: number;
      readonly batchSize: number;
      readonly rows: number;
      readonly threads: number;
      readonly flashAttention: 0 | 1;
    },
  ): Promise<NativeHandle>;
  /**
   * Processes tokens, each at a position of a sequence; answers ln p of `targets[i]` after the token at index `rows[i]`
   * of the step. Rows are sorted.
   */
  step(
    ...members: [
      handle: NativeHandle,
      tokens: Int32Array,
      positions: Int32Array,
      sequences: Int32Array,
      rows: Int32Array,
      targets: Int32Array,
    ]
  ): Promise<Float64Array>;
  /** Cuts a sequence back; answers the tokens it has then, 0 where it cannot be cut there. Not while a step runs. */
  keep(handle: NativeHandle, sequence: number, length: number): number;
  abort(handle: NativeHandle): void;
  close(handle: NativeHandle): void;
}

export interface Scorer {
  readonly addon: ScorerAddon | undefined;
  readonly scoring: Scoring;
}

const fileName = `scorer-${process.platform}-${process.arch}.node`;

/** Beside the folder the process was bundled to, or in the checkout it is run from. */
function findAddon(): string | undefined {
  const given = process.env.ASSAY_ENGINE_SCORER;
  const places = ['../native/', '../../out/native/'].map((place) =>
    fileURLToPath(new URL(place + fileName, import.meta.url)),
  );
  return (given ? [given] : places).find((place) => existsSync(place));
}

const libraryName = /[\\/](?:lib)?llama\.[^\\/]*$/;

/** The libllama in this process, under the name of its graphics interface. */
function findLibrary(): string {
  Reflect.set(process.report, 'excludeNetwork', true); // or it asks the system for names of addresses
  const report = process.report.getReport() as unknown as { sharedObjects: string[] }; // typed as a text, is an object
  const library = report.sharedObjects.find((file) => libraryName.test(file));
  if (!library) throw new Error('libllama is not in this process');
  return library;
}

const slow = (why: string): Scorer => ({ addon: undefined, scoring: { path: 'slow', why } });

/**
 * The addon that reads log-probabilities, where it is there, of the release of llama.cpp that runs and of its layout;
 * else why not. `ASSAY_ENGINE_SCORER` names its file, or is `off`.
 */
export function openScorer(llama: Llama): Scorer {
  if (process.env.ASSAY_ENGINE_SCORER === 'off') return slow('it is switched off');
  const file = findAddon();
  if (!file) return slow('it was not built for this system');
  try {
    const addon = createRequire(import.meta.url)(file) as ScorerAddon; // what native/scorer exports
    if (addon.release !== llama.llamaCppRelease.release)
      return slow(
        `it was built for llama.cpp ${addon.release}, ${llama.llamaCppRelease.release} runs; build it again`,
      );
    addon.attach(findLibrary());
    return { addon, scoring: { path: 'fast', why: null } };
  } catch (error) {
    return slow(error instanceof Error ? error.message : String(error));
  }
}

/** The library's own object around a model, which its types keep to themselves. The addon checks what it finds there. */
export function unwrapModel(model: LlamaModel): object {
  const inner: unknown = Reflect.get(model, '_model');
  if (typeof inner !== 'object' || inner === null)
    throw new Error('node-llama-cpp keeps its model elsewhere');
  return inner;
}
