import { describe, expect, it } from 'vitest';
import type { AuditResult } from '../../../electron/contract/audit.contract.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { storeTextClusters } from '../../../electron/core/audit/audits/selection/text-clusters.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, type RatingRecord, resultOf, storeRecords } from './rater-records.ts';

const kinds = [
  'apples and pears in baskets',
  'ships upon stormy waters',
  'violins play loudly tonight',
  'mountains under deep snow',
];
const subjects = Array.from({ length: 30 }, (_, n) => `subject${n} topic${n} matter${n}`);

/** Each of 30 prompts: the chosen response of one kind against each of the three others. */
const rows = subjects.flatMap((prompt, n) =>
  kinds.flatMap((other, kind): PairRow[] =>
    kind === n % 4
      ? []
      : [{ prompt, a: kinds[n % 4] ?? '', b: other, label: 'a', modelA: 'one', modelB: 'two' }],
  ),
);

async function audit(
  given: readonly PairRow[],
  params: Record<string, string | number>,
  ratings: readonly RatingRecord[] = [],
): Promise<AuditResult> {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, given);
  await storeRecords(workspace, datasetId, { annotators: [{ name: 'r' }], ratings });
  const document = await new AuditService(workspace.database).run({
    ...{ datasetId, seed: 1, only: ['text_coverage'] },
    params: { text_coverage: params },
  });
  return resultOf(document, 'text_coverage');
}

describe('coverage of texts, the analogue of state-action coverage (audit specification C3)', () => {
  it('30 of the 120 combinations of prompt and response → .25; the rejected reach the other 90, .75', async () => {
    const result = await audit(rows, { clusters: 30 });
    expect(result.params).toMatchObject({ prompt_clusters: 30, response_clusters: 4 });
    const chosen = figureIn(result, 'coverage_chosen');
    expect(chosen.value).toBe(0.25);
    expect([chosen.n_items, chosen.n_clusters]).toEqual([90, 30]);
    expect(chosen.ci_lo).toBeLessThanOrEqual(0.25);
    expect(chosen.ci_hi).toBeGreaterThanOrEqual(0.25);
    expect(figureIn(result, 'coverage_rejected').value).toBe(0.75);
    expect(result.tables[0]?.rows.map((row) => row.slice(0, 5))).toEqual([
      ['chosen', 90, 30, 120, 0.25],
      ['rejected', 90, 90, 120, 0.75],
    ]);
    expect(result.findings.map(({ severity, certainty }) => [severity, certainty])).toEqual([
      ['none', 'descriptive'],
    ]);
  });

  it('against a group that the chosen responses are: undefined; against the other model 30 / 90 (would catch a reference that is not filtered)', async () => {
    const same = await audit(rows, { clusters: 30, reference_column: 'model', reference_group: 'one' });
    expect(figureIn(same, 'coverage_chosen')).toMatchObject({ value: null, status: 'undefined' });
    const other = await audit(rows, { clusters: 30, reference_column: 'model', reference_group: 'two' });
    expect(figureIn(other, 'coverage_chosen').value).toBeCloseTo(30 / 90, 12);
    const none = await audit(rows, { reference_column: 'model', reference_group: 'absent' });
    expect(none).toMatchObject({ is_applicable: false });
  });

  it('scores 4 against 2 in three of four pairs and 2 against 4 in one → quality (3.5 − 3) / (4 − 3) = .5 by hand, quadrant “imitate”', async () => {
    const four = rows.slice(0, 88);
    const ratings = four.flatMap((_, pair): RatingRecord[] => [
      { pair, side: 'a', annotator: 'r', aspect: 'score', value: pair % 4 === 0 ? 2 : 4 },
      { pair, side: 'b', annotator: 'r', aspect: 'score', value: pair % 4 === 0 ? 4 : 2 },
    ]);
    const result = await audit(four, { clusters: 30 }, ratings);
    const quality = figureIn(result, 'text_quality');
    expect(quality.value).toBeCloseTo(0.5, 12);
    expect(quality.n_items).toBe(88);
    expect(result.tables[0]?.rows[0]?.[5]).toMatch(/suits cloning/);
    const flat = ratings.map((rating) => ({ ...rating, value: 3 }));
    const equal = await audit(four, { clusters: 30 }, flat);
    expect(figureIn(equal, 'text_quality')).toMatchObject({ value: null, status: 'undefined' });
  });

  it('finds 3 groups of 900 different texts by their words, beyond the 400 they are found on, the same for a seed', async () => {
    const random = createRandom(4);
    const groups = ['river boat sail anchor tide', 'oven bread flour yeast dough', 'piano chord melody rhythm tempo'].map((list) => list.split(' ')); // prettier-ignore
    const texts = Array.from({ length: 900 }, (_, n) => ({
      id: n,
      text: `${n} ${Array.from({ length: 12 }, () => groups[n % 3]?.[random.nextBelow(5)]).join(' ')}`,
    }));
    const workspace = await openTestWorkspace();
    const assigned = await workspace.database.write(async (session) => {
      const read = async () => {
        const found = await storeTextClusters(session, {
          texts: `SELECT unnest(from_json(?::JSON, '[{"id":"BIGINT","text":"VARCHAR"}]'), recursive := true)`,
          parameters: [JSON.stringify(texts)],
          ...{ into: '"assigned"', clusters: 3, seed: 2 },
        });
        expect(found).toBe(3);
        return session.all('SELECT id % 3 AS "group", cluster, count(*) AS n FROM assigned GROUP BY ALL ORDER BY ALL'); // prettier-ignore
      };
      const first = await read();
      expect(await read()).toEqual(first);
      await session.run('DROP TABLE assigned');
      return first;
    });
    expect(assigned.map(({ group, n }) => [group, n])).toEqual([
      [0, 300],
      [1, 300],
      [2, 300],
    ]);
    expect(new Set(assigned.map(({ cluster }) => cluster)).size).toBe(3);
  });
});
