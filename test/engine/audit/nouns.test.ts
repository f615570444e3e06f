import { describe, expect, it } from 'vitest';
import type { AuditDocument } from '../../../electron/contract/audit.contract.ts';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';

/** Four nouns in ten words, and none in ten. */
const heavy = 'The teacher gave the child a book about the house.';
const light = 'She often ran there quickly and he slowly walked away.';

const figureOf = (document: AuditDocument, metric: string, slice: string) =>
  document.audits
    .flatMap((audit) => audit.figures)
    .find((figure) => figure.metric === metric && figure.slice_value === slice);

async function audit(rows: readonly PairRow[], params = {}, language?: string): Promise<AuditDocument> {
  const workspace = await openTestWorkspace();
  const datasetId = await storePairs(workspace, rows);
  if (language !== undefined)
    await workspace.database.write((session) =>
      session.run('UPDATE comparison SET language = ? WHERE dataset_id = ?', [language, datasetId]),
    );
  const document = await new AuditService(workspace.database).run({
    ...{ datasetId, seed: 1, only: ['linguistic'] },
    params: { linguistic: params },
  });
  expect(document.audits.flatMap(({ failure }) => failure ?? [])).toEqual([]);
  return document;
}

const pairsOf = (more: number, fewer: number) =>
  Array.from({ length: more + fewer }, (_, n): PairRow => ({
    prompt: `p ${n}`,
    a: heavy,
    b: light,
    label: n < more ? 'a' : 'b',
  }));

describe('nouns in the audit of linguistic features', () => {
  it('30 pairs whose chosen side has more nouns against 10 → share .75, χ² 10, p .0016 (specification)', async () => {
    const document = await audit(pairsOf(30, 10));
    const row = document.audits[0]?.tables[0]?.rows.find(([title]) => title === 'more nouns');
    expect(row?.slice(1, 4)).toEqual([40, 30, 10]);
    expect(row?.[4]).toBeCloseTo(10, 12);
    expect(row?.[5]).toBeCloseTo(0.0016, 4);
    expect(figureOf(document, 'chosen_has_more', 'more nouns')?.value).toBeCloseTo(0.75, 12);
  });

  it('nouns that decide win over the length beside them, in the joint fit of the tagged pairs alone (would catch a fit that gives untagged pairs 0 nouns)', async () => {
    const random = createRandom(5);
    const rows = Array.from({ length: 400 }, (_, n): PairRow => {
      const sentences = (nouns: number, rest: number) =>
        [...Array<string>(nouns).fill(heavy), ...Array<string>(rest).fill(light)].join(' ');
      const [x, y] = [random.nextBelow(4), random.nextBelow(4)];
      const isHeavier = x === y ? random.next() < 0.5 : x > y === random.next() < 0.9;
      return {
        prompt: `p ${n}`,
        a: sentences(x, random.nextBelow(4)),
        b: sentences(y, random.nextBelow(4)),
        label: isHeavier ? 'a' : 'b',
      };
    });
    const document = await audit(rows, { noun_sample: 300 });
    const nouns = figureOf(document, 'joint_effect_with_nouns', 'more nouns');
    expect(nouns?.n_items).toBe(300);
    expect(figureOf(document, 'joint_effect', 'more words')?.n_items).toBe(400);
    expect(figureOf(document, 'joint_effect', 'more nouns')).toBeUndefined();
    expect(figureOf(document, 'chosen_has_more', 'more nouns')?.ci_lo).toBeGreaterThan(0.75);
    expect(figureOf(document, 'chosen_has_more', 'more nouns')?.n_items).toBeLessThanOrEqual(300);
    expect(document.audits[0]?.params['pairs_with_nouns_counted']).toBe(300);
    expect(document.audits[0]?.findings.map(({ id }) => id)).toContain('noun_count');
  });

  it('counts none in a language that is not English (the tagger knows no other)', async () => {
    const document = await audit(pairsOf(30, 10), {}, 'de');
    expect(figureOf(document, 'chosen_has_more', 'more nouns')).toBeUndefined();
    expect(figureOf(document, 'chosen_has_more', 'more words')).toBeDefined();
    expect(document.audits[0]?.params['pairs_with_nouns_counted']).toBe(0);
  });
});
