import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { JudgeRecord } from '../../contract/judging.contract.ts';
import { newestJob } from '../jobs/newest-job.ts';
import type { PairJudgement } from './pair-record.ts';
import type { ResponseScore } from './protocol.ts';

/** A run as it is stored, without what is counted from its results. */
export interface StoredRun {
  readonly judgeRunId: number;
  readonly datasetId: number;
  readonly annotatorId: number;
  /** The job that works or last worked on it. */
  readonly jobId: string | null;
  readonly name: string;
  readonly protocol: string;
  readonly subject: 'pair' | 'response';
  readonly planned: number;
  readonly isFinished: boolean;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly record: JudgeRecord;
}

/** The result of one item with the time it took. */
export type JudgedItem =
  | {
      readonly subject: 'pair';
      readonly itemId: number;
      readonly ms: number;
      readonly judgement: PairJudgement;
    }
  | {
      readonly subject: 'response';
      readonly itemId: number;
      readonly ms: number;
      readonly score: ResponseScore;
    };

/** Items of a run: SQL yielding `item_id` in no particular order. */
export interface ItemSource {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

export interface NewRun {
  readonly datasetId: number;
  readonly name: string;
  readonly protocol: string;
  readonly subject: 'pair' | 'response';
  readonly record: JudgeRecord;
  readonly items: ItemSource;
}

const columns = `judge_run_id AS "judgeRunId", ${newestJob('judge', { spec: 'judgeRunId', run: 'judge_run_id' })} AS "jobId", dataset_id AS "datasetId", annotator_id AS "annotatorId", name, protocol, subject,
  planned, is_finished AS "isFinished", created_at AS "createdAt", finished_at AS "finishedAt", record::VARCHAR AS record`;

const pairShape = `[{"comparison_id":"BIGINT","label":"VARCHAR","p_a":"DOUBLE","strength":"DOUBLE","margin":"DOUBLE",
  "is_order_consistent":"BOOLEAN","position_bias":"DOUBLE","calls":"INTEGER","invalid_calls":"INTEGER","rationale":"VARCHAR",
  "is_truncated":"BOOLEAN","fail_reason":"VARCHAR","prompt_tokens":"BIGINT","reused_tokens":"BIGINT","generated_tokens":"BIGINT",
  "ms":"DOUBLE","detail":"JSON"}]`;
const responseShape = `[{"response_id":"BIGINT","calls":"INTEGER","invalid_calls":"INTEGER","is_truncated":"BOOLEAN","fail_reason":"VARCHAR",
  "prompt_tokens":"BIGINT","reused_tokens":"BIGINT","generated_tokens":"BIGINT","ms":"DOUBLE","detail":"JSON"}]`;
const scoreShape = `[{"response_id":"BIGINT","aspect":"VARCHAR","value":"DOUBLE","value_text":"VARCHAR","scale_min":"DOUBLE",
  "scale_max":"DOUBLE","rationale":"VARCHAR"}]`;

const columnNames = (shape: string) =>
  [...shape.matchAll(/"(\w+)":/g)].map((match) => match[1] ?? '').join(', ');

const rowsOf = (shape: string) =>
  `(SELECT unnest(from_json(?::JSON, '${shape.replaceAll(/\s+/g, '')}'), recursive := true))`;

/** Judge runs and their results. A result and the label it gives are stored in one transaction. */
export class JudgeRunRepository {
  constructor(private readonly database: Database) {}

  /** Freezes the items of a run in random order by its seed, with an annotator of its own for the labels. */
  async create(run: NewRun): Promise<number> {
    const { datasetId, name, protocol, subject, record, items } = run;
    const { limit, seed } = record.request;
    return this.database.write(async (session) => {
      const next = await session.one<{ run: number; annotator: number }>(
        `SELECT (SELECT coalesce(max(judge_run_id), 0) + 1 FROM judge_run) AS run,
           (SELECT coalesce(max(annotator_id), 0) + 1 FROM annotator) AS annotator`,
      );
      const taken = await session.find('SELECT 1 AS one FROM annotator WHERE dataset_id = ? AND name = ?', [
        datasetId,
        name,
      ]);
      const unique = taken ? `${name} (run ${next.run})` : name;
      await session.run(
        `INSERT INTO annotator (annotator_id, dataset_id, name, kind, attributes, import_id)
         VALUES (?, ?, ?, 'model', MAP {'protocol': ?, 'judge_run': ?}, 0)`,
        [next.annotator, datasetId, unique, protocol, String(next.run)],
      );
      const planned = await session.run(
        `INSERT INTO judge_item (judge_run_id, pos, item_id)
         SELECT ?, row_number() OVER (ORDER BY md5(item_id::VARCHAR || ?), item_id) - 1, item_id FROM (${items.sql})
         ORDER BY ALL ${limit === undefined ? '' : `LIMIT ${Math.trunc(limit)}`}`,
        [next.run, `/${seed}`, ...items.parameters],
      );
      await session.run(
        `INSERT INTO judge_run (judge_run_id, dataset_id, annotator_id, name, protocol, subject, record, planned)
         VALUES (?, ?, ?, ?, ?, ?, ?::JSON, ?)`,
        [next.run, datasetId, next.annotator, unique, protocol, subject, JSON.stringify(record), planned],
      );
      return next.run;
    });
  }

