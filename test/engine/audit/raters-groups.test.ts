import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditService } from '../../../electron/core/audit/audit.service.ts';
import { createRandom } from '../../../electron/core/statistics/random.ts';
import { openImportBench } from '../../support/import-corpus.ts';
import { openTestWorkspace, type PairRow, storePairs } from '../constitution/pair-workspace.ts';
import { figureIn, type RatingRecord, resultOf, storeRecords, type VoteRecord } from './rater-records.ts';

const dices = path.resolve('test/fixtures/formats/dices-350.csv');

const pairs = (count: number): PairRow[] =>
  Array.from({ length: count }, (_, index) => ({
    prompt: `prompt ${index}`,
    a: `x ${index}`,
    b: `y ${index}`,
    label: 'a',
  }));

describe('rater diversity', () => {
  it('votes {1,1},{0,0},{1,1} against {1},{0},{0} give IRR 1, XRR .4, GAI 2.5 (audit specification E2)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(3));
    const votes = ['aaa', 'bbb', 'aab'].flatMap((labels, pair) =>
      Array.from(labels, (label, rater): VoteRecord => ({ pair, annotator: `r${rater}`, label })),
    );
    await storeRecords(workspace, datasetId, {
      annotators: ['x', 'x', 'y'].map((party, rater) => ({ name: `r${rater}`, attributes: { party } })),
      votes,
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({
        datasetId,
        only: ['rater-diversity'],
        seed: 1,
        params: { 'rater-diversity': { min_raters: 2 } },
      }),
      'rater-diversity',
    );
    expect(figureIn(result, 'irr', 'x').value).toBeCloseTo(1, 9);
    expect(figureIn(result, 'xrr', 'x').value).toBeCloseTo(0.4, 9);
    expect(figureIn(result, 'gai', 'x')).toMatchObject({ status: 'too_small' });
    expect(figureIn(result, 'gai', 'x').value).toBeCloseTo(2.5, 9);
    expect(result.findings[0]?.severity).toBe('none');
  });

  it('finds the group that answers by its own rule, and none where groups are names only (repeatable by seed)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(40));
    const random = createRandom(7);
    const annotators = Array.from({ length: 24 }, (_, rater) => ({
      name: `r${rater}`,
      attributes: { party: rater < 12 ? 'x' : 'y', nothing: rater % 2 === 0 ? 'even' : 'odd' },
    }));
    const votes = annotators.flatMap(({ name }, rater) =>
      Array.from({ length: 40 }, (_, pair): VoteRecord => {
        const rule = rater < 12 || pair % 8 !== 1 ? pair % 2 === 0 : true;
        return { pair, annotator: name, label: random.next() < 0.1 ? (rule ? 'b' : 'a') : rule ? 'a' : 'b' };
      }),
    );
    await storeRecords(workspace, datasetId, { annotators, votes });
    const service = new AuditService(workspace.database);
    const run = async () =>
      resultOf(await service.run({ datasetId, only: ['rater-diversity'], seed: 3 }), 'rater-diversity');
    const result = await run();
    const party = figureIn(result, 'gai', 'x');
    expect(party.value).toBeGreaterThan(1.1);
    expect(party.p).toBeLessThan(0.05);
    const nothing = figureIn(result, 'gai', 'even');
    expect(nothing.p).toBeGreaterThan(0.05);
    expect(nothing.ci_lo).toBeLessThan(1);
    expect(result.tables[0]?.rows.find((row) => row[0] === 'nothing × party')?.[2]).toBe(6);
    expect((await run()).figures).toEqual(result.figures);
  });
});

describe('aggregation lab', () => {
  it('counts the labels each rule changes: any, unanimous, balanced, one group (would catch the majority taken twice)', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(4));
    // Raters 0–2 are of group x, 3 of group y. Answers on side a of pair k: yes of 0, 1, 2, 3 raters.
    const answers = ['nnnn', 'nnny', 'yynn', 'yyyn'];
    const ratings = answers.flatMap((given, pair) =>
      Array.from(given, (answer, rater): RatingRecord => ({
        ...{ pair, side: 'a' as const, annotator: `r${rater}`, aspect: 'Q_overall' },
        text: answer === 'y' ? 'Yes' : 'No',
      })),
    );
    await storeRecords(workspace, datasetId, {
      annotators: ['x', 'x', 'x', 'y'].map((party, rater) => ({ name: `r${rater}`, attributes: { party } })),
      ratings,
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({ datasetId, only: ['aggregation-lab'], seed: 1 }),
      'aggregation-lab',
    );
    expect(result.params).toMatchObject({ question: 'Q_overall', answer: 'Yes', axis: 'party' });
    // Majorities: no, no, yes (2 of 4), yes. Any: no, yes, yes, yes. All: no. Balanced means: 0, ½, ⅓, ½. Highest group: 0, 1, ⅔, 1.
    const changed = result.tables[0]?.rows.map((row) => row[1]);
    expect(changed).toEqual([1, 2, 2, 1]);
    expect(result.findings[0]?.rows).toMatchObject({ relation: 'responses', count: 2 });
  });

  it('reads the answers of DICES (fixture), whose words are categories and whose rows are responses', async () => {
    const bench = await openImportBench();
    const { datasetId } = await bench.load({ files: [dices], dataset: 'dices' });
    const document = await new AuditService(bench.workspace.database).run({
      datasetId,
      only: ['aggregation-lab', 'rater-diversity', 'rater-agreement', 'rater-quality'],
      seed: 1,
    });
    for (const audit of document.audits) expect([audit.audit, audit.failure]).toEqual([audit.audit, null]);
    const lab = resultOf(document, 'aggregation-lab');
    expect([lab.is_applicable, lab.params.question ?? lab.reason]).toEqual([true, 'Q_overall']);
  });
});

