import type { Session } from '../../../native/duckdb/session.ts';
import type { FactName } from './questions.ts';

/** What the data say, by fact; null where they say nothing. */
export type Facts = Readonly<Record<FactName, string | null>>;

const count = (n: number) => n.toLocaleString('en-US');
const many = (n: number, noun: string, plural = `${noun}s`) => `${count(n)} ${n === 1 ? noun : plural}`;
const percent = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;

/** Changes when what {@link readFacts} reads changes; cheap. Only for comparing within one process. */
export async function readFactsVersion(session: Session, datasetId: number): Promise<string> {
  const { version } = await session.one<{ version: string }>(
    `SELECT concat_ws('.', (SELECT concat_ws('.', count(*), bit_xor(hash(comparison_id, label, language, topic, subset))) FROM comparison WHERE dataset_id = $1),
       (SELECT concat_ws('.', count(*), bit_xor(hash(response_id, chars, model))) FROM response WHERE dataset_id = $1),
       (SELECT concat_ws('.', count(*), bit_xor(hash(comparison_id, annotator_id, label))) FROM vote WHERE dataset_id = $1),
       (SELECT bit_xor(hash(annotator_id, kind, attributes)) FROM annotator WHERE dataset_id = $1), (SELECT count(*) FROM rating WHERE dataset_id = $1),
       (SELECT count(*) FROM rejected_row WHERE dataset_id = $1), (SELECT max(import_id) FROM import_run WHERE dataset_id = $1),
       (SELECT max(change_id) FROM change WHERE dataset_id = $1)) AS version`,
    [datasetId],
  );
  return version;
}

/** The answers a datasheet takes from the data, computed afresh. */
export async function readFacts(session: Session, datasetId: number): Promise<Facts> {
  return {
    contents: await readContents(session, datasetId),
    languages: await readDistribution(session, datasetId),
    labels: await readLabels(session, datasetId),
    sources: await readSources(session, datasetId),
    raters: await readRaters(session, datasetId),
    agreement: await readAgreement(session, datasetId),
    preprocessing: await readPreprocessing(session, datasetId),
    duplicates: await readDuplicates(session, datasetId),
  };
}

async function readContents(session: Session, datasetId: number): Promise<string> {
  const row = await session.one<
    Record<'pairs' | 'prompts' | 'responses' | 'turns' | 'models' | 'media' | 'episodes', number>
  >(
    `SELECT (SELECT count(*) FROM comparison WHERE dataset_id = $1) AS pairs, (SELECT count(*) FROM prompt WHERE dataset_id = $1) AS prompts,
       (SELECT count(*) FROM response WHERE dataset_id = $1) AS responses, (SELECT count(*) FROM comparison WHERE dataset_id = $1 AND turns > 1) AS turns,
       (SELECT count(DISTINCT model) FROM response WHERE dataset_id = $1) AS models, (SELECT count(*) FROM media WHERE dataset_id = $1) AS media,
       (SELECT count(*) FROM trajectory WHERE dataset_id = $1) AS episodes`,
    [datasetId],
  );
  const parts = [many(row.pairs, 'pair'), many(row.prompts, 'prompt'), many(row.responses, 'response')];
  if (row.models > 0) parts.push(`responses of ${many(row.models, 'model')}`);
  if (row.turns > 0) parts.push(`${percent(row.turns, row.pairs)} of the pairs with several turns`);
  if (row.media > 0) parts.push(many(row.media, 'image'));
  if (row.episodes > 0) parts.push(many(row.episodes, 'episode'));
  return `${parts.join('; ')}.`;
}

async function readDistribution(session: Session, datasetId: number): Promise<string | null> {
  const lines: string[] = [];
  for (const [column, title] of [
    ['language', 'Languages'],
    ['topic', 'Topics'],
    ['subset', 'Splits or subsets'],
  ] as const) {
    const rows = await session.all<{ value: string; n: number; kinds: number; total: number }>(
      `WITH v AS (SELECT ${column} AS value FROM comparison WHERE dataset_id = $1 UNION ALL SELECT ${column} FROM response WHERE dataset_id = $1 AND
           NOT EXISTS (SELECT 1 FROM comparison WHERE dataset_id = $1)),
         n AS (SELECT value, count(*) AS n FROM v WHERE value IS NOT NULL GROUP BY value)
       SELECT value, n, count(*) OVER () AS kinds, (sum(n) OVER ())::BIGINT AS total FROM n ORDER BY n DESC, value LIMIT 6`,
      [datasetId],
    );
    const [first] = rows;
    if (!first) continue;
    const shown = rows.map((row) => `${row.value} ${percent(row.n, row.total)}`).join(', ');
    lines.push(
      `${title}: ${shown}${first.kinds > rows.length ? ` and ${count(first.kinds - rows.length)} more` : ''}.`,
    );
  }
  return lines.length === 0 ? null : lines.join(' ');
}

