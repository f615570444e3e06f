import { createHash } from 'node:crypto';
import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import type { ModelPass } from '../audits/audit.ts';
import type { ModelCall, ModelQuestion } from '../audits/model-question.ts';

/** What a model said to one call, or why it said nothing. */
export interface ModelAnswer {
  readonly questionHash: string;
  readonly operation: ModelCall['operation'];
  /** decide: the candidates' probabilities; score: sum and number of log-probabilities; embed: the vector. */
  readonly numbers: readonly number[] | null;
  /** decide: mass of the candidates. */
  readonly coverage: number | null;
  readonly text: string | null;
  /** Null where it answered. A failed call is never read as an answer. */
  readonly failReason: string | null;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly ms: number;
}

/** A question's identity: 32 hex digits of the SHA-256 of its call. */
export function hashCall(call: ModelCall): string {
  return createHash('sha256').update(JSON.stringify(call)).digest('hex').slice(0, 32);
}

const answerShape =
  '[{"questionHash":"VARCHAR","operation":"VARCHAR","numbers":"DOUBLE[]","coverage":"DOUBLE","text":"VARCHAR","failReason":"VARCHAR","promptTokens":"BIGINT","generatedTokens":"BIGINT","ms":"DOUBLE"}]';

/** Answers of models, kept by the hash of the weights and of the question. */
export class AnswerRepository {
  constructor(private readonly database: Database) {}

  /** Those of the questions that have no answer yet; a failure of an earlier job counts as none. */
  async listMissing(
    modelHash: string,
    hashes: readonly string[],
    jobId: string | null,
  ): Promise<Set<string>> {
    const rows = await this.database.all<{ hash: string }>(
      `SELECT DISTINCT q.hash FROM (SELECT unnest(from_json(?::JSON, '["VARCHAR"]')) AS hash) q
       WHERE NOT EXISTS (SELECT 1 FROM model_answer a WHERE a.model_hash = ? AND a.question_hash = q.hash
         AND (a.fail_reason IS NULL OR a.job_id = ?))`,
      [JSON.stringify(hashes), modelHash, jobId ?? ''],
    );
    return new Set(rows.map(({ hash }) => hash));
  }

  /** Stores answers in place of earlier failures; all of them are on disk when this resolves. */
  async store(
    of: { datasetId: number; jobId: string; modelHash: string; model: string },
    answers: readonly ModelAnswer[],
  ): Promise<void> {
    const json = JSON.stringify(answers);
    const rows = `(SELECT unnest(from_json(?::JSON, '${answerShape}'), recursive := true))`;
    await this.database.write(async (session) => {
      await session.run(
        `DELETE FROM model_answer WHERE model_hash = ? AND fail_reason IS NOT NULL AND question_hash IN (SELECT "questionHash" FROM ${rows})`,
        [of.modelHash, json],
      );
      await session.run(
        `INSERT INTO model_answer (model_hash, question_hash, dataset_id, job_id, model, operation, numbers, coverage, text, fail_reason, prompt_tokens, generated_tokens, ms)
         SELECT ?, "questionHash", ?, ?, ?, operation, numbers, coverage, text, "failReason", "promptTokens", "generatedTokens", ms FROM ${rows}`,
        [of.modelHash, of.datasetId, of.jobId, of.model, json],
      );
    });
  }

  async noteDeath(modelHash: string, datasetId: number, hashes: readonly string[]): Promise<void> {
    await this.database.write((session) =>
      session.run(`INSERT INTO model_answer_death SELECT ?, unnest(from_json(?::JSON, '["VARCHAR"]')), ?`, [
        modelHash,
        JSON.stringify(hashes),
        datasetId,
      ]),
    );
  }

  /** How often the engine has died while each question was in flight, where it has. */
  async countDeaths(modelHash: string): Promise<Map<string, number>> {
    const rows = await this.database.all<{ hash: string; deaths: number }>(
      'SELECT question_hash AS hash, count(*) AS deaths FROM model_answer_death WHERE model_hash = ? GROUP BY ALL',
      [modelHash],
    );
    return new Map(rows.map(({ hash, deaths }) => [hash, deaths]));
  }
}

/** Removes what was asked for a dataset. */
export async function removeModelAnswers(session: Session, datasetId: number): Promise<void> {
  for (const table of ['model_answer', 'model_answer_death'])
    await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

/**
 * Creates the table of a pass's questions with their answers: the pass's columns, question_hash, is_answered, numbers,
 * p (the first number), coverage, text, fail_reason. Where a decision's candidates hold under half of the mass, or the
 * call failed or was not made, is_answered is false and numbers and p are NULL.
 */
export async function createAnswerTable(
  session: Session,
  options: {
    table: string;
    columns: ModelPass['columns'];
    questions: readonly ModelQuestion[];
    modelHash: string;
    minimumCoverage: number;
  },
): Promise<void> {
  const { table, columns, questions, modelHash, minimumCoverage } = options;
  const shape = JSON.stringify([{ ...columns, question_hash: 'VARCHAR' }]);
  const names = [...Object.keys(columns), 'question_hash'].map((name) => `q."${name}"`).join(', ');
  const rows = questions.map(({ call, row }) => ({ ...row, question_hash: hashCall(call) }));
  const isAnswered = `(a.question_hash IS NOT NULL AND a.fail_reason IS NULL AND (a.operation <> 'decide' OR a.coverage >= ${minimumCoverage}))`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT ${names}, ${isAnswered} AS is_answered, CASE WHEN ${isAnswered} THEN a.numbers END AS numbers,
       CASE WHEN ${isAnswered} THEN a.numbers[1] END AS p, a.coverage, CASE WHEN ${isAnswered} THEN a.text END AS text,
       coalesce(a.fail_reason, CASE WHEN a.question_hash IS NULL THEN 'not asked' WHEN NOT ${isAnswered} THEN 'the model put under half of its probability on the answers offered' END) AS fail_reason
     FROM (SELECT unnest(from_json(?::JSON, '${shape}'), recursive := true)) q
     LEFT JOIN (SELECT DISTINCT ON (question_hash) * FROM model_answer WHERE model_hash = ? ORDER BY question_hash, fail_reason NULLS FIRST) a USING (question_hash)`,
    [JSON.stringify(rows), modelHash],
  );
}
