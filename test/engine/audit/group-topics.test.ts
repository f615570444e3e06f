import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, type RatingRecord, resultOf, storeRecords } from './rater-records.ts';

/** Ten raters, five of party one and five of party two, each scoring both sides of five of ten prompts. */
async function audit(isOfOne: (rater: number, pair: number) => boolean, hasTopics = true) {
  const workspace = await openTestWorkspace();
  const rows = Array.from({ length: 10 }, (_, n): PairRow => ({
    ...{ prompt: `p ${n}`, a: `x ${n}`, b: `yy ${n}`, label: 'a', modelA: 'A', modelB: 'B' },
  }));
  const datasetId = await storePairs(workspace, rows);
  const annotators = Array.from({ length: 10 }, (_, rater) => ({
    name: `u${rater}`,
    attributes: { party: rater < 5 ? 'one' : 'two' },
  }));
  const ratings = annotators.flatMap(({ name }, rater): RatingRecord[] =>
    rows.flatMap((_, pair): RatingRecord[] =>
      isOfOne(rater, pair)
        ? [
            { pair, side: 'a', annotator: name, aspect: 'score', value: 50 + rater + pair },
            { pair, side: 'b', annotator: name, aspect: 'score', value: 50 },
          ]
        : [],
    ),
  );
  await storeRecords(workspace, datasetId, { annotators, ratings });
  if (hasTopics)
    await workspace.database.write((session) =>
      session.run(`UPDATE comparison SET topic = CASE WHEN source_row <= 5 THEN 'values' ELSE 'other' END`),
    );
  const service = new AuditService(workspace.database);
  return resultOf(await service.run({ datasetId, only: ['rater-welfare'], seed: 1 }), 'rater-welfare');
}

describe('topics of the prompts that groups of raters scored (audit specification E3)', () => {
  it('party one scores 4 of 5 prompts on values, party two 1 of 5: .8 − .5 = .3 and −.3, a prompt counted once though both sides are scored', async () => {
    // Prompts 0 to 4 are on values: party one takes 1–4 and 5, party two 0 and 6–9.
    const result = await audit((rater, pair) => (rater < 5 ? pair >= 1 && pair <= 5 : pair === 0 || pair >= 6)); // prettier-ignore
    const [one, two] = ['one · values', 'two · values'].map((slice) => figureIn(result, 'group_topic_difference', slice)); // prettier-ignore
    expect(one?.value).toBeCloseTo(0.3, 12);
    expect(two?.value).toBeCloseTo(-0.3, 12);
    expect(one).toMatchObject({ slice_dim: 'party', n_items: 25, n_clusters: 5 });
    expect(figureIn(result, 'group_topic_difference', 'one · other').value).toBeCloseTo(-0.3, 12);
  });

  it('parties that score the same prompts differ by 0, and without a topic nothing is told', async () => {
    const same = await audit(() => true);
    expect(figureIn(same, 'group_topic_difference', 'one · values').value).toBeCloseTo(0, 12);
    const bare = await audit(() => true, false);
    expect(bare.figures.filter(({ metric }) => metric === 'group_topic_difference')).toEqual([]);
  });
});