async function readLabels(session: Session, datasetId: number): Promise<string | null> {
  const row = await session.one<Record<'a' | 'b' | 'tie' | 'none' | 'n' | 'longer' | 'unequal', number>>(
    `SELECT count(*) FILTER (label = 'a') AS a, count(*) FILTER (label = 'b') AS b, count(*) FILTER (label IN ('tie', 'both_bad')) AS tie,
       count(*) FILTER (label IS NULL OR label = 'skip') AS none, count(*) AS n,
       count(*) FILTER ((label = 'a' AND chars_a > chars_b) OR (label = 'b' AND chars_b > chars_a)) AS longer,
       count(*) FILTER (label IN ('a', 'b') AND chars_a <> chars_b) AS unequal
     FROM comparison WHERE dataset_id = ?`,
    [datasetId],
  );
  if (row.n === 0) return null;
  const shares = [
    `a ${percent(row.a, row.n)}`,
    `b ${percent(row.b, row.n)}`,
    `ties ${percent(row.tie, row.n)}`,
    `none ${percent(row.none, row.n)}`,
  ];
  const length =
    row.unequal === 0
      ? ''
      : ` The longer side wins ${percent(row.longer, row.unequal)} of ${many(row.unequal, 'pair')} of unequal length.`;
  return `Labels of ${many(row.n, 'pair')}: ${shares.join(', ')}.${length}`;
}

async function readSources(session: Session, datasetId: number): Promise<string | null> {
  const rows = await session.all<{ path: string; format: string; n: number; files: number }>(
    `SELECT regexp_replace(f.path, '^.*[\\\\/]', '') AS path, f.format, f.source_rows AS n, count(*) OVER () AS files
     FROM import_file f JOIN import_run r USING (import_id) WHERE r.dataset_id = ? ORDER BY f.import_id, f.file_no LIMIT 10`,
    [datasetId],
  );
  const [first] = rows;
  if (!first) return null;
  const shown = rows.map((row) => `${row.path} (${row.format}, ${many(row.n, 'row')})`).join(', ');
  return `Imported from ${shown}${first.files > rows.length ? ` and ${many(first.files - rows.length, 'more file')}` : ''}.`;
}

async function readRaters(session: Session, datasetId: number): Promise<string | null> {
  const row = await session.one<
    Record<'humans' | 'models' | 'others' | 'votes' | 'ratings' | 'most', number> & {
      attributes: string[] | null;
    }
  >(
    `WITH n AS (SELECT * FROM annotator WHERE dataset_id = $1),
       by_rater AS (SELECT annotator_id, count(*) AS votes FROM vote WHERE dataset_id = $1 AND aspect IS NULL GROUP BY ALL)
     SELECT (SELECT count(*) FROM n WHERE kind = 'human') AS humans, (SELECT count(*) FROM n WHERE kind = 'model') AS models,
       (SELECT count(*) FROM n WHERE kind NOT IN ('human', 'model')) AS others, (SELECT coalesce(sum(votes), 0)::BIGINT FROM by_rater) AS votes,
       (SELECT count(*) FROM rating WHERE dataset_id = $1) AS ratings, (SELECT coalesce(max(votes), 0) FROM by_rater) AS most,
       (SELECT list_sort(list_distinct(flatten(list(map_keys(attributes))))) FROM n WHERE attributes IS NOT NULL) AS attributes`,
    [datasetId],
  );
  if (row.votes + row.ratings === 0) return null;
  const kinds = [
    ...(row.humans > 0 ? [many(row.humans, 'person', 'people')] : []),
    ...(row.models > 0 ? [many(row.models, 'model')] : []),
    ...(row.others > 0 ? [`${count(row.others)} of unknown kind`] : []),
  ];
  const most = row.votes > 0 ? ` The most active gave ${percent(row.most, row.votes)} of the votes.` : '';
  const attributes =
    row.attributes && row.attributes.length > 0
      ? ` Recorded of raters: ${row.attributes.slice(0, 12).join(', ')}.`
      : ' Nothing is recorded about who the raters are.';
  return `${kinds.join(', ')}; ${many(row.votes, 'overall vote')}, ${many(row.ratings, 'rating')}.${most}${attributes}`;
}

