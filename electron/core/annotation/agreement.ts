import type { Session } from '../../../native/duckdb/session.ts';
import type { AgreementFigure, AgreementReport } from '../../contract/annotation.contract.ts';
import {
  alphaOfTotals,
  coincidenceColumns,
  fleissKappa,
  krippendorffAlpha,
} from '../statistics/agreement.ts';
import { bootstrapClusters } from '../statistics/bootstrap.ts';
import { cohenKappa } from '../statistics/cohen-kappa.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import {
  independentAnswers,
  listMeasured,
  type Measured,
  readTallies,
  type Tallies,
} from './agreement-data.ts';
import type { StoredProject } from './project.repository.ts';
import { measureSpans } from './span-agreement.ts';
import { findOverallQuestion } from './submit.ts';

const rounds = 1_000;

const none = (n: number): AgreementFigure => ({ value: null, low: null, high: null, n });

function shareOf(successes: number, n: number): AgreementFigure {
  const interval = wilsonInterval(successes, n);
  if (interval.status === 'undefined') return none(n);
  return { value: interval.estimate, low: interval.lower, high: interval.upper, n };
}

/**
 * Agreement of a project's raters, from each rater's last answer before a gold label or a suggestion was shown.
 *
 * Per question: Krippendorff's alpha over items with two answers or more and Fleiss' kappa over items with exactly as
 * many as the overlap, both with 95 % percentile intervals of a bootstrap over items (1,000 rounds, the project's seed);
 * Cohen's kappa per pair of raters with its large-sample interval, weighted by squared distance for ordered answers.
 * Per rater: accuracy on gold items and the share of the response shown first, with Wilson intervals.
 */
export async function measureAgreement(
  session: Session,
  project: StoredProject,
  signal?: AbortSignal,
): Promise<AgreementReport> {
  const raters = await readRaters(session, project);
  const nameOf = (raterId: number) => raters.find((one) => one.raterId === raterId)?.name ?? String(raterId);
  const questions: AgreementReport['questions'] = [];
  for (const measured of project.settings.questions.flatMap(listMeasured)) {
    const tallies = await readTallies(session, project, measured);
    questions.push({
      question: measured.id,
      title: measured.title,
      scale: measured.scale,
      alpha: await alphaOf(tallies, measured, { seed: project.settings.seed, signal }),
      fleiss: await fleissOf(tallies, measured, { ...project.settings, signal }),
      pairs: tallies.pairs.map((pair) => ({
        first: nameOf(pair.first),
        second: nameOf(pair.second),
        ...kappaOf(pair.table, measured),
      })),
    });
  }
  return { questions, spans: await measureSpans(session, project, { nameOf, signal }), raters };
}

