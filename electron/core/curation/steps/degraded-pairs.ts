import { z } from 'zod';
import { measureShareOf } from '../../judging/figure.ts';
import { miningFamily } from '../mining/family.ts';
import { dropFormer } from '../rated-pairs.ts';
import { defineStep } from '../step.ts';
import { addPairs, decidedOf, makeTexts, responsesOf, type Work } from '../work.ts';

/** Fewest key terms that four degrees can be told apart by. */
const fewestTerms = 4;

const which = {
  adjacent: 'l.degree = w.degree + 1',
  original: 'w.degree = 0',
  all: 'l.degree > w.degree',
} as const;

interface Tables {
  readonly source: string;
  readonly clauses: string;
  readonly terms: string;
  readonly degrees: string;
}

/**
 * Creates the tables of the degrees of each source response. A term is gone once all clauses that hold it are gone; clauses go in
 * the order of the best term they hold. Degree d ends where d quarters of the terms are gone, or as near to that as four strictly
 * falling counts allow; a response whose terms go in fewer than four steps has none.
 */
async function createDegrees(
  work: Work,
  { source, clauses, terms, degrees }: Tables,
  most: number,
): Promise<void> {
  const wish = (degree: number) =>
    `list_position(list_transform(counts, lambda gone_terms: gone_terms * 4 >= ${degree} * n), true)`;
  const run = (sql: string) => work.session.run(sql, [], { signal: work.signal });
  const wordsOf = (text: string) => `regexp_extract_all(lower(${text}), '[\\p{L}\\p{N}]{4,}')`;
  await run(
    `CREATE OR REPLACE TABLE ${clauses} AS SELECT response_id, unnest(range(len(parts))) AS clause_no, unnest(parts) AS said FROM (
       SELECT response_id, regexp_extract_all(text, '(?s).+?(?:[.!?;,:]+(?:\\s+|$)|\\n+|$)') AS parts FROM ${source})`,
  );
  await run(
    `CREATE OR REPLACE TABLE ${terms} AS
     WITH token AS (SELECT response_id, clause_no, unnest(${wordsOf('said')}) AS term FROM ${clauses}),
     counted AS (SELECT response_id, term, count(*) AS tf FROM token GROUP BY ALL),
     spread AS (SELECT term, count(*) AS df FROM counted GROUP BY ALL),
     ranked AS (
       SELECT response_id, term, row_number() OVER (PARTITION BY response_id ORDER BY tf * ln((1 + (SELECT count(*) FROM ${source})) / (1 + df)) DESC, tf DESC, term) AS rank
       FROM counted JOIN spread USING (term) QUALIFY rank <= ${most}),
     held AS (SELECT DISTINCT response_id, clause_no, rank, term FROM token JOIN ranked USING (response_id, term)),
     first AS (SELECT response_id, clause_no, min(rank) AS goes_at FROM held GROUP BY ALL)
     SELECT response_id, rank, any_value(term) AS term, max(goes_at) AS gone_at, list(struct_pack(clause_no := clause_no, goes_at := goes_at)) AS clauses
     FROM held JOIN first USING (response_id, clause_no) GROUP BY ALL`,
  );
  await run(
    `CREATE OR REPLACE TABLE ${degrees} AS
     WITH sorted AS (
       SELECT response_id, count(*) AS n, list(gone_at ORDER BY gone_at) AS gone, list(term ORDER BY rank) AS names, list(gone_at ORDER BY rank) AS gone_of,
         list_sort(list_distinct(list(gone_at))) AS ends FROM ${terms} GROUP BY ALL HAVING len(ends) >= 4),
     reach AS (SELECT *, list_transform(ends, lambda last: len(list_filter(gone, lambda goes: goes <= last))) AS counts FROM sorted),
     wish AS (SELECT *, ${wish(1)} AS w1, ${wish(2)} AS w2, ${wish(3)} AS w3 FROM reach),
     third AS (SELECT *, greatest(3, least(w3, len(ends) - 1)) AS i3 FROM wish),
     second AS (SELECT *, greatest(2, least(w2, i3 - 1)) AS i2 FROM third),
     cut AS (SELECT *, unnest(range(1, 5)) AS degree, unnest([greatest(1, least(w1, i2 - 1)), i2, i3, len(ends)]) AS spot FROM second),
     graded AS (SELECT response_id, degree, ends[spot] AS until, n - counts[spot] AS left_terms, list_filter(names, lambda name, place: gone_of[place] <= ends[spot]) AS removed FROM cut)
     SELECT g.response_id, g.degree, g.left_terms, g.removed, (SELECT rtrim(string_agg(c.said, '' ORDER BY c.clause_no)) FROM ${clauses} c
       LEFT JOIN (SELECT response_id, one.clause_no, min(one.goes_at) AS goes_at FROM (SELECT response_id, unnest(clauses) AS one FROM ${terms}) GROUP BY ALL) f USING (response_id, clause_no)
       WHERE c.response_id = g.response_id AND coalesce(f.goes_at > g.until, true)) AS said
     FROM graded g`,
  );
}

