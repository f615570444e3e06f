import type { Database } from '../../../../native/duckdb/database.ts';
import type { Session } from '../../../../native/duckdb/session.ts';
import { AppError } from '../../../contract/app-error.ts';
import { type PrincipleRequest, principleRequestSchema } from '../../../contract/constitution.contract.ts';
import { foldCount } from '../vote-table.ts';

/** Votes that code computes from traits are one voter's for every run. */
export const codeVoter = 'code';

/** What a run was started with; enough to make the same one again. */
export interface PrincipleRunRecord {
  readonly schema: 'assay.principle-run/1';
  readonly request: PrincipleRequest;
  readonly model: { readonly name: string; readonly hash: string } | null;
  readonly embedModel: { readonly name: string; readonly hash: string } | null;
  /** Hash of each prompt template. */
  readonly templates: Readonly<Record<string, string>>;
  readonly appVersion: string;
  readonly mergedBy?: string;
  readonly leftOut?: number;
  /** The run whose pairs and principles it takes up, where it looks at what that one leaves unexplained. */
  readonly sourceRun?: number;
  /** The constitution whose edited text is tested on the pairs and votes of this run. */
  readonly baseOf?: number;
}

export interface PrincipleRun {
  readonly principleRunId: number;
  readonly datasetId: number;
  readonly voter: string;
  readonly isProposed: boolean;
  readonly constitutionId: number | null;
  readonly record: PrincipleRunRecord;
  readonly pairs: number;
}

/** A principle of a run, in the run's order. */
export interface RunPrinciple {
  readonly place: number;
  readonly principleId: number;
  readonly text: string;
  readonly origin: string;
  readonly traitId: string | null;
  readonly direction: number;
  readonly stoppedAfter: number | null;
}

export interface PrincipleVote {
  readonly principleId: number;
  readonly comparisonId: number;
  readonly pA: number | null;
  readonly pB: number | null;
  readonly pNeither: number | null;
  readonly label: 'a' | 'b' | 'neither' | 'invalid';
  readonly labelAb: string;
  readonly labelBa: string;
  readonly calls: number;
  readonly failReason: string | null;
}

/** Tables that hold parts of runs and principles, by dataset. */
const tables = [
  'principle',
  'principle_run',
  'principle_run_pair',
  'principle_run_principle',
  'principle_proposal',
  'principle_vote',
  'principle_death',
  'constitution_verdict',
];