/** Krippendorff's nominal alpha over overall votes, in SQL. */
async function readAgreement(session: Session, datasetId: number): Promise<string | null> {
  const row = await session.one<{ alpha: number | null; same: number | null; units: number }>(
    `WITH v AS (SELECT comparison_id AS u, label AS val FROM vote WHERE dataset_id = ? AND aspect IS NULL AND label <> 'skip'),
       n AS (SELECT u, val, count(*) AS c FROM v GROUP BY ALL), m AS (SELECT u, sum(c) AS k FROM n GROUP BY u HAVING sum(c) >= 2),
       t AS (SELECT val, sum(c) AS c FROM n JOIN m USING (u) GROUP BY val),
       o AS (SELECT coalesce(sum(a.c * b.c * 1.0 / (m.k - 1)), 0) AS s FROM n a JOIN n b ON a.u = b.u AND a.val <> b.val JOIN m ON m.u = a.u),
       e AS (SELECT sum(a.c * b.c * 1.0) AS s FROM t a JOIN t b ON a.val <> b.val),
       p AS (SELECT avg(s) AS same FROM (SELECT sum(n.c * (n.c - 1.0)) / any_value(m.k * (m.k - 1.0)) AS s FROM n JOIN m USING (u) GROUP BY u))
     SELECT CASE WHEN e.s > 0 THEN 1 - o.s / (e.s / ((SELECT sum(c) FROM t) - 1)) END AS alpha, p.same, (SELECT count(*) FROM m) AS units FROM o, e, p`,
    [datasetId],
  );
  if (row.units === 0) return null;
  const alpha = row.alpha === null ? 'undefined (one label only)' : row.alpha.toFixed(3);
  return `Two votes on a pair agree ${(100 * (row.same ?? 0)).toFixed(1)} % of the time; Krippendorff’s α ${alpha} over ${many(row.units, 'pair')} with two votes or more.`;
}

async function readPreprocessing(session: Session, datasetId: number): Promise<string> {
  const row = await session.one<Record<'rows' | 'rejected' | 'duplicates' | 'edits' | 'reasons', number>>(
    `SELECT coalesce(sum(f.source_rows), 0)::BIGINT AS rows, coalesce(sum(f.rejected), 0)::BIGINT AS rejected, coalesce(sum(f.duplicates), 0)::BIGINT AS duplicates,
       (SELECT count(*) FROM change WHERE dataset_id = $1) AS edits, (SELECT count(DISTINCT reason) FROM rejected_row WHERE dataset_id = $1) AS reasons
     FROM import_file f JOIN import_run r USING (import_id) WHERE r.dataset_id = $1`,
    [datasetId],
  );
  return `Of ${many(row.rows, 'source row')} ${many(row.rejected, 'was', 'were')} rejected, ${many(row.duplicates, 'was', 'were')} skipped as duplicate; ${many(row.edits, 'edit')} in the change log.`;
}

async function readDuplicates(session: Session, datasetId: number): Promise<string | null> {
  const row = await session.one<Record<'pairs' | 'shared' | 'equal' | 'repeated', number>>(
    `WITH c AS (SELECT c.prompt_id, md5(a.text) AS a, md5(b.text) AS b FROM comparison c JOIN response a ON a.response_id = c.response_a_id
         JOIN response b ON b.response_id = c.response_b_id WHERE c.dataset_id = ?),
       keyed AS (SELECT *, count(*) OVER (PARTITION BY prompt_id) AS same_prompt,
         row_number() OVER (PARTITION BY prompt_id, least(a, b), greatest(a, b)) AS copy FROM c)
     SELECT count(*) AS pairs, count(*) FILTER (same_prompt > 1) AS shared, count(*) FILTER (a = b) AS equal, count(*) FILTER (copy > 1) AS repeated FROM keyed`,
    [datasetId],
  );
  if (row.pairs === 0) return null;
  return `${percent(row.repeated, row.pairs)} of the pairs repeat an earlier one exactly, ${percent(row.equal, row.pairs)} have two equal responses, ${percent(row.shared, row.pairs)} share their prompt with another pair.`;
}