export const degradedPairsStep = defineStep({
  id: 'degraded-pairs',
  family: miningFamily,
  title: 'Graded degradation',
  description:
    'Makes worse and worse versions of each chosen response by deleting the clauses of its key terms (a quarter of the terms at each degree), and pairs better with worse: pairs whose order is known, to try judges and scorers on.',
  source: 'J. Liang et al., SPO: synthetic preference data by content-aware degradation (2024)',
  unconfirmed: 'the removal rule is our operationalisation: TF-IDF terms, and the clauses that hold them',
  params: {
    pairs: z
      .enum(['adjacent', 'original', 'all'])
      .default('adjacent')
      .describe('Neighbouring degrees, the original against each, or all.'),
    terms: z.number().int().min(fewestTerms).max(40).default(8).describe('Key terms of a response at most.'),
    replace: z
      .boolean()
      .default(true)
      .describe('Drops the pairs there were before; otherwise the new ones come beside them.'),
  },
  apply: async ({ work, params, session, signal, scratch }) => {
    const source = scratch('source');
    await session.run(
      `CREATE TABLE ${source} AS SELECT r.response_id, r.text, r.model, d.prompt_id, d.pair_key, d.candidate_id
       FROM (SELECT * FROM ${decidedOf(work)} QUALIFY row_number() OVER (PARTITION BY chosen_id ORDER BY candidate_id) = 1) d JOIN ${responsesOf(work)} r ON r.response_id = d.chosen_id`,
      [],
      { signal },
    );
    const tables = {
      source,
      clauses: scratch('clauses'),
      terms: scratch('terms'),
      degrees: scratch('degrees'),
    };
    await createDegrees(work, tables, params.terms);
    const made = `'${work.method}.${work.step}.' || g.response_id || '.' || g.degree`;
    await makeTexts(work, 'response', {
      sql: `SELECT ${made} AS made_key, g.said AS text, NULL AS messages, s.model FROM ${tables.degrees} g JOIN ${source} s USING (response_id) WHERE trim(coalesce(g.said, '')) <> ''`,
    });
    const variants = scratch('variants');
    await session.run(
      `CREATE TABLE ${variants} AS
       SELECT s.candidate_id, s.prompt_id, s.response_id AS origin, g.degree, m.response_id, g.left_terms, g.removed FROM ${tables.degrees} g JOIN ${source} s USING (response_id)
       JOIN ${work.madeResponses} m ON m.made_key = ${made}
       UNION ALL SELECT s.candidate_id, s.prompt_id, s.response_id, 0, s.response_id, NULL, [] FROM ${source} s WHERE s.response_id IN (SELECT response_id FROM ${tables.degrees})`,
      [],
      { signal },
    );
    const built = scratch('built');
    await session.run(
      `CREATE TABLE ${built} AS SELECT row_number() OVER (ORDER BY w.candidate_id, w.degree, l.degree) AS ord, w.prompt_id, w.response_id AS preferred_id, l.response_id AS other_id,
         l.degree - w.degree AS margin, 'degree ' || w.degree || ' against ' || l.degree AS why,
         to_json({'degree_w': w.degree, 'degree_l': l.degree, 'origin': s.pair_key, 'left_terms': l.left_terms, 'removed_terms': l.removed}) AS detail
       FROM ${variants} w JOIN ${variants} l ON l.origin = w.origin AND ${which[params.pairs]} AND l.degree > w.degree JOIN ${source} s ON s.response_id = w.origin`,
      [],
      { signal },
    );
    const { all, graded } = await session.one<{ all: number; graded: number }>(
      `SELECT count(*) AS "all", count(*) FILTER (response_id IN (SELECT response_id FROM ${tables.degrees})) AS graded FROM ${source}`,
    );
    if (graded === 0)
      return {
        notes: [
          `No chosen response could be graded: each needs ${fewestTerms} key terms in clauses of their own. Nothing was changed.`,
        ],
      };
    await dropFormer(work, params.replace);
    await addPairs(work, {
      sql: `SELECT ord, prompt_id, preferred_id, other_id, 'preferred' AS label, why, margin, detail FROM ${built}`,
      with: ['margin', 'detail'],
    });
    return {
      figures: [{ name: 'responses that could be graded', ...measureShareOf(graded, all) }],
    };
  },
});
