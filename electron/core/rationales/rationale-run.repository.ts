import type { Database } from '../../../native/duckdb/database.ts';
import type { Parameter, Session } from '../../../native/duckdb/session.ts';
import { AppError } from '../../contract/app-error.ts';
import type { RationaleRecord, RationaleRun } from '../../contract/rationale.contract.ts';
import { newestJob } from '../jobs/newest-job.ts';
import { measureShareOf } from '../judging/figure.ts';

/** A run as it is stored, without what is counted from its results. */
export type StoredRationaleRun = Omit<RationaleRun, 'done' | 'invalid' | 'chosenFirst'>;

/** One pair of a run: the chosen side, and for a check the rationale of its own and that of another pair. */
export interface RationaleItem {
  readonly comparisonId: number;
  readonly winner: 'a' | 'b';
  readonly annotatorId: number | null;
  readonly text: string | null;
  readonly shownFirst: 'a' | 'b' | null;
  readonly donorText: string | null;
}

export interface NewRationaleRun {
  readonly datasetId: number;
  readonly name: string;
  readonly record: RationaleRecord;
  readonly promptParts: readonly string[];
  /** Columns comparison_id, winner, annotator_id, text, shown_first. */
  readonly items: { readonly sql: string; readonly parameters: readonly Parameter[] };
  readonly isKept?: boolean;
}

const columns = `rationale_run_id AS "rationaleRunId",
  ${newestJob('rationales', { spec: 'rationaleRunId', run: 'rationale_run_id' })} AS "jobId", dataset_id AS "datasetId", annotator_id AS "annotatorId", name, task, kind,
  is_kept AS "isKept", planned, is_finished AS "isFinished", created_at AS "createdAt", finished_at AS "finishedAt", record::VARCHAR AS record`;

const tables = [
  'rationale_run',
  'rationale_item',
  'rationale_death',
  'generated_rationale',
  'rationale_check',
  'rationale_lint',
  'rationale_language',
];

/** What belongs to a writer, not to a run. */
const ofAnnotator: readonly string[] = ['rationale_lint', 'rationale_language'];

/** Removes runs, checks and findings of a dataset; part of removing it. */
export async function removeRationales(session: Session, datasetId: number): Promise<void> {
  for (const table of tables) await session.run(`DELETE FROM ${table} WHERE dataset_id = ?`, [datasetId]);
}

type Row = Omit<StoredRationaleRun, 'record'> & { record: string };
// Written by `create` and read back unchanged.
const parseRun = (row: Row): StoredRationaleRun => ({
  ...row,
  record: JSON.parse(row.record) as RationaleRecord,
});

/** Runs that write rationales or check them, with their frozen pairs. */
export class RationaleRunRepository {
  constructor(private readonly database: Database) {}

  /**
   * Freezes the pairs of a run in random order by its seed; a run that writes gets an annotator of its own. Pairs to be
   * checked are given the rationale of another pair by a shift along an order in which pairs of one prompt lie together:
   * a derangement, of another prompt wherever no prompt holds more than half of the pairs.
   */
  async create(run: NewRationaleRun): Promise<number> {
    return this.database.write(async (session) => {
      const { next } = await session.one<{ next: number }>(
        'SELECT coalesce(max(rationale_run_id), 0) + 1 AS next FROM rationale_run',
      );
      const { task, kind, limit, seed } = run.record.request;
      const name = await makeUnique(session, run, next);
      const annotatorId = task === 'write' ? await addAnnotator(session, run, { name, next }) : null;
      const planned = await session.run(
        `INSERT INTO rationale_item (rationale_run_id, dataset_id, pos, comparison_id, winner, annotator_id, text, shown_first)
         SELECT ?, ?, row_number() OVER (ORDER BY md5(comparison_id::VARCHAR || ?), comparison_id) - 1, comparison_id, winner, annotator_id, text, shown_first
         FROM (${run.items.sql}) ORDER BY ALL ${limit === undefined ? '' : `LIMIT ${Math.trunc(limit)}`}`,
        [next, run.datasetId, `/${seed}`, ...run.items.parameters],
      );
      if (task === 'check') await derange(session, next, seed);
      await session.run(
        `INSERT INTO rationale_run (rationale_run_id, dataset_id, annotator_id, name, task, kind, is_kept, record, prompt_parts, planned)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?::JSON, from_json(?::JSON, '["VARCHAR"]'), ?)`,
        [
          next,
          run.datasetId,
          annotatorId,
          name,
          task,
          task === 'write' ? kind : null,
          run.isKept ?? false,
          JSON.stringify(run.record),
          JSON.stringify(run.promptParts),
          planned,
        ],
      );
      return next;
    });
  }

  /** Throws RATIONALE_RUN_MISSING. */
  async get(rationaleRunId: number): Promise<StoredRationaleRun> {
    const row = await this.database.find<Row>(
      `SELECT ${columns} FROM rationale_run WHERE rationale_run_id = ?`,
      [rationaleRunId],
    );
    if (row) return parseRun(row);
    throw new AppError(
      'RATIONALE_RUN_MISSING',
      `There is no rationale run ${rationaleRunId} in this workspace.`,
      {
        rationaleRunId,
      },
    );
  }

  /** Newest first. */
  async list(datasetId: number): Promise<StoredRationaleRun[]> {
    const rows = await this.database.all<Row>(
      `SELECT ${columns} FROM rationale_run WHERE dataset_id = ? ORDER BY rationale_run_id DESC`,
      [datasetId],
    );
    return rows.map(parseRun);
  }

