import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { MiningAnswer } from './mining-method.ts';

/** An answered item, as it is stored. */
export interface MinedItem {
  readonly itemKey: string;
  readonly answer: MiningAnswer;
  readonly ms: number;
}

/** Where answers belong. */
export interface MinedBatch {
  readonly settingHash: string;
  readonly datasetId: number;
  readonly jobId: string;
  readonly step: string;
  /** Names of the models by role. */
  readonly models: Readonly<Record<string, string>>;
}

const shape =
  '[{"item_key":"VARCHAR","result":"JSON","fail_reason":"VARCHAR","calls":"INTEGER","invalid_calls":"INTEGER","prompt_tokens":"BIGINT","generated_tokens":"BIGINT","ms":"DOUBLE"}]';

/** Answers of models about items, kept by setting and item. */
export class MinedItemRepository {
  constructor(private readonly database: Database) {}

  /** Stores answers in place of earlier failures; all of them are on disk when this resolves. */
  async store(batch: MinedBatch, items: readonly MinedItem[]): Promise<void> {
    const rows = items.map(({ itemKey, answer, ms }) => ({
      item_key: itemKey,
      result: answer.result,
      fail_reason: answer.failReason,
      calls: answer.calls,
      invalid_calls: answer.invalidCalls,
      prompt_tokens: answer.use.prompt,
      generated_tokens: answer.use.generated,
      ms,
    }));
    const listed = `(SELECT unnest(from_json(?::JSON, '${shape}'), recursive := true))`;
    await this.database.write(async (session) => {
      const json = JSON.stringify(rows);
      await session.run(
        `DELETE FROM mined_item WHERE setting_hash = ? AND item_key IN (SELECT item_key FROM ${listed})`,
        [batch.settingHash, json],
      );
      await session.run(
        `INSERT INTO mined_item BY NAME SELECT ? AS setting_hash, ? AS dataset_id, ? AS job_id, ? AS step, ?::JSON AS models, * FROM ${listed}`,
        [batch.settingHash, batch.datasetId, batch.jobId, batch.step, JSON.stringify(batch.models), json],
      );
    });
  }

  async noteDeath(
    { settingHash, datasetId }: Pick<MinedBatch, 'settingHash' | 'datasetId'>,
    itemKeys: readonly string[],
  ): Promise<void> {
    await this.database.write((session) =>
      session.run(`INSERT INTO mined_death SELECT ?, unnest(from_json(?::JSON, '["VARCHAR"]')), ?`, [
        settingHash,
        JSON.stringify(itemKeys),
        datasetId,
      ]),
    );
  }

  /** How often the engine has died while each item was in flight, where it has. */
  async countDeaths(settingHash: string): Promise<Map<string, number>> {
    const rows = await this.database.all<{ key: string; deaths: number }>(
      'SELECT item_key AS key, count(*) AS deaths FROM mined_death WHERE setting_hash = ? GROUP BY ALL',
      [settingHash],
    );
    return new Map(rows.map(({ key, deaths }) => [key, deaths]));
  }
}

/** Removes what was asked for a dataset; part of removing it. */
export async function removeMining(session: Session, datasetId: number): Promise<void> {
  for (const table of ['mined_item', 'mined_death'])
    await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}
