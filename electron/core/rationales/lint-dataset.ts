import type { Database } from '../../../native/duckdb/database.ts';
import type { LintSummary, RationaleFinding, RationaleSource } from '../../contract/rationale.contract.ts';
import { rationaleFindingSchema } from '../../contract/rationale.contract.ts';
import { measureShareOf } from '../judging/figure.ts';
import { englishRules, lintRationale, lintRules } from './lint-rationale.ts';
import { insertFindings, type LintedRationale } from './rationale-store.ts';

interface UnreadRow {
  readonly rowid: number;
  readonly comparisonId: number;
  readonly annotatorId: number;
  readonly aspect: string | null;
  readonly text: string;
  readonly winner: 'a' | 'b' | null;
  readonly shownFirst: 'a' | 'b';
  readonly isCut: boolean;
  readonly prompt: string;
  readonly responseA: string;
  readonly responseB: string;
}

const pageSize = 1_000;

/**
 * Rationales on pairs with the side they argue for: the overall vote of their author where it is decided, else the label
 * of the pair for those written by order. A rationale with neither has no winner to name.
 */
const authored = `SELECT q.rowid, q.dataset_id, q.comparison_id, q.annotator_id, q.aspect, q.text, hash(q.text) AS text_hash,
    coalesce(g.shown_first, 'a') AS shown_first, coalesce(g.is_cut, false) AS is_cut,
    CASE WHEN g.comparison_id IS NOT NULL THEN g.winner WHEN v.label IS NOT NULL THEN CASE WHEN v.label IN ('a', 'b') THEN v.label END
      WHEN c.label IN ('a', 'b') THEN c.label END AS winner,
    c.prompt_id, c.response_a_id, c.response_b_id
  FROM rationale q JOIN comparison c ON c.comparison_id = q.comparison_id
  LEFT JOIN rationale_run r ON r.annotator_id = q.annotator_id
  LEFT JOIN generated_rationale g ON g.rationale_run_id = r.rationale_run_id AND g.comparison_id = q.comparison_id
  LEFT JOIN (SELECT comparison_id, annotator_id, aspect, CASE WHEN count(DISTINCT label) = 1 THEN any_value(label) ELSE 'tie' END AS label
      FROM vote WHERE dataset_id = ? GROUP BY ALL) v
    ON v.comparison_id = q.comparison_id AND v.annotator_id = q.annotator_id AND v.aspect IS NOT DISTINCT FROM q.aspect
  WHERE q.dataset_id = ?`;

const isRead = `EXISTS (SELECT 1 FROM rationale_lint l WHERE l.comparison_id = t.comparison_id AND l.annotator_id = t.annotator_id
  AND l.aspect IS NOT DISTINCT FROM t.aspect AND l.text_hash = t.text_hash AND l.winner IS NOT DISTINCT FROM t.winner AND l.rules = '${lintRules}')`;

/** Reads every rationale of a dataset that the current rules have not read, a page at a time; what is done stays. */
export async function lintDataset(
  database: Database,
  datasetId: number,
  options: { readonly onProgress: (done: number, total: number) => void; readonly signal: AbortSignal },
): Promise<{ linted: number }> {
  await dropStale(database, datasetId);
  const { total } = await database.one<{ total: number }>(
    `SELECT count(*) AS total FROM (${authored}) t WHERE NOT ${isRead}`,
    [datasetId, datasetId],
  );
  let linted = 0;
  for (let after = -1; ;) {
    options.signal.throwIfAborted();
    options.onProgress(linted, total);
    const rows = await readPage(database, datasetId, after);
    const last = rows.at(-1);
    if (!last) return { linted };
    after = last.rowid;
    const results = rows.map(lintRow);
    await database.write((session) => insertFindings(session, datasetId, results));
    linted += rows.length;
  }
}

/** Findings whose rationale is gone or has changed, or that former rules have made. */
async function dropStale(database: Database, datasetId: number): Promise<void> {
  await database.write((session) =>
    session.run(
      `DELETE FROM rationale_lint WHERE dataset_id = ? AND NOT (rules = ? AND EXISTS (SELECT 1 FROM (${authored}) t
         WHERE t.comparison_id = rationale_lint.comparison_id AND t.annotator_id = rationale_lint.annotator_id
           AND t.aspect IS NOT DISTINCT FROM rationale_lint.aspect AND t.text_hash = rationale_lint.text_hash
           AND t.winner IS NOT DISTINCT FROM rationale_lint.winner))`,
      [datasetId, lintRules, datasetId, datasetId],
    ),
  );
}