describe('welfare', () => {
  it('u1 (90,50), u2 (40,60): panels of everybody choose A, and u2’s welfare with it is 40 (audit specification E3)', async () => {
    const workspace = await openTestWorkspace();
    const people = Array.from({ length: 10 }, (_, person) => `u${person}`);
    const rows = people.map((name): PairRow => ({
      prompt: name,
      a: `A ${name}`,
      b: `B ${name}`,
      label: 'a',
      modelA: 'A',
      modelB: 'B',
    }));
    const datasetId = await storePairs(workspace, rows);
    const ratings = people.flatMap((annotator, pair): RatingRecord[] => {
      const [a, b] = pair % 2 === 0 ? [90, 50] : [40, 60];
      return [
        { pair, side: 'a', annotator, aspect: 'score', value: a },
        { pair, side: 'b', annotator, aspect: 'score', value: b },
      ];
    });
    await storeRecords(workspace, datasetId, {
      annotators: people.map((name, person) => ({
        name,
        attributes: { party: person % 2 === 0 ? 'one' : 'two' },
      })),
      ratings,
    });
    const result = resultOf(
      await new AuditService(workspace.database).run({
        datasetId,
        only: ['rater-welfare'],
        seed: 1,
        params: { 'rater-welfare': { census: '{"party":{"one":0.75,"two":0.25}}' } },
      }),
      'rater-welfare',
    );
    const big = result.tables[0]?.rows.find((row) => row[0] === 'representative' && row[1] === 100);
    expect(big?.[2]).toBe('A');
    expect(big?.slice(-2)).toEqual(['party: two', expect.closeTo(40, 0)]);
    const ofTwo = result.tables[0]?.rows.find((row) => row[0] === 'party: two only' && row[1] === 10);
    expect(ofTwo?.slice(2, 5)).toEqual(['B', 1, 55]);
    // Five battles won each way and a prior of one: an even match.
    expect(figureIn(result, 'rank_centrality', 'A').value).toBeCloseTo(0.5, 9);
    expect(figureIn(result, 'census_distance', 'party').value).toBeCloseTo(0.25, 9);
    // z within a rater of two scores is ±1/√2.
    expect(figureIn(result, 'group_difference', 'one · A').value).toBeCloseTo(Math.SQRT1_2, 9);
  });

  it('refuses a census that is no JSON, before anything runs', async () => {
    const workspace = await openTestWorkspace();
    const datasetId = await storePairs(workspace, pairs(1));
    const spec = {
      datasetId,
      only: ['rater-welfare'],
      seed: 1,
      params: { 'rater-welfare': { census: 'women: half' } },
    };
    await expect(new AuditService(workspace.database).run(spec)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('rater clusters', () => {
  it('finds two camps that like long and short responses; the mixes separate them, the same for the same seed', async () => {
    const workspace = await openTestWorkspace();
    const random = createRandom(11);
    const count = 60;
    const rows = Array.from({ length: count }, (_, index): PairRow => {
      const words = (n: number) =>
        Array.from({ length: n }, (__, k) => `word${(k * 7 + index) % 13}`).join(' ');
      return {
        prompt: `prompt ${index}`,
        a: words(5 + random.nextBelow(60)),
        // Counts of 12 beside a mean with 17 decimals: a number DuckDB takes for a DECIMAL no count fits into.
        b: words(5 + random.nextBelow(60)) + ' furthermore'.repeat([12, 12, 1][index] ?? 0),
        label: 'a',
      };
    });
    const datasetId = await storePairs(workspace, rows);
    const people = Array.from({ length: 12 }, (_, person) => `u${person}`);
    const votes = people.flatMap((annotator, person) =>
      rows.map((row, pair): VoteRecord => {
        const longer = row.a.length > row.b.length ? 'a' : 'b';
        return { pair, annotator, label: person < 6 ? longer : longer === 'a' ? 'b' : 'a' };
      }),
    );
    await storeRecords(workspace, datasetId, { annotators: people.map((name) => ({ name })), votes });
    const service = new AuditService(workspace.database);
    const run = async () =>
      resultOf(
        await service.run({
          datasetId,
          only: ['rater-clusters'],
          seed: 1,
          params: { 'rater-clusters': { max_groups: 2 } },
        }),
        'rater-clusters',
      );
    const result = await run();
    expect(figureIn(result, 'held_out_accuracy', '1').value).toBeLessThan(0.7);
    expect(figureIn(result, 'held_out_accuracy', '2').value).toBeGreaterThan(0.85);
    expect(figureIn(result, 'held_out_gain', '2').ci_lo).toBeGreaterThan(0);
    expect(result.findings[0]?.severity).toBe('warning');
    const mixes = result.tables[1]?.rows ?? [];
    const sides = new Map(mixes.map((row) => [row[0], Number(row[2]) > 0.5]));
    const camp = (from: number, to: number) => new Set(people.slice(from, to).map((name) => sides.get(name)));
    expect(camp(0, 6).size).toBe(1);
    expect(camp(6, 12).size).toBe(1);
    expect([...camp(0, 6)]).not.toEqual([...camp(6, 12)]);
    expect((await run()).figures).toEqual(result.figures);
  });
});
