import { quoteLiteral } from '../../../native/duckdb/quoting.ts';
import type { Session } from '../../../native/duckdb/session.ts';
import type { AgreementFigure, AgreementReport } from '../../contract/annotation.contract.ts';
import { bootstrapClusters } from '../statistics/bootstrap.ts';
import { independentAnswers } from './agreement-data.ts';
import type { StoredProject } from './project.repository.ts';

const rounds = 1_000;

interface Overlap {
  readonly first: number;
  readonly second: number;
  readonly both: number;
  readonly a: number;
  readonly b: number;
}

/** Labelled characters per item and pair of raters: marked by the first, by the second, by both; items neither marked are left out. */
async function readOverlaps(session: Session, projectId: number, question: string): Promise<Overlap[]> {
  const spans = `json_extract(answers, ${quoteLiteral(`$.${question}.spans`)})`;
  return session.all<Overlap>(
    `WITH own AS MATERIALIZED (${independentAnswers}),
     spans AS (SELECT comparison_id, rater_id, unnest(from_json(${spans}, '[{"side":"VARCHAR","start":"INTEGER","end":"INTEGER","label":"VARCHAR"}]')) AS s FROM own),
     marked AS MATERIALIZED (SELECT DISTINCT comparison_id, rater_id, s.side AS side, s.label AS label, unnest(range(s."start", s."end")) AS place FROM spans),
     counted AS (SELECT comparison_id, rater_id, count(*) AS n FROM marked GROUP BY ALL),
     shared AS (SELECT x.comparison_id, x.rater_id AS first, y.rater_id AS second, count(*) AS n
       FROM marked x JOIN marked y USING (comparison_id, side, label, place) WHERE x.rater_id < y.rater_id GROUP BY ALL)
     SELECT x.rater_id AS first, y.rater_id AS second, coalesce(s.n, 0) AS "both", coalesce(p.n, 0) AS a, coalesce(q.n, 0) AS b
     FROM own x JOIN own y ON x.comparison_id = y.comparison_id AND x.rater_id < y.rater_id
       LEFT JOIN counted p ON p.comparison_id = x.comparison_id AND p.rater_id = x.rater_id
       LEFT JOIN counted q ON q.comparison_id = y.comparison_id AND q.rater_id = y.rater_id
       LEFT JOIN shared s ON s.comparison_id = x.comparison_id AND s.first = x.rater_id AND s.second = y.rater_id
     WHERE coalesce(p.n, 0) + coalesce(q.n, 0) > 0 ORDER BY x.rater_id, y.rater_id, x.comparison_id`,
    [projectId],
  );
}

async function f1Of(
  items: readonly Overlap[],
  { seed, signal }: { seed: number; signal: AbortSignal | undefined },
): Promise<AgreementFigure> {
  const column = (field: 'both' | 'a' | 'b') => Float64Array.from(items, (item) => item[field]);
  const columns = [column('both'), column('a'), column('b')];
  const statistic = ([both = 0, a = 0, b = 0]: ArrayLike<number> & Iterable<number>) =>
    a + b > 0 ? (2 * both) / (a + b) : Number.NaN;
  const totals = columns.map((values) => values.reduce((sum, value) => sum + value, 0));
  const interval = await bootstrapClusters(columns, statistic, { seed, rounds, ...(signal && { signal }) });
  const ends = interval.status === 'undefined' ? { lower: null, upper: null } : interval;
  return { value: statistic(totals), low: ends.lower, high: ends.upper, n: items.length };
}

/**
 * Agreement on marked spans, per pair of raters: F1 over labelled characters, 2·both/(first + second), summed over the items
 * both answered and at least one marked, with the 95 % percentile interval of a bootstrap over items (1,000 rounds, the
 * project's seed). Our operationalisation: neither chance nor the borders of spans are accounted for, as in γ.
 */
export async function measureSpans(
  session: Session,
  { projectId, settings }: StoredProject,
  {
    nameOf,
    signal,
  }: { readonly nameOf: (raterId: number) => string; readonly signal: AbortSignal | undefined },
): Promise<AgreementReport['spans']> {
  const measured: AgreementReport['spans'] = [];
  for (const question of settings.questions) {
    if (question.kind !== 'span') continue;
    const byPair = new Map<string, Overlap[]>();
    for (const overlap of await readOverlaps(session, projectId, question.id)) {
      const key = `${overlap.first}/${overlap.second}`;
      const items = byPair.get(key) ?? [];
      items.push(overlap);
      byPair.set(key, items);
    }
    const pairs = [];
    for (const items of byPair.values()) {
      const [{ first, second } = { first: 0, second: 0 }] = items;
      pairs.push({
        first: nameOf(first),
        second: nameOf(second),
        f1: await f1Of(items, { seed: settings.seed, signal }),
      });
    }
    measured.push({ question: question.id, title: question.title, pairs });
  }
  return measured;
}