  /** Pairs done, those without a usable answer, and how often the chosen response was shown first. */
  async measure(run: StoredRationaleRun): Promise<RationaleRun> {
    if (run.task === 'check') {
      const counts = await this.database.one<{ done: number; invalid: number }>(
        `SELECT count(*) FILTER (variant = 'own') AS done, count(*) FILTER (variant = 'own' AND fail_reason IS NOT NULL) AS invalid
         FROM rationale_check WHERE rationale_run_id = ?`,
        [run.rationaleRunId],
      );
      return { ...run, ...counts, chosenFirst: null };
    }
    const { first, ...counts } = await this.database.one<{ done: number; invalid: number; first: number }>(
      `SELECT count(*) AS done, count(*) FILTER (text IS NULL) AS invalid, count(*) FILTER (shown_first = winner) AS first
       FROM generated_rationale WHERE rationale_run_id = ?`,
      [run.rationaleRunId],
    );
    return { ...run, ...counts, chosenFirst: measureShareOf(first, counts.done) };
  }

  /** A page of pairs after a position that have no result yet, in the run's order. */
  async listPending(run: StoredRationaleRun, after: number): Promise<(RationaleItem & { pos: number })[]> {
    const results = run.task === 'write' ? 'generated_rationale' : 'rationale_check';
    return this.database.all(
      `SELECT i.pos, i.comparison_id AS "comparisonId", i.winner, i.annotator_id AS "annotatorId", i.text,
         i.shown_first AS "shownFirst", i.donor_text AS "donorText" FROM rationale_item i WHERE i.rationale_run_id = ? AND i.pos > ?
         AND NOT EXISTS (SELECT 1 FROM ${results} d WHERE d.rationale_run_id = i.rationale_run_id AND d.comparison_id = i.comparison_id)
       ORDER BY i.pos LIMIT 128`,
      [run.rationaleRunId, after],
    );
  }

  async noteDeath(run: StoredRationaleRun, comparisonIds: readonly number[]): Promise<void> {
    await this.database.write(async (session) => {
      for (const id of comparisonIds)
        await session.run('INSERT INTO rationale_death VALUES (?, ?, ?)', [
          run.rationaleRunId,
          run.datasetId,
          id,
        ]);
    });
  }

  /** How often the engine has died while each pair was in flight, where it has. */
  async countDeaths(rationaleRunId: number): Promise<Map<number, number>> {
    const rows = await this.database.all<{ id: number; deaths: number }>(
      'SELECT comparison_id AS id, count(*) AS deaths FROM rationale_death WHERE rationale_run_id = ? GROUP BY ALL',
      [rationaleRunId],
    );
    return new Map(rows.map((row) => [row.id, row.deaths]));
  }

  async finish(run: StoredRationaleRun): Promise<void> {
    await this.database.write(async (session) => {
      await session.run(
        'UPDATE rationale_run SET is_finished = true, finished_at = now() WHERE rationale_run_id = ?',
        [run.rationaleRunId],
      );
    });
  }

  /** Removes a run with what it wrote. */
  async remove(run: StoredRationaleRun): Promise<void> {
    await this.database.write(async (session) => {
      for (const table of tables.filter((table) => !ofAnnotator.includes(table)))
        await session.run(`DELETE FROM ${table} WHERE rationale_run_id = ?`, [run.rationaleRunId]);
      if (run.annotatorId === null) return;
      for (const table of ['rationale', ...ofAnnotator, 'annotator'])
        await session.run(`DELETE FROM ${table} WHERE annotator_id = ?`, [run.annotatorId]);
    });
  }
}

async function makeUnique(
  session: Session,
  { datasetId, name }: NewRationaleRun,
  next: number,
): Promise<string> {
  const taken = await session.find('SELECT 1 AS one FROM annotator WHERE dataset_id = ? AND name = ?', [
    datasetId,
    name,
  ]);
  return taken ? `${name} (rationales ${next})` : name;
}

async function addAnnotator(
  session: Session,
  run: NewRationaleRun,
  { name, next }: { name: string; next: number },
): Promise<number> {
  const { id } = await session.one<{ id: number }>(
    'SELECT coalesce(max(annotator_id), 0) + 1 AS id FROM annotator',
  );
  await session.run(
    `INSERT INTO annotator (annotator_id, dataset_id, name, kind, attributes, import_id)
     VALUES (?, ?, ?, 'model', MAP {'rationales': ?, 'rationale_run': ?}, 0)`,
    [id, run.datasetId, name, run.record.request.kind, String(next)],
  );
  return id;
}

async function derange(session: Session, rationaleRunId: number, seed: number): Promise<void> {
  await session.run(
    `UPDATE rationale_item SET donor_id = d.donor_id, donor_text = d.donor_text FROM (
       WITH ordered AS (
         SELECT i.comparison_id, i.text, c.prompt_id, count(*) OVER () AS n,
           row_number() OVER (ORDER BY md5(c.prompt_id::VARCHAR || ?), c.prompt_id, md5(i.comparison_id::VARCHAR || ?)) - 1 AS place
         FROM rationale_item i JOIN comparison c USING (comparison_id) WHERE i.rationale_run_id = ?),
       shifted AS (
         SELECT o.*, (SELECT max(size) FROM (SELECT count(*) AS size FROM ordered GROUP BY prompt_id)) AS largest FROM ordered o)
       SELECT s.comparison_id, t.comparison_id AS donor_id, t.text AS donor_text
       FROM shifted s JOIN shifted t ON t.place = (s.place + CASE WHEN s.largest * 2 <= s.n THEN s.largest ELSE 1 END) % s.n
       WHERE s.n > 1) d
     WHERE rationale_item.rationale_run_id = ? AND rationale_item.comparison_id = d.comparison_id`,
    [`/${seed}`, `/${seed}`, rationaleRunId, rationaleRunId],
  );
}
