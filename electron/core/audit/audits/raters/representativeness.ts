import { z } from 'zod';
import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { quantileOfSorted } from '../../../statistics/descriptive.ts';
import { createRandom } from '../../../statistics/random.ts';
import { totalVariation } from '../../../statistics/welfare.ts';
import { type AuditContext, makeFigure } from '../audit.ts';

export type Census = Readonly<Record<string, Readonly<Record<string, number>>>>;

const censusSchema = z.record(z.string(), z.record(z.string(), z.number().min(0)));
const rounds = 1000;

/** The census given as JSON; undefined for text that is none. Empty text is an empty census. */
export function findCensus(text: string): Census | undefined {
  if (text.trim() === '') return {};
  try {
    return censusSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Total variation distance of the raters' shares of an attribute from a census, with an interval from resampled raters. */
export async function measureRepresentativeness(
  { session, dataset, signal, seed }: Pick<AuditContext<unknown>, 'session' | 'dataset' | 'signal' | 'seed'>,
  table: string,
  census: Census,
): Promise<AuditFigure[]> {
  const figures: AuditFigure[] = [];
  for (const [axis, shares] of Object.entries(census)) {
    const rows = await session.all<{ value: string; n: number }>(
      `SELECT attributes[$2] AS "value", count(*) AS n FROM annotator WHERE dataset_id = $1 AND annotator_id IN (SELECT annotator_id FROM ${table}) AND attributes[$2] IS NOT NULL
       GROUP BY 1 ORDER BY 1`,
      [dataset.datasetId, axis],
      { signal },
    );
    const names = [...new Set([...Object.keys(shares), ...rows.map((row) => row.value)])];
    const counts = names.map((name) => rows.find((row) => row.value === name)?.n ?? 0);
    const targets = names.map((name) => shares[name] ?? 0);
    const n = counts.reduce((sum, count) => sum + count, 0);
    const head = {
      audit: 'rater-welfare',
      metric: 'census_distance',
      title: 'Total variation distance of the raters from the census',
    };
    const place = { slice_dim: 'attribute', slice_value: axis, n_items: n, n_clusters: n };
    if (n === 0) {
      figures.push(makeFigure(head, place));
      continue;
    }
    const drawn = resample(counts, n, seed)
      .map((draw) => totalVariation(draw, targets))
      .sort((left, right) => left - right);
    figures.push(
      makeFigure(head, {
        ...{ ...place, value: totalVariation(counts, targets), neutral: 0 },
        ...{
          ci_lo: quantileOfSorted(drawn, 0.025),
          ci_hi: quantileOfSorted(drawn, 0.975),
          status: n < 20 ? 'too_small' : 'ok',
        },
      }),
    );
  }
  return figures;
}

function resample(counts: readonly number[], n: number, seed: number): number[][] {
  const random = createRandom(seed);
  const people = counts.flatMap((count, category) => new Array<number>(count).fill(category));
  return Array.from({ length: rounds }, () => {
    const draw = counts.map(() => 0);
    for (let i = 0; i < n; i++) {
      const category = people[random.nextBelow(n)] ?? 0;
      draw[category] = (draw[category] ?? 0) + 1;
    }
    return draw;
  });
}
