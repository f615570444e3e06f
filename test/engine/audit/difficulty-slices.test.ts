import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, type RatingRecord, resultOf, storeRecords } from './rater-records.ts';

describe('learning difficulty by slice (audit specification A3)', () => {
  it('c of 5, −1, 18 in topic x and 1, 3 in y: medians 3, 5 and 2, deciles of y 1.2 to 2.8 by hand (would catch slices that repeat the whole)', async () => {
    const workspace = await openTestWorkspace();
    const rows = [5, -1, 18, 1, 3].map((_, n): PairRow => ({ prompt: `p ${n}`, a: `x ${n}`, b: `yy ${n}`, label: 'a' })); // prettier-ignore
    const datasetId = await storePairs(workspace, rows);
    const ratings = [5, -1, 18, 1, 3].flatMap((c, pair): RatingRecord[] =>
      (['a', 'b'] as const).flatMap((side): RatingRecord[] => [
        { pair, side, annotator: 'ref', aspect: 'logp', value: side === 'a' ? -30 : -30 + c },
        { pair, side, annotator: 'ref', aspect: 'logp_tokens', value: 10 },
      ]),
    );
    await storeRecords(workspace, datasetId, { annotators: [{ name: 'ref', kind: 'model' }], ratings });
    await workspace.database.write((session) =>
      session.run(`UPDATE comparison SET topic = CASE WHEN source_row <= 3 THEN 'x' ELSE 'y' END`),
    );
    const service = new AuditService(workspace.database);
    const result = resultOf(
      await service.run({ datasetId, only: ['learning-difficulty'], seed: 1, slice: 'topic' }),
      'learning-difficulty',
    );
    const medians = [null, 'x', 'y'].map((slice) => figureIn(result, 'median_c', slice));
    expect(medians.map(({ value, n_items }) => [value, n_items])).toEqual([[3, 5], [5, 3], [2, 2]]); // prettier-ignore
    expect(figureIn(result, 'median_c_mean', 'x').value).toBeCloseTo(0.5, 12);
    // −ln σ(.1 · 5) = .4741 (specification), and for y the mean of −ln σ(.1) = .6444 and −ln σ(.3) = .5544.
    expect(figureIn(result, 'median_tau', 'x').value).toBeCloseTo(0.4741, 4);
    expect(figureIn(result, 'median_tau', 'y').value).toBeCloseTo(0.5994, 4);
    const deciles = result.tables[0]?.rows.find(([name, , , of]) => name === 'y' && of === 'c');
    expect(deciles?.slice(1, 3)).toEqual([2, 2]);
    for (const [index, value] of deciles?.slice(4).entries() ?? [])
      expect(value).toBeCloseTo(1.2 + 0.2 * index, 12);
    expect(deciles).toHaveLength(13);
  });
});
