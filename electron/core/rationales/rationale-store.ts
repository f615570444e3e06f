import type { Database } from '../../../native/duckdb/database.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import type { CheckedRationale } from './check-rationale.ts';
import { detectLanguage } from './detect-language.ts';
import { lintRules } from './lint-rationale.ts';
import type { StoredRationaleRun } from './rationale-run.repository.ts';
import type { WrittenRationale } from './write-rationale.ts';

const unnest = (shape: Readonly<Record<string, string | readonly string[]>>) =>
  `(SELECT unnest(from_json(?::JSON, '${JSON.stringify([shape])}'), recursive := true))`;

const costShape = {
  calls: 'INTEGER',
  invalid_calls: 'INTEGER',
  is_truncated: 'BOOLEAN',
  fail_reason: 'VARCHAR',
  prompt_tokens: 'BIGINT',
  reused_tokens: 'BIGINT',
  generated_tokens: 'BIGINT',
  ms: 'DOUBLE',
};
const writtenShape = {
  comparison_id: 'BIGINT',
  text: 'VARCHAR',
  winner: 'VARCHAR',
  shown_first: 'VARCHAR',
  is_cut: 'BOOLEAN',
  ...costShape,
};
const checkShape = {
  comparison_id: 'BIGINT',
  annotator_id: 'INTEGER',
  variant: 'VARCHAR',
  winner: 'VARCHAR',
  label: 'VARCHAR',
  p_a: 'DOUBLE',
  is_order_consistent: 'BOOLEAN',
  supports: 'BOOLEAN',
  ...costShape,
};
const lintShape = {
  comparison_id: 'BIGINT',
  annotator_id: 'INTEGER',
  aspect: 'VARCHAR',
  text: 'VARCHAR',
  winner: 'VARCHAR',
  named: 'VARCHAR',
  findings: ['VARCHAR'],
  language: 'VARCHAR',
};

/** A rationale as the lint has read it. */
export interface LintedRationale {
  readonly comparisonId: number;
  readonly annotatorId: number | null;
  readonly aspect: string | null;
  readonly text: string;
  /** The chosen side; null for a tie. */
  readonly winner: 'a' | 'b' | null;
  readonly named: 'a' | 'b' | null;
  readonly findings: readonly string[];
}

const costOf = (one: WrittenRationale | CheckedRationale) => ({
  calls: one.calls,
  invalid_calls: one.invalidCalls,
  is_truncated: one.isTruncated,
  fail_reason: one.failReason,
  prompt_tokens: one.use.prompt,
  reused_tokens: one.use.reused,
  generated_tokens: one.use.generated,
  ms: one.ms,
});

/** Stores what was written with its rationale and the findings of the lint, in one transaction. */
export async function storeWritten(
  database: Database,
  run: StoredRationaleRun,
  results: readonly WrittenRationale[],
): Promise<void> {
  await database.write((session) => insertWritten(session, run, results));
}

/** As `storeWritten`, inside a transaction of the caller's. */
export async function insertWritten(
  session: Session,
  { rationaleRunId, datasetId, annotatorId }: StoredRationaleRun,
  results: readonly WrittenRationale[],
): Promise<void> {
  const rows = JSON.stringify(
    results.map((one) => ({
      comparison_id: one.comparisonId,
      text: one.text,
      winner: one.winner,
      shown_first: one.shownFirst,
      is_cut: one.isCut,
      ...costOf(one),
    })),
  );
  const names = Object.keys(writtenShape).join(', ');
  await session.run(
    `INSERT INTO generated_rationale (rationale_run_id, dataset_id, ${names}) SELECT ?, ?, ${names} FROM ${unnest(writtenShape)}`,
    [rationaleRunId, datasetId, rows],
  );
  await session.run(
    `INSERT INTO rationale (dataset_id, comparison_id, annotator_id, text, import_id)
     SELECT ?, comparison_id, ?, text, 0 FROM ${unnest(writtenShape)} WHERE text IS NOT NULL`,
    [datasetId, annotatorId, rows],
  );
  await insertFindings(
    session,
    datasetId,
    results.flatMap(({ text, ...one }) => (text === null ? [] : { ...one, text, annotatorId, aspect: null })),
  );
}

/** Stores what the lint found. */
export async function insertFindings(
  session: Session,
  datasetId: number,
  linted: readonly LintedRationale[],
): Promise<void> {
  const rows = linted.map(({ comparisonId, annotatorId, aspect, text, winner, named, findings }) => ({
    comparison_id: comparisonId,
    annotator_id: annotatorId,
    aspect,
    text,
    winner,
    named,
    findings,
    language: detectLanguage(text),
  }));
  await session.run(
    `INSERT INTO rationale_lint (dataset_id, comparison_id, annotator_id, aspect, text_hash, winner, named, findings, rules)
     SELECT ?, comparison_id, annotator_id, aspect, hash(text), winner, named, findings, ? FROM ${unnest(lintShape)}`,
    [datasetId, lintRules, JSON.stringify(rows)],
  );
  await session.run(
    `INSERT INTO rationale_language (dataset_id, comparison_id, annotator_id, text_hash, language)
     SELECT DISTINCT ?, comparison_id, annotator_id, hash(text), language FROM ${unnest(lintShape)} n
     WHERE NOT EXISTS (SELECT 1 FROM rationale_language l WHERE l.comparison_id = n.comparison_id
       AND l.annotator_id = n.annotator_id AND l.text_hash = hash(n.text))`,
    [datasetId, JSON.stringify(rows)],
  );
}

/** Stores what the blind judge said of pairs, both variants of each in one transaction. */
export async function storeChecked(
  database: Database,
  { rationaleRunId, datasetId }: StoredRationaleRun,
  results: readonly (readonly CheckedRationale[])[],
): Promise<void> {
  const rows = results.flat().map((one) => ({
    comparison_id: one.comparisonId,
    annotator_id: one.annotatorId,
    variant: one.variant,
    winner: one.winner,
    label: one.label,
    p_a: one.pA,
    is_order_consistent: one.isOrderConsistent,
    supports: one.supports,
    ...costOf(one),
  }));
  const names = Object.keys(checkShape).join(', ');
  await database.write((session) =>
    session.run(
      `INSERT INTO rationale_check (rationale_run_id, dataset_id, ${names}) SELECT ?, ?, ${names} FROM ${unnest(checkShape)}`,
      [rationaleRunId, datasetId, JSON.stringify(rows)],
    ),
  );
}
