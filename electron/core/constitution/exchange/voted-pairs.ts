import type { Database } from '../../../../native/duckdb/database.ts';
import { pythonText } from '../../export/python-json-sql.ts';
import { codeVoter, type PrincipleRun } from '../principles/principle-run.repository.ts';

/** A pair of a run with what each of its principles said, in the spellings of ICAI. */
export interface VotedPair {
  /** From 0, in the order of the run. */
  readonly index: number;
  readonly exampleId: string;
  /** ICAI’s id: 8 hex digits of an MD5 of prompt and responses. */
  readonly id: string;
  readonly prompt: string;
  readonly textA: string;
  readonly textB: string;
  readonly modelA: string | null;
  readonly modelB: string | null;
  readonly label: 'a' | 'b';
  /** A Python dict: place of the principle to True (as the label), False (against it), None or 'invalid'. */
  readonly votes: string;
  /** JSON of the annotations of AnnotatedPairs, the label’s among them. */
  readonly annotations: string;
  /** Another pair with the same id comes before it. */
  readonly isRepeated: boolean;
}

const pageSize = 500;
/** Feedback Forensics takes this annotator as its reference, whatever the file says. */
export const defaultAnnotator = 'ba751e7b';

const dump = (side: 'a' | 'b') =>
  `'{' || CASE WHEN c.model_${side} IS NULL THEN '' ELSE '"model": ' || ${pythonText(`c.model_${side}`)} || ', ' END || '"text": ' || ${pythonText(`${side}.text`)} || '}'`;

const pairs = `page AS (
    SELECT rp.pos AS index, rp.comparison_id, rp.y, c.example_id, p.text AS prompt, a.text AS text_a, b.text AS text_b, c.model_a, c.model_b,
      left(md5(CASE WHEN p.text = '' THEN '' ELSE p.text || '|' END || ${dump('a')} || '|' || ${dump('b')}), 8) AS id
    FROM principle_run_pair rp JOIN comparison c USING (comparison_id) JOIN prompt p USING (prompt_id)
    JOIN response a ON a.response_id = c.response_a_id JOIN response b ON b.response_id = c.response_b_id
    WHERE rp.principle_run_id = ? AND rp.pos > ? AND rp.pos <= ?)`;

/** SQL: each principle of a run with its 8-digit id, and its votes as label words. */
const said = `rule AS (
    SELECT r.place, p.principle_id, left(md5(p.text), 8) AS rule_id, CASE WHEN p.trait_id IS NULL THEN ? ELSE '${codeVoter}' END AS voter
    FROM principle_run_principle r JOIN principle p USING (principle_id) WHERE r.principle_run_id = ?)`;

/** Pairs of a run in order, a page at a time. */
export async function* listVotedPairs(
  database: Database,
  run: PrincipleRun,
  { signal }: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<VotedPair> {
  const seen = new Set<string>();
  const { last } = await database.one<{ last: number }>(
    'SELECT coalesce(max(pos), -1) AS last FROM principle_run_pair WHERE principle_run_id = ?',
    [run.principleRunId],
  );
  for (let after = -1; after < last; after += pageSize) {
    const page = await database.all<Omit<VotedPair, 'isRepeated'>>(
      `WITH ${pairs}, ${said},
       told AS (
         SELECT g.index, l.place, l.rule_id, v.label, g.y FROM page g CROSS JOIN rule l
         LEFT JOIN principle_vote v ON v.principle_id = l.principle_id AND v.comparison_id = g.comparison_id AND v.voter = l.voter),
       joined AS (
         SELECT index, '{' || string_agg(place || ': ' || CASE WHEN label = 'invalid' THEN '''invalid''' WHEN label = CASE y WHEN 1 THEN 'a' ELSE 'b' END THEN 'True'
             WHEN label IN ('a', 'b') THEN 'False' ELSE 'None' END, ', ' ORDER BY place) || '}' AS votes,
           string_agg(to_json(rule_id)::VARCHAR || ': ' || CASE WHEN label IN ('a', 'b') THEN '{"pref": "' || label || '"}'
             ELSE '{"pref": null, "no_pref_reason": "' || CASE label WHEN 'invalid' THEN 'invalid' ELSE 'not_applicable' END || '"}' END, ', ' ORDER BY place) AS spoken
         FROM told GROUP BY index)
       SELECT index::INTEGER AS index, example_id AS "exampleId", id, prompt, text_a AS "textA", text_b AS "textB", model_a AS "modelA", model_b AS "modelB",
         CASE y WHEN 1 THEN 'a' ELSE 'b' END AS label, coalesce(votes, '{}') AS votes,
         '{"${defaultAnnotator}": {"pref": "' || CASE y WHEN 1 THEN 'a' ELSE 'b' END || '"}' || coalesce(', ' || spoken, '') || '}' AS annotations
       FROM page LEFT JOIN joined USING (index) ORDER BY index`,
      [run.principleRunId, after, after + pageSize, run.voter, run.principleRunId],
      { signal },
    );
    for (const pair of page) {
      yield { ...pair, isRepeated: seen.has(pair.id) };
      seen.add(pair.id);
    }
  }
}

/** How often each principle of a run speaks for the label, against it, not at all, or invalidly; by place. */
export async function countVotes(
  database: Database,
  run: PrincipleRun,
): Promise<{ text: string; for: number; against: number; abstain: number; invalid: number }[]> {
  return database.all(
    `WITH ${said}
     SELECT p.text, count(*) FILTER (v.label = CASE rp.y WHEN 1 THEN 'a' ELSE 'b' END)::INTEGER AS "for",
       count(*) FILTER (v.label = CASE rp.y WHEN 1 THEN 'b' ELSE 'a' END)::INTEGER AS against,
       count(*) FILTER (v.label IS NULL OR v.label = 'neither')::INTEGER AS abstain, count(*) FILTER (v.label = 'invalid')::INTEGER AS invalid
     FROM rule l JOIN principle p USING (principle_id) JOIN principle_run_pair rp ON rp.principle_run_id = ?
     LEFT JOIN principle_vote v ON v.principle_id = l.principle_id AND v.comparison_id = rp.comparison_id AND v.voter = l.voter
     GROUP BY l.place, p.text ORDER BY l.place`,
    [run.voter, run.principleRunId, run.principleRunId],
  );
}
