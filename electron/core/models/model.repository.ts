import { randomUUID } from 'node:crypto';
import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import type { Capability } from '../../../native/host/inference.ts';
import type { BenchmarkResult, Calibration, ModelFacts } from '../../../native/host/inference-calls.ts';
import { AppError } from '../../contract/app-error.ts';
import type { Endpoint, EndpointTraits, ModelSettings } from '../../contract/model.contract.ts';

/** A model as it is stored. */
export interface ModelRecord {
  readonly modelId: string;
  readonly name: string;
  readonly kind: 'gguf' | 'endpoint';
  readonly hash: string;
  readonly path: string | null;
  readonly capabilities: Capability[];
  readonly facts: ModelFacts | null;
  readonly settings: ModelSettings;
  readonly calibration: Calibration | null;
  readonly benchmark: BenchmarkResult | null;
  readonly endpoint: Endpoint | null;
  readonly addedAt: string;
}

export type NewModel = Pick<
  ModelRecord,
  'name' | 'kind' | 'hash' | 'path' | 'capabilities' | 'facts' | 'settings'
> & { readonly endpoint?: Omit<Endpoint, 'testedAt' | 'traits'> };

interface StoredRow {
  readonly modelId: string;
  readonly name: string;
  readonly kind: 'gguf' | 'endpoint';
  readonly hash: string;
  readonly path: string | null;
  readonly capabilities: string;
  readonly facts: string | null;
  readonly settings: string;
  readonly calibration: string | null;
  readonly benchmark: string | null;
  readonly addedAt: string;
  readonly endpoint: string | null;
}

/** What is stored as JSON was written by this class, so that its shape is known. */
function readJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

function toRecord(row: StoredRow): ModelRecord {
  return {
    ...row,
    capabilities: readJson<Capability[]>(row.capabilities) ?? [],
    facts: readJson<ModelFacts>(row.facts),
    settings: JSON.parse(row.settings) as ModelSettings,
    calibration: readJson<Calibration>(row.calibration),
    benchmark: readJson<BenchmarkResult>(row.benchmark),
    endpoint: readJson<Endpoint>(row.endpoint),
  };
}

const select = `
  SELECT m.model_id AS "modelId", m.name, m.kind, m.hash, m.path,
    m.capabilities::VARCHAR AS capabilities, m.facts::VARCHAR AS facts, m.settings::VARCHAR AS settings,
    m.calibration::VARCHAR AS calibration, m.benchmark::VARCHAR AS benchmark, m.added_at AS "addedAt",
    CASE WHEN e.model_id IS NULL THEN NULL ELSE json_object(
      'url', e.url, 'remoteModel', e.remote_model, 'keyVariable', e.key_variable,
      'hasStoredKey', e.has_stored_key, 'isEnabled', e.is_enabled, 'isPublicConfirmed', e.is_public_confirmed,
      'concurrency', e.concurrency, 'traits', e.traits, 'testedAt', e.tested_at::VARCHAR
    )::VARCHAR END AS endpoint
  FROM model m LEFT JOIN endpoint e USING (model_id)`;

const columns = {
  name: 'name',
  settings: 'settings',
  capabilities: 'capabilities',
  calibration: 'calibration',
  benchmark: 'benchmark',
} as const;

export class ModelRepository {
  constructor(private readonly database: Database) {}

  async list(): Promise<ModelRecord[]> {
    return (await this.database.all<StoredRow>(`${select} ORDER BY m.name`)).map(toRecord);
  }

  /** By id or name. Throws MODEL_MISSING naming the models there are. */
  async get(idOrName: string): Promise<ModelRecord> {
    const [row] = await this.database.all<StoredRow>(
      `${select} WHERE m.model_id = ? OR m.name = ? ORDER BY m.model_id = ? DESC LIMIT 1`,
      [idOrName, idOrName, idOrName],
    );
    if (row) return toRecord(row);
    const names = (await this.list()).map(({ name }) => name);
    throw new AppError(
      'MODEL_MISSING',
      `There is no model called “${idOrName}”. ${names.length > 0 ? `Models: ${names.join(', ')}.` : 'Add a GGUF file or an endpoint first.'}`,
      { modelId: idOrName },
    );
  }

