import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { adjustFigures, type AuditContext, type AuditOutcome, makeFigure, minimumItems } from '../audit.ts';
import { measureMean, sumClusterMoments } from '../clustered-share.ts';
import { makeFinding } from '../finding.ts';
import { sayMany, sayShare } from '../wording.ts';
import { nameModel, testedShare } from './model-figures.ts';
import { storeVerdicts } from './pair-verdicts.ts';

interface ChangeOptions {
  readonly audit: string;
  /** “identity words are swapped”. */
  readonly what: string;
  /** What a version is: “axis”, “mask”. */
  readonly variants: string;
  readonly warnFlips: number;
  readonly tieEpsilon: number;
  /** The word list, for the parameters of the result. */
  readonly source: string;
}

/**
 * Compares the verdict on each changed version of a pair (pass 0) with that on the original: the share whose verdict flips
 * from one side to the other, with the exact interval of Clopper and Pearson, and the mean change of the log-odds of a.
 * Verdicts that are a tie in one of the two versions are counted apart. Beside it stands how often the judge flips by
 * order alone, the noise a flip rate must be read against.
 */
export async function measureChanges(
  context: AuditContext<unknown>,
  options: ChangeOptions,
): Promise<AuditOutcome> {
  const { session, signal } = context;
  const verdicts = await storeVerdicts(context, 0, options.tieEpsilon);
  const table = context.scratch('changes');
  const logit = (p: string) =>
    `ln(greatest(1e-6, least(1 - 1e-6, ${p})) / (1 - greatest(1e-6, least(1 - 1e-6, ${p}))))`;
  await session.run(
    `CREATE OR REPLACE TABLE ${table} AS
     SELECT v.item, v.variant, v.verdict IN ('a', 'b') AND o.verdict IN ('a', 'b') AS is_compared, v.verdict <> o.verdict AS is_changed,
       ${logit('v.p_a')} - ${logit('o.p_a')} AS shift, (v.verdict = 'tie') <> (o.verdict = 'tie') AS is_tie_once
     FROM ${verdicts} v JOIN ${verdicts} o ON o.item = v.item AND o.variant = 'original' WHERE v.variant <> 'original' AND v.verdict IS NOT NULL AND o.verdict IS NOT NULL`,
    [],
    { signal },
  );
  const figures = adjustFigures([
    ...(await measureFlips(context, options, table)),
    ...(await measureShifts(context, options, table)),
    await measureNoise(context, options, verdicts),
  ]);
  const [whole] = figures;
  if (!whole) return { figures: [], findings: [] };
  return {
    figures,
    findings: [
      makeFinding({
        id: 'flips',
        sentence: `When ${options.what}, ${nameModel(context)} changes sides on ${sayShare(whole)} of ${sayMany(whole.n_items, 'version')} (exact interval).`,
        figure: { ...whole, neutral: 0 },
        scale: 'amount',
        isDescriptive: true,
        noticeFrom: 0.02,
        warnFrom: options.warnFlips,
        rows: await context.keepRows({
          set: 'flips',
          relation: 'pairs',
          sql: `SELECT item AS row_id, max(abs(shift)) AS size FROM ${table} WHERE is_compared AND is_changed GROUP BY item ORDER BY size DESC, item`,
        }),
      }),
    ],
    params: { list: options.source, min_n: minimumItems },
  };
}

async function measureFlips(
  { session }: AuditContext<unknown>,
  { audit, variants }: ChangeOptions,
  table: string,
): Promise<AuditFigure[]> {
  const rows = await session.all<{
    variant: string | null;
    n: number;
    flips: number;
    ties: number;
    all: number;
  }>(
    `SELECT variant, count(*) FILTER (is_compared) AS n, count(*) FILTER (is_compared AND is_changed) AS flips,
       count(*) FILTER (is_tie_once) AS ties, count(*) AS "all" FROM ${table} GROUP BY ROLLUP (variant) ORDER BY variant NULLS FIRST`,
  );
  return rows.flatMap(({ variant, n, flips, ties, all }) => {
    const slice = variant === null ? {} : { slice_dim: variants, slice_value: variant };
    return [
      testedShare(
        { audit, metric: 'flip_rate', title: 'The verdict changes sides', ...slice },
        { count: flips, n, neutral: null, interval: 'exact' },
      ),
      testedShare(
        { audit, metric: 'tie_once_share', title: 'A tie in one of the two versions', ...slice },
        { count: ties, n: all, neutral: null, interval: 'exact' },
      ),
    ];
  });
}

async function measureShifts(
  { session, signal }: AuditContext<unknown>,
  { audit, variants }: ChangeOptions,
  table: string,
): Promise<AuditFigure[]> {
  const moments = await sumClusterMoments(
    session,
    `(SELECT variant AS slice, item AS cluster, abs(shift) AS outcome FROM ${table})`,
    { parameters: [], signal },
  );
  return moments.map((one) =>
    makeFigure(
      { audit, metric: 'mean_shift', title: 'Mean absolute change of the log-odds of a' },
      { slice_dim: variants, slice_value: String(one.slice), ...measureMean(one), p: null, neutral: 0 },
    ),
  );
}

/** Of the originals, the share whose choice follows the place: a judge that flips by order flips by anything. */
async function measureNoise(
  { session }: AuditContext<unknown>,
  { audit }: ChangeOptions,
  verdicts: string,
): Promise<AuditFigure> {
  const { n, changed } = await session.one<{ n: number; changed: number }>(
    `SELECT count(order_state) AS n, count(*) FILTER (order_state IN ('first', 'second')) AS changed FROM ${verdicts} WHERE variant = 'original'`,
  );
  return testedShare(
    { audit, metric: 'order_flip_rate', title: 'The choice follows the place, on the originals' },
    { count: changed, n, neutral: null, interval: 'exact' },
  );
}
