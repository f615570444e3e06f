import type { Database } from '../../../native/duckdb/database.ts';
import type { RowRationale } from '../../contract/rationale.contract.ts';
import { lintRules } from './lint-rationale.ts';

type Row = Omit<RowRationale, 'annotator' | 'model'> & {
  annotatorId: number;
  annotatorName: string;
  annotatorKind: string;
  modelName: string | null;
  modelHash: string | null;
};

/** Every rationale on a pair with who gave it, what the lint found and whether a blind judge recovered the label from it. */
export async function listRowRationales(database: Database, comparisonId: number): Promise<RowRationale[]> {
  const rows = await database.all<Row>(
    `SELECT q.annotator_id AS "annotatorId", n.name AS "annotatorName", n.kind AS "annotatorKind", q.aspect, q.text, g.shown_first AS "shownFirst",
       CASE WHEN r.kind IS NOT NULL THEN r.kind WHEN j.judge_run_id IS NOT NULL THEN 'judge' ELSE 'imported' END AS kind,
       r.record->>'$.model.name' AS "modelName", r.record->>'$.model.hash' AS "modelHash", r.rationale_run_id AS "rationaleRunId",
       (SELECT any_value(l.findings) FROM rationale_lint l WHERE l.comparison_id = q.comparison_id AND l.annotator_id = q.annotator_id
         AND l.aspect IS NOT DISTINCT FROM q.aspect AND l.text_hash = hash(q.text) AND l.rules = ?) AS findings,
       (SELECT arg_max(k.supports, k.rationale_run_id) FROM rationale_check k
         WHERE k.comparison_id = q.comparison_id AND k.annotator_id = q.annotator_id AND k.variant = 'own') AS supports
     FROM rationale q JOIN annotator n USING (annotator_id)
     LEFT JOIN rationale_run r ON r.annotator_id = q.annotator_id
     LEFT JOIN generated_rationale g ON g.rationale_run_id = r.rationale_run_id AND g.comparison_id = q.comparison_id
     LEFT JOIN judge_run j ON j.annotator_id = q.annotator_id
     WHERE q.comparison_id = ? ORDER BY r.rationale_run_id NULLS FIRST, q.aspect NULLS FIRST, n.name LIMIT 500`,
    [lintRules, comparisonId],
  );
  return rows.map(({ annotatorId, annotatorName, annotatorKind, modelName, modelHash, ...row }) => ({
    ...row,
    annotator: { annotatorId, name: annotatorName, kind: annotatorKind },
    model: modelName === null || modelHash === null ? null : { name: modelName, hash: modelHash },
  }));
}
