import type { AuditFigure } from '../../../../contract/audit.contract.ts';
import { type AuditContext as Context, makeFigure, maximumSlices } from '../audit.ts';
import { measureShare, sumClusterMoments } from '../clustered-share.ts';

const measures = [
  {
    metric: 'whole_order_raw',
    title: 'Prompts of three or more ranked responses with every pair ranked rightly (summed)',
    isRight: `"first" >= "second"`,
  },
  {
    metric: 'whole_order_norm',
    title: 'Prompts of three or more ranked responses with every pair ranked rightly per token',
    isRight: 'first_mean >= second_mean',
  },
] as const;

/**
 * By model, the share of prompts of which a model orders every pair as the labels do, over the prompts whose pairs name
 * three different responses or more; Wilson's interval over prompts (Chen et al. 2024, definition A.8). `table` is that of
 * `createLogpPairs`. A prompt with a pair that lacks the number compared is left out. With a slice, over the pairs in it.
 */
export async function measureWholeOrders(
  { session, signal, slice, slices }: Context<unknown>,
  table: string,
): Promise<AuditFigure[]> {
  const orders = (source: string) =>
    `(SELECT slice, cluster, bool_and(is_right)::INTEGER AS outcome FROM (
        SELECT slice, cluster, is_right, md5(x.text) AS one, md5(y.text) AS two FROM ${source} o
        JOIN response x ON x.response_id = o.chosen_id JOIN response y ON y.response_id = o.rejected_id)
      GROUP BY slice, cluster HAVING count(is_right) = count(*) AND len(list_distinct(list_concat(list(one), list(two)))) >= 3)`;
  const figures: AuditFigure[] = [];
  for (const { metric, title, isRight } of measures) {
    const ranked = `(SELECT *, ${isRight} AS is_right FROM ${table} WHERE label <> 'tie')`;
    const measure = async (place: string, source: string) => {
      const measured = await sumClusterMoments(session, orders(source), { parameters: [], signal });
      for (const moments of measured.sort((left, right) => right.sumX - left.sumX).slice(0, maximumSlices))
        figures.push(
          makeFigure(
            { audit: 'ranking-accuracy', metric, title },
            { slice_dim: place, slice_value: String(moments.slice), ...measureShare(moments), p: null },
          ),
        );
    };
    await measure('annotator', `(SELECT model AS slice, * FROM ${ranked})`);
    if (slice !== null)
      await measure(
        slice,
        `(SELECT DISTINCT o.model || ' · ' || s.slice AS slice, o.comparison_id, o.cluster, o.is_right, o.chosen_id, o.rejected_id FROM ${ranked} o JOIN ${slices} s USING (comparison_id))`,
      );
  }
  return figures;
}