  /** Throws JUDGE_RUN_MISSING. */
  async get(judgeRunId: number): Promise<StoredRun> {
    const row = await this.database.find<Omit<StoredRun, 'record'> & { record: string }>(
      `SELECT ${columns} FROM judge_run WHERE judge_run_id = ?`,
      [judgeRunId],
    );
    if (!row)
      throw new AppError('JUDGE_RUN_MISSING', `There is no judge run ${judgeRunId} in this workspace.`, {
        judgeRunId,
      });
    return parseRun(row);
  }

  /** Newest first. */
  async list(datasetId: number): Promise<StoredRun[]> {
    const rows = await this.database.all<Omit<StoredRun, 'record'> & { record: string }>(
      `SELECT ${columns} FROM judge_run WHERE dataset_id = ? ORDER BY judge_run_id DESC`,
      [datasetId],
    );
    return rows.map(parseRun);
  }

  /** Items done and those among them without a valid answer. */
  async count(run: Pick<StoredRun, 'judgeRunId' | 'subject'>): Promise<{ done: number; invalid: number }> {
    const table = run.subject === 'pair' ? 'judgement' : 'response_judgement';
    return this.database.one(
      `SELECT count(*) AS done, count(*) FILTER (fail_reason IS NOT NULL) AS invalid FROM ${table} WHERE judge_run_id = ?`,
      [run.judgeRunId],
    );
  }

  /** Stores results and their labels or ratings; all of them are on disk when this resolves. */
  async store(run: StoredRun, items: readonly JudgedItem[]): Promise<void> {
    await this.database.write(async (session) => {
      await storePairs(session, run, items);
      await storeResponses(session, run, items);
    });
  }

  async noteDeath(judgeRunId: number, itemIds: readonly number[]): Promise<void> {
    await this.database.write(async (session) => {
      for (const itemId of itemIds)
        await session.run('INSERT INTO judge_death VALUES (?, ?)', [judgeRunId, itemId]);
    });
  }

  /** How often the engine has died while each item was in flight, where it has. */
  async countDeaths(judgeRunId: number): Promise<Map<number, number>> {
    const rows = await this.database.all<{ itemId: number; deaths: number }>(
      'SELECT item_id AS "itemId", count(*) AS deaths FROM judge_death WHERE judge_run_id = ? GROUP BY item_id',
      [judgeRunId],
    );
    return new Map(rows.map((row) => [row.itemId, row.deaths]));
  }

  async finish(
    run: StoredRun,
    conclude: (session: Session) => Promise<void> = async () => undefined,
  ): Promise<void> {
    await this.database.write(async (session) => {
      await conclude(session);
      await session.run(
        'UPDATE judge_run SET is_finished = true, finished_at = now() WHERE judge_run_id = ?',
        [run.judgeRunId],
      );
    });
  }

