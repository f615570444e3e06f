import type { Database } from '../../../native/duckdb/database.ts';
import { type ErrorCode, isAppError } from '../../contract/app-error.ts';
import type { Refusal } from '../../contract/model.contract.ts';

const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MODEL_FILE_MISSING',
  'MODEL_FILE_INVALID',
  'MODEL_UNSUPPORTED',
  'MODEL_TOO_LARGE',
]);
const mostKept = 200;

/** What a refused file was called, and its model where it is in the list. */
export interface Refused {
  readonly modelId: string | null;
  readonly name: string;
  readonly path: string | null;
}

/** Why files were not added and models not loaded, newest first; the oldest of more than 200 are forgotten. */
export class RefusalLog {
  constructor(private readonly database: Database) {}

  /** Runs `work`; where that is refused, the reason is kept before the error goes on. */
  async watch<T>(refused: Refused, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isAppError(error) && refusals.has(error.code)) await this.keep(refused, error);
      throw error;
    }
  }

  async keep(
    { modelId, name, path }: Refused,
    { code, message }: { readonly code: string; readonly message: string },
  ): Promise<void> {
    await this.database.write(async (session) => {
      await session.run(
        'INSERT INTO model_refusal (model_id, name, path, code, message) VALUES (?, ?, ?, ?, ?)',
        [modelId, name, path, code, message],
      );
      await session.run(
        `DELETE FROM model_refusal WHERE refused_at < (SELECT min(refused_at) FROM (SELECT refused_at FROM model_refusal ORDER BY refused_at DESC LIMIT ${mostKept}))`,
      );
    });
  }

  async list(): Promise<Refusal[]> {
    return this.database.all(
      `SELECT refused_at AS "refusedAt", model_id AS "modelId", name, path, code, message FROM model_refusal ORDER BY refused_at DESC, name LIMIT ${mostKept}`,
    );
  }

  async clear(): Promise<number> {
    return this.database.write((session) => session.run('DELETE FROM model_refusal'));
  }
}
