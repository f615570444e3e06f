import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { AppError } from '../../contract/app-error.ts';
import type { Endpoint } from '../../contract/model.contract.ts';

/** Where Assay keeps what belongs to the user and to no workspace. */
export function findUserDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CONFIG_HOME ?? environment.APPDATA ?? path.join(homedir(), '.config');
  return path.join(base, 'assay');
}

/**
 * Keys of endpoints, in one file that only its owner may read, outside every workspace: a workspace that is handed on
 * hands on no key. They are never sent to a page.
 */
export class EndpointKeys {
  readonly #file: string;

  constructor(directory: string) {
    this.#file = path.join(directory, 'endpoint-keys.json');
  }

  /** The key of an endpoint, or null where it has none. Throws ENDPOINT_FAILED where it should have one. */
  find(
    modelId: string,
    { keyVariable, hasStoredKey }: Pick<Endpoint, 'keyVariable' | 'hasStoredKey'>,
  ): string | null {
    if (keyVariable !== null) {
      const key = process.env[keyVariable];
      if (key) return key;
      throw new AppError(
        'ENDPOINT_FAILED',
        `The endpoint was not used: its key is read from the environment variable ${keyVariable}, which is not set. Set it and start Assay again.`,
        { keyVariable },
      );
    }
    if (!hasStoredKey) return null;
    const key = this.#read()[modelId];
    if (key !== undefined) return key;
    throw new AppError(
      'ENDPOINT_FAILED',
      'The endpoint was not used: its key is not on this machine. Remove the endpoint and add it again with its key.',
      { modelId },
    );
  }

  store(modelId: string, key: string): void {
    this.#write({ ...this.#read(), [modelId]: key });
  }

  remove(modelId: string): void {
    const keys = this.#read();
    if (!(modelId in keys)) return;
    this.#write(Object.fromEntries(Object.entries(keys).filter(([id]) => id !== modelId)));
  }

  #read(): Record<string, string> {
    if (!existsSync(this.#file)) return {};
    return JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, string>; // written by `#write`
  }

  /** Whole or not at all, and never readable by others in between. */
  #write(keys: Record<string, string>): void {
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const temporary = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(keys), { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, this.#file);
  }
}
