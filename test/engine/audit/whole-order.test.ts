import { describe, expect, it } from 'vitest';
import type { AuditResult } from '../../../electron/contract/audit.contract.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, type RatingRecord, resultOf, storeRecords } from './rater-records.ts';

/** A response with its summed log-probability and its number of tokens. */
type Scored = readonly [text: string, total: number, tokens: number | null];

/** All pairs of responses listed best first. */
const ordered = (prompt: string, responses: readonly Scored[]) =>
  responses.flatMap((better, place) =>
    responses.slice(place + 1).map((worse) => ({ prompt, better, worse })),
  );

async function audit(
  pairs: readonly { prompt: string; better: Scored; worse: Scored }[],
  slice: string | null = null,
): Promise<AuditResult> {
  const workspace = await openTestWorkspace();
  const rows = pairs.map(({ prompt, better, worse }): PairRow => ({
    prompt,
    a: better[0],
    b: worse[0],
    label: 'a',
  }));
  const datasetId = await storePairs(workspace, rows);
  const ratings = pairs.flatMap(({ better, worse }, pair): RatingRecord[] =>
    (['a', 'b'] as const).flatMap((side): RatingRecord[] => {
      const [, total, tokens] = side === 'a' ? better : worse;
      const sum = { pair, side, annotator: 'm', aspect: 'logp', value: total };
      return tokens === null ? [sum] : [sum, { ...sum, aspect: 'logp_tokens', value: tokens }];
    }),
  );
  await storeRecords(workspace, datasetId, { annotators: [{ name: 'm', kind: 'model' }], ratings });
  await workspace.database.write((session) =>
    session.run(`UPDATE comparison SET topic = CASE WHEN source_row <= 3 THEN 'x' ELSE 'y' END`),
  );
  const service = new AuditService(workspace.database);
  return resultOf(
    await service.run({
      datasetId,
      only: ['ranking-accuracy'],
      seed: 1,
      ...(slice === null ? {} : { slice }),
    }),
    'ranking-accuracy',
  );
}

// By hand. p1: sums −10 > −20 > −30 in order; per token −5, −4, −3 all reversed.
const first = ordered('p1', [
  ['a', -10, 2],
  ['b', -20, 5],
  ['c', -30, 10],
]);
// p2: sums −10, −30, −20: one pair of three wrong; per token −1, −2, −4 in order.
const second = ordered('p2', [
  ['a', -10, 10],
  ['b', -30, 15],
  ['c', -20, 5],
]);
// p3: four responses, both in order.
const third = ordered('p3', [
  ['a', -1, 1],
  ['b', -2, 1],
  ['c', -3, 1],
  ['d', -4, 1],
]);

describe('whole orders of a prompt (audit specification A1, definition A.8)', () => {
  it('counts a prompt as right only where every pair is: 2 of 3 raw, 2 of 3 per token, of 12 pairs 11 and 9 (would catch a mean over pairs)', async () => {
    const result = await audit([...first, ...second, ...third]);
    const [raw, norm] = [figureIn(result, 'whole_order_raw', 'm'), figureIn(result, 'whole_order_norm', 'm')];
    expect([raw.value, norm.value]).toEqual([2 / 3, 2 / 3]);
    expect([raw.n_items, raw.n_clusters, raw.p]).toEqual([3, 3, null]);
    // Wilson for 2 of 3: (2/3 + z²/6 ± z √(2/27 + z²/36)) / (1 + z²/3), z = 1.96.
    expect(raw.ci_lo).toBeCloseTo(0.2077, 3);
    expect(raw.ci_hi).toBeCloseTo(0.9385, 3);
    expect(figureIn(result, 'rank_acc_raw', 'm').value).toBeCloseTo(11 / 12, 12);
    expect(figureIn(result, 'rank_acc_norm', 'm').value).toBeCloseTo(9 / 12, 12);
  });

  it('takes no prompt with a single pair, or with one pair twice (would catch orders of two responses)', async () => {
    const pair = ordered('p4', [
      ['a', -1, 1],
      ['b', -2, 1],
    ]);
    const result = await audit([...pair, ...pair, ...ordered('p5', [['c', -1, 1], ['d', -2, 1]])]); // prettier-ignore
    expect(result.figures.filter(({ metric }) => metric.startsWith('whole_order'))).toEqual([]);
  });

  it('leaves a prompt without the token counts of one response out of the order per token alone', async () => {
    const lacking = ordered('p6', [
      ['a', -1, 1],
      ['b', -2, null],
      ['c', -3, 1],
    ]);
    const result = await audit([...third, ...lacking]);
    expect(figureIn(result, 'whole_order_raw', 'm').n_items).toBe(2);
    expect(figureIn(result, 'whole_order_norm', 'm').n_items).toBe(1);
  });

  it('tells them by slice: p1 of topic x, p2 and p3 of topic y', async () => {
    const result = await audit([...first, ...second, ...third], 'topic');
    const of = (metric: string, slice: string) => figureIn(result, metric, `m · ${slice}`);
    expect([of('whole_order_raw', 'x').value, of('whole_order_raw', 'y').value]).toEqual([1, 0.5]);
    expect([of('whole_order_norm', 'x').value, of('whole_order_norm', 'y').value]).toEqual([0, 1]);
  });
});