/** Removes principles, runs and votes of a dataset; part of removing it. */
export async function removePrinciples(session: Session, datasetId: number): Promise<void> {
  for (const table of tables) await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

/** Runs of principles over a frozen sample of labelled pairs. */
export class PrincipleRunRepository {
  constructor(private readonly database: Database) {}

  /**
   * Freezes a random sample of the labelled pairs, by seed. Prompts (blank ones: pairs of texts) are held out whole, 30 %
   * of them. Throws CONSTITUTION_NOT_APPLICABLE for fewer than two labelled pairs.
   */
  async create(record: PrincipleRunRecord, voter: string): Promise<number> {
    const { datasetId, sample, seed } = record.request;
    return this.database.write(async (session) => {
      const { run } = await session.one<{ run: number }>(
        'SELECT coalesce(max(principle_run_id), 0) + 1 AS run FROM principle_run',
      );
      const pairs = await session.run(
        `INSERT INTO principle_run_pair
         WITH drawn AS (
           SELECT c.comparison_id, c.response_a_id, c.response_b_id, c.prompt_id, CASE c.label WHEN 'a' THEN 1 ELSE -1 END AS y, c.chars_a, c.chars_b,
             row_number() OVER (ORDER BY md5(concat(c.comparison_id, '/', ?::BIGINT)), c.comparison_id) - 1 AS pos
           FROM comparison c WHERE c.dataset_id = ? AND c.label IN ('a', 'b') QUALIFY pos < ?),
         keyed AS (
           SELECT d.*, CASE WHEN trim(p.text) <> '' THEN md5(p.text)
             ELSE md5(least(a.text, b.text) || chr(30) || greatest(a.text, b.text)) END AS key
           FROM drawn d JOIN prompt p USING (prompt_id)
           JOIN response a ON a.response_id = d.response_a_id JOIN response b ON b.response_id = d.response_b_id),
         placed AS (
           SELECT *, dense_rank() OVER (ORDER BY key) - 1 AS cluster,
             dense_rank() OVER (ORDER BY md5(concat(key, ':', ?::BIGINT)), key) - 1 AS place FROM keyed)
         SELECT ?, ?, pos, comparison_id, cluster, place < (SELECT round(0.3 * (max(place) + 1)) FROM placed), place % ${foldCount}, y,
           CASE y WHEN 1 THEN chars_a ELSE chars_b END, CASE y WHEN 1 THEN chars_b ELSE chars_a END
         FROM placed`,
        [seed, datasetId, sample, seed, run, datasetId],
      );
      if (pairs < 2)
        throw new AppError(
          'CONSTITUTION_NOT_APPLICABLE',
          `No constitution was made: the dataset has ${pairs} pairs with a preferred side. It needs pairs labelled a or b.`,
          { datasetId },
        );
      await session.run(
        'INSERT INTO principle_run (principle_run_id, dataset_id, voter, record) VALUES (?, ?, ?, ?::JSON)',
        [run, datasetId, voter, JSON.stringify(record)],
      );
      return run;
    });
  }

  /** Throws PRINCIPLE_RUN_MISSING. */
  async get(principleRunId: number): Promise<PrincipleRun> {
    const row = await this.database.find<Omit<PrincipleRun, 'record'> & { record: string }>(
      `SELECT principle_run_id AS "principleRunId", dataset_id AS "datasetId", voter, is_proposed AS "isProposed",
         constitution_id AS "constitutionId", record::VARCHAR AS record,
         (SELECT count(*) FROM principle_run_pair p WHERE p.principle_run_id = r.principle_run_id) AS pairs
       FROM principle_run r WHERE principle_run_id = ?`,
      [principleRunId],
    );
    if (!row)
      throw new AppError(
        'PRINCIPLE_RUN_MISSING',
        `There is no run of principles ${principleRunId} in this workspace.`,
        { principleRunId },
      );
    const record = JSON.parse(row.record) as PrincipleRunRecord;
    return { ...row, record: { ...record, request: principleRequestSchema.parse(record.request) } };
  }

  async listPrinciples(principleRunId: number): Promise<RunPrinciple[]> {
    return this.database.all(
      `SELECT r.place, r.principle_id AS "principleId", p.text, p.origin, p.trait_id AS "traitId", p.direction, r.stopped_after AS "stoppedAfter"
       FROM principle_run_principle r JOIN principle p USING (principle_id) WHERE r.principle_run_id = ? ORDER BY r.place`,
      [principleRunId],
    );
  }

  /** Pairs at positions (after, upTo] with the principles a model has still to vote on. */
  async listPending(
    run: PrincipleRun,
    { after, upTo }: { after: number; upTo: number },
  ): Promise<{ comparisonId: number; principleIds: number[] }[]> {
    return this.database.all(
      `SELECT rp.comparison_id AS "comparisonId", list(rr.principle_id ORDER BY rr.place) AS "principleIds"
       FROM principle_run_pair rp JOIN principle_run_principle rr USING (principle_run_id)
       JOIN principle p ON p.principle_id = rr.principle_id
       WHERE rp.principle_run_id = ? AND rp.pos > ? AND rp.pos <= ? AND p.trait_id IS NULL AND rr.stopped_after IS NULL
         AND NOT EXISTS (SELECT 1 FROM principle_vote v
           WHERE v.voter = ? AND v.principle_id = rr.principle_id AND v.comparison_id = rp.comparison_id)
       GROUP BY rp.pos, rp.comparison_id ORDER BY rp.pos`,
      [run.principleRunId, after, upTo, run.voter],
    );
  }

  /** All of them are on disk when this resolves. */
  async storeVotes(run: PrincipleRun, votes: readonly PrincipleVote[]): Promise<void> {
    await this.database.write(async (session) => {
      await session.run(
        `INSERT INTO principle_vote (dataset_id, voter, principle_id, comparison_id, p_a, p_b, p_neither, label, label_ab, label_ba, n_calls, fail_reason)
         SELECT ?, ?, "principleId", "comparisonId", "pA", "pB", "pNeither", label, "labelAb", "labelBa", calls, "failReason"
         FROM (SELECT unnest(from_json(?::JSON, '[{"principleId":"BIGINT","comparisonId":"BIGINT","pA":"DOUBLE","pB":"DOUBLE","pNeither":"DOUBLE","label":"VARCHAR","labelAb":"VARCHAR","labelBa":"VARCHAR","calls":"INTEGER","failReason":"VARCHAR"}]'), recursive := true))`,
        [run.datasetId, run.voter, JSON.stringify(votes)],
      );
    });
  }

  async noteDeath(run: PrincipleRun, comparisonIds: readonly number[]): Promise<void> {
    await this.database.write(async (session) => {
      for (const id of comparisonIds)
        await session.run('INSERT INTO principle_death VALUES (?, ?, ?)', [
          run.principleRunId,
          run.datasetId,
          id,
        ]);
    });
  }

  /** How often the engine has died while each pair was in flight, where it has. */
  async countDeaths(principleRunId: number): Promise<Map<number, number>> {
    const rows = await this.database.all<{ id: number; deaths: number }>(
      'SELECT comparison_id AS id, count(*) AS deaths FROM principle_death WHERE principle_run_id = ? GROUP BY ALL',
      [principleRunId],
    );
    return new Map(rows.map((row) => [row.id, row.deaths]));
  }
}