async function readPage(database: Database, datasetId: number, after: number): Promise<UnreadRow[]> {
  return database.all<UnreadRow>(
    `SELECT t.rowid, t.comparison_id AS "comparisonId", t.annotator_id AS "annotatorId", t.aspect, t.text, t.winner,
       t.shown_first AS "shownFirst", t.is_cut AS "isCut", p.text AS prompt, a.text AS "responseA", b.text AS "responseB"
     FROM (SELECT * FROM (${authored}) t WHERE NOT ${isRead} AND t.rowid > ? ORDER BY t.rowid LIMIT ${pageSize}) t
     JOIN prompt p ON p.prompt_id = t.prompt_id JOIN response a ON a.response_id = t.response_a_id
     JOIN response b ON b.response_id = t.response_b_id ORDER BY t.rowid`,
    [datasetId, datasetId, after],
  );
}

function lintRow(row: UnreadRow): LintedRationale {
  const isForward = row.shownFirst === 'a';
  const { named, findings } = lintRationale({
    text: row.text,
    winner: row.winner === null ? null : row.winner === row.shownFirst ? 1 : 2,
    prompt: row.prompt,
    responses: isForward ? [row.responseA, row.responseB] : [row.responseB, row.responseA],
    isCut: row.isCut,
  });
  const second = isForward ? 'b' : 'a';
  return { ...row, named: named === null ? null : named === 1 ? row.shownFirst : second, findings };
}

interface SourceRow {
  readonly annotatorId: number;
  readonly name: string;
  readonly annotatorKind: string;
  readonly kind: RationaleSource['kind'];
  readonly rationales: number;
  readonly linted: number;
  readonly unchecked: number;
  readonly languages: readonly { readonly language: string; readonly n: number }[] | null;
  readonly clean: number;
  readonly found: Readonly<Record<string, number>> | null;
}

/**
 * What the lint has found so far, by who wrote, with Wilson's intervals: shares of the rationales read, and for clean ones
 * and the rules that read English of those in English.
 */
export async function summariseLint(database: Database, datasetId: number): Promise<LintSummary> {
  const rows = await database.all<SourceRow>(
    `WITH read AS (
       SELECT t.annotator_id, l.findings, (SELECT any_value(k.language) FROM rationale_language k WHERE k.comparison_id = t.comparison_id
         AND k.annotator_id = t.annotator_id AND k.text_hash = t.text_hash) AS language FROM (${authored}) t LEFT JOIN rationale_lint l ON l.comparison_id = t.comparison_id
         AND l.annotator_id = t.annotator_id AND l.aspect IS NOT DISTINCT FROM t.aspect AND l.text_hash = t.text_hash
         AND l.winner IS NOT DISTINCT FROM t.winner AND l.rules = ?),
     counted AS (
       SELECT annotator_id, count(*) AS rationales, count(findings) AS linted, count(*) FILTER (len(findings) = 0) AS clean,
         count(*) FILTER (list_contains(findings, 'other_language')) AS unchecked FROM read GROUP BY ALL),
     spoken AS (
       SELECT annotator_id, list({'language': language, 'n': n} ORDER BY n DESC, language) AS languages
       FROM (SELECT annotator_id, language, count(*) AS n FROM read WHERE language IS NOT NULL AND findings IS NOT NULL GROUP BY ALL) GROUP BY ALL),
     found AS (
       SELECT annotator_id, map_from_entries(list({'k': finding, 'v': n})) AS found
       FROM (SELECT annotator_id, finding, count(*) AS n FROM (SELECT annotator_id, unnest(findings) AS finding FROM read) GROUP BY ALL) GROUP BY ALL)
     SELECT c.annotator_id AS "annotatorId", n.name, n.kind AS "annotatorKind", c.rationales, c.linted, c.clean, c.unchecked, s.languages, f.found,
       CASE WHEN r.kind IS NOT NULL THEN r.kind WHEN j.judge_run_id IS NOT NULL THEN 'judge' ELSE 'imported' END AS kind
     FROM counted c JOIN annotator n USING (annotator_id) LEFT JOIN found f USING (annotator_id) LEFT JOIN spoken s USING (annotator_id)
     LEFT JOIN rationale_run r ON r.annotator_id = c.annotator_id LEFT JOIN judge_run j ON j.annotator_id = c.annotator_id
     ORDER BY c.rationales DESC, n.name`,
    [datasetId, datasetId, lintRules],
  );
  return {
    schema: 'assay.rationale-lint/1',
    rules: lintRules,
    rationales: rows.reduce((sum, row) => sum + row.rationales, 0),
    linted: rows.reduce((sum, row) => sum + row.linted, 0),
    sources: rows.map(({ found, clean, languages, ...row }) => ({
      ...row,
      languages: [...(languages ?? [])],
      clean: measureShareOf(clean, row.linted - row.unchecked),
      findings: rationaleFindingSchema.options.map((finding: RationaleFinding) => ({
        finding,
        share: measureShareOf(
          found?.[finding] ?? 0,
          englishRules.includes(finding) ? row.linted - row.unchecked : row.linted,
        ),
      })),
    })),
  };
}
