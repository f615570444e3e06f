import { createHash } from 'node:crypto';
import { AppError } from '../../contract/app-error.ts';

/** One call that must not happen twice. `requestId` is made by the caller and kept for a repetition. */
export interface RememberedCall {
  readonly method: string;
  readonly requestId: string;
  readonly input: unknown;
}

export interface WriteMemory {
  /**
   * Runs `work` unless the same call already succeeded or is running; then answers with that one's result.
   * A call that failed or was cancelled leaves nothing behind, so its repetition runs.
   * Throws INPUT_INVALID where the request id was used for another input.
   */
  once<T>(call: RememberedCall, work: () => Promise<T>): Promise<T>;
  readonly size: number;
}

interface Entry {
  readonly fingerprint: string;
  readonly result: Promise<unknown>;
}

/** Remembers the last `capacity` answers of one core process, across links; nothing survives the process. */
export function createWriteMemory(capacity = 512): WriteMemory {
  const entries = new Map<string, Entry>();

  const forget = (key: string, entry: Entry) => {
    if (entries.get(key) === entry) entries.delete(key);
  };

  async function once<T>(call: RememberedCall, work: () => Promise<T>): Promise<T> {
    const key = `${call.method} ${call.requestId}`;
    const fingerprint = createHash('sha256')
      .update(JSON.stringify(call.input ?? null))
      .digest('base64');
    for (let earlier = entries.get(key); earlier; earlier = entries.get(key)) {
      if (earlier.fingerprint !== fingerprint) {
        throw new AppError(
          'INPUT_INVALID',
          `${call.method} was not run: its request id belongs to a call with another input. Make a new id for a new call.`,
          { path: 'requestId' },
        );
      }
      const outcome = await earlier.result.then(
        (value) => ({ value: value as T }),
        () => undefined,
      );
      if (outcome) return outcome.value;
      forget(key, earlier);
    }
    const result = work();
    const entry: Entry = { fingerprint, result };
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= capacity) break;
      entries.delete(oldest);
    }
    result.catch(() => forget(key, entry));
    return result;
  }

  return {
    once,
    get size() {
      return entries.size;
    },
  };
}