interface Run {
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

const runOptions = ({ seed, signal }: Run) => ({ seed, rounds, ...(signal && { signal }) });

async function alphaOf(tallies: Tallies, measured: Measured, run: Run): Promise<AgreementFigure> {
  const { categories, scale } = measured;
  const ratings = { counts: tallies.counts, categories };
  const alpha = krippendorffAlpha(ratings, { level: scale });
  const n = alpha.status === 'undefined' ? 0 : alpha.items;
  if (alpha.status === 'undefined') return none(n);
  const columns = coincidenceColumns(ratings, tallies.clusterOf, tallies.clusters);
  const interval = await bootstrapClusters(
    columns,
    (totals) => alphaOfTotals(totals, categories, { level: scale }),
    runOptions(run),
  );
  const ends = interval.status === 'undefined' ? { lower: null, upper: null } : interval;
  return { value: alpha.alpha, low: ends.lower, high: ends.upper, n };
}

/** Units with exactly `overlap` ratings as columns of additive parts: agreement, units, and ratings per category. */
function fleissColumns({ counts, clusterOf, clusters }: Tallies, categories: number, overlap: number) {
  const columns = Array.from({ length: categories + 2 }, () => new Float64Array(clusters));
  const add = (column: number, cluster: number, value: number) => {
    const values = columns[column];
    if (values) values[cluster] = (values[cluster] ?? 0) + value;
  };
  const kept: number[] = [];
  for (const [unit, cluster] of clusterOf.entries()) {
    const row = counts.subarray(unit * categories, (unit + 1) * categories);
    if (row.reduce((sum, count) => sum + count, 0) !== overlap) continue;
    kept.push(...row);
    const squares = row.reduce((sum, count) => sum + count * count, 0);
    add(0, cluster, (squares - overlap) / (overlap * (overlap - 1)));
    add(1, cluster, 1);
    for (const [code, count] of row.entries()) add(code + 2, cluster, count);
  }
  return { columns, kept };
}

async function fleissOf(
  tallies: Tallies,
  { categories }: Measured,
  { overlap, ...run }: Run & { readonly overlap: number },
): Promise<AgreementFigure> {
  if (overlap < 2) return none(0);
  const { columns, kept } = fleissColumns(tallies, categories, overlap);
  const estimate = fleissKappa({ counts: kept, categories });
  if (estimate.status === 'undefined') return none(kept.length / categories);
  const interval = await bootstrapClusters(
    columns,
    ([agreement = 0, units = 0, ...totals]) => {
      const expected = totals.reduce((sum, total) => sum + (total / (units * overlap)) ** 2, 0);
      return units > 0 && expected < 1 - 1e-12 ? (agreement / units - expected) / (1 - expected) : Number.NaN;
    },
    runOptions(run),
  );
  const ends = interval.status === 'undefined' ? { lower: null, upper: null } : interval;
  return { value: estimate.kappa, low: ends.lower, high: ends.upper, n: estimate.items };
}

function kappaOf(
  table: number[][],
  { scale }: Measured,
): { observed: number | null; kappa: AgreementFigure } {
  const n = table.flat().reduce((sum, count) => sum + count, 0);
  const agreeing = table.reduce((sum, row, code) => sum + (row[code] ?? 0), 0);
  const kappa = cohenKappa(table, { weights: scale === 'ordinal' ? 'quadratic' : 'identity' });
  return {
    observed: n === 0 ? null : agreeing / n,
    kappa:
      kappa.status === 'undefined'
        ? none(n)
        : { value: kappa.kappa, low: kappa.error?.lower ?? null, high: kappa.error?.upper ?? null, n },
  };
}

interface RaterRow {
  raterId: number;
  name: string;
  submitted: number;
  skipped: number;
  medianMs: number | null;
  goldAnswers: number;
  goldRight: number;
  sided: number;
  first: number;
}

async function readRaters(
  session: Session,
  { projectId, settings }: StoredProject,
): Promise<AgreementReport['raters']> {
  const overall = findOverallQuestion(settings.questions);
  const sided = settings.questions.find((one) => one.kind === 'pairwise');
  const path = (id: string | undefined) => `$.${id ?? 'none'}.label`;
  const rows = await session.all<RaterRow>(
    `WITH own AS (${independentAnswers}),
     known AS (SELECT o.rater_id, json_extract_string(o.answers, ?) = i.gold_label AS is_right
       FROM own o JOIN annotation_item i ON i.project_id = ? AND i.comparison_id = o.comparison_id WHERE i.gold_label IS NOT NULL),
     sided AS (SELECT rater_id, json_extract_string(answers, ?) = shown_first AS is_first FROM own
       WHERE json_extract_string(answers, ?) IN ('a', 'b')),
     done AS (SELECT rater_id, count(*) FILTER (status = 'submitted') AS submitted, count(*) FILTER (status = 'skipped') AS skipped,
       median(ms) FILTER (status = 'submitted') AS median_ms FROM annotation_answer WHERE project_id = ? AND is_current GROUP BY rater_id)
     SELECT d.rater_id AS "raterId", r.name, d.submitted, d.skipped, d.median_ms AS "medianMs",
       (SELECT count(is_right) FROM known k WHERE k.rater_id = d.rater_id) AS "goldAnswers",
       (SELECT count(*) FILTER (is_right) FROM known k WHERE k.rater_id = d.rater_id) AS "goldRight",
       (SELECT count(*) FROM sided s WHERE s.rater_id = d.rater_id) AS sided,
       (SELECT count(*) FILTER (is_first) FROM sided s WHERE s.rater_id = d.rater_id) AS first
     FROM done d JOIN annotation_rater r USING (rater_id) ORDER BY r.name`,
    [projectId, path(overall?.id), projectId, path(sided?.id), path(sided?.id), projectId],
  );
  return rows.map(({ goldAnswers, goldRight, sided: n, first, ...row }) => ({
    ...row,
    gold: shareOf(goldRight, goldAnswers),
    choseFirst: shareOf(first, n),
  }));
}