  async findByHash(hash: string): Promise<ModelRecord | undefined> {
    const [row] = await this.database.all<StoredRow>(`${select} WHERE m.hash = ? LIMIT 1`, [hash]);
    return row && toRecord(row);
  }

  /** Throws MODEL_NAME_TAKEN. */
  async insert(model: NewModel): Promise<ModelRecord> {
    const modelId = randomUUID();
    const { name, kind, hash, path, capabilities, facts, settings, endpoint } = model;
    await this.database.write(async (session) => {
      await requireFreeName(session, name, modelId);
      await session.run(
        'INSERT INTO model (model_id, name, kind, hash, path, capabilities, facts, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        [
          ...[modelId, name, kind, hash, path],
          ...[JSON.stringify(capabilities), facts && JSON.stringify(facts), JSON.stringify(settings)],
        ],
      );
      if (!endpoint) return;
      const { url, remoteModel, keyVariable, hasStoredKey, isEnabled, isPublicConfirmed, concurrency } =
        endpoint;
      await session.run('INSERT INTO endpoint VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)', [
        ...[modelId, url, remoteModel, keyVariable, hasStoredKey],
        ...[isEnabled, isPublicConfirmed, concurrency],
      ]);
    });
    return this.get(modelId);
  }

  /** Changes some members; JSON ones are stored whole. Throws MODEL_NAME_TAKEN. */
  async update(
    modelId: string,
    change: Partial<Pick<ModelRecord, keyof typeof columns>>,
  ): Promise<ModelRecord> {
    await this.database.write(async (session) => {
      if (change.name !== undefined) await requireFreeName(session, change.name, modelId);
      for (const [member, column] of Object.entries(columns)) {
        const value = change[member as keyof typeof columns]; // the keys of `columns` are these
        if (value === undefined) continue;
        const stored = typeof value === 'string' || value === null ? value : JSON.stringify(value);
        await session.run(`UPDATE model SET ${column} = ? WHERE model_id = ?`, [stored, modelId]);
      }
    });
    return this.get(modelId);
  }

  async setFile(modelId: string, path: string, facts: ModelFacts): Promise<ModelRecord> {
    await this.database.write((session) =>
      session.run('UPDATE model SET path = ?, facts = ? WHERE model_id = ?', [
        path,
        JSON.stringify(facts),
        modelId,
      ]),
    );
    return this.get(modelId);
  }

  async setEnabled(modelId: string, isEnabled: boolean): Promise<ModelRecord> {
    await this.database.write((session) =>
      session.run('UPDATE endpoint SET is_enabled = ? WHERE model_id = ?', [isEnabled, modelId]),
    );
    return this.get(modelId);
  }

  async setTraits(modelId: string, traits: EndpointTraits): Promise<ModelRecord> {
    await this.database.write((session) =>
      session.run('UPDATE endpoint SET traits = ?, tested_at = now() WHERE model_id = ?', [
        JSON.stringify(traits),
        modelId,
      ]),
    );
    return this.update(modelId, { capabilities: traits.capabilities });
  }

  async remove(modelId: string): Promise<boolean> {
    return this.database.write(async (session) => {
      await session.run('DELETE FROM endpoint WHERE model_id = ?', [modelId]);
      return (await session.run('DELETE FROM model WHERE model_id = ?', [modelId])) > 0;
    });
  }
}

async function requireFreeName(session: Session, name: string, modelId: string): Promise<void> {
  const taken = await session.find('SELECT 1 FROM model WHERE name = ? AND model_id <> ?', [name, modelId]);
  if (!taken) return;
  throw new AppError('MODEL_NAME_TAKEN', `Nothing was changed: there is a model called “${name}” already.`, {
    name,
  });
}