  /** Removes a run with its results, labels and annotator. */
  async remove(run: StoredRun): Promise<void> {
    await this.database.write(async (session) => {
      for (const table of ['judgement', 'response_judgement', 'judge_item', 'judge_death', 'judge_run'])
        await session.run(`DELETE FROM ${table} WHERE judge_run_id = ?`, [run.judgeRunId]);
      for (const table of [
        'vote',
        'rating',
        'rationale',
        'rationale_lint',
        'rationale_language',
        'annotator',
      ])
        await session.run(`DELETE FROM ${table} WHERE annotator_id = ?`, [run.annotatorId]);
    });
  }
}

/** Removes every run of a dataset; its labels and annotators go with the dataset's own. */
export async function removeJudging(session: Session, datasetId: number): Promise<void> {
  for (const table of ['judge_item', 'judge_death'])
    await session.run(
      `DELETE FROM ${table} WHERE judge_run_id IN (SELECT judge_run_id FROM judge_run WHERE dataset_id = ?)`,
      [datasetId],
    );
  for (const table of ['judgement', 'response_judgement', 'judge_run'])
    await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

function parseRun(row: Omit<StoredRun, 'record'> & { record: string }): StoredRun {
  // Written by `create` and read back unchanged.
  return { ...row, record: JSON.parse(row.record) as JudgeRecord };
}

const costOf = (item: JudgedItem) => {
  const { calls, invalidCalls, isTruncated, failReason, use, detail } =
    item.subject === 'pair' ? item.judgement : item.score;
  return {
    calls,
    invalid_calls: invalidCalls,
    is_truncated: isTruncated,
    fail_reason: failReason,
    prompt_tokens: use.prompt,
    reused_tokens: use.reused,
    generated_tokens: use.generated,
    ms: item.ms,
    detail,
  };
};

async function storePairs(session: Session, run: StoredRun, items: readonly JudgedItem[]): Promise<void> {
  const rows = items.flatMap((item) =>
    item.subject === 'pair'
      ? {
          ...costOf(item),
          comparison_id: item.itemId,
          label: item.judgement.label,
          p_a: item.judgement.pA,
          strength: item.judgement.strength,
          margin: item.judgement.margin,
          is_order_consistent: item.judgement.isOrderConsistent,
          position_bias: item.judgement.positionBias,
          rationale: item.judgement.rationale,
        }
      : [],
  );
  if (rows.length === 0) return;
  const json = JSON.stringify(rows);
  const { judgeRunId, datasetId, annotatorId } = run;
  const names = columnNames(pairShape);
  await session.run(
    `INSERT INTO judgement (judge_run_id, dataset_id, ${names}) SELECT ?, ?, ${names} FROM ${rowsOf(pairShape)}`,
    [judgeRunId, datasetId, json],
  );
  await session.run(
    `INSERT INTO vote (comparison_id, dataset_id, annotator_id, label, strength, ms, import_id)
     SELECT comparison_id, ?, ?, label, strength, ms, 0 FROM ${rowsOf(pairShape)} WHERE label <> 'invalid'`,
    [datasetId, annotatorId, json],
  );
  await session.run(
    `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, text, import_id)
     SELECT ?, comparison_id, ?, rationale, 0 FROM ${rowsOf(pairShape)} WHERE rationale IS NOT NULL`,
    [datasetId, annotatorId, json],
  );
}

async function storeResponses(session: Session, run: StoredRun, items: readonly JudgedItem[]): Promise<void> {
  const scored = items.filter((item) => item.subject === 'response');
  if (scored.length === 0) return;
  const { judgeRunId, datasetId, annotatorId } = run;
  const names = columnNames(responseShape);
  await session.run(
    `INSERT INTO response_judgement (judge_run_id, dataset_id, ${names}) SELECT ?, ?, ${names} FROM ${rowsOf(responseShape)}`,
    [
      judgeRunId,
      datasetId,
      JSON.stringify(scored.map((item) => ({ ...costOf(item), response_id: item.itemId }))),
    ],
  );
  const scores = scored.flatMap((item) =>
    item.score.scores.map((score) => ({
      response_id: item.itemId,
      aspect: score.aspect,
      value: score.value,
      value_text: score.valueText ?? null,
      scale_min: score.scaleMin,
      scale_max: score.scaleMax,
      rationale: score.rationale ?? null,
    })),
  );
  const json = JSON.stringify(scores);
  await session.run(
    `INSERT INTO rating (response_id, dataset_id, annotator_id, aspect, "value", value_text, scale_min, scale_max, import_id)
     SELECT response_id, ?, ?, aspect, "value", value_text, scale_min, scale_max, 0 FROM ${rowsOf(scoreShape)}
     WHERE "value" IS NOT NULL OR value_text IS NOT NULL`,
    [datasetId, annotatorId, json],
  );
  await session.run(
    `INSERT INTO rationale (dataset_id, response_id, annotator_id, aspect, text, import_id)
     SELECT ?, response_id, ?, aspect, rationale, 0 FROM ${rowsOf(scoreShape)} WHERE rationale IS NOT NULL`,
    [datasetId, annotatorId, json],
  );
}
